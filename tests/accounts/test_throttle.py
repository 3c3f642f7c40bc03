from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from idp.accounts.addresses import address_network
from idp.accounts.throttle import OTP, PAIR, UPDATE, Throttle
from idp.model.keyring import Keyring
from idp.stores.ports import Blocked
from idp.stores.sql import SqlStores

OFFICE, HERE, NOW = "office@example.gov.bd", "203.0.113.7", 1_795_000_000
FORM_KEY = Keyring({1: b"f" * 32})


@pytest.fixture
def throttle(stores: SqlStores) -> Throttle:
    return Throttle(stores, FORM_KEY)


def reserve_all(throttle: Throttle, user_id: str, address: str = HERE, count: int = 5) -> None:
    for _ in range(count):
        assert throttle.reserve(user_id, address, now=NOW) is None


def test_five_failures_in_a_minute_make_the_pair_wait_a_minute(throttle: Throttle) -> None:
    reserve_all(throttle, OFFICE)
    assert throttle.reserve(OFFICE, HERE, now=NOW + 1) == Blocked(until=NOW + 60)
    assert throttle.reserve(OFFICE, HERE, now=NOW + 59) == Blocked(until=NOW + 60)


def test_after_the_pause_the_pair_may_try_again(throttle: Throttle) -> None:
    reserve_all(throttle, OFFICE)
    assert throttle.reserve(OFFICE, HERE, now=NOW + 61) is None


def test_slow_failures_never_make_a_pair_wait(throttle: Throttle) -> None:
    for failure in range(20):
        assert throttle.reserve(OFFICE, HERE, now=NOW + failure * 61) is None


def test_a_pair_of_its_own_waits_for_nobody_else(throttle: Throttle) -> None:
    reserve_all(throttle, OFFICE)
    assert throttle.reserve(OFFICE, "203.0.113.8", now=NOW) is None
    assert throttle.reserve("other@example.gov.bd", HERE, now=NOW) is None


def test_addresses_of_one_ipv6_network_share_a_pair(throttle: Throttle) -> None:
    for host in range(5):
        assert throttle.reserve(OFFICE, f"2001:db8:1:2:{host}::1", now=NOW) is None
    assert throttle.reserve(OFFICE, "2001:db8:1:2::ffff", now=NOW) is not None
    assert throttle.reserve(OFFICE, "2001:db8:1:3::1", now=NOW) is None


def test_a_success_clears_the_pair(throttle: Throttle, stores: SqlStores) -> None:
    reserve_all(throttle, OFFICE)
    with stores.write() as work:
        work.counters.clear(throttle.pair_key(OFFICE, HERE))
    reserve_all(throttle, OFFICE)


def test_a_reserved_slot_is_counted_even_if_the_request_dies(
    throttle: Throttle, stores: SqlStores
) -> None:
    reserve_all(throttle, OFFICE)
    with stores.read() as work:
        assert work.counters.blocked(throttle.pair_key(OFFICE, HERE), now=NOW) is not None


def test_two_nodes_with_the_same_keys_share_a_pair(stores: SqlStores) -> None:
    reserve_all(Throttle(stores, FORM_KEY), OFFICE, count=5)
    assert Throttle(stores, Keyring({1: b"f" * 32})).reserve(OFFICE, HERE, now=NOW) is not None


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
    assert throttle.reserve("\x00\ud800", "\x00", now=NOW) is None


def test_wrong_codes_pause_an_account_and_close_it_in_the_end(
    throttle: Throttle, stores: SqlStores
) -> None:
    key, now, pauses = throttle.otp_key("u1"), NOW, []
    for count in range(1, 51):
        with stores.write() as work:
            assert throttle.count_otp(work, key, now=now) is None
        with stores.write() as work:
            blocked = work.counters.blocked(key, now=now)
        if blocked is not None:
            pauses.append((count, None if blocked.until is None else blocked.until - now))
            now = now if blocked.until is None else blocked.until
    assert pauses == [(10, 600), (20, 3600), (50, None)]
    with stores.write() as work:
        assert throttle.count_otp(work, key, now=now + 10**8) == Blocked(until=None)


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
    assert throttle.reserve(OFFICE, "", now=NOW) is None
    limits = throttle.reset_limits(OFFICE, resend_after=60)
    keys = {key for key, _ in limits}
    assert len({*keys, throttle.pair_key(OFFICE, "0"), throttle.otp_key(OFFICE)}) == 5
    others = throttle.reset_limits("other@example.gov.bd", resend_after=60)
    assert not keys & {key for key, _ in others}
    assert [(one.window, one.pauses) for _, one in limits] == [
        (60, ((1, 60),)),
        (900, ((3, 900),)),
        (86_400, ((10, 86_400),)),
    ]


def test_the_schedules_are_those_of_the_policy() -> None:
    assert (UPDATE.window, UPDATE.pauses) == (900, ((10, 900),))
    assert (PAIR.window, PAIR.pauses) == (60, ((5, 60),))
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

    def guess(_: int) -> Blocked | None:
        start.wait(5)
        return throttle.reserve(OFFICE, HERE, now=NOW)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(20)))
    assert answers.count(None) == 5
    assert answers.count(Blocked(until=NOW + 60)) == 15
