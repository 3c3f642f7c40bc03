"""Browsers in which a user has logged in before."""

from sqlalchemy import Connection, bindparam, case, delete, literal, select

from idp.stores.sql.statements import in_both, run
from idp.stores.sql.tables import known_browsers

_IS_KNOWN = select(literal(1)).where(
    known_browsers.c.user_id == bindparam("of_user"),
    known_browsers.c.digest == bindparam("of_digest"),
    known_browsers.c.seen_at >= bindparam("not_before"),
)
_HAS_ANY = select(literal(1)).where(known_browsers.c.user_id == bindparam("of_user")).limit(1)
_REMEMBER = in_both(
    lambda insert: (
        insert(known_browsers)
        .values(user_id=bindparam("user_id"), digest=bindparam("digest"), seen_at=bindparam("now"))
        .on_conflict_do_update(
            index_elements=["user_id", "digest"], set_={"seen_at": bindparam("now")}
        )
    )
)
_this_one_first = case(
    (known_browsers.c.digest == bindparam("of_digest"), literal(0)), else_=literal(1)
)
_FORGET_OLDEST = delete(known_browsers).where(
    known_browsers.c.user_id == bindparam("of_user"),
    known_browsers.c.digest.not_in(
        select(known_browsers.c.digest)
        .where(known_browsers.c.user_id == bindparam("of_user"))
        .order_by(_this_one_first, known_browsers.c.seen_at.desc(), known_browsers.c.digest)
        .limit(bindparam("keep"))
    ),
)
_FORGET_ALL = delete(known_browsers).where(
    known_browsers.c.user_id == bindparam("of_user"),
    known_browsers.c.digest != bindparam("kept_digest"),
)
_NO_DIGEST = b""  # of no browser


class SqlKnownBrowsers:
    """See `ports.KnownBrowsers`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_known(self, user_id: str, digest: bytes, *, not_before: int) -> bool:
        parameters = {"of_user": user_id, "of_digest": digest, "not_before": not_before}
        return run(self._connection, _IS_KNOWN, parameters).first() is not None

    def has_any(self, user_id: str) -> bool:
        return run(self._connection, _HAS_ANY, {"of_user": user_id}).first() is not None

    def remember(self, user_id: str, digest: bytes, *, keep: int, now: int) -> None:
        run(self._connection, _REMEMBER, {"user_id": user_id, "digest": digest, "now": now})
        parameters = {"of_user": user_id, "of_digest": digest, "keep": keep}
        run(self._connection, _FORGET_OLDEST, parameters)

    def forget_all(self, user_id: str, *, keep: bytes | None = None) -> None:
        parameters = {"of_user": user_id, "kept_digest": keep or _NO_DIGEST}
        run(self._connection, _FORGET_ALL, parameters)
