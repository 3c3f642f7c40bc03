"""Many users at once: found, added and described by the thousand, read through page by page."""

from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from idp.model.errors import AlreadySpent
from idp.model.user import User
from idp.stores.ports import StoredUser, UserFilter
from idp.stores.sql.statements import is_storable
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
_FIND = _STORED.where(
    or_(
        users.c.id.in_(bindparam("ids", expanding=True)),
        users.c.email_canonical.in_(bindparam("emails", expanding=True)),
    )
).order_by(users.c.id)  # always the same order, so that two imports never wait for each other
_HOLD = _FIND.with_for_update(of=users)
_ACTIONS = (
    select(required_actions.c.user_id, required_actions.c.action)
    .where(required_actions.c.user_id.in_(bindparam("ids", expanding=True)))
    .order_by(required_actions.c.required_at, required_actions.c.action)
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
        statement = _HOLD if hold else _FIND
        return self._stored(statement, {"ids": ids, "emails": emails_canonical})

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
        rows = self._connection.execute(statement, parameters).all()
        actions = defaultdict(list)
        if rows:
            ids = [row[0] for row in rows]
            for user_id, action in self._connection.execute(_ACTIONS, {"ids": ids}):
                actions[user_id].append(action)
        return [
            StoredUser(user_of(row[:-1]), row[-1], tuple(actions.get(row[0], ()))) for row in rows
        ]


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
