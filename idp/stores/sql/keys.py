"""Signing keys at rest."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from idp.stores.ports import SigningKey
from idp.stores.sql.statements import is_postgresql, run
from idp.stores.sql.tables import signing_keys

_TURN = 7_079_616  # the advisory lock of whoever plans keys
_FIELDS = tuple(field.name for field in fields(SigningKey))
_ALL = select(*(signing_keys.c[name] for name in _FIELDS)).order_by(
    signing_keys.c.created_at, signing_keys.c.kid
)
_ADD = insert(signing_keys)
_REMOVE = delete(signing_keys).where(signing_keys.c.kid == bindparam("of_kid"))
_TAKE_TURN = select(func.pg_advisory_xact_lock(bindparam("turn")))


class SqlSigningKeys:
    """See `ports.SigningKeys`: oldest first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Sequence[SigningKey]:
        rows = run(self._connection, _ALL, {})
        return [SigningKey(**dict(zip(_FIELDS, row, strict=True))) for row in rows]

    def add(self, key: SigningKey) -> None:
        run(self._connection, _ADD, asdict(key))

    def remove(self, kid: str) -> None:
        run(self._connection, _REMOVE, {"of_kid": kid})

    def take_turn(self) -> None:
        if is_postgresql(self._connection):  # on SQLite one unit of work at a time writes anyway
            run(self._connection, _TAKE_TURN, {"turn": _TURN})
