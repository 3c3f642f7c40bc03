"""Many users at once: found, added and described by the thousand, read through page by page."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, TypeAlias

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Text,
    any_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError

from idp.model.errors import AlreadySpent
from idp.model.user import User
from idp.stores.ports import StoredUser, UserFilter
from idp.stores.sql.statements import is_postgresql, is_storable
from idp.stores.sql.tables import credentials, password_history, required_actions, users
from idp.stores.sql.users import COLUMNS, user_of

_DESCRIBED = (
    *("name_bn", "name_en", "office", "locale", "email_verified", "attributes", "roles"),
    "updated_at",
)
_NAMES = tuple(column.name for column in COLUMNS)
_values_of = attrgetter(*_NAMES)
_STORED = (
    select(*COLUMNS, credentials.c.tagged_hash)
    .select_from(users)
    .outerjoin(credentials, credentials.c.user_id == users.c.id)
)
_Among: TypeAlias = Callable[[Column[str], str], ColumnElement[bool]]


def _among(build: Callable[[_Among], Select[Any]]) -> dict[str, Select[Any]]:
    """Build a statement that asks whether a column is among many texts, for each database."""
    return {
        "sqlite": build(lambda column, name: column.in_(bindparam(name, expanding=True))),
        "postgresql": build(lambda column, name: column == any_(bindparam(name, type_=_TEXTS))),
    }


_TEXTS = ARRAY(Text)
_FIND = _among(
    lambda among: _STORED.where(
        or_(among(users.c.id, "ids"), among(users.c.email_canonical, "emails"))
    ).order_by(users.c.id)  # always the same order, so that two imports never block each other
)
_HOLD = {name: find.with_for_update(of=users) for name, find in _FIND.items()}
_ACTIONS = _among(
    lambda among: (
        select(required_actions.c.user_id, required_actions.c.action)
        .where(among(required_actions.c.user_id, "ids"))
        .order_by(required_actions.c.required_at, required_actions.c.action)
    )
)
_DESCRIBE = (
    update(users)
    .where(users.c.id == bindparam("of_user"))
    .values({name: bindparam(name) for name in _DESCRIBED})
)
_COUNT = select(func.count()).select_from(users)
_SEARCHED = (users.c.email_canonical, users.c.name_bn, users.c.name_en, users.c.office)


class SqlUserBatches:
    """See `ports.UserBatches`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(
        self, ids: Sequence[str], emails_canonical: Sequence[str], *, hold: bool = False
    ) -> Sequence[StoredUser]:
        statement = (_HOLD if hold else _FIND)[self._connection.dialect.name]
        return self._stored(statement, {"ids": list(ids), "emails": list(emails_canonical)})

    def page(self, wanted: UserFilter, *, after: str, most: int) -> Sequence[StoredUser]:
        if not is_storable(wanted.search, after):
            return []
        statement = (
            _STORED.where(users.c.email_canonical > after, *_conditions(wanted))
            .order_by(users.c.email_canonical)
            .limit(most)
        )
        return self._stored(statement, {})

    def count(self) -> int:
        return int(self._connection.execute(_COUNT).scalar_one())

    def add(self, added: Sequence[StoredUser], *, now: int) -> None:
        if not added:
            return
        try:
            self._connection.execute(insert(users), [_row_of(one.user) for one in added])
        except IntegrityError as error:
            raise AlreadySpent from error
        passwords = [
            {"user_id": one.user.id, "tagged_hash": one.tagged_hash, "updated_at": now}
            for one in added
            if one.tagged_hash is not None
        ]
        if passwords:
            self._connection.execute(insert(credentials), passwords)
        demanded = [
            {"user_id": one.user.id, "action": action, "required_at": now}
            for one in added
            for action in one.actions
        ]
        if demanded:
            self._connection.execute(insert(required_actions), demanded)
        # Behind the version of the present password, in the order in which they were replaced.
        earlier = [
            {
                "user_id": one.user.id,
                "credential_version": one.user.credential_version - age,
                "tagged_hash": tagged_hash,
                "created_at": now,
            }
            for one in added
            for age, tagged_hash in enumerate(one.history, start=1)
        ]
        if earlier:
            self._connection.execute(insert(password_history), earlier)

    def describe(self, described: Sequence[User]) -> None:
        values = [
            {"of_user": user.id, **{name: getattr(user, name) for name in _DESCRIBED}}
            for user in described
        ]
        if values:
            self._connection.execute(_DESCRIBE, values)

    def _stored(self, statement: Select[Any], parameters: dict[str, Any]) -> list[StoredUser]:
        actions = defaultdict(list)
        with _planned_anew(self._connection):
            rows = self._connection.execute(statement, parameters).all()
            if rows:
                of_these = {"ids": [row[0] for row in rows]}
                demanded = _ACTIONS[self._connection.dialect.name]
                for user_id, action in self._connection.execute(demanded, of_these):
                    actions[user_id].append(action)
        return [
            StoredUser(user_of(row[:-1]), row[-1], tuple(actions.get(row[0], ()))) for row in rows
        ]


@contextmanager
def _planned_anew(connection: Connection) -> Iterator[None]:
    """Have PostgreSQL plan each statement by the table as it is now.

    A prepared plan of the first batches, when the table was small, would read the whole table for
    every later batch.
    """
    if not is_postgresql(connection):
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    threshold, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        yield
    finally:
        driver.prepare_threshold = threshold


def _row_of(user: User) -> dict[str, Any]:
    return dict(zip(_NAMES, _values_of(user), strict=True))


def _conditions(wanted: UserFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.enabled is not None:
        conditions.append(users.c.enabled.is_(wanted.enabled))
    if wanted.search:
        text = wanted.search.lower()
        conditions.append(
            or_(*(func.lower(column).contains(text, autoescape=True) for column in _SEARCHED))
        )
    return conditions
