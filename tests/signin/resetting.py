"""What people do about a forgotten password: ask for a link, open it, choose a new one."""

import itertools
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text

from idp.model.user import User
from idp.stores.sql.tables import metadata
from tests.browser import Browser, form_with
from tests.system import PASSWORD, System, authorize_url, site_of

USER = "office@example.gov.bd"
OTHER = "closed@example.gov.bd"
NEW = "Padma#Nodi77"
SUCCESS = "আপনাকে অভিনন্দন। আপনার পাসওয়ার্ডটি সফলভাবে রিসেট হয়েছে।"
CANCELLED = "পাসওয়ার্ড পরিবর্তন বাতিল করা হয়েছে। আগের পাসওয়ার্ডটিই চালু আছে।"
UPDATE = "পাসওয়ার্ড আপডেট করুন"
ASKING = "পাসওয়ার্ড রিসেট করুন"
SENT = "আপনার ইমেইল দেখুন"
LOGIN = "লগইন করুন"

_addresses = (f"203.0.113.{n}" for n in itertools.cycle(range(1, 255)))


def stranger(system: System) -> Browser:
    """Return a browser at an address that nobody else has: the limits are of an address."""
    return system.browser(address=next(_addresses))


def ask(
    system: System, browser: Browser | None = None, *, userid: str = USER, **request: str
) -> Browser:
    """Walk from the login page to the page that tells where the mail went."""
    browser = browser or stranger(system)
    client_id = request.pop("client_id", "backoffice")
    browser.get(authorize_url(client_id, prompt="login", **request))
    return browser.press("forgot", userid=userid).press("submit")


def ask_alone(system: System, browser: Browser | None = None, *, userid: str = USER) -> Browser:
    """Ask for a link where no client waits."""
    return (browser or stranger(system)).get("/reset").press("submit", userid=userid)


def link(system: System) -> str:
    """Return the address in the letter that has come just now, up to its secret."""
    letters = [letter for _, letter in system.deliver()]
    found = re.findall(r"http\S+/reset/\S+", "\n".join(letter.text for letter in letters))
    assert len(found) == 1, letters
    address: str = found[0]
    return address.partition("?")[0]


def mailed(system: System, browser: Browser | None = None, *, userid: str = USER) -> str:
    """Ask for a link, wait for it, and return it."""
    ask(system, browser, userid=userid)
    return link(system)


def choose(browser: Browser, new: str = NEW, confirm: str | None = None, **fields: str) -> Browser:
    """Fill the page for a new password; `logout_others=""` takes the check mark away."""
    again = new if confirm is None else confirm
    return browser.press("submit", new_password=new, confirm_password=again, **fields)


def reset(system: System, new: str = NEW, *, userid: str = USER, **fields: str) -> Browser:
    """Walk the whole way in a browser of its own."""
    browser = stranger(system)
    browser.get(mailed(system, browser, userid=userid))
    return choose(browser, new, **fields)


def try_password(system: System, password: str, *, userid: str = USER) -> Browser:
    browser = stranger(system).get(authorize_url())
    return browser.press("submit", userid=userid, password=password)


def is_password(system: System, password: str, *, userid: str = USER) -> bool:
    """Tell whether a login goes on to the code with this password."""
    browser = try_password(system, password, userid=userid)
    assert browser.status == 200, browser.text
    return "কোড লিখুন" in browser.text


def at_the_code(system: System, **fields: str) -> Browser:
    return try_password(system, PASSWORD, **fields)


def user(system: System, email: str = USER) -> User:
    with system.stores.read() as work:
        found = work.users.find_by_email(email)
    assert found is not None
    return found


def rows(system: System) -> Mapping[str, list[str]]:
    """Return everything that is stored, table by table."""
    with system.stores.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
        }


def written(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> Counter[str]:
    """Count the rows that are new or changed, by table."""
    return Counter({name: len(set(after[name]) - set(before[name])) for name in after})


def count(system: System, table: str, condition: str = "1 = 1") -> int:
    statement = text(f"SELECT count(*) FROM {table} WHERE {condition}")  # noqa: S608 - tests' own
    with system.stores.engine.connect() as connection:
        found: int = connection.execute(statement).scalar_one()
    return found


def bare(browser: Browser) -> str:
    """Return a page without what is different each time, and without what was typed."""
    html = re.sub(r'name="(conversation|form_token)" value="[^"]*"', "", browser.html)
    # A reference is marked as foreign unless all of it happens to be figures.
    reference = r"\b[0-9A-Z]{4}-[0-9A-Z]{2}\b"
    html = re.sub(rf'<span lang="en">{reference}</span>|{reference}', "", html)
    return re.sub(r"[\w.]+@example\.gov\.bd", "", html)


def refreshed(browser: Browser) -> Browser:
    """Show a sealed page once more, as its language buttons do."""
    return browser.press("en", name="language").press("bn", name="language")


def copy(system: System, browser: Browser) -> Browser:
    """Return another window of a browser, for a thread of its own."""
    other = system.browser(address=browser.address)
    for noun in ("browser", "session", "known", "link"):
        value = browser.cookie(f"probesh_{noun}")
        if value:
            other.take_cookie(f"probesh_{noun}", value)
    return other


def filled(browser: Browser, **fields: str) -> tuple[str, dict[str, str]]:
    """Return where the form goes and what a press of its submit button sends."""
    form = form_with(browser.forms, "action", "submit")
    assert form is not None
    return form.action, {**form.fields, "action": "submit", **fields}


def has_button(browser: Browser, value: str) -> bool:
    return form_with(browser.forms, "action", value) is not None


def pages_of(system: System) -> Any:
    """Return the pages' routes, with everything behind them."""
    return site_of(system).view_functions["pages.show"].__self__
