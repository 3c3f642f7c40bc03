"""A page whose link has died under it: it costs nothing, tells nobody's address, clears nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import bcrypt
import pytest

from idp.model.errors import Busy
from tests.browser import Browser
from tests.signin.leaving import directory
from tests.signin.resetting import (
    NEW,
    SUCCESS,
    USER,
    choose,
    filled,
    mailed,
    pages_of,
    rows,
    stranger,
)
from tests.statements import counted
from tests.system import PASSWORD, System, authorize_url

MOVED = "moved@example.gov.bd"
EARLIER = "Jamuna#Nodi55"
CURRENT = "Surma#Nodi66"

DEAD = "কারণ পরে আপনার পাসওয়ার্ড বা ইমেইল বদলানো হয়েছে।"
TOLD = {
    "mailbox": DEAD,
    "password": DEAD,
    "disabled": "এই ইউজার আইডি এখন বন্ধ আছে।",
    "used": "একটি লিংক একবারই ব্যবহার করা যায়।",
    "expired": "লিংক ৩০ মিনিট পরে আর কাজ করে না।",
}


@pytest.fixture
def hashes() -> Iterator[list[str]]:
    """Collect the names of bcrypt's functions as they are called."""
    called: list[str] = []

    def noted(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: bytes) -> object:
            called.append(name)
            return plain(*arguments)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("checkpw", "hashpw"):
            patch.setattr(bcrypt, name, noted(name, getattr(bcrypt, name)))
        yield called


def _kill(system: System, fault: str, address: str) -> None:
    """Let the link die, after the account has had two passwords and maybe a new mailbox."""
    if fault == "used":
        assert SUCCESS in choose(stranger(system).get(address), CURRENT).text
        return
    if fault == "expired":
        system.clock.advance(1_800)
        return
    with directory(system) as people:
        if fault == "mailbox":
            people.set_email(USER, MOVED)
        if fault == "disabled":
            people.set_enabled(USER, enabled=False)
        if fault == "password":
            people.set_password(USER, EARLIER)
            people.set_password(USER, CURRENT)


def _opened(system: System, fault: str) -> Browser:
    address = mailed(system)
    browser = stranger(system).get(address)
    _kill(system, fault, address)
    return browser


def _check_told(browser: Browser, fault: str) -> None:
    assert (browser.status, TOLD[fault] in browser.text) == (400, True)
    for address in (USER, MOVED):
        assert address not in browser.html
    assert "@" not in browser.html.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("fault", TOLD)
def test_a_post_costs_no_hash_and_writes_nothing_whatever_was_guessed(
    system: System, hashes: list[str], fault: str
):
    browser = _opened(system, fault)
    action, data = filled(browser)
    before = rows(system)
    hashes.clear()
    with counted() as statements:
        for guess in (NEW, PASSWORD, EARLIER, CURRENT, "Wrong#Guess11", "abc", ""):
            browser.post(action, {**data, "new_password": guess, "confirm_password": guess})
            _check_told(browser, fault)
    assert hashes == []
    assert statements
    assert {statement.split(None, 1)[0] for statement in statements} <= {"SELECT", "WITH"}
    assert rows(system) == before


def test_a_living_links_page_is_what_costs_hashes(small: System, hashes: list[str]):
    browser = stranger(small).get(mailed(small))
    hashes.clear()
    choose(browser, PASSWORD)
    assert hashes == ["checkpw"]
    assert SUCCESS in choose(browser).text
    assert hashes == ["checkpw", "checkpw", "hashpw"]


@pytest.mark.parametrize("fault", TOLD)
@pytest.mark.parametrize("button", ["language", "cancel", "login", "forgot", "busy"])
def test_no_button_of_it_tells_whose_it_is(small: System, fault: str, button: str):
    browser = _opened(small, fault)
    if button == "language":
        browser.press("en", name="language")
    elif button == "busy":
        _be_busy(small, lambda: None)
        choose(browser)
    else:
        action, data = filled(browser)
        browser.post(action, {**data, "action": button})
    _check_told(browser, fault)
    asking = browser.press("forgot").html
    assert USER not in asking
    assert MOVED not in asking


def _be_busy(system: System, before: Callable[[], None]) -> None:
    """Let no new password find a place to be hashed."""
    step = pages_of(system).sign_in.engine._flows["reset_credentials"][1]

    class Full:
        def verify(self, *_: str, **__: bool) -> bool:
            before()
            raise Busy(1)

    object.__setattr__(step, "hasher", Full())


def test_a_link_that_dies_while_its_post_waits_tells_nobodys_new_mailbox(small: System):
    browser = stranger(small).get(mailed(small))

    def move() -> None:
        with directory(small) as people:
            people.set_email(USER, MOVED)

    _be_busy(small, move)
    choose(browser)
    _check_told(browser, "mailbox")


def test_a_living_page_is_shown_again_where_there_is_no_place_to_hash(small: System):
    browser = stranger(small).get(mailed(small))
    _be_busy(small, lambda: None)
    choose(browser)
    assert (browser.status, USER in browser.html) == (503, True)


def test_wrong_logins_are_counted_on_however_often_a_dead_page_is_posted(system: System):
    browser = _opened(system, "password")
    action, data = filled(browser, new_password=NEW, confirm_password=NEW)
    guesser = system.browser(address=browser.address).get(authorize_url())
    told = []
    for number in range(24):
        guesser.press("submit", userid=USER, password=f"guess {number}")
        told.append(guesser.status)
        if number % 4 == 3:
            _check_told(browser.post(action, data), "password")
    assert told == [200] * 5 + [429] * 19


def test_a_dead_page_of_a_year_ago_is_dead(small: System):
    browser = _opened(small, "mailbox")
    small.clock.advance(365 * 24 * 3600)
    choose(browser)
    assert browser.status == 400
    assert MOVED not in browser.html
