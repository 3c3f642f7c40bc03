"""Uses of client secrets: noted now and then, so that one that nobody uses can be let go."""

from contextlib import suppress

from idp.model.errors import StoreUnavailable
from idp.settings.clients import ClientSecret
from idp.stores.ports import Stores

_EVERY = 3600  # seconds between two notes of one secret


class SecretUses:
    """Notes at most once an hour and process that a secret was right.

    A note is worth less than a request: a database that is busy loses it, and is let alone for the
    hour, too.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._noted: dict[tuple[str, str], int] = {}

    def note(self, client_id: str, secret: ClientSecret, *, now: int) -> None:
        """Note a use at `now` (seconds since 1970 UTC). Never raises StoreUnavailable."""
        key = (client_id, secret.short)
        if now - self._noted.get(key, -_EVERY) < _EVERY:
            return
        self._noted[key] = now  # first, so that other threads do not wait for the same
        with suppress(StoreUnavailable):
            self._write(*key, now)

    def _write(self, client_id: str, secret: str, now: int) -> None:
        with self._stores.read() as view:
            last = view.client_secret_uses.last_uses(client_id).get(secret, -_EVERY)
        if now - last >= _EVERY:  # no other process noted it
            with self._stores.write() as work:
                work.client_secret_uses.note(client_id, secret, now=now)
