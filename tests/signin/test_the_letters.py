"""Letters of the conversation: what each is told of its request, and the one about a new device."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from idp.model.letter import RenderedLetter
from tests.browser import Browser
from tests.signin.resetting import choose, mailed, reset, stranger
from tests.system import PASSWORD, System, authorize_url, log_in

USER = "office@example.gov.bd"
ADDRESS = "198.51.100.7"
PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/124.0.0.0 Mobile Safari/537.36"
)
NEW_DEVICE = "নতুন ডিভাইস থেকে লগইন"
CHANGED = "আপনার পাসওয়ার্ড পরিবর্তন হয়েছে"


def outbox(system: System) -> list[Mapping[str, str]]:
    with system.stores.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM outbox ORDER BY created_at, id"))
        return [dict(row) for row in rows.mappings()]


def kinds(system: System) -> list[str]:
    return [row["kind"] for row in outbox(system)]


def on_a_phone(system: System, *, agent: str = PHONE, **options: str) -> Browser:
    """Return a browser that says of itself what `agent` is."""
    browser = system.browser(**options)
    serve = browser.client.application

    def saying(environ, start_response):
        return serve({**environ, "HTTP_USER_AGENT": agent}, start_response)

    browser.client.application = saying
    return browser


def at_the_code(browser: Browser, client_id: str = "backoffice", **request: str) -> Browser:
    browser.get(authorize_url(client_id, prompt="login", **request))
    return browser.press("submit", userid=USER, password=PASSWORD)


def newest(system: System) -> RenderedLetter:
    return system.deliver()[-1][1]


# -- what a letter is told -------------------------------------------------------------------------


def test_the_code_s_letter_tells_the_application_and_the_masked_whereabouts(small: System):
    at_the_code(on_a_phone(small))
    text_ = newest(small).text
    assert "সেবা: ব্যাকঅফিস" in text_
    assert "আইপি: 198.51.100.••• · ব্রাউজার: Chrome, Android" in text_


def test_the_link_s_letter_and_the_notice_of_a_change_tell_them_too(small: System):
    browser = on_a_phone(small)
    browser.get(mailed(small, browser))
    asked = small.desk.letters[-1][1]
    choose(browser)
    notice = newest(small)
    assert notice.subject == CHANGED
    for letter in (asked, notice):
        assert "সেবা: ব্যাকঅফিস" in letter.text
        assert "আইপি: 198.51.100.••• · ব্রাউজার: Chrome, Android" in letter.text


def test_what_waits_in_the_outbox_is_neither_a_whole_address_nor_a_user_agent(system: System):
    at_the_code(on_a_phone(system))
    (row,) = outbox(system)
    facts = json.loads(row["facts"])
    assert (facts["ip"], facts["ua"]) == ("198.51.100.•••", "Chrome, Android")
    everything = " ".join(map(str, row.values()))
    assert ADDRESS not in everything
    assert "Mozilla" not in everything
    assert "537.36" not in everything


def test_a_browser_that_says_nothing_of_itself_leaves_its_part_out(small: System):
    at_the_code(on_a_phone(small, agent="\x07<b>" * 400))
    letter = newest(small)
    assert "· আইপি: 198.51.100.•••\n" in letter.text
    assert "ব্রাউজার" not in letter.text
    assert "<b>" not in letter.text


def test_a_letter_speaks_the_language_of_the_page_that_asked(small: System):
    at_the_code(small.browser(language="en"))
    english = newest(small)
    assert english.subject == "Your log-in code"
    assert "Service: Back office" in english.text
    assert english.brand == "Bangladesh National Portal"


def test_a_letter_whose_language_is_offered_no_more_speaks_the_first_one(small: System):
    at_the_code(small.browser(language="en"))
    with small.stores.engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET locale = 'fr'"))
    assert newest(small).subject == "আপনার লগইন কোড"


def test_an_application_that_is_declared_no_more_leaves_no_line(small: System):
    at_the_code(small.browser())
    with small.stores.engine.begin() as connection:
        facts = json.loads(connection.execute(text("SELECT facts FROM outbox")).scalar_one())
        changed = json.dumps({**facts, "client": "gone"})
        connection.execute(text("UPDATE outbox SET facts = :facts"), {"facts": changed})
    letter = newest(small)
    assert "যে সেবার জন্য" not in letter.text


# -- a new device ----------------------------------------------------------------------------------


def test_the_very_first_login_is_nothing_new_to_tell(system: System):
    log_in(system, system.browser())
    assert kinds(system) == ["code"]


def test_a_login_in_another_browser_is_told_in_the_same_unit_of_work(system: System):
    log_in(system, system.browser())
    system.clock.advance(60)
    browser = at_the_code(on_a_phone(system, address="203.0.113.9"), "app")
    assert "new_device" not in kinds(system)  # not before the code is right, too
    browser.press("submit", code=system.code())
    to, letter = system.deliver()[-1]
    assert (to, letter.subject) == (USER, NEW_DEVICE)
    assert f"{USER} ইউজার আইডি দিয়ে একটি নতুন ডিভাইস থেকে লগইন হয়েছে।" in letter.text
    assert "সেবা: অ্যাপ" in letter.text
    assert "আইপি: 203.0.113.••• · ব্রাউজার: Chrome, Android" in letter.text
    assert "http://127.0.0.1:9000/reset?client_id=app&ui_locales=bn" in letter.text


def test_a_browser_is_told_once(system: System):
    log_in(system, system.browser())
    other = system.browser()
    for _ in range(3):
        system.clock.advance(61)
        log_in(system, other, prompt="login")
    assert kinds(system).count("new_device") == 1


def test_the_first_browser_stays_known(system: System):
    first = log_in(system, system.browser())
    log_in(system, system.browser())
    system.clock.advance(61)
    log_in(system, first, prompt="login")
    assert kinds(system).count("new_device") == 1


def test_a_planted_cookie_silences_nothing(system: System):
    log_in(system, system.browser())
    thief = system.browser()
    thief.take_cookie("probesh_known", "x" * 43)
    log_in(system, thief)
    assert kinds(system).count("new_device") == 1


def test_single_sign_on_is_no_new_login(small: System):
    log_in(small, small.browser())
    other = log_in(small, small.browser())
    other.get(authorize_url("app"))
    assert other.left_to.startswith("http://127.0.0.1:9005/callback?code=")
    assert kinds(small).count("new_device") == 1


def test_a_thief_of_the_mailbox_who_has_all_others_logged_out_is_told_all_the_same(system: System):
    log_in(system, system.browser())
    reset(system, "Padma#Nodi77")  # all known browsers are forgotten, all sessions have ended
    system.clock.advance(61)
    browser = stranger(system).get(authorize_url())
    browser.press("submit", userid=USER, password="Padma#Nodi77")
    browser.press("submit", code=system.code())
    assert browser.left_to
    assert kinds(system).count("new_device") == 1


def test_a_browser_that_was_away_too_long_is_new_again(small: System):
    first = log_in(small, small.browser())
    small.clock.advance(60 * 24 * 3600)
    log_in(small, small.browser())
    small.clock.advance(31 * 24 * 3600)
    log_in(small, first)
    assert kinds(small).count("new_device") == 2


def test_a_login_that_is_not_completed_tells_nobody(small: System):
    log_in(small, small.browser())
    browser = at_the_code(small.browser())
    browser.press("submit", code="000000" if small.code() != "000000" else "000001")
    assert "new_device" not in kinds(small)


def test_two_clicks_on_the_last_button_tell_it_once(system: System):
    log_in(system, system.browser())
    browser = at_the_code(system.browser())
    code = system.code()
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    data = {**form.fields, "code": code, "action": "submit"}
    for _ in range(2):
        browser.post(form.action, data)
    assert kinds(system).count("new_device") == 1


@pytest.mark.parametrize("answers", [3])
def test_parallel_logins_of_a_shared_office_each_tell_their_own(system: System, answers: int):
    log_in(system, system.browser())
    browsers, codes = [], []
    for _ in range(answers):
        system.clock.advance(61)
        browsers.append(at_the_code(system.browser()))
        codes.append(system.code())
    with ThreadPoolExecutor(answers) as pool:
        list(pool.map(lambda b, c: b.press("submit", code=c), browsers, codes))
    assert kinds(system).count("new_device") == answers
