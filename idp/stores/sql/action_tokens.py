"""Mailed links: used once, and only while password and mailbox are those of their making."""

from dataclasses import fields

from sqlalchemy import Connection, bindparam, exists, func, insert, literal, select, update

from idp.model.action_token import ActionToken
from idp.model.errors import AlreadySpent
from idp.stores.sql.statements import (
    dump,
    dump_request,
    is_storable,
    load,
    load_request,
    run,
)
from idp.stores.sql.tables import action_tokens, users

_FIELDS = tuple(field.name for field in fields(ActionToken))
_FIND = select(*(action_tokens.c[name] for name in _FIELDS)).where(
    action_tokens.c.id == bindparam("id")
)
_ADD = insert(action_tokens)
_LIVES = (action_tokens.c.used_at.is_(None), action_tokens.c.expires_at > bindparam("now"))
_LIVE_OF_USER = select(func.count(action_tokens.c.id)).where(
    action_tokens.c.user_id == bindparam("of_user"),
    action_tokens.c.credential_version == bindparam("of_version"),
    *_LIVES,
)
_ITS_USER_STANDS = exists().where(
    users.c.id == action_tokens.c.user_id,
    users.c.enabled,
    users.c.credential_version == action_tokens.c.credential_version,
)
_SPEND = (
    update(action_tokens)
    .where(action_tokens.c.id == bindparam("of_id"), *_LIVES, _ITS_USER_STANDS)
    .values(used_at=bindparam("now"))
    .returning(literal(1))
)


class SqlActionTokens:
    """See `ports.ActionTokens`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, token_id: str) -> ActionToken | None:
        if not is_storable(token_id):
            return None
        row = run(self._connection, _FIND, {"id": token_id}).one_or_none()
        if row is None:
            return None
        values = dict(zip(_FIELDS, row, strict=True))
        values["user_typed"] = load(values["user_typed"])
        values["request"] = load_request(values["request"])
        return ActionToken(**values)

    def add(self, token: ActionToken) -> None:
        values = {name: getattr(token, name) for name in _FIELDS}
        values["user_typed"] = dump(token.user_typed)
        values["request"] = dump_request(token.request)
        run(self._connection, _ADD, values)

    def live_of_user(self, user_id: str, credential_version: int, *, now: int) -> int:
        parameters = {"of_user": user_id, "of_version": credential_version, "now": now}
        count: int = run(self._connection, _LIVE_OF_USER, parameters).scalar()
        return count

    def spend(self, token_id: str, *, now: int) -> None:
        if run(self._connection, _SPEND, {"of_id": token_id, "now": now}).first() is None:
            raise AlreadySpent
