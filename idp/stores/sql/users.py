"""Users and their passwords."""

from dataclasses import asdict, fields

from sqlalchemy import Connection, bindparam, literal, select, update

from idp.model.errors import AlreadySpent
from idp.model.user import User
from idp.stores.sql.prepared import Values
from idp.stores.sql.sessions import SqlUserSessions
from idp.stores.sql.statements import in_both, insert_once, is_storable, run
from idp.stores.sql.tables import credentials, users

_FIELDS = tuple(field.name for field in fields(User))
COLUMNS = tuple(users.c[name] for name in _FIELDS)

_BY_ID = select(*COLUMNS).where(users.c.id == bindparam("id"))
_BY_EMAIL = select(*COLUMNS).where(users.c.email_canonical == bindparam("email_canonical"))
_ADD = insert_once(users)
_SET_ENABLED = (
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values(enabled=bindparam("enabled"), updated_at=bindparam("now"))
)
_PASSWORD = select(credentials.c.tagged_hash).where(credentials.c.user_id == bindparam("user_id"))
_SET_PASSWORD = in_both(
    lambda insert: (
        insert(credentials)
        .values(
            user_id=bindparam("user_id"),
            tagged_hash=bindparam("tagged_hash"),
            updated_at=bindparam("now"),
        )
        .on_conflict_do_update(
            index_elements=["user_id"],
            set_={"tagged_hash": bindparam("tagged_hash"), "updated_at": bindparam("now")},
        )
    )
)
_NEXT_VERSION = (
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values(credential_version=users.c.credential_version + literal(1), updated_at=bindparam("now"))
)
_REHASH = (
    update(credentials)
    .where(
        credentials.c.user_id == bindparam("of_user"), credentials.c.tagged_hash == bindparam("old")
    )
    .values(tagged_hash=bindparam("new"))
)


def user_of(row: Values) -> User:
    """Make a user of the values of `COLUMNS`."""
    return User(**dict(zip(_FIELDS, row, strict=True)))


class SqlUsers:
    """See `ports.Users`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, user_id: str) -> User | None:
        if not is_storable(user_id):
            return None
        row = run(self._connection, _BY_ID, {"id": user_id}).one_or_none()
        return None if row is None else user_of(row)

    def find_by_email(self, email_canonical: str) -> User | None:
        if not is_storable(email_canonical):
            return None
        row = run(self._connection, _BY_EMAIL, {"email_canonical": email_canonical}).one_or_none()
        return None if row is None else user_of(row)

    def add(self, user: User) -> None:
        if run(self._connection, _ADD, asdict(user)).first() is None:
            raise AlreadySpent

    def set_enabled(self, user_id: str, *, enabled: bool, now: int) -> None:
        """Close or open an account; either ends all its sessions and grants.

        Opening too: a login that was under way while it was closed may have left a session.
        """
        run(self._connection, _SET_ENABLED, {"user_id": user_id, "enabled": enabled, "now": now})
        SqlUserSessions(self._connection).end_all_of_user(user_id, now=now)


class SqlCredentials:
    """See `ports.Credentials`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def password_hash(self, user_id: str) -> str | None:
        if not is_storable(user_id):
            return None
        found: str | None = run(self._connection, _PASSWORD, {"user_id": user_id}).scalar()
        return found

    def set_password(self, user_id: str, tagged_hash: str, *, now: int) -> None:
        values = {"user_id": user_id, "tagged_hash": tagged_hash, "now": now}
        run(self._connection, _SET_PASSWORD, values)
        run(self._connection, _NEXT_VERSION, {"user_id": user_id, "now": now})

    def rehash(self, user_id: str, tagged_hash: str, *, old: str) -> None:
        run(self._connection, _REHASH, {"of_user": user_id, "new": tagged_hash, "old": old})
