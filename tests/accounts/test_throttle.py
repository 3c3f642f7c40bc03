"""The throttle: what is counted together, when it must wait, and what a success forgets."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count as numbers
from itertools import pairwise
from threading import Barrier

import pytest

from idp.accounts import throttle as policy
from idp.accounts.addresses import address_network
from idp.accounts.throttle import (
    FIRST_SENDS,
    FIRST_TRIES,
    KNOWN_BROWSER,
    OTP,
    PAIR,
    PROVEN,
    SENDS,
    STRANGERS,
    STRANGERS_A_DAY,
    STRANGERS_OF_NOBODY,
    UPDATE,
    Attempt,
    Closed,
    Limits,
    Slot,
    Throttle,
    is_closed,
    longest_wait,
    take_slots,
    unlock,
)
from idp.model.keyring import Keyring
from idp.model.user import User
from idp.stores.ports import Blocked, Schedule
from idp.stores.sql import SqlStores

OFFICE, HERE, NOW = "office@example.gov.bd", "203.0.113.7", 1_795_000_000
DAY = 24 * 3600
FORM_KEY = Keyring({1: b"f" * 32})
OWNER = User(id="u1", email=OFFICE, email_canonical=OFFICE)
NOBODYS = Attempt(user_id_canonical=OFFICE, user=None, address=HERE)
STRANGERS_OWN = replace(NOBODYS, user=OWNER)
KNOWN = replace(STRANGERS_OWN, known_browser="a cookie")
PROVEN_OWN = replace(STRANGERS_OWN, is_mailbox_proven=True)
everybody = pytest.mark.parametrize("attempt", [NOBODYS, STRANGERS_OWN], ids=["nobody", "somebody"])


@pytest.fixture
def throttle(stores: SqlStores) -> Throttle:
    return Throttle(stores, FORM_KEY)


def attempt_at(address: str = HERE, user_id: str = OFFICE) -> Attempt:
    return Attempt(user_id_canonical=user_id, user=None, address=address)


def reserve_all(throttle: Throttle, user_id: str, address: str = HERE, count: int = 5) -> None:
    for _ in range(count):
        assert isinstance(throttle.reserve(attempt_at(address, user_id), now=NOW), Slot)


def fail(throttle: Throttle, attempt: Attempt, times: int = 1, *, now: int = NOW) -> list[Slot]:
    """Let an attempt fail from ever other addresses: no pair has to wait."""
    addresses = (f"2001:db8:{n >> 16:x}:{n & 0xFFFF:x}::1" for n in numbers())
    slots = []
    for address, _ in zip(addresses, range(times), strict=False):
        slot = throttle.reserve(replace(attempt, address=address), now=now)
        assert isinstance(slot, Slot), slot
        slots.append(slot)
    return slots


def succeed(throttle: Throttle, attempt: Attempt, *, now: int = NOW) -> None:
    """Reserve, and do what the password step does with a slot of a right password."""
    slot = throttle.reserve(attempt, now=now)
    assert isinstance(slot, Slot)
    with throttle._stores.write() as work:
        for key in slot.forgotten:
            work.counters.clear(key)
        for key in slot.refunded:
            work.counters.refund(key)


def look(throttle: Throttle, attempt: Attempt, *, now: int = NOW) -> Blocked | Closed | None:
    with throttle._stores.read() as work:
        return throttle.look(work, attempt, now=now)


def counted(stores: SqlStores) -> tuple[int, int]:
    """Return how many keys have failures, and how many in all."""
    query = "SELECT count(*), sum(failures) FROM counters WHERE failures > 0"
    with stores.engine.connect() as connection:
        keys, failures = connection.exec_driver_sql(query).one()
    return keys, failures


def test_five_failures_in_a_minute_make_the_pair_wait_a_minute(throttle: Throttle) -> None:
    reserve_all(throttle, OFFICE)
    assert throttle.reserve(attempt_at(), now=NOW + 1) == Blocked(until=NOW + 60)
    assert throttle.reserve(attempt_at(), now=NOW + 59) == Blocked(until=NOW + 60)
    assert look(throttle, attempt_at(), now=NOW + 59) == Blocked(until=NOW + 60)


def test_after_the_pause_the_pair_may_try_again(throttle: Throttle) -> None:
    reserve_all(throttle, OFFICE)
    assert look(throttle, attempt_at(), now=NOW + 61) is None
    assert isinstance(throttle.reserve(attempt_at(), now=NOW + 61), Slot)


def test_slow_failures_never_make_a_pair_wait(throttle: Throttle) -> None:
    for failure in range(20):
        assert isinstance(throttle.reserve(attempt_at(), now=NOW + failure * 61), Slot)


def test_a_pair_of_its_own_waits_for_nobody_else(throttle: Throttle) -> None:
    reserve_all(throttle, OFFICE)
    assert isinstance(throttle.reserve(attempt_at("203.0.113.8"), now=NOW), Slot)
    other = attempt_at(user_id="other@example.gov.bd")
    assert isinstance(throttle.reserve(other, now=NOW), Slot)


def test_addresses_of_one_ipv6_network_share_a_pair(throttle: Throttle) -> None:
    for host in range(5):
        assert isinstance(throttle.reserve(attempt_at(f"2001:db8:1:2:{host}::1"), now=NOW), Slot)
    assert isinstance(throttle.reserve(attempt_at("2001:db8:1:2::ffff"), now=NOW), Blocked)
    assert isinstance(throttle.reserve(attempt_at("2001:db8:1:3::1"), now=NOW), Slot)


def test_a_success_clears_the_pair(throttle: Throttle) -> None:
    reserve_all(throttle, OFFICE, count=4)
    succeed(throttle, attempt_at())
    reserve_all(throttle, OFFICE)


def test_a_reserved_slot_is_counted_even_if_the_request_dies(
    throttle: Throttle, stores: SqlStores
) -> None:
    reserve_all(throttle, OFFICE)
    with stores.read() as work:
        assert work.counters.blocked(throttle.pair_key(OFFICE, HERE), now=NOW) is not None


def test_two_nodes_with_the_same_keys_share_a_pair(stores: SqlStores) -> None:
    reserve_all(Throttle(stores, FORM_KEY), OFFICE, count=5)
    other = Throttle(stores, Keyring({1: b"f" * 32}))
    assert isinstance(other.reserve(attempt_at(), now=NOW), Blocked)


# -- strangers ------------------------------------------------------------------------------------


@everybody
def test_strangers_have_a_hundred_tries_and_the_last_one_is_told(
    throttle: Throttle, attempt: Attempt
) -> None:
    slots = fail(throttle, attempt, 100)
    assert [slot.is_last for slot in slots] == [False] * 99 + [True]
    for now in (NOW, NOW + 3600):
        assert isinstance(throttle.reserve(attempt, now=now), Closed)
        assert isinstance(look(throttle, attempt, now=now), Closed)


@everybody
def test_what_a_closed_pool_refuses_is_counted_nowhere(
    throttle: Throttle, stores: SqlStores, attempt: Attempt
) -> None:
    fail(throttle, attempt, 100)
    before = counted(stores)
    for _ in range(10):  # more than a pair has
        assert isinstance(throttle.reserve(replace(attempt, address="::1"), now=NOW), Closed)
    assert counted(stores) == before


def test_the_pool_stays_closed_until_the_owner_succeeds_and_a_day_has_passed(
    throttle: Throttle,
) -> None:
    fail(throttle, STRANGERS_OWN, 100)
    assert look(throttle, STRANGERS_OWN, now=NOW + 300 * DAY) == Closed(None)
    succeed(throttle, KNOWN, now=NOW + 60)
    assert look(throttle, STRANGERS_OWN, now=NOW + DAY - 1) == Closed(NOW + DAY)
    assert look(throttle, STRANGERS_OWN, now=NOW + DAY) is None
    fail(throttle, STRANGERS_OWN, 100, now=NOW + DAY)


def test_an_owner_who_succeeds_now_and_then_does_not_give_strangers_more_tries_a_day(
    throttle: Throttle,
) -> None:
    fail(throttle, STRANGERS_OWN, 60)
    succeed(throttle, KNOWN)
    fail(throttle, STRANGERS_OWN, 40)
    assert look(throttle, STRANGERS_OWN) == Closed(NOW + DAY)


def test_slow_strangers_have_a_hundred_tries_in_all(throttle: Throttle) -> None:
    for day in range(5):
        fail(throttle, STRANGERS_OWN, 20, now=NOW + 2 * day * DAY)
    assert look(throttle, STRANGERS_OWN, now=NOW + 20 * DAY) == Closed(None)


def test_a_stranger_who_is_right_gives_the_slot_back(throttle: Throttle) -> None:
    fail(throttle, STRANGERS_OWN, 99)
    succeed(throttle, STRANGERS_OWN)
    fail(throttle, STRANGERS_OWN, 1)
    assert look(throttle, STRANGERS_OWN) == Closed(NOW + DAY)


def test_a_pool_is_an_accounts_own(throttle: Throttle) -> None:
    fail(throttle, STRANGERS_OWN, 100)
    other = User(id="u2", email="b@x.bd", email_canonical="b@x.bd")
    assert look(throttle, replace(STRANGERS_OWN, user=other)) is None
    assert look(throttle, NOBODYS) is None  # a user ID that was somebody's, once


def test_a_known_browser_never_meets_the_strangers_door(throttle: Throttle) -> None:
    fail(throttle, STRANGERS_OWN, 100)
    assert look(throttle, KNOWN) is None
    succeed(throttle, KNOWN)


def test_a_known_browser_that_fails_ten_times_is_a_strangers(throttle: Throttle) -> None:
    fail(throttle, KNOWN, 10)
    assert look(throttle, KNOWN) is None  # the door is open to strangers
    fail(throttle, STRANGERS_OWN, 99)
    (last,) = fail(throttle, KNOWN)
    assert last.is_last
    assert isinstance(look(throttle, KNOWN), Closed)
    assert isinstance(throttle.reserve(KNOWN, now=NOW + 899), Closed)
    assert look(throttle, KNOWN, now=NOW + 900) is None
    assert isinstance(throttle.reserve(KNOWN, now=NOW + 900), Slot)


def test_a_success_clears_no_other_browsers_failures(throttle: Throttle) -> None:
    second = replace(KNOWN, known_browser="another cookie")
    fail(throttle, KNOWN, 10)
    succeed(throttle, second)
    fail(throttle, STRANGERS_OWN, 100)
    assert isinstance(look(throttle, KNOWN), Closed)
    assert look(throttle, second) is None


def test_whoever_has_proven_the_mailbox_meets_no_door_of_strangers(throttle: Throttle) -> None:
    fail(throttle, STRANGERS_OWN, 100)
    for _ in range(5):
        assert look(throttle, PROVEN_OWN) is None
        assert isinstance(throttle.reserve(PROVEN_OWN, now=NOW), Slot)
    assert look(throttle, PROVEN_OWN) == Blocked(NOW + 60)
    succeed(throttle, PROVEN_OWN, now=NOW + 60)
    assert look(throttle, STRANGERS_OWN, now=NOW + DAY) is None


def test_behind_a_proven_mailbox_an_account_has_twenty_wrong_passwords_a_day_in_all(
    throttle: Throttle, stores: SqlStores
) -> None:
    fail(throttle, PROVEN_OWN, 20)
    before = counted(stores)
    elsewhere = replace(PROVEN_OWN, address="192.0.2.1")
    assert look(throttle, elsewhere) == Blocked(NOW + DAY)
    assert throttle.reserve(elsewhere, now=NOW + 1) == Blocked(NOW + DAY)
    assert counted(stores) == before
    assert look(throttle, STRANGERS_OWN) is None
    assert look(throttle, KNOWN) is None
    fail(throttle, PROVEN_OWN, 20, now=NOW + DAY)


def test_only_a_success_behind_the_mailbox_forgets_the_failures_there(throttle: Throttle) -> None:
    fail(throttle, PROVEN_OWN, 19)
    succeed(throttle, KNOWN)
    fail(throttle, PROVEN_OWN, 1)
    assert look(throttle, replace(PROVEN_OWN, address="192.0.2.1")) == Blocked(NOW + DAY)
    fail(throttle, PROVEN_OWN, 19, now=NOW + DAY)
    succeed(throttle, PROVEN_OWN, now=NOW + DAY)
    fail(throttle, PROVEN_OWN, 20, now=NOW + DAY)


@pytest.mark.race
def test_of_many_guesses_at_once_behind_a_mailbox_twenty_are_let_through(
    throttle: Throttle,
) -> None:
    start = Barrier(10)

    def guess(number: int) -> list[Slot | Blocked | Closed]:
        start.wait(5)
        mine = (replace(PROVEN_OWN, address=f"10.0.{number}.{n}") for n in range(5))
        return [throttle.reserve(attempt, now=NOW) for attempt in mine]

    with ThreadPoolExecutor(10) as pool:
        answers = [answer for some in pool.map(guess, range(10)) for answer in some]
    assert sum(isinstance(answer, Slot) for answer in answers) == 20
    assert answers.count(Blocked(NOW + DAY)) == 30


def test_without_a_code_to_ask_for_first_strangers_wait_by_the_day(throttle: Throttle) -> None:
    bare = replace(STRANGERS_OWN, has_code=False)
    fail(throttle, STRANGERS_OWN, 100)
    assert look(throttle, bare) == Closed(NOW + DAY)
    assert throttle.reserve(bare, now=NOW + 60) == Closed(NOW + DAY)
    fail(throttle, bare, 100, now=NOW + DAY)
    assert look(throttle, bare, now=NOW + DAY) == Closed(NOW + 2 * DAY)


def test_what_is_counted_of_nobody_leaves_some_day(throttle: Throttle, stores: SqlStores) -> None:
    fail(throttle, NOBODYS, 100)
    fail(throttle, replace(NOBODYS, user_id_canonical="b@x.bd"), 99)

    def left(days: int) -> int:
        stores.purge(now=NOW + days * DAY)
        with stores.engine.connect() as connection:
            found: int = connection.exec_driver_sql("SELECT count(*) FROM counters").scalar_one()
        return found

    assert left(2) == 2  # pairs and days are over
    assert [left(days) for days in (89, 90)] == [2, 0]


def test_what_is_counted_of_a_user_outlives_every_form_key(stores: SqlStores) -> None:
    fail(Throttle(stores, FORM_KEY), STRANGERS_OWN, 100)
    after = Throttle(stores, Keyring({2: b"n" * 32}))
    assert isinstance(look(after, STRANGERS_OWN), Closed)


def test_an_administrator_forgets_what_was_counted_of_a_user(
    throttle: Throttle, stores: SqlStores
) -> None:
    other = User(id="u2", email="b@x.bd", email_canonical="b@x.bd")
    fail(throttle, STRANGERS_OWN, 100)
    fail(throttle, replace(STRANGERS_OWN, user=other), 100)
    limits = (*throttle.code_limits("u1"), *throttle.first_code_limits(OWNER, OFFICE))
    fail(throttle, PROVEN_OWN, 20)
    with stores.write() as work:
        for _ in range(50):
            work.counters.reserve(throttle.otp_key("u1"), OTP, now=NOW)
        for _ in range(5):
            take_slots(work, limits, now=NOW)
    with stores.write() as work:
        unlock(work, "u1")
    with stores.read() as work:
        assert longest_wait(work, limits, now=NOW) is None
        assert work.counters.blocked(throttle.otp_key("u1"), now=NOW) is None
    assert look(throttle, STRANGERS_OWN) is None
    assert look(throttle, replace(PROVEN_OWN, address="192.0.2.1")) is None
    assert isinstance(look(throttle, replace(STRANGERS_OWN, user=other)), Closed)


@pytest.mark.race
def test_of_a_hundred_and_twenty_guesses_at_once_a_hundred_are_let_through(
    throttle: Throttle,
) -> None:
    start = Barrier(20)

    def guess(number: int) -> list[Slot | Blocked | Closed]:
        start.wait(5)
        mine = (replace(STRANGERS_OWN, address=f"10.0.{number}.{n}") for n in range(6))
        return [throttle.reserve(attempt, now=NOW) for attempt in mine]

    with ThreadPoolExecutor(20) as pool:
        answers = [answer for some in pool.map(guess, range(20)) for answer in some]
    slots = [answer for answer in answers if isinstance(answer, Slot)]
    assert len(slots) == 100
    assert [slot.is_last for slot in slots].count(True) == 1
    assert sum(isinstance(answer, Closed) for answer in answers) == 20


# -- letters --------------------------------------------------------------------------------------


def test_codes_go_five_times_in_a_quarter_of_an_hour_and_twenty_times_a_day(
    throttle: Throttle, stores: SqlStores
) -> None:
    limits, sent = throttle.code_limits("u1"), []
    for quarter in range(6):
        now = NOW + quarter * 900
        for _ in range(6):
            with stores.write() as work:
                sent.append(take_slots(work, limits, now=now))
    assert [sum(sent[n : n + 6]) for n in range(0, 36, 6)] == [5, 5, 5, 5, 0, 0]
    with stores.read() as work:
        assert longest_wait(work, limits, now=NOW + 5 * 900) == Blocked(NOW + 3 * 900 + DAY)


def _taken(stores: SqlStores, limits: Limits) -> list[int]:
    """Ask once a minute for two days and return in which minutes there was room."""
    taken = []
    for minute in range(2 * 24 * 60):
        with stores.write() as work:
            if take_slots(work, limits, now=NOW + minute * 60):
                taken.append(minute)
    return taken


def test_behind_the_days_first_codes_one_leaves_an_hour(
    throttle: Throttle, stores: SqlStores
) -> None:
    taken = _taken(stores, throttle.first_code_limits(OWNER, OFFICE))
    first = [minute for minute in taken if minute < 24 * 60]
    assert first[19] == 61  # four quarters of an hour, and five minutes in each
    assert {later - earlier for earlier, later in pairwise(first[19:])} == {60}
    assert len(first) == 20 + 22
    assert len(taken) == 2 * len(first)


def test_behind_the_days_links_one_leaves_an_hour(throttle: Throttle, stores: SqlStores) -> None:
    taken = _taken(stores, throttle.reset_limits(OFFICE, resend_after=60))
    first = [minute for minute in taken if minute < 24 * 60]
    assert {later - earlier for earlier, later in pairwise(first[9:])} == {60}
    assert len(first) == 10 + 23


@pytest.mark.parametrize("user", [OWNER, None])
def test_fifty_wrong_first_codes_a_day(
    throttle: Throttle, stores: SqlStores, user: User | None
) -> None:
    key, schedule = throttle.first_try_limit(user, OFFICE)
    with stores.write() as work:
        answers = [work.counters.reserve(key, schedule, now=NOW) for _ in range(51)]
        assert answers == [*([None] * 50), Blocked(NOW + DAY)]
        assert work.counters.reserve(key, schedule, now=NOW + DAY) is None


def test_a_new_password_forgets_what_was_counted_for_the_old_one(
    throttle: Throttle, stores: SqlStores
) -> None:
    first, after = throttle.first_code_limits(OWNER, OFFICE), throttle.code_limits("u1")
    limits = (*first, *after, throttle.first_try_limit(OWNER, OFFICE))
    fail(throttle, STRANGERS_OWN, 40)
    fail(throttle, PROVEN_OWN, 20)
    with stores.write() as work:
        for key, schedule in limits:
            while work.counters.reserve(key, schedule, now=NOW) is None:
                pass
        for key in throttle.keys_of_password("u1"):
            work.counters.clear(key)
    with stores.read() as work:
        assert longest_wait(work, limits, now=NOW) is None
    assert look(throttle, replace(PROVEN_OWN, address="192.0.2.1")) is None
    fail(throttle, STRANGERS_OWN, 60)  # a day's hundred stays
    assert look(throttle, STRANGERS_OWN) == Closed(NOW + DAY)


def test_closed_is_what_no_time_opens(stores: SqlStores) -> None:
    pause, close = Schedule(window=0, pauses=((1, 60),)), Schedule(window=0, pauses=((1, 0),))
    with stores.write() as work:
        assert not is_closed(work, b"k" * 32, now=NOW)
        work.counters.reserve(b"k" * 32, pause, now=NOW)
        assert not is_closed(work, b"k" * 32, now=NOW)
        work.counters.reserve(b"k" * 32, close, now=NOW + 60)
        assert is_closed(work, b"k" * 32, now=NOW + 1000 * DAY)


def test_codes_before_and_after_a_password_are_counted_apart(
    throttle: Throttle, stores: SqlStores
) -> None:
    first, after = throttle.first_code_limits(OWNER, OFFICE), throttle.code_limits("u1")
    with stores.write() as work:
        for _ in range(9):
            take_slots(work, first, now=NOW)
        assert longest_wait(work, first, now=NOW) == Blocked(NOW + 900)
        assert longest_wait(work, after, now=NOW) is None


def test_the_wait_that_is_told_is_the_longest(stores: SqlStores) -> None:
    def limit(name: str, seconds: int) -> tuple[bytes, Schedule]:
        return name.encode() * 32, Schedule(window=0, pauses=((1, seconds),))

    short, long, closed = limit("s", 60), limit("l", 600), limit("c", 0)
    with stores.write() as work:
        assert take_slots(work, (short, long, closed), now=NOW)
        assert not take_slots(work, (short,), now=NOW)
        assert longest_wait(work, (short, long), now=NOW) == Blocked(NOW + 600)
        assert longest_wait(work, (closed, long), now=NOW) == Blocked(None)
        assert longest_wait(work, (), now=NOW) is None


# -- keys -----------------------------------------------------------------------------------------


def test_a_pair_key_names_nobody_and_mixes_up_no_parts(throttle: Throttle) -> None:
    key = throttle.pair_key(OFFICE, HERE)
    assert len(key) == 32
    others = [
        Throttle(throttle._stores, Keyring({1: b"g" * 32})).pair_key(OFFICE, HERE),
        throttle.pair_key(OFFICE, "203.0.113.8"),
        throttle.pair_key("", OFFICE),
        throttle.pair_key(OFFICE + HERE, ""),
        throttle.pair_key(OFFICE + '", "' + HERE, ""),
    ]
    assert len({key, *others}) == 6


def test_odd_text_has_a_pair_key_too(throttle: Throttle) -> None:
    attempt = attempt_at("\x00", "\x00\ud800")
    assert isinstance(throttle.reserve(attempt, now=NOW), Slot)


def test_wrong_codes_pause_an_account_and_close_it_in_the_end(
    throttle: Throttle, stores: SqlStores
) -> None:
    key, now, pauses = throttle.otp_key("u1"), NOW, []
    for count in range(1, 51):
        with stores.write() as work:
            assert work.counters.reserve(key, OTP, now=now) is None
        with stores.write() as work:
            blocked = work.counters.blocked(key, now=now)
        if blocked is not None:
            pauses.append((count, None if blocked.until is None else blocked.until - now))
            now = now if blocked.until is None else blocked.until
    assert pauses == [(10, 600), (20, 3600), (50, None)]
    with stores.write() as work:
        assert work.counters.reserve(key, OTP, now=now + 10**8) == Blocked(until=None)


def test_the_counter_of_wrong_codes_outlives_the_form_key(stores: SqlStores) -> None:
    before, after = Throttle(stores, FORM_KEY), Throttle(stores, Keyring({2: b"n" * 32}))
    assert before.otp_key("u1") == after.otp_key("u1") != after.otp_key("u2")
    assert len(before.otp_key("u1")) == 32


def test_ten_new_passwords_of_an_account_in_a_quarter_of_an_hour(throttle: Throttle) -> None:
    for second in range(10):
        assert throttle.reserve_update("u1", now=NOW + second) is None
    assert throttle.reserve_update("u1", now=NOW + 10) == Blocked(until=NOW + 909)
    assert throttle.reserve_update("u2", now=NOW + 10) is None
    assert throttle.reserve_update("u1", now=NOW + 908) == Blocked(until=NOW + 909)
    assert throttle.reserve_update("u1", now=NOW + 909) is None


def test_what_is_counted_for_different_ends_has_different_keys(throttle: Throttle) -> None:
    for _ in range(10):
        assert throttle.reserve_update(OFFICE, now=NOW) is None
    assert isinstance(throttle.reserve(attempt_at(""), now=NOW), Slot)
    limits = throttle.reset_limits(OFFICE, resend_after=60)
    keys = {key for key, _ in limits}
    assert len({*keys, throttle.pair_key(OFFICE, "0"), throttle.otp_key(OFFICE)}) == 5
    others = throttle.reset_limits("other@example.gov.bd", resend_after=60)
    assert not keys & {key for key, _ in others}
    assert [(one.window, one.pauses) for _, one in limits] == [
        (60, ((1, 60),)),
        (900, ((3, 900),)),
        (86_400, ((10, 3600),)),
    ]


def test_the_schedules_are_those_of_the_policy() -> None:
    assert (UPDATE.window, UPDATE.pauses) == (900, ((10, 900),))
    assert (PAIR.window, PAIR.pauses) == (60, ((5, 60),))
    assert (STRANGERS.window, STRANGERS.pauses) == (0, ((100, 0),))
    assert (STRANGERS_A_DAY.window, STRANGERS_A_DAY.pauses) == (86_400, ((100, 86_400),))
    assert STRANGERS_OF_NOBODY.pauses[0][0] == 100
    assert (KNOWN_BROWSER.window, KNOWN_BROWSER.pauses) == (900, ((10, 900),))
    assert [(one.window, one.pauses) for one in SENDS] == [
        (900, ((5, 900),)),
        (86_400, ((20, 86_400),)),
    ]
    assert (SENDS[0], Schedule(window=86_400, pauses=((20, 3600),))) == FIRST_SENDS
    assert (FIRST_TRIES.window, FIRST_TRIES.pauses) == (86_400, ((50, 86_400),))
    assert (PROVEN.window, PROVEN.pauses) == (86_400, ((20, 86_400),))
    assert (OTP.window, OTP.pauses) == (0, ((10, 600), (20, 3600), (50, 0)))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", "unknown"),
        ("203.0.113", "unknown"),
        ("203.0.113.7:443", "unknown"),
        ("২০৩.0.113.7", "unknown"),
        ("\x00", "unknown"),
    ],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_64(address: str, network: str) -> None:
    assert address_network(address) == network


@pytest.mark.race
def test_of_many_guesses_at_once_five_are_let_through(throttle: Throttle) -> None:
    start = Barrier(20)

    def guess(_: int) -> Slot | Blocked | Closed:
        start.wait(5)
        return throttle.reserve(attempt_at(), now=NOW)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(20)))
    assert sum(isinstance(answer, Slot) for answer in answers) == 5
    assert answers.count(Blocked(until=NOW + 60)) == 15


def test_an_accounts_keys_hang_on_its_purpose_and_name_nobody(throttle: Throttle) -> None:
    purposes = policy._OF_ACCOUNT
    keys = {Throttle.account_key(purpose, "u1") for purpose in purposes}
    nobodys = {throttle.key_of(purpose, None, OFFICE) for purpose in purposes}
    assert len(keys | nobodys) == 2 * len(purposes)
    assert throttle.key_of("strangers", OWNER, "spelled otherwise") in keys
