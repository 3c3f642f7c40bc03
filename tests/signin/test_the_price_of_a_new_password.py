"""What a new password costs: every earlier one is compared, so often and no oftener."""

import threading
from collections import deque
from typing import Any

import bcrypt
import pytest
from typing_extensions import override

from tests.browser import Browser
from tests.signin.leaving import directory
from tests.signin.resetting import (
    NEW,
    OTHER,
    SUCCESS,
    USER,
    ask,
    choose,
    filled,
    is_password,
    link,
    mailed,
    pages_of,
    rows,
    stranger,
    written,
)
from tests.system import PASSWORD, System, authorize_url, log_in

REUSED = "আগের পাসওয়ার্ড আবার দেওয়া যাবে না।"
EARLIER = [PASSWORD, *(f"Meghna#Nodi{n}{n}" for n in range(1, 5))]
QUARTER = 900  # seconds
MOST = 10  # new passwords of one account in it


@pytest.fixture(name="lived_in")
def _lived_in(small: System) -> System:
    """Return a provider whose user has had five passwords."""
    with directory(small) as people:
        for password in EARLIER[1:]:
            people.set_password(USER, password)
    return small


def _hashes(patch: pytest.MonkeyPatch) -> list[int]:
    called: list[int] = []
    plain = bcrypt.checkpw

    def check(*arguments: bytes) -> bool:
        called.append(1)
        return plain(*arguments)

    patch.setattr(bcrypt, "checkpw", check)
    return called


@pytest.mark.parametrize("password", [*EARLIER, NEW])
def test_all_earlier_passwords_are_compared_whichever_fits(
    lived_in: System, monkeypatch: pytest.MonkeyPatch, password: str
):
    browser = stranger(lived_in).get(mailed(lived_in))
    called = _hashes(monkeypatch)
    choose(browser, password)
    assert (REUSED in browser.text) == (password != NEW)
    assert len(called) == len(EARLIER)


def _exhaust(browser: Browser) -> None:
    for _ in range(MOST):
        choose(browser, PASSWORD)
        assert (browser.status, REUSED in browser.text) == (200, True)


def test_ten_new_passwords_in_a_quarter_of_an_hour_are_compared_and_then_one_waits(
    system: System,
):
    browser = stranger(system).get(mailed(system))
    _exhaust(browser)
    system.clock.advance(120)
    before = rows(system)
    for new in (PASSWORD, NEW):  # a good one must wait as well: nothing is judged
        choose(browser, new)
        assert browser.status == 429
        assert browser.response.headers["Retry-After"] == str(QUARTER - 120)
        assert "১৩ মিনিট পরে" in browser.text
        assert REUSED not in browser.text
    assert +written(before, rows(system)) == {}
    system.clock.advance(QUARTER - 120)
    assert SUCCESS in choose(browser).text
    assert is_password(system, NEW)


def test_another_link_or_browser_of_the_account_waits_too_and_nobody_else_does(small: System):
    with directory(small) as people:
        people.set_enabled(OTHER, enabled=True)
    first = mailed(small)
    small.clock.advance(61)
    second = mailed(small)
    _exhaust(stranger(small).get(first))
    assert choose(stranger(small).get(second)).status == 429
    assert is_password(small, PASSWORD)  # a login is none of these
    small.deliver()
    ask(small, userid=OTHER)
    assert SUCCESS in choose(stranger(small).get(link(small))).text


def test_what_is_refused_without_a_hash_is_not_counted(
    small: System, monkeypatch: pytest.MonkeyPatch
):
    browser = stranger(small).get(mailed(small))
    called = _hashes(monkeypatch)
    before = rows(small)
    for _ in range(MOST + 2):
        choose(browser, "abc")
        choose(browser, NEW, "Other#Nodi77")
    assert (called, rows(small)) == ([], before)
    assert SUCCESS in choose(browser).text


def test_a_reset_is_no_wrong_password(small: System):
    """The counters of logins and of new passwords are two."""
    _exhaust(stranger(small).get(mailed(small)))
    small.clock.advance(60)
    assert log_in(small, stranger(small)).left_to


@pytest.mark.race
def test_a_login_is_let_in_between_two_hashes_of_a_new_password(
    lived_in: System, monkeypatch: pytest.MonkeyPatch
):
    """Who asks during a hash has the turn after it, however many the other one still makes."""
    browser = stranger(lived_in).get(mailed(lived_in))
    action, data = filled(browser, new_password=PASSWORD, confirm_password=PASSWORD)
    gate = pages_of(lived_in).sign_in.engine._flows["reset_credentials"][1].hasher.gate
    monkeypatch.setattr(gate, "_wait", 30)  # it is the order that counts here
    plain, begun, asked = bcrypt.checkpw, threading.Event(), threading.Event()
    turns: list[int] = []

    def slow(*arguments: bytes) -> bool:
        turns.append(threading.get_ident())
        begun.set()
        assert asked.wait(30)
        return plain(*arguments)

    class Noting(deque[Any]):
        @override
        def append(self, waiter: Any, /) -> None:
            super().append(waiter)
            asked.set()

    monkeypatch.setattr(bcrypt, "checkpw", slow)
    monkeypatch.setattr(gate, "_waiting", Noting())
    login = stranger(lived_in).get(authorize_url())
    change = threading.Thread(target=browser.post, args=(action, data))
    change.start()
    assert begun.wait(30)
    login.press("submit", userid="nobody@example.gov.bd", password="x")
    change.join()
    other, mine = turns[0], threading.get_ident()
    assert turns == [other, mine, *(other,) * (len(EARLIER) - 1)]
    assert (login.status, "সঠিক নয়" in login.text) == (200, True)
    assert (browser.status, REUSED in browser.text) == (200, True)
