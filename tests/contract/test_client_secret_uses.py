"""When client secrets were last right, on both databases."""

from idp.stores.sql import SqlStores


def _uses(stores: SqlStores, client_id: str = "backoffice") -> dict[str, int]:
    with stores.read() as view:
        return dict(view.client_secret_uses.last_uses(client_id))


def _note(stores: SqlStores, client_id: str, secret: str, now: int) -> None:
    with stores.write() as work:
        work.client_secret_uses.note(client_id, secret, now=now)


def test_a_client_whose_secrets_nobody_used_has_no_uses(stores: SqlStores) -> None:
    assert _uses(stores) == {}


def test_the_newest_use_of_each_secret_is_kept(stores: SqlStores) -> None:
    _note(stores, "backoffice", "aaaaaaaa", 100)
    _note(stores, "backoffice", "bbbbbbbb", 200)
    _note(stores, "backoffice", "aaaaaaaa", 300)
    _note(stores, "other", "aaaaaaaa", 400)
    assert _uses(stores) == {"aaaaaaaa": 300, "bbbbbbbb": 200}


def test_a_clock_that_went_back_takes_no_use_away(stores: SqlStores) -> None:
    _note(stores, "backoffice", "aaaaaaaa", 300)
    _note(stores, "backoffice", "aaaaaaaa", 100)
    assert _uses(stores) == {"aaaaaaaa": 300}
