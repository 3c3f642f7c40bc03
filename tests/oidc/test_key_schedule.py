"""The life of a signing key, from announcement to the end, by facts and a schedule alone."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oidc.key_schedule import KeyLife, KeySchedule
from idp.stores.ports import SigningKey

NOW = 1_795_000_000
SCHEDULE = KeySchedule(rotate=1_000, announce=100, keep=300)
ES_ALONE = KeySchedule(rotate=1_000, announce=100, keep=300, algs=("ES256",))


def key(kid: str, created_at: int, signs_from: int, alg: str = "ES256") -> SigningKey:
    return SigningKey(kid, alg, b"sealed", NOW + created_at, NOW + signs_from)


def told(lives: list[KeyLife]) -> list[tuple[str, str, int, int]]:
    return [(life.key.kid, life.state, life.since - NOW, life.until - NOW) for life in lives]


FIRST, SECOND = key("a", 0, 0), key("b", 900, 1_000)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (950, [("a", "signing", 0, 1_000), ("b", "announced", 900, 1_000)]),
        (999, [("a", "signing", 0, 1_000), ("b", "announced", 900, 1_000)]),
        (1_000, [("a", "published", 1_000, 1_300), ("b", "signing", 1_000, 2_000)]),
        (1_299, [("a", "published", 1_000, 1_300), ("b", "signing", 1_000, 2_000)]),
        (1_300, [("a", "gone", 1_000, 1_300), ("b", "signing", 1_000, 2_000)]),
    ],
)
def test_a_key_is_announced_signs_is_kept_and_goes(
    at: int, expected: list[tuple[str, str, int, int]]
) -> None:
    assert told(SCHEDULE.lives([SECOND, FIRST], NOW + at)) == expected


def test_a_clock_that_lags_behind_signs_with_the_oldest_key() -> None:
    assert told(SCHEDULE.lives([FIRST, SECOND], NOW - 50)) == [
        ("a", "signing", 0, 1_000),
        ("b", "announced", 900, 1_000),
    ]


def test_each_algorithm_has_a_life_of_its_own() -> None:
    lives = SCHEDULE.lives([FIRST, key("r", 500, 500, "RS256")], NOW + 600)
    assert [(life.key.alg, life.state) for life in lives] == [
        ("RS256", "signing"),
        ("ES256", "signing"),
    ]


@pytest.mark.parametrize(
    ("keys", "at", "due"),
    [
        ([FIRST], 899, False),
        ([FIRST], 900, True),
        ([FIRST], 5_000, True),  # nobody ran for a while
        ([FIRST, SECOND], 950, False),
        ([FIRST, SECOND], 1_899, False),
        ([FIRST, SECOND], 1_900, True),
        ([], 0, True),
    ],
)
def test_a_successor_is_due_when_it_can_sign_in_time(
    keys: list[SigningKey], at: int, due: bool
) -> None:
    now = NOW + at
    assert ES_ALONE.is_due(ES_ALONE.lives(keys, now), "ES256", now) is due


@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 500)), min_size=1, max_size=8),
    st.integers(-100, 10_000),
)
def test_exactly_one_key_signs_at_any_time(times: list[tuple[int, int]], at: int) -> None:
    keys = [key(f"{i}", made, made + wait) for i, (made, wait) in enumerate(times)]
    lives = SCHEDULE.lives(keys, NOW + at)
    states = [life.state for life in lives]
    assert states.count("signing") == 1
    order = ["gone", "published", "signing", "announced"]
    assert all(order.index(a) <= order.index(b) for a, b in pairwise(states))


RS_ALONE = KeySchedule(rotate=1_000, announce=100, keep=300, algs=("RS256",))


@pytest.mark.parametrize(
    ("keys", "at", "expected"),
    [
        ([FIRST], 0, [("a", "published", 0, 1_300)]),
        ([FIRST], 999, [("a", "published", 0, 1_300)]),
        ([FIRST], 1_299, [("a", "published", 1_000, 1_300)]),
        ([FIRST], 1_300, [("a", "gone", 1_000, 1_300)]),
        ([FIRST, SECOND], 950, [("a", "published", 0, 1_300), ("b", "published", 900, 2_300)]),
        ([FIRST, SECOND], 2_300, [("a", "gone", 1_000, 1_300), ("b", "gone", 2_000, 2_300)]),
    ],
)
def test_an_algorithm_that_is_used_no_more_signs_nothing_and_its_keys_go(
    keys: list[SigningKey], at: int, expected: list[tuple[str, str, int, int]]
) -> None:
    assert told(RS_ALONE.lives(keys, NOW + at)) == expected


def test_an_algorithm_that_is_used_again_signs_with_the_key_it_had() -> None:
    assert [life.state for life in ES_ALONE.lives([FIRST], NOW + 500)] == ["signing"]
