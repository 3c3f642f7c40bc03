"""The password step: whoever is asked for, the same way, work and time."""

import threading
from collections import Counter
from typing import Any

import pytest

from idp.accounts.passwords import Hasher
from idp.model.page import Message
from tests.statements import counted
from tests.system import PASSWORD, System, authorize_url, site_of
from tests.theming.samples import say

USER = "office@example.gov.bd"


def _step(system: System) -> Any:
    views = site_of(system).view_functions
    pages = views["pages.resume_sealed"].__self__
    return pages.sign_in.engine._flows["browser"][0]


def _work_of(system: System, userid: str, password: str, *, address: str) -> Counter[str]:
    """Count the statements and hashes of one submitted login page."""
    browser = system.browser(address=address).get(authorize_url())
    step, seen = _step(system), Counter[str]()
    plain = step.hasher
    object.__setattr__(step, "hasher", _Counting(plain, seen))
    with counted() as statements:
        browser.press("submit", userid=userid, password=password)
    object.__setattr__(step, "hasher", plain)
    return seen + Counter(statements)


class _Counting:
    """A hasher that counts its verifications."""

    def __init__(self, inner: Hasher, seen: Counter[str]) -> None:
        self.inner, self.seen, self.gate = inner, seen, inner.gate

    def verify(self, password: str, stored: str | None) -> bool:
        self.seen["a hash"] += 1
        return self.inner.verify(password, stored)

    def is_outdated(self, stored: str) -> bool:
        return self.inner.is_outdated(stored)


@pytest.mark.parametrize(
    ("userid", "password"),
    [
        (USER, "wrong"),
        ("closed@example.gov.bd", "wrong"),
        ("new@example.gov.bd", "wrong"),
    ],
)
def test_nobody_costs_the_statements_and_the_hash_that_somebody_costs(
    system: System, userid: str, password: str
):
    nobody = _work_of(system, "nobody@example.gov.bd", password, address="203.0.113.1")
    somebody = _work_of(system, userid, password, address="203.0.113.2")
    assert somebody == nobody
    assert somebody["a hash"] == 1
    assert somebody.total() > 3


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("", "err.userid.empty"),
        ("অফিস@example.gov.bd", "err.userid.script"),
        ("a", "err.userid.format"),
    ],
)
def test_what_can_be_no_user_id_is_told_without_a_hash(small: System, typed: str, key: str):
    work = _work_of(small, typed, PASSWORD, address="203.0.113.1")
    assert work["a hash"] == 0
    shown = small.browser().get(authorize_url()).press("submit", userid=typed, password=PASSWORD)
    theme = site_of(small).view_functions["pages.show"].__self__.renderer.themes.default
    assert say(theme, "bn", Message(key)) in shown.text


def test_all_empty_fields_are_told_at_once(small: System):
    browser = small.browser().get(authorize_url()).press("submit", userid="", password="")
    assert "ইউজার আইডি লিখুন" in browser.text
    assert "পাসওয়ার্ড লিখুন" in browser.text


@pytest.mark.parametrize("password", ["x" * 1_025])
def test_a_password_that_nobody_can_have_is_wrong_without_a_hash(small: System, password: str):
    assert _work_of(small, USER, password, address="203.0.113.1")["a hash"] == 0
    browser = small.browser().get(authorize_url())
    browser.press("submit", userid=USER, password=password)
    assert "সঠিক নয়" in browser.text


def test_a_user_id_is_one_however_it_is_spelled(small: System):
    browser = small.browser().get(authorize_url())
    browser.press("submit", userid="mailto: OFFICE@Example.gov.bd\u200b", password=PASSWORD)
    assert "কোড লিখুন" in browser.text


def test_an_old_hash_is_replaced_at_the_next_login(make):
    system = make()
    with system.stores.engine.connect() as connection:
        query = "SELECT tagged_hash FROM credentials"
        before = connection.exec_driver_sql(query).scalars().all()
    step = _step(system)
    object.__setattr__(step, "hasher", Hasher(step.hasher._pepper, 5, step.hasher.gate))
    browser = system.browser().get(authorize_url())
    browser.press("submit", userid=USER, password=PASSWORD)
    with system.stores.engine.connect() as connection:
        after = connection.exec_driver_sql(query).scalars().all()
    assert before != after
    assert any("$05$" in tagged for tagged in after)
    again = system.browser().get(authorize_url())
    again.press("submit", userid=USER, password=PASSWORD)
    assert "কোড লিখুন" in again.text


def test_when_no_place_to_hash_is_left_the_answer_is_503_and_nothing_is_counted(small: System):
    """Four threads: two places, one of them kept for known browsers."""
    gate = _step(small).hasher.gate
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with gate.place(known_browser=False):
            taken.set()
            done.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(10)
    browser = small.browser().get(authorize_url())
    browser.press("submit", userid=USER, password=PASSWORD)
    assert browser.status == 503
    assert browser.response.headers["Retry-After"] == "1"
    done.set()
    holder.join()
    with small.stores.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM counters").scalar_one() == 0


def test_parallel_logins_of_one_user_with_the_right_password_all_succeed(system: System):
    """A slot is reserved before each hash, and given back: valid people never block each other."""
    pages = [system.browser().get(authorize_url()) for _ in range(4)]
    results: list[str] = []

    def log_in(browser: Any) -> None:
        for _ in range(40):
            browser.press("submit", userid=USER, password=PASSWORD)
            if browser.status != 503:
                break
            browser.get(authorize_url())
        results.append(browser.text)

    threads = [threading.Thread(target=log_in, args=(page,)) for page in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all("কোড লিখুন" in text for text in results)
