"""When client secrets were last right."""

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from idp.stores.sql.statements import Both, run
from idp.stores.sql.tables import client_secret_uses

_TABLE = client_secret_uses
_OF_CLIENT = select(_TABLE.c.secret, _TABLE.c.used_at).where(
    _TABLE.c.client_id == bindparam("of_client")
)


class SqlClientSecretUses:
    """See `ports.ClientSecretUses`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, client_id: str, secret: str, *, now: int) -> None:
        parameters = {"client_id": client_id, "secret": secret, "used_at": now}
        run(self._connection, _NOTE, parameters)

    def last_uses(self, client_id: str) -> Mapping[str, int]:
        rows = run(self._connection, _OF_CLIENT, {"of_client": client_id})
        return dict(rows)


_KEY = (_TABLE.c.client_id, _TABLE.c.secret)
_ON_SQLITE, _ON_POSTGRESQL = sqlite.insert(_TABLE), postgresql.insert(_TABLE)
# A clock that was set back takes no use away.
_NOTE = Both(
    sqlite=_ON_SQLITE.on_conflict_do_update(
        index_elements=_KEY,
        set_={"used_at": func.max(_TABLE.c.used_at, _ON_SQLITE.excluded.used_at)},
    ),
    postgresql=_ON_POSTGRESQL.on_conflict_do_update(
        index_elements=_KEY,
        set_={"used_at": func.greatest(_TABLE.c.used_at, _ON_POSTGRESQL.excluded.used_at)},
    ),
)
