"""Limits by address, with the shipped rates in the memory of this process."""

import ipaddress

import pytest
from typing_extensions import override

from idp.accounts.address_limits import RATES, AddressLimits
from idp.model.keyring import Keyring
from idp.stores.buckets import Buckets

OFFICE = "203.0.113.9"
STRANGER = "198.51.100.7"
OFFICES = (
    (ipaddress.ip_network("203.0.113.0/24"), 25),
    (ipaddress.ip_network("203.0.113.8/29"), 2),
    (ipaddress.ip_network("2001:db8::/32"), 2),
)
DAY = 86_400


@pytest.fixture(name="limits")
def _limits() -> AddressLimits:
    return AddressLimits(Buckets("", RATES), OFFICES, Keyring({1: b"f" * 32}))


def counted(limits: AddressLimits, bucket: str, address: str, most: int) -> int:
    """Return how many may come before one must wait."""
    return next(n for n in range(most) if limits.wait(bucket, address) is not None)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        (STRANGER, 10),
        ("203.0.113.200", 250),
        (OFFICE, 250),  # the widest of the networks that an address is in
        ("::ffff:203.0.113.200", 250),  # as a dual-stack socket shows it
        ("2001:db8:1:2::1", 20),
        ("2001:db9::1", 10),
        ("nonsense", 10),
    ],
)
def test_an_office_may_come_as_often_as_its_factor_says(
    limits: AddressLimits, address: str, allowed: int
) -> None:
    assert counted(limits, "bad_link", address, 300) == allowed


def test_one_network_is_counted_as_one_and_each_bucket_apart(limits: AddressLimits) -> None:
    assert counted(limits, "reset", "2001:db9::1", 9) == 5
    wait = limits.wait("reset", "2001:db9::ffff:2")
    assert wait is not None
    assert 1 <= wait <= 600
    assert limits.wait("reset", "2001:db9:0:1::1") is None
    assert limits.wait("bad_link", "2001:db9::1") is None


def test_requests_for_links_are_counted_whoever_they_are_for(limits: AddressLimits) -> None:
    assert [limits.wait_for_reset(STRANGER, "a@example.gov.bd") for _ in range(5)] == [None] * 5
    wait = limits.wait_for_reset(STRANGER, "a@example.gov.bd")
    assert wait is not None
    assert 1 <= wait <= 600


def test_a_network_asks_for_thirty_user_ids_a_day_and_for_these_again() -> None:
    buckets = Buckets("", {**RATES, "reset": "1000/minute"})
    limits = AddressLimits(buckets, OFFICES, Keyring({1: b"f" * 32}))
    assert [limits.wait_for_reset(STRANGER, f"{n}@b.bd") for n in range(30)] == [None] * 30
    for _ in range(3):  # asking twice gets nobody past the limit
        wait = limits.wait_for_reset(STRANGER, "one-more@b.bd")
        assert wait is not None
        assert 600 < wait <= DAY
    assert limits.wait_for_reset(STRANGER, "0@b.bd") is None
    assert limits.wait_for_reset("198.51.100.8", "one-more@b.bd") is None
    assert [limits.wait_for_reset(OFFICE, f"{n}@b.bd") for n in range(31)] == [None] * 31


@pytest.mark.parametrize("typed", ["", "নদী", "a\x00|b", "\ud800", "x" * 2000])
def test_whatever_is_typed_can_be_counted(limits: AddressLimits, typed: str) -> None:
    assert limits.wait_for_reset(STRANGER, typed) is None


class Witness(Buckets):
    """Buckets that tell under which keys they count."""

    def __init__(self) -> None:
        super().__init__("", RATES)
        self.keys: set[str] = set()

    @override
    def hit(self, bucket: str, address: str, *, factor: int) -> int | None:
        self.keys.add(address)
        return super().hit(bucket, address, factor=factor)


def test_user_ids_are_counted_under_keys_that_name_nobody() -> None:
    seen = {}
    for secret in (b"f", b"g"):
        witness = Witness()
        limits = AddressLimits(witness, (), Keyring({1: secret * 32}))
        limits.wait_for_reset(STRANGER, "office@example.gov.bd")
        (seen[secret],) = witness.keys - {STRANGER}
        assert "office" not in seen[secret]
    assert seen[b"f"] != seen[b"g"]
