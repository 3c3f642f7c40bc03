"""While hashes from elsewhere exist, every answer to a password leaves at one moment."""

from dataclasses import dataclass

import pytest
from typing_extensions import override

from idp.accounts.foreign_hashes import Pbkdf2
from idp.accounts.hash_gate import HashGate
from idp.accounts.passwords import Hasher, is_ours
from tests.accounts.test_answer_time import FakeTime, Priced
from tests.accounts.test_foreign_hashes import pbkdf2
from tests.system import PASSWORD, System, authorize_url, site_of

OFFICE, CLOSED, NEW = "office@example.gov.bd", "closed@example.gov.bd", "new@example.gov.bd"
THEIRS, OURS = 0.4, 0.25
DEADLINE = OURS + THEIRS
WRONG, CODE = "সঠিক নয়", "কোড লিখুন"


class Timed(Hasher):
    """A hasher whose work takes time on a clock that is not real."""

    moments: FakeTime

    @override
    def verify(self, password: str, stored: str | None, *, known_browser: bool = False) -> bool:
        is_theirs = stored is not None and not is_ours(stored)
        self.moments.pass_by(THEIRS if is_theirs else OURS)
        return super().verify(password, stored, known_browser=known_browser)

    @override
    def hash(self, password: str, *, known_browser: bool = False) -> str:
        self.moments.pass_by(OURS)
        return super().hash(password, known_browser=known_browser)


@dataclass
class Clocked:
    """A provider whose password step runs on `moments`."""

    system: System
    moments: FakeTime

    def answer(self, userid: str, password: str) -> tuple[str, float]:
        """Return the page and how long after the start of the verification it left."""
        browser = self.system.browser().get(authorize_url())
        begun = self.moments.now
        browser.press("submit", userid=userid, password=password)
        return browser.text, self.moments.now - begun


@pytest.fixture
def clocked(system: System) -> Clocked:
    pages = site_of(system).view_functions["pages.resume_sealed"].__self__
    step = pages.sign_in.engine._flows["browser"][0]
    moments = FakeTime()
    hasher = Timed(step.hasher._pepper, 4, HashGate(threads=8, sleep=moments.sleep))
    hasher.moments = moments
    answers = Priced(hasher, moments)
    answers.prices = {None: OURS, Pbkdf2("sha256", 1000, 32): THEIRS}
    object.__setattr__(step, "hasher", hasher)
    object.__setattr__(step, "answer_time", answers)
    return Clocked(system, moments)


def give(system: System, *emails: str) -> None:
    with system.stores.write() as work:
        for email in emails:
            user = work.users.find_by_email(email)
            assert user is not None
            work.credentials.set_password(
                user.id,
                pbkdf2(PASSWORD.encode()),
                version=user.credential_version,
                keep=0,
                now=system.clock(),
            )


@pytest.mark.parametrize(
    ("userid", "password", "shown"),
    [
        (NEW, PASSWORD, CODE),  # theirs, right: verified and stored anew
        (NEW, "wrong", WRONG),
        (OFFICE, PASSWORD, CODE),  # ours
        (OFFICE, "wrong", WRONG),
        (CLOSED, PASSWORD, None),
        (CLOSED, "wrong", WRONG),
        ("nobody@example.gov.bd", PASSWORD, WRONG),
    ],
)
def test_right_wrong_unknown_disabled_ours_and_theirs_leave_at_one_deadline(
    clocked: Clocked, userid: str, password: str, shown: str | None
):
    give(clocked.system, NEW, CLOSED)
    page, taken = clocked.answer(userid, password)
    assert taken == pytest.approx(DEADLINE)
    if shown:
        assert shown in page


def test_who_has_no_password_is_answered_at_the_deadline_too(clocked: Clocked):
    give(clocked.system, CLOSED)
    _, taken = clocked.answer(NEW, "whatever")
    assert taken == pytest.approx(DEADLINE)


def test_a_password_in_two_forms_takes_everybody_as_long(clocked: Clocked):
    give(clocked.system, NEW)
    times = [clocked.answer(who, "wrong\u200d")[1] for who in (NEW, OFFICE, "nobody@example.bd")]
    assert times == [pytest.approx(OURS + 2 * THEIRS)] * 3


def test_when_the_last_of_them_is_gone_answers_leave_at_once_again(clocked: Clocked):
    give(clocked.system, NEW)
    assert clocked.answer(NEW, PASSWORD)[1] == pytest.approx(DEADLINE)
    clocked.system.clock.advance(5)
    clocked.moments.slept.clear()
    page, taken = clocked.answer(NEW, PASSWORD)
    assert CODE in page
    assert taken == pytest.approx(OURS)
    assert clocked.moments.slept == []


def test_who_must_wait_is_told_so_at_once(clocked: Clocked):
    """Nothing was verified, for whoever it is: there is nothing to hide."""
    give(clocked.system, NEW)
    page, taken = "", DEADLINE
    for _ in range(30):
        page, taken = clocked.answer("nobody@example.gov.bd", "wrong")
        if taken == 0:
            break
        assert taken == pytest.approx(DEADLINE)
    assert taken == 0
    assert WRONG not in page


def test_a_sleeping_answer_leaves_the_turn_to_the_next(clocked: Clocked):
    give(clocked.system, NEW)
    seen: list[bool] = []

    def sleep(seconds: float) -> None:
        seen.append(gate._holder is not None)
        clocked.moments.pass_by(seconds)

    pages = site_of(clocked.system).view_functions["pages.resume_sealed"].__self__
    gate = pages.sign_in.engine._flows["browser"][0].hasher.gate
    gate._sleep = sleep
    clocked.answer("nobody@example.gov.bd", "wrong")
    assert seen == [False]
    assert gate._taken == 0
