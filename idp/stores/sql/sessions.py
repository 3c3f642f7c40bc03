"""The two sessions: conversations that are going on, and people who are logged in."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, select, update

from idp.model.errors import AlreadySpent
from idp.model.sessions import AuthenticationSession, UserSession
from idp.model.user import User
from idp.stores.ports import EndedGrant
from idp.stores.sql.prepared import Rows, Values
from idp.stores.sql.statements import (
    dump,
    dump_request,
    insert_once,
    is_storable,
    load,
    load_request,
    load_tuple,
    run,
)
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
    "actions",
    "flow",
    "locale",
    "user_typed",
    "user_id",
    "amr",
    "notes",
    "expires_at",
    "request",
    "client_id",
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
_SPEAK = (
    update(authentication_sessions)
    .where(authentication_sessions.c.id == bindparam("of_id"))
    .values(locale=bindparam("locale"), request=bindparam("request"))
)
_TAKE = (
    update(authentication_sessions)
    .where(*_STANDS)
    .values(taken_at=bindparam("now"))
    .returning(literal(1))
)
_IS_OPEN = authentication_sessions.c.taken_at.is_(None)
_TAKE_ALL_OF_USER = (
    update(authentication_sessions)
    .where(
        authentication_sessions.c.user_id == bindparam("of_user"),
        authentication_sessions.c.id != bindparam("but"),
        _IS_OPEN,
    )
    .values(taken_at=bindparam("now"))
)
_TAKE_ALL_OF_BROWSER = (
    update(authentication_sessions)
    .where(authentication_sessions.c.browser_digest == bindparam("of_browser"), _IS_OPEN)
    .values(taken_at=bindparam("now"))
)
_HAS_OPEN = (
    select(literal(1))
    .where(
        authentication_sessions.c.browser_digest == bindparam("of_browser"),
        _IS_OPEN,
        authentication_sessions.c.expires_at > bindparam("now"),
    )
    .limit(literal(1))
)


def _values(session: AuthenticationSession) -> dict[str, Any]:
    values = {name: getattr(session, name) for name in _FIELDS}
    values["request"] = dump_request(session.request)
    values["user_typed"] = dump(session.user_typed)
    values["actions"] = dump(session.actions)
    values["amr"] = dump(session.amr)
    values["notes"] = dump(dict(session.notes))
    return values


def _session_of(row: Values) -> AuthenticationSession:
    values = dict(zip(_FIELDS, row, strict=True))
    values["request"] = load_request(values["request"])
    values["user_typed"] = load(values["user_typed"])
    values["actions"] = load_tuple(values["actions"])
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

    def speak(self, session: AuthenticationSession) -> None:
        values = _values(session)
        parameters = {name: values[name] for name in ("locale", "request")}
        run(self._connection, _SPEAK, {**parameters, "of_id": session.id})

    def take(self, session_id: str, *, version: int, now: int) -> None:
        parameters = {"of_id": session_id, "of_version": version, "now": now}
        if run(self._connection, _TAKE, parameters).first() is None:
            raise AlreadySpent

    def take_all_of_user(self, user_id: str, *, but: str, now: int) -> None:
        run(self._connection, _TAKE_ALL_OF_USER, {"of_user": user_id, "but": but, "now": now})

    def take_all_of_browser(self, browser_digest: bytes, *, now: int) -> None:
        run(self._connection, _TAKE_ALL_OF_BROWSER, {"of_browser": browser_digest, "now": now})

    def has_open(self, browser_digest: bytes, *, now: int) -> bool:
        parameters = {"of_browser": browser_digest, "now": now}
        return run(self._connection, _HAS_OPEN, parameters).first() is not None


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
_HOLD_LOGIN_WITH_USER = _FIND_LOGIN_WITH_USER.with_for_update(key_share=True, of=user_sessions)
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
_ENDING = (
    (user_sessions, (user_sessions.c.sid,)),
    (grants, tuple(grants.c[field.name] for field in fields(EndedGrant))),
)
_END_SESSION, _END_ITS_GRANTS = (
    update(table)
    .where(table.c.sid == bindparam("of_sid"), table.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
    .returning(*returned)
    for table, returned in _ENDING
)
_kept = user_sessions.alias("kept")
_KEPT_SID = select(_kept.c.sid).where(
    _kept.c.digest == bindparam("kept_digest"),
    _kept.c.user_id == bindparam("of_user"),
    _kept.c.ended_at.is_(None),
)
_END_SESSIONS_OF_USER, _END_GRANTS_OF_USER = (
    update(table)
    .where(
        table.c.user_id == bindparam("of_user"),
        table.c.ended_at.is_(None),
        table.c.sid.not_in(_KEPT_SID),
    )
    .values(ended_at=bindparam("now"))
    .returning(*returned)
    for table, returned in _ENDING
)
_COUNT_OF_USER = select(func.count(user_sessions.c.sid)).where(
    user_sessions.c.user_id == bindparam("of_user"),
    user_sessions.c.ended_at.is_(None),
    user_sessions.c.expires_at > bindparam("now"),
)
_HAS_ANY_OF_USER = (
    select(literal(1)).where(user_sessions.c.user_id == bindparam("of_user")).limit(1)
)
_NO_DIGEST = b""  # of no session
# A client that handed its tokens back may still have the person logged in: the grants of a session
# that ends just now count, whenever they ended themselves.
_GRANTS_OF_SESSION = select(*(grants.c[field.name] for field in fields(EndedGrant))).where(
    grants.c.sid == bindparam("of_sid")
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

    def find_with_user(
        self, digest: bytes, *, hold: bool = False
    ) -> tuple[UserSession, User] | None:
        statement = _HOLD_LOGIN_WITH_USER if hold else _FIND_LOGIN_WITH_USER
        row = run(self._connection, statement, {"digest": digest}).one_or_none()
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

    def end(self, sid: str, *, now: int) -> Sequence[EndedGrant]:
        parameters = {"of_sid": sid, "now": now}
        sessions = run(self._connection, _END_SESSION, parameters)
        return self._grants(sessions, run(self._connection, _END_ITS_GRANTS, parameters))

    def end_all_of_user(
        self, user_id: str, *, now: int, keep: bytes | None = None
    ) -> Sequence[EndedGrant]:
        parameters = {"of_user": user_id, "now": now, "kept_digest": keep or _NO_DIGEST}
        sessions = run(self._connection, _END_SESSIONS_OF_USER, parameters)
        return self._grants(sessions, run(self._connection, _END_GRANTS_OF_USER, parameters))

    def count_of_user(self, user_id: str, *, now: int) -> int:
        count: int = run(
            self._connection, _COUNT_OF_USER, {"of_user": user_id, "now": now}
        ).scalar()
        return count

    def has_any_of_user(self, user_id: str) -> bool:
        return run(self._connection, _HAS_ANY_OF_USER, {"of_user": user_id}).first() is not None

    def _grants(self, sessions: Rows, ended: Rows) -> list[EndedGrant]:
        """Return the grants that have just ended, and the earlier ones of these sessions."""
        earlier = [
            run(self._connection, _GRANTS_OF_SESSION, {"of_sid": sid}) for (sid,) in sessions
        ]
        return list(dict.fromkeys(EndedGrant(*row) for rows in (ended, *earlier) for row in rows))
