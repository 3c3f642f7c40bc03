"""Signing keys at rest."""

from idp.stores.ports import SigningKey
from idp.stores.sql import SqlStores
from tests.contract.builders import NOW


def test_keys_come_back_oldest_first_with_every_byte(stores: SqlStores) -> None:
    new = SigningKey("b", "ES256", bytes(range(256)), NOW + 1)
    old = SigningKey("z", "RS256", b"sealed", NOW, retired_at=NOW + 9)
    with stores.write() as work:
        work.signing_keys.add(new)
        work.signing_keys.add(old)
    with stores.read() as view:
        assert view.signing_keys.all() == [old, new]


def test_a_new_provider_has_no_keys(stores: SqlStores) -> None:
    with stores.read() as view:
        assert list(view.signing_keys.all()) == []
