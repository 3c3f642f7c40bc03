"""Signing keys at rest."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import Connection, insert, select

from idp.stores.ports import SigningKey
from idp.stores.sql.statements import run
from idp.stores.sql.tables import signing_keys

_FIELDS = tuple(field.name for field in fields(SigningKey))
_ALL = select(*(signing_keys.c[name] for name in _FIELDS)).order_by(
    signing_keys.c.created_at, signing_keys.c.kid
)
_ADD = insert(signing_keys)


class SqlSigningKeys:
    """See `ports.SigningKeys`: oldest first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Sequence[SigningKey]:
        rows = run(self._connection, _ALL, {})
        return [SigningKey(**dict(zip(_FIELDS, row, strict=True))) for row in rows]

    def add(self, key: SigningKey) -> None:
        run(self._connection, _ADD, asdict(key))
