"""What the command does to keys, as the applications of a serving process see it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from idp.admin.keys import signing_keyring
from idp.serving import KEYS_FAULT, node_of
from idp.stores.ports import ServingProcess
from tests.test_serving import House, _opened

DAY = 24 * 3600


@pytest.fixture(name="house")
def _house(sqlite_folder: tuple[Path, str]) -> Iterator[House]:
    yield from _opened(*sqlite_folder)


def look(house: House) -> None:
    """Let the watch look at the keys, as it does every second."""
    house.clock.advance(10)
    house.serving.look()


def test_after_a_leak_tokens_are_void_and_nobody_is_logged_out(house: House) -> None:
    look(house)
    tokens = house.tokens()
    assert house.userinfo(tokens) == 200
    with signing_keyring(house.serving.assembly.settings, house.clock) as keyring:
        made = keyring.replace()
    assert [life.state for life in made] == ["signing", "signing"]
    look(house)
    assert house.userinfo(tokens) == 401
    status, fresh = house.refresh(tokens)
    assert (status, house.userinfo(fresh)) == (200, 200)


def test_a_token_outlives_the_change_of_the_key_that_signed_it(house: House) -> None:
    house.clock.advance(365 * DAY)  # behind the real time in which the first keys were made
    house.serving.look()
    house.clock.advance(7 * DAY - 20)
    house.serving.look()
    tokens = house.tokens()
    with signing_keyring(house.serving.assembly.settings, house.clock) as keyring:
        before = {life.key.alg: life.key.kid for life in keyring.lives() if life.state == "signing"}
        house.clock.advance(20)
        after = {life.key.alg: life.key.kid for life in keyring.lives() if life.state == "signing"}
    assert set(before.values()).isdisjoint(after.values())
    house.serving.look()
    assert house.userinfo(tokens) == 200
    look(house)
    assert house.userinfo(house.tokens()) == 200


def test_an_announced_key_signs_nothing_yet(house: House) -> None:
    with signing_keyring(house.serving.assembly.settings, house.clock) as keyring:
        announced = keyring.announce(["ES256"])
        assert [life.state for life in announced] == ["announced"]
        assert keyring.announce(["ES256"]) == []
        assert len(keyring.lives()) == 3


def test_who_has_not_looked_since_or_could_not_take_the_keys_is_named(house: House) -> None:
    me = ServingProcess("a", node_of(house.config), 1, 1, "d", "", house.clock() + 1)
    failed = replace(me, id="b", pid=2, fault=f"{KEYS_FAULT}…")
    kept = replace(me, id="c", pid=3, fault="idp.toml:1:1 E002")
    silent = replace(me, id="d", seen_at=house.clock())
    killed = replace(silent, id="e", pid=2**22 + 1)
    elsewhere = replace(killed, id="f", node="other:/idp.toml")
    long_gone = replace(elsewhere, id="g", seen_at=house.clock() - 46)
    for process in (me, failed, kept, silent, killed, elsewhere, long_gone):
        with house.stores.write() as work:
            work.serving_processes.report(process)
    with signing_keyring(house.serving.assembly.settings, house.clock) as keyring:
        assert {p.id for p in keyring.unconfirmed(wait=0)} == {"b", "d", "f"}
