"""Users."""

from dataclasses import asdict, fields

from sqlalchemy import Connection, bindparam, literal, select, update
from sqlalchemy.exc import IntegrityError

from idp.model.errors import AlreadySpent
from idp.model.user import User
from idp.stores.sql.prepared import Values
from idp.stores.sql.statements import insert_once, is_storable, run
from idp.stores.sql.tables import users

_FIELDS = tuple(field.name for field in fields(User))
COLUMNS = tuple(users.c[name] for name in _FIELDS)

_BY_ID = select(*COLUMNS).where(users.c.id == bindparam("id"))
_BY_EMAIL = select(*COLUMNS).where(users.c.email_canonical == bindparam("email_canonical"))
_ADD = insert_once(users)
_SET_ENABLED = (
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values(
        enabled=bindparam("enabled"),
        # Mailed links of before the switch stay dead after it.
        credential_version=users.c.credential_version + literal(1),
        updated_at=bindparam("now"),
    )
)
_SET_EMAIL = (
    update(users)
    .where(users.c.id == bindparam("of_user"))
    .values(
        email=bindparam("email"),
        email_canonical=bindparam("email_canonical"),
        email_verified=False,
        credential_version=users.c.credential_version + literal(1),
        updated_at=bindparam("now"),
    )
)
_VERIFY_EMAIL = update(users).where(users.c.id == bindparam("of_user")).values(email_verified=True)


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
        run(self._connection, _SET_ENABLED, {"user_id": user_id, "enabled": enabled, "now": now})

    def set_email(self, user_id: str, email: str, email_canonical: str, *, now: int) -> None:
        values = {"email": email, "email_canonical": email_canonical, "now": now}
        try:
            # A savepoint: on PostgreSQL a taken key would abort the whole unit of work.
            with self._connection.begin_nested():
                run(self._connection, _SET_EMAIL, {"of_user": user_id, **values})
        except IntegrityError as error:
            raise AlreadySpent from error

    def verify_email(self, user_id: str) -> None:
        run(self._connection, _VERIFY_EMAIL, {"of_user": user_id})
