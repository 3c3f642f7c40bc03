"""Passwords with their history, and what is demanded of a user at the next login."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
    update,
)

from idp.model.errors import AlreadySpent
from idp.stores.sql.statements import Both, in_both, insert_once, is_storable, run
from idp.stores.sql.tables import (
    IS_FOREIGN,
    credentials,
    password_history,
    required_actions,
    users,
)

_PRESENT = 2**62  # orders the password that stands before every replaced one

_OF_USER = password_history.c.user_id == bindparam("of_user")
_PASSWORD = select(credentials.c.tagged_hash).where(credentials.c.user_id == bindparam("user_id"))
_every = union_all(
    select(credentials.c.tagged_hash, literal(_PRESENT, BigInteger).label("version")).where(
        credentials.c.user_id == bindparam("of_user")
    ),
    select(password_history.c.tagged_hash, password_history.c.credential_version).where(_OF_USER),
).subquery("every")
_RECENT = select(_every.c.tagged_hash).order_by(_every.c.version.desc()).limit(bindparam("most"))
_NEXT_VERSION = (
    update(users)
    .where(users.c.id == bindparam("of_user"), users.c.credential_version == bindparam("version"))
    .values(credential_version=users.c.credential_version + literal(1), updated_at=bindparam("now"))
    .returning(literal(1))
)
_RETIRE = insert(password_history).from_select(
    ["user_id", "credential_version", "tagged_hash", "created_at"],
    select(
        credentials.c.user_id,
        bindparam("version", type_=BigInteger),
        credentials.c.tagged_hash,
        bindparam("now", type_=BigInteger),
    ).where(credentials.c.user_id == bindparam("of_user")),
)
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
_older = password_history.alias("older")
_FORGET_OLDEST = delete(password_history).where(
    _OF_USER,
    password_history.c.credential_version.not_in(
        select(_older.c.credential_version)
        .where(_older.c.user_id == bindparam("of_user"))
        .order_by(_older.c.credential_version.desc())
        .limit(bindparam("keep"))
    ),
)
# The share lock makes a change of password or mailbox wait for the end of this unit of work.
# SQLite has one writer at a time and no locks of rows; SQLAlchemy leaves it out there.
_HOLDS_VERSION = (
    select(literal(1))
    .select_from(users)
    .where(
        users.c.id == bindparam("of_user"),
        users.c.credential_version == bindparam("version"),
        users.c.enabled,
    )
    .with_for_update(read=True)
)
_REHASH = (
    update(credentials)
    .where(
        credentials.c.user_id == bindparam("of_user"), credentials.c.tagged_hash == bindparam("old")
    )
    .values(tagged_hash=bindparam("new"))
)
_FOREIGN = select(credentials.c.tagged_hash).where(IS_FOREIGN).limit(1)
_AFTER = bindparam("after", type_=credentials.c.tagged_hash.type)
# PostgreSQL compares by a language's rules unless told to look at bytes, as the index does.
_NEXT_FOREIGN = Both(
    sqlite=_FOREIGN.where(credentials.c.tagged_hash > _AFTER).order_by(credentials.c.tagged_hash),
    postgresql=_FOREIGN.where(credentials.c.tagged_hash.op("~>~")(_AFTER)).order_by(
        text("tagged_hash USING ~<~")
    ),
)
# Of `probesh1:<version>:$2b$<cost>$<53 letters>`; what has another form is no number there.
_COSTS = (
    select(func.substr(credentials.c.tagged_hash, func.length(credentials.c.tagged_hash) - 55, 2))
    .where(text("substr(tagged_hash, 1, 9) = 'probesh1:'"))
    .distinct()
)


class SqlCredentials:
    """See `ports.Credentials`.

    In one unit of work `set_password` and `holds_version` come before anything is done to the
    user's conversations: whoever locks the user first meets nobody who waits the other way round.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def password_hash(self, user_id: str) -> str | None:
        if not is_storable(user_id):
            return None
        found: str | None = run(self._connection, _PASSWORD, {"user_id": user_id}).scalar()
        return found

    def recent_hashes(self, user_id: str, *, most: int) -> Sequence[str]:
        if not is_storable(user_id):
            return []
        rows = run(self._connection, _RECENT, {"of_user": user_id, "most": most})
        return [tagged_hash for (tagged_hash,) in rows]

    def set_password(
        self, user_id: str, tagged_hash: str, *, version: int, keep: int, now: int
    ) -> None:
        standing = {"of_user": user_id, "version": version, "now": now}
        if run(self._connection, _NEXT_VERSION, standing).first() is None:
            raise AlreadySpent
        run(self._connection, _RETIRE, standing)
        values = {"user_id": user_id, "tagged_hash": tagged_hash, "now": now}
        run(self._connection, _SET_PASSWORD, values)
        run(self._connection, _FORGET_OLDEST, {"of_user": user_id, "keep": keep})

    def holds_version(self, user_id: str, version: int) -> bool:
        if not is_storable(user_id):
            return False
        parameters = {"of_user": user_id, "version": version}
        return run(self._connection, _HOLDS_VERSION, parameters).first() is not None

    def rehash(self, user_id: str, tagged_hash: str, *, old: str) -> None:
        run(self._connection, _REHASH, {"of_user": user_id, "new": tagged_hash, "old": old})

    def next_foreign(self, after: str) -> str | None:
        found: str | None = run(self._connection, _NEXT_FOREIGN, {"after": after}).scalar()
        return found

    def costs(self) -> frozenset[int]:
        found = run(self._connection, _COSTS, {})
        return frozenset(int(cost) for (cost,) in found if cost.isascii() and cost.isdigit())


_ACTIONS = (
    select(required_actions.c.action)
    .where(required_actions.c.user_id == bindparam("of_user"))
    .order_by(required_actions.c.required_at, required_actions.c.action)
)
_REQUIRE = insert_once(required_actions)
_CLEAR = delete(required_actions).where(
    required_actions.c.user_id == bindparam("of_user"),
    required_actions.c.action == bindparam("of_action"),
)


class SqlRequiredActions:
    """See `ports.RequiredActions`: the longest demanded first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_user(self, user_id: str) -> tuple[str, ...]:
        if not is_storable(user_id):
            return ()
        return tuple(action for (action,) in run(self._connection, _ACTIONS, {"of_user": user_id}))

    def require(self, user_id: str, action: str, *, now: int) -> None:
        values = {"user_id": user_id, "action": action, "required_at": now}
        run(self._connection, _REQUIRE, values)

    def clear(self, user_id: str, action: str) -> None:
        run(self._connection, _CLEAR, {"of_user": user_id, "of_action": action})
