"""One moment for all answers: what is in use, what it costs, and when it is read again."""

import pytest
from typing_extensions import override

from idp.accounts.answer_time import AnswerTime, schemes_in, slowest_of
from idp.accounts.foreign_hashes import Argon2, Bcrypt, Pbkdf2, Scheme
from idp.accounts.hash_gate import HashGate
from idp.accounts.passwords import Hasher
from idp.model.keyring import Keyring
from idp.stores.sql import SqlStores
from tests.accounts.test_foreign_hashes import ARGON2, ARGON2_BENGALI, PBKDF2, of_bcrypt, pbkdf2
from tests.contract.builders import stored_user
from tests.statements import counted

NOW = 1_795_000_000
SHA512, SHA256, ARGON = (
    Pbkdf2("sha512", 210_000, 64),
    Pbkdf2("sha256", 1000, 32),
    Argon2("id", 19, 7168, 5, 1, 32),
)


class FakeTime:
    """A monotonic clock that moves when somebody works or sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Priced(AnswerTime):
    """Knows the price of each scheme instead of timing it."""

    prices: dict[Scheme | None, float]

    @override
    def seconds_of(self, scheme: Scheme | None) -> float:
        return self.prices[scheme]


@pytest.fixture
def moments() -> FakeTime:
    return FakeTime()


@pytest.fixture
def answers(moments: FakeTime) -> Priced:
    gate = HashGate(threads=8, sleep=moments.sleep)
    priced = Priced(Hasher(Keyring({1: b"p" * 32}), 4, gate), moments)
    priced.prices = {None: 0.2, SHA512: 0.1, SHA256: 0.01, ARGON: 0.02}
    return priced


def give(stores: SqlStores, *hashes: str) -> list[str]:
    owners = [stored_user(stores).id for _ in hashes]
    with stores.write() as work:
        for owner, tagged in zip(owners, hashes, strict=True):
            work.credentials.set_password(owner, tagged, version=1, keep=0, now=NOW)
    return owners


def of_ours(cost: int, version: int = 1) -> str:
    return f"probesh1:{version}:$2b${cost:02}${'.' * 53}"


def refresh(answers: AnswerTime, stores: SqlStores, now: int = NOW) -> None:
    with stores.read() as work:
        answers.refresh(work, now=now)


def test_each_scheme_with_its_parameters_is_found_by_one_statement(stores: SqlStores) -> None:
    give(stores, ARGON2, PBKDF2, *(ARGON2_BENGALI for _ in range(20)))
    give(stores, *(pbkdf2(b"p", length=n) for n in (32, 32, 64)), *(of_bcrypt(b"p"),) * 9)
    give(stores, of_ours(4))
    with stores.read() as work, counted() as statements:
        found = list(schemes_in(work))
    assert set(found) == {ARGON, SHA512, SHA256, Pbkdf2("sha256", 1000, 64), Bcrypt(4, "2a")}
    assert len(found) == 5
    assert len(statements) == 6


def test_the_costs_of_ours_are_told_by_the_present_hashes(stores: SqlStores) -> None:
    owner, *_ = give(stores, of_ours(18), of_ours(4), of_ours(4, 12), of_ours(12, 123_456_789))
    give(stores, PBKDF2, of_bcrypt(b"p"), "probesh1:", "probesh1:1:$2b$zz$" + "." * 53)
    with stores.write() as work:
        assert work.credentials.costs() == {4, 12, 18}
        work.credentials.rehash(owner, of_ours(4), old=of_ours(18))
        assert work.credentials.costs() == {4, 12}


@pytest.mark.parametrize("password", ["x", "x\u200d"])  # ours are tried in one form only
def test_a_hash_of_ours_above_todays_cost_makes_everybody_wait_for_it(
    stores: SqlStores, answers: Priced, moments: FakeTime, password: str
) -> None:
    give(stores, of_ours(4), of_ours(6), of_ours(7))
    answers.prices[Bcrypt(7)] = 1.6
    refresh(answers, stores)
    assert answers.deadline(password) == pytest.approx(moments.now + 0.2 + 1.6)


def test_the_slowest_counts_be_it_ours_or_theirs(
    stores: SqlStores, answers: Priced, moments: FakeTime
) -> None:
    give(stores, of_ours(7), PBKDF2)
    answers.prices |= {Bcrypt(7): 0.15}
    refresh(answers, stores)
    assert answers.deadline("x") == pytest.approx(moments.now + 0.2 + 0.15)
    assert answers.deadline("x\u200d") == pytest.approx(moments.now + 0.2 + 2 * 0.1)


def test_the_costs_of_ours_are_read_again_after_ten_minutes_and_not_before(
    stores: SqlStores, answers: Priced
) -> None:
    (owner,) = give(stores, of_ours(7))
    answers.prices[Bcrypt(7)] = 1.6
    refresh(answers, stores)
    with stores.write() as work:
        work.credentials.rehash(owner, of_ours(4), old=of_ours(7))
    refresh(answers, stores, NOW + 599)
    assert answers.deadline("x") is not None
    refresh(answers, stores, NOW + 600)
    assert answers.deadline("x") is None


def test_a_hash_that_nobody_can_read_hides_none_behind_it(stores: SqlStores) -> None:
    give(stores, "keycloak:$aaa", "keycloak:", "other", PBKDF2)
    with stores.read() as work:
        assert list(schemes_in(work)) == [SHA512]


def test_without_hashes_from_elsewhere_answers_leave_at_once(
    stores: SqlStores, answers: Priced, moments: FakeTime
) -> None:
    give(stores, of_ours(4))
    refresh(answers, stores)
    assert answers.deadline("x") is None
    with answers.hasher.gate.place(known_browser=False):
        answers.keep_until(None)
    assert moments.slept == []


def test_the_deadline_is_one_hash_of_ours_behind_the_slowest_of_theirs(
    stores: SqlStores, answers: Priced, moments: FakeTime
) -> None:
    give(stores, ARGON2, PBKDF2)
    refresh(answers, stores)
    assert answers.deadline("x") == pytest.approx(moments.now + 0.2 + 0.1)


def test_a_password_that_is_tried_in_two_forms_is_given_time_for_both(
    stores: SqlStores, answers: Priced, moments: FakeTime
) -> None:
    give(stores, PBKDF2)
    refresh(answers, stores)
    assert answers.deadline("x\u200d") == pytest.approx(moments.now + 0.2 + 2 * 0.1)


def test_an_answer_waits_for_what_is_left_and_never_backwards(
    stores: SqlStores, answers: Priced, moments: FakeTime
) -> None:
    give(stores, PBKDF2)
    refresh(answers, stores)
    with answers.hasher.gate.place(known_browser=False):
        deadline = answers.deadline("x")
        moments.pass_by(0.25)
        answers.keep_until(deadline)
    assert moments.slept == [pytest.approx(0.05)]
    with answers.hasher.gate.place(known_browser=False):
        deadline = answers.deadline("x")
        moments.pass_by(9)
        answers.keep_until(deadline)
    assert len(moments.slept) == 1


def test_the_schemes_are_read_again_after_five_seconds_and_not_before(
    stores: SqlStores, answers: Priced
) -> None:
    refresh(answers, stores)
    (owner,) = give(stores, PBKDF2)
    with counted() as statements:
        refresh(answers, stores, NOW + 4)
    assert statements == []
    assert answers.deadline("x") is None
    refresh(answers, stores, NOW + 5)
    assert answers.deadline("x") is not None
    with stores.write() as work:
        work.credentials.rehash(owner, of_ours(4), old=PBKDF2)
    refresh(answers, stores, NOW + 10)
    assert answers.deadline("x") is None


def test_a_clock_that_was_set_back_stops_no_reading(stores: SqlStores, answers: Priced) -> None:
    refresh(answers, stores)
    give(stores, PBKDF2)
    refresh(answers, stores, NOW - 1)
    assert answers.deadline("x") is not None


def test_the_time_of_a_scheme_is_its_slowest_of_five_runs(moments: FakeTime) -> None:
    runs = iter([0.01, 0.03, 0.02, 0.01, 0.02, 9.0])
    assert slowest_of(lambda: moments.pass_by(next(runs)), moments) == pytest.approx(0.03)


def test_a_slow_scheme_is_run_twice(moments: FakeTime) -> None:
    runs = iter([1.0, 2.0, 9.0])
    assert slowest_of(lambda: moments.pass_by(next(runs)), moments) == pytest.approx(2.0)


def test_a_scheme_is_timed_once_a_process_by_its_own_work(hasher: Hasher) -> None:
    readings: list[float] = []

    def ticking() -> float:
        readings.append(len(readings))
        return readings[-1]

    first, second = AnswerTime(hasher, ticking), AnswerTime(hasher, ticking)
    assert first.seconds_of(SHA256) == 1
    timed = len(readings)
    assert second.seconds_of(SHA256) == 1
    assert len(readings) == timed
    assert second.seconds_of(None) == 1
    assert len(readings) > timed
