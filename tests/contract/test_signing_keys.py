"""Signing keys at rest."""

from concurrent.futures import ThreadPoolExecutor

from idp.stores.ports import SigningKey
from idp.stores.sql import SqlStores
from tests.contract.builders import NOW


def test_keys_come_back_oldest_first_with_every_byte(stores: SqlStores) -> None:
    new = SigningKey("b", "ES256", bytes(range(256)), NOW + 1, NOW + 9)
    old = SigningKey("z", "RS256", b"sealed", NOW, NOW)
    with stores.write() as work:
        work.signing_keys.add(new)
        work.signing_keys.add(old)
    with stores.read() as view:
        assert view.signing_keys.all() == [old, new]


def test_a_new_provider_has_no_keys(stores: SqlStores) -> None:
    with stores.read() as view:
        assert list(view.signing_keys.all()) == []


def test_a_removed_key_is_gone_and_the_others_stay(stores: SqlStores) -> None:
    left, gone = (SigningKey(kid, "ES256", b"sealed", NOW, NOW) for kid in "ab")
    with stores.write() as work:
        work.signing_keys.add(left)
        work.signing_keys.add(gone)
    with stores.write() as work:
        work.signing_keys.remove("b")
    with stores.read() as view:
        assert view.signing_keys.all() == [left]


def test_two_units_of_work_never_plan_keys_together(stores: SqlStores) -> None:
    def plan(number: int) -> bool | None:
        with stores.write() as work:
            work.signing_keys.take_turn()
            is_first = not work.signing_keys.all()
            if is_first:
                work.signing_keys.add(SigningKey(f"{number}", "ES256", b"sealed", NOW, NOW))
        return is_first or None

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(plan, range(20))).count(True) == 1
