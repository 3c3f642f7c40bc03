"""Grants, the codes that carry them and the refresh tokens that hang on them: the token path."""

from dataclasses import fields

from sqlalchemy import Connection, bindparam, exists, func, insert, literal, select, update

from idp.model.grant import Grant
from idp.model.user import User
from idp.stores.sql.prepared import Values
from idp.stores.sql.statements import Both, dump, is_storable, load, load_tuple, run
from idp.stores.sql.tables import grants, refresh_tokens, users
from idp.stores.sql.users import COLUMNS as USER_COLUMNS
from idp.stores.sql.users import user_of

_FIELDS = tuple(field.name for field in fields(Grant))
_COLUMNS = tuple(grants.c[name] for name in _FIELDS)
_BOTH_COLUMNS = (*_COLUMNS, *USER_COLUMNS)
_OF_ENABLED_USER = (users.c.id == grants.c.user_id, users.c.enabled)

_ADD = insert(grants)
_FIND_LIVE = (
    select(*_BOTH_COLUMNS)
    .join(users, users.c.id == grants.c.user_id)
    .where(grants.c.id == bindparam("of_id"), grants.c.ended_at.is_(None), users.c.enabled)
)
_CLAIM = (
    update(grants)
    .where(
        grants.c.code_digest == bindparam("of_digest"),
        grants.c.code_used_at.is_(None),
        grants.c.code_expires_at > bindparam("now"),
        grants.c.client_id == bindparam("of_client"),
        grants.c.ended_at.is_(None),
    )
    .values(code_used_at=bindparam("now"))
)
# SQLite's RETURNING knows the updated table alone: the user takes a second statement there.
_CLAIM_CODE = Both(
    sqlite=_CLAIM.where(exists().where(*_OF_ENABLED_USER)).returning(grants.c.id),
    postgresql=_CLAIM.where(*_OF_ENABLED_USER).returning(*_BOTH_COLUMNS),
)
_END_IF_CODE_SPENT = (
    update(grants)
    .where(grants.c.code_digest == bindparam("of_digest"), grants.c.code_used_at.is_not(None))
    .values(ended_at=func.coalesce(grants.c.ended_at, bindparam("now")))
    .returning(literal(1))
)
_END = (
    update(grants)
    .where(grants.c.id == bindparam("of_id"), grants.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)


def _grant_and_user(row: Values | None) -> tuple[Grant, User] | None:
    if row is None:
        return None
    split = len(_FIELDS)
    values = dict(zip(_FIELDS, row[:split], strict=True))
    values["scope"] = load_tuple(values["scope"])
    values["nonce"] = load(values["nonce"])
    values["amr"] = load_tuple(values["amr"])
    return Grant(**values), user_of(row[split:])


def _claimed(connection: Connection, row: Values | None) -> tuple[Grant, User] | None:
    if row is None or len(row) > 1:
        return _grant_and_user(row)
    found = run(connection, _FIND_LIVE, {"of_id": row[0]}).one_or_none()
    return _grant_and_user(found)


class SqlGrants:
    """See `ports.Grants`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, grant: Grant, *, code_digest: bytes, code_expires_at: int) -> None:
        values = {name: getattr(grant, name) for name in _FIELDS}
        values["scope"] = dump(grant.scope)
        values["nonce"] = dump(grant.nonce)
        values["amr"] = dump(grant.amr)
        values |= {
            "code_digest": code_digest,
            "code_expires_at": code_expires_at,
            "code_used_at": None,
        }
        run(self._connection, _ADD, values)

    def claim_code(
        self, code_digest: bytes, *, client_id: str, now: int
    ) -> tuple[Grant, User] | None:
        if not is_storable(client_id):
            return None
        parameters = {"of_digest": code_digest, "of_client": client_id, "now": now}
        row = run(self._connection, _CLAIM_CODE, parameters).one_or_none()
        return _claimed(self._connection, row)

    def end_if_code_spent(self, code_digest: bytes, *, now: int) -> bool:
        parameters = {"of_digest": code_digest, "now": now}
        return run(self._connection, _END_IF_CODE_SPENT, parameters).first() is not None

    def find_live(self, grant_id: str) -> tuple[Grant, User] | None:
        if not is_storable(grant_id):
            return None
        return _grant_and_user(run(self._connection, _FIND_LIVE, {"of_id": grant_id}).one_or_none())

    def end(self, grant_id: str, *, now: int) -> None:
        run(self._connection, _END, {"of_id": grant_id, "now": now})


_ADD_TOKEN = insert(refresh_tokens).values(rotated_at=None)
_TOKEN_LIVES = (
    refresh_tokens.c.digest == bindparam("of_digest"),
    refresh_tokens.c.rotated_at.is_(None),
    refresh_tokens.c.expires_at > bindparam("now"),
)
_ITS_GRANT_LIVES = (
    grants.c.id == refresh_tokens.c.grant_id,
    grants.c.ended_at.is_(None),
    grants.c.expires_at > bindparam("now"),
    *_OF_ENABLED_USER,
)
_FIND_TOKEN = select(*_BOTH_COLUMNS).where(*_TOKEN_LIVES, *_ITS_GRANT_LIVES)
_ROTATION = update(refresh_tokens).where(*_TOKEN_LIVES).values(rotated_at=bindparam("now"))
_IS_THE_CLIENTS = grants.c.client_id == bindparam("of_client")
_ROTATE = Both(
    sqlite=_ROTATION.where(exists().where(*_ITS_GRANT_LIVES, _IS_THE_CLIENTS)).returning(
        refresh_tokens.c.grant_id
    ),
    postgresql=_ROTATION.where(*_ITS_GRANT_LIVES, _IS_THE_CLIENTS).returning(*_BOTH_COLUMNS),
)
_END_IF_ROTATED = (
    update(grants)
    .where(
        _IS_THE_CLIENTS,
        grants.c.id.in_(
            select(refresh_tokens.c.grant_id).where(
                refresh_tokens.c.digest == bindparam("of_digest"),
                refresh_tokens.c.rotated_at.is_not(None),
            )
        ),
    )
    .values(ended_at=func.coalesce(grants.c.ended_at, bindparam("now")))
    .returning(literal(1))
)


class SqlRefreshTokens:
    """See `ports.RefreshTokens`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, digest: bytes, grant_id: str, *, expires_at: int, now: int) -> None:
        values = {"digest": digest, "grant_id": grant_id, "issued_at": now}
        run(self._connection, _ADD_TOKEN, {**values, "expires_at": expires_at})

    def find_live(self, digest: bytes, *, now: int) -> tuple[Grant, User] | None:
        row = run(self._connection, _FIND_TOKEN, {"of_digest": digest, "now": now}).one_or_none()
        return _grant_and_user(row)

    def rotate(self, digest: bytes, *, client_id: str, now: int) -> tuple[Grant, User] | None:
        if not is_storable(client_id):
            return None
        parameters = {"of_digest": digest, "of_client": client_id, "now": now}
        row = run(self._connection, _ROTATE, parameters).one_or_none()
        return _claimed(self._connection, row)

    def end_grant_if_rotated(self, digest: bytes, *, client_id: str, now: int) -> bool:
        if not is_storable(client_id):
            return False
        parameters = {"of_digest": digest, "of_client": client_id, "now": now}
        return run(self._connection, _END_IF_ROTATED, parameters).first() is not None
