"""Signing keys follow each other in a real store: announced, exchanged, removed, withdrawn."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import get_args

import pytest
from sqlalchemy import Engine

from idp import settings as settings_room
from idp.model.errors import SettingsRefused
from idp.model.keyring import Keyring
from idp.oidc.key_schedule import KeySchedule
from idp.oidc.keys import (
    ACCESS_TOKEN,
    InvalidToken,
    KeySet,
    announce_keys,
    key_stamp,
    make_keys,
    replace_keys,
    rotate_if_due,
)
from idp.settings.clients import SigningAlgorithm
from idp.stores.sql import SqlStores, open_engine
from tests.fakes import FakeClock
from tests.oidc.relying_party import KEK

DAY = 24 * 3600
ES = KeySchedule(rotate=90 * DAY, announce=7 * DAY, keep=30 * DAY, algs=("ES256",))
BOTH = KeySchedule(rotate=90 * DAY, announce=7 * DAY, keep=30 * DAY)


@pytest.fixture(name="engine", params=["sqlite", "postgresql"])
def _engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine = open_engine(request.getfixturevalue(f"{request.param}_url"), pool_size=20)
    yield engine
    engine.dispose()


@pytest.fixture(name="stores")
def _stores(engine: Engine) -> SqlStores:
    return SqlStores(engine)


def load(stores: SqlStores, clock: FakeClock, schedule: KeySchedule = ES) -> KeySet:
    return KeySet.load(stores, KEK, schedule, clock())


def signer(keys: KeySet) -> str:
    return keys._ring.current["ES256"].kid


def published(keys: KeySet) -> list[str]:
    return [key["kid"] for key in keys.public_jwks()["keys"]]


def stored(stores: SqlStores) -> list[str]:
    with stores.read() as work:
        return [key.kid for key in work.signing_keys.all()]


def test_making_keys_twice_makes_them_once(stores: SqlStores, clock: FakeClock) -> None:
    made = make_keys(stores, KEK, clock)
    assert sorted(made) == sorted(stored(stores))
    assert make_keys(stores, KEK, clock) == []
    assert load(stores, clock, BOTH).algs == set(get_args(SigningAlgorithm))


def test_only_algorithms_in_use_get_keys(stores: SqlStores, clock: FakeClock) -> None:
    make_keys(stores, KEK, clock, ES.algs)
    assert load(stores, clock).algs == {"ES256"}


def test_without_keys_or_without_one_in_use_nothing_starts(
    stores: SqlStores, clock: FakeClock
) -> None:
    with pytest.raises(SettingsRefused, match="no signing keys: run idp init"):
        load(stores, clock)
    assert rotate_if_due(stores, KEK, ES, clock) == []  # whoever has not run init has none
    make_keys(stores, KEK, clock, ES.algs)
    with pytest.raises(SettingsRefused, match="no key for RS256"):
        load(stores, clock, BOTH)


def test_an_algorithm_that_comes_into_use_signs_at_once(
    stores: SqlStores, clock: FakeClock
) -> None:
    make_keys(stores, KEK, clock, ES.algs)
    clock.advance(DAY)
    [new] = rotate_if_due(stores, KEK, BOTH, clock)
    keys = load(stores, clock, BOTH)
    assert keys._ring.current["RS256"].kid == new


def test_a_key_lives_through_a_whole_rotation(stores: SqlStores, clock: FakeClock) -> None:
    [first] = make_keys(stores, KEK, clock, ES.algs)
    begun = load(stores, clock)
    token = begun.sign({"sub": "x"}, alg="ES256", typ=ACCESS_TOKEN)

    clock.advance(83 * DAY - 1)
    assert rotate_if_due(stores, KEK, ES, clock) == []
    clock.advance(1)
    [second] = rotate_if_due(stores, KEK, ES, clock)
    assert rotate_if_due(stores, KEK, ES, clock) == []
    announced = load(stores, clock)
    assert (signer(announced), published(announced)) == (first, [first, second])

    clock.advance(7 * DAY)
    exchanged = load(stores, clock)
    assert (signer(exchanged), published(exchanged)) == (second, [first, second])
    assert exchanged.verify(token, typ=ACCESS_TOKEN) == {"sub": "x"}
    # Who has not loaded again yet reads what the new key signed: it knew it by its announcement.
    newer = exchanged.sign({"sub": "y"}, alg="ES256", typ=ACCESS_TOKEN)
    assert announced.verify(newer, typ=ACCESS_TOKEN) == {"sub": "y"}

    clock.advance(30 * DAY)
    assert published(load(stores, clock)) == [second]
    assert stored(stores) == [first, second]
    assert rotate_if_due(stores, KEK, ES, clock) == []
    assert stored(stores) == [second]


def test_a_rotation_that_nobody_ran_in_time_is_made_up_for(
    stores: SqlStores, clock: FakeClock
) -> None:
    [first] = make_keys(stores, KEK, clock, ES.algs)
    clock.advance(1_000 * DAY)
    [second] = rotate_if_due(stores, KEK, ES, clock)
    assert signer(load(stores, clock)) == first  # a successor nobody has seen does not sign
    clock.advance(7 * DAY)
    assert signer(load(stores, clock)) == second


def test_the_stamp_changes_exactly_when_a_key_set_would(
    stores: SqlStores, clock: FakeClock
) -> None:
    make_keys(stores, KEK, clock, ES.algs)
    stamps, sets = [], []
    for _ in range(140):
        clock.advance(DAY)
        rotate_if_due(stores, KEK, ES, clock)
        keys = load(stores, clock)
        stamps.append(key_stamp(stores, ES, clock()))
        sets.append((signer(keys), tuple(published(keys))))
    changes = [a != b for a, b in pairwise(stamps)]
    assert changes == [a != b for a, b in pairwise(sets)]
    assert changes.count(True) == 3  # announced, exchanged, gone


@pytest.mark.parametrize(("schedule", "rounds"), [(ES, 10), (BOTH, 2)], ids=["one", "both"])
def test_of_twenty_that_rotate_at_once_one_makes_the_successor(
    stores: SqlStores, clock: FakeClock, schedule: KeySchedule, rounds: int
) -> None:
    make_keys(stores, KEK, clock, schedule.algs)
    start = Barrier(20, timeout=30)

    def rotate(_: int) -> list[str]:
        start.wait()
        return rotate_if_due(stores, KEK, schedule, clock)

    with ThreadPoolExecutor(20) as pool:
        for _ in range(rounds):
            clock.advance(schedule.rotate)
            made = [kid for kids in pool.map(rotate, range(20)) for kid in kids]
            assert len(made) == len(set(made)) == len(schedule.algs)
            clock.advance(schedule.announce)
    assert load(stores, clock, schedule).algs == set(schedule.algs)


def test_twenty_first_keys_are_one(stores: SqlStores, clock: FakeClock) -> None:
    start = Barrier(20, timeout=30)

    def make(_: int) -> list[str]:
        start.wait()
        return make_keys(stores, KEK, clock, ES.algs)

    with ThreadPoolExecutor(20) as pool:
        made = [kid for kids in pool.map(make, range(20)) for kid in kids]
    assert made == stored(stores)


def test_a_successor_is_announced_by_hand_and_only_once(
    stores: SqlStores, clock: FakeClock
) -> None:
    [first] = make_keys(stores, KEK, clock, ES.algs)
    [second] = announce_keys(stores, KEK, ES, clock, ["ES256"])
    assert announce_keys(stores, KEK, ES, clock, ["ES256"]) == []
    assert signer(load(stores, clock)) == first
    clock.advance(ES.announce)
    assert signer(load(stores, clock)) == second


def test_a_leaked_key_and_its_tokens_are_withdrawn_at_once(
    stores: SqlStores, clock: FakeClock
) -> None:
    make_keys(stores, KEK, clock)
    announce_keys(stores, KEK, BOTH, clock, ["ES256"])
    old = load(stores, clock, BOTH)
    token = old.sign({"sub": "x"}, alg="ES256", typ=ACCESS_TOKEN)
    other = old.sign({"sub": "x"}, alg="RS256", typ=ACCESS_TOKEN)
    [new] = replace_keys(stores, KEK, BOTH, clock, "ES256")
    keys = load(stores, clock, BOTH)
    assert signer(keys) == new
    assert len(published(keys)) == 2  # the announced one left, too: it lay beside the leaked one
    with pytest.raises(InvalidToken):
        keys.verify(token, typ=ACCESS_TOKEN)
    assert keys.verify(other, typ=ACCESS_TOKEN) == {"sub": "x"}


def test_whoever_has_another_key_encryption_key_makes_no_key(
    stores: SqlStores, clock: FakeClock
) -> None:
    make_keys(stores, KEK, clock, ES.algs)
    clock.advance(ES.rotate)
    with pytest.raises(SettingsRefused, match="another key_encryption_key"):
        rotate_if_due(stores, Keyring({1: b"x" * 32}), ES, clock)
    assert len(stored(stores)) == 1


CONFIG = """
config_version = 1
issuer = "http://127.0.0.1:9000"
mode = "development"
database = { url = "sqlite:///idp.sqlite" }
mail = { host = "127.0.0.1", tls = "none", from = "no@example.bd" }
"""


def schedule_of(folder: Path, more: str) -> KeySchedule:
    file = folder / "idp.toml"
    file.write_text(CONFIG + more)
    return KeySchedule.of(settings_room.load(file, {}))


def test_a_configuration_names_the_schedule(tmp_path: Path) -> None:
    schedule = schedule_of(tmp_path, "")
    assert (schedule.rotate, schedule.announce, schedule.keep) == (90 * DAY, 7 * DAY, 30 * DAY)
    assert schedule.algs == ("RS256", "ES256")
    short = 'keys = { rotate = "100d", announce = "1d", keep = "1m", access_token = "RS256" }\n'
    schedule = schedule_of(tmp_path, f'{short}tokens = {{ access = "1m" }}\n')
    assert (schedule.rotate, schedule.announce, schedule.keep) == (
        100 * DAY,
        DAY,
        300,
    )  # an ID token lives longer
    assert schedule.algs == ("RS256",)


def test_rs256_is_offered_whatever_is_used(tmp_path: Path) -> None:
    # OIDC Discovery 3: RS256 must be among id_token_signing_alg_values_supported.
    schedule = schedule_of(tmp_path, 'keys = { id_token = "ES256", access_token = "ES256" }\n')
    assert schedule.algs == ("RS256", "ES256")


RS = KeySchedule(rotate=90 * DAY, announce=7 * DAY, keep=30 * DAY, algs=("RS256",))


def test_after_a_leak_no_key_of_an_unused_algorithm_is_trusted(
    stores: SqlStores, clock: FakeClock
) -> None:
    before = make_keys(stores, KEK, clock)
    token = load(stores, clock, BOTH).sign({"sub": "x"}, alg="ES256", typ=ACCESS_TOKEN)
    [new] = replace_keys(stores, KEK, RS, clock)
    assert new not in before
    assert stored(stores) == [new]
    with pytest.raises(InvalidToken):
        load(stores, clock, RS).verify(token, typ=ACCESS_TOKEN)


def test_keys_of_an_algorithm_that_is_used_no_more_are_kept_and_then_removed(
    stores: SqlStores, clock: FakeClock
) -> None:
    make_keys(stores, KEK, clock)
    both = load(stores, clock, BOTH)
    token = both.sign({"sub": "x"}, alg="ES256", typ=ACCESS_TOKEN)
    keys = load(stores, clock, RS)
    assert keys.algs == {"RS256"}
    assert keys.verify(token, typ=ACCESS_TOKEN) == {"sub": "x"}
    for _ in range(17):
        clock.advance(7 * DAY)
        rotate_if_due(stores, KEK, RS, clock)
        assert load(stores, clock, RS).verify(token, typ=ACCESS_TOKEN) == {"sub": "x"}
    clock.advance(DAY)
    with pytest.raises(InvalidToken):
        load(stores, clock, RS).verify(token, typ=ACCESS_TOKEN)
    rotate_if_due(stores, KEK, RS, clock)
    with stores.read() as work:
        assert {key.alg for key in work.signing_keys.all()} == {"RS256"}
