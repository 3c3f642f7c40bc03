"""The two sessions: conversations that are going on, and people who are logged in."""

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, bindparam, literal, select, update

from idp.model.errors import AlreadySpent
from idp.model.request import AuthorizationRequest
from idp.model.sessions import AuthenticationSession, UserSession
from idp.model.user import User
from idp.stores.sql.prepared import Values
from idp.stores.sql.statements import dump, insert_once, is_storable, load, load_tuple, run
from idp.stores.sql.tables import authentication_sessions, grants, user_sessions, users

_FIELDS = tuple(field.name for field in fields(AuthenticationSession))
_COLUMNS = tuple(authentication_sessions.c[name] for name in _FIELDS)
_FIND = select(*_COLUMNS).where(authentication_sessions.c.id == bindparam("id"))
_ADD = insert_once(authentication_sessions)
_STANDS = (
    authentication_sessions.c.id == bindparam("of_id"),
    authentication_sessions.c.version == bindparam("of_version"),
    authentication_sessions.c.taken_at.is_(None),
)
_MOVING = (
    "step",
    "flow",
    "locale",
    "user_typed",
    "user_id",
    "amr",
    "notes",
    "expires_at",
    "request",
)
_SAVE = (
    update(authentication_sessions)
    .where(*_STANDS)
    .values(
        version=authentication_sessions.c.version + literal(1),
        **{name: bindparam(name) for name in _MOVING},
    )
    .returning(literal(1))
)
_TAKE = (
    update(authentication_sessions)
    .where(*_STANDS)
    .values(taken_at=bindparam("now"))
    .returning(literal(1))
)


def _values(session: AuthenticationSession) -> dict[str, Any]:
    values = {name: getattr(session, name) for name in _FIELDS}
    values["request"] = dump(session.request.as_dict())
    values["user_typed"] = dump(session.user_typed)
    values["amr"] = dump(session.amr)
    values["notes"] = dump(dict(session.notes))
    return values


def _session_of(row: Values) -> AuthenticationSession:
    values = dict(zip(_FIELDS, row, strict=True))
    values["request"] = AuthorizationRequest.from_dict(load(values["request"]))
    values["user_typed"] = load(values["user_typed"])
    values["amr"] = load_tuple(values["amr"])
    values["notes"] = load(values["notes"])
    return AuthenticationSession(**values)


class SqlAuthenticationSessions:
    """See `ports.AuthenticationSessions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, session_id: str) -> AuthenticationSession | None:
        if not is_storable(session_id):
            return None
        row = run(self._connection, _FIND, {"id": session_id}).one_or_none()
        return None if row is None else _session_of(row)

    def add(self, session: AuthenticationSession) -> None:
        if run(self._connection, _ADD, {**_values(session), "version": 1}).first() is None:
            raise AlreadySpent

    def save(self, session: AuthenticationSession) -> None:
        values = _values(session)
        parameters = {name: values[name] for name in _MOVING}
        parameters |= {"of_id": session.id, "of_version": session.version}
        if run(self._connection, _SAVE, parameters).first() is None:
            raise AlreadySpent

    def take(self, session_id: str, *, version: int, now: int) -> None:
        parameters = {"of_id": session_id, "of_version": version, "now": now}
        if run(self._connection, _TAKE, parameters).first() is None:
            raise AlreadySpent


_USER_FIELDS = tuple(field.name for field in fields(User))
_LOGIN_FIELDS = tuple(field.name for field in fields(UserSession))
_LOGIN_COLUMNS = tuple(user_sessions.c[name] for name in _LOGIN_FIELDS)
_LIVE = (user_sessions.c.digest == bindparam("digest"), user_sessions.c.ended_at.is_(None))
_FIND_LOGIN = select(*_LOGIN_COLUMNS).where(*_LIVE)
_FIND_LOGIN_WITH_USER = (
    select(*_LOGIN_COLUMNS, *(users.c[name] for name in _USER_FIELDS))
    .join(users, users.c.id == user_sessions.c.user_id)
    .where(*_LIVE, users.c.enabled)
)
_ADD_LOGIN = insert_once(user_sessions)
_RENEW = (
    update(user_sessions)
    .where(
        user_sessions.c.sid == bindparam("of_sid"),
        user_sessions.c.user_id == bindparam("of_user"),
        user_sessions.c.digest == bindparam("old_digest"),
        user_sessions.c.ended_at.is_(None),
    )
    .values(
        digest=bindparam("digest"),
        amr=bindparam("amr"),
        auth_time=bindparam("auth_time"),
        last_seen_at=bindparam("last_seen_at"),
        expires_at=bindparam("expires_at"),
    )
    .returning(literal(1))
)
_TOUCH = (
    update(user_sessions)
    .where(
        user_sessions.c.sid == bindparam("of_sid"),
        user_sessions.c.last_seen_at < bindparam("now"),
        user_sessions.c.ended_at.is_(None),
    )
    .values(last_seen_at=bindparam("now"))
)
_END_SESSION, _END_ITS_GRANTS = (
    update(table)
    .where(table.c.sid == bindparam("of_sid"), table.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
    for table in (user_sessions, grants)
)
_END_SESSIONS_OF_USER, _END_GRANTS_OF_USER = (
    update(table)
    .where(table.c.user_id == bindparam("of_user"), table.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
    for table in (user_sessions, grants)
)


def _login_of(row: Values) -> UserSession:
    values = dict(zip(_LOGIN_FIELDS, row, strict=True))
    values["amr"] = load_tuple(values["amr"])
    return UserSession(**values)


class SqlUserSessions:
    """See `ports.UserSessions`. A session that has ended is not found."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, digest: bytes) -> UserSession | None:
        row = run(self._connection, _FIND_LOGIN, {"digest": digest}).one_or_none()
        return None if row is None else _login_of(row)

    def find_with_user(self, digest: bytes) -> tuple[UserSession, User] | None:
        """Return a session with its user if enabled."""
        row = run(self._connection, _FIND_LOGIN_WITH_USER, {"digest": digest}).one_or_none()
        if row is None:
            return None
        split = len(_LOGIN_FIELDS)
        user = User(**dict(zip(_USER_FIELDS, row[split:], strict=True)))
        return _login_of(row[:split]), user

    def add(self, session: UserSession) -> None:
        """Store a new session. Raises AlreadySpent if its `sid` or digest is there already."""
        values = {**asdict(session), "amr": dump(session.amr)}
        if run(self._connection, _ADD_LOGIN, values).first() is None:
            raise AlreadySpent

    def renew(self, session: UserSession, *, old_digest: bytes) -> None:
        parameters = {
            "of_sid": session.sid,
            "of_user": session.user_id,
            "old_digest": old_digest,
            "digest": session.digest,
            "amr": dump(session.amr),
            "auth_time": session.auth_time,
            "last_seen_at": session.last_seen_at,
            "expires_at": session.expires_at,
        }
        if run(self._connection, _RENEW, parameters).first() is None:
            raise AlreadySpent

    def touch(self, sid: str, *, now: int) -> None:
        run(self._connection, _TOUCH, {"of_sid": sid, "now": now})

    def end(self, sid: str, *, now: int) -> None:
        for statement in (_END_SESSION, _END_ITS_GRANTS):
            run(self._connection, statement, {"of_sid": sid, "now": now})

    def end_all_of_user(self, user_id: str, *, now: int) -> None:
        for statement in (_END_SESSIONS_OF_USER, _END_GRANTS_OF_USER):
            run(self._connection, statement, {"of_user": user_id, "now": now})
