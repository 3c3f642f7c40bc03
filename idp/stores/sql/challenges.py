"""Mailed codes that wait for their answer, with their tries and sendings."""

from dataclasses import asdict, fields

from sqlalchemy import Connection, bindparam, insert, literal, select, update

from idp.model.errors import AlreadySpent
from idp.model.sessions import Challenge
from idp.stores.sql.statements import is_storable, run
from idp.stores.sql.tables import challenges

_FIELDS = tuple(field.name for field in fields(Challenge))
_FIND = select(*(challenges.c[name] for name in _FIELDS)).where(challenges.c.id == bindparam("id"))
_ADD = insert(challenges)
_WAITS = (challenges.c.id == bindparam("of_id"), challenges.c.spent_at.is_(None))
_LIVES = (*_WAITS, challenges.c.expires_at > bindparam("now"))
_RESERVE_TRY = (
    update(challenges)
    .where(*_LIVES, challenges.c.tries < bindparam("limit"))
    .values(tries=challenges.c.tries + literal(1))
    .returning(challenges.c.tries)
)
_SPEND = update(challenges).where(*_WAITS).values(spent_at=bindparam("now")).returning(literal(1))
_RESERVE_SEND = (
    update(challenges)
    .where(
        *_LIVES,
        challenges.c.sends < bindparam("limit"),
        challenges.c.last_sent_at <= bindparam("not_after"),
    )
    .values(sends=challenges.c.sends + literal(1), last_sent_at=bindparam("now"))
    .returning(literal(1))
)


class SqlChallenges:
    """See `ports.Challenges`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, challenge_id: str) -> Challenge | None:
        if not is_storable(challenge_id):
            return None
        row = run(self._connection, _FIND, {"id": challenge_id}).one_or_none()
        return None if row is None else Challenge(**dict(zip(_FIELDS, row, strict=True)))

    def add(self, challenge: Challenge) -> None:
        run(self._connection, _ADD, asdict(challenge))

    def reserve_try(self, challenge_id: str, *, limit: int, now: int) -> int | None:
        parameters = {"of_id": challenge_id, "limit": limit, "now": now}
        tries: int | None = run(self._connection, _RESERVE_TRY, parameters).scalar()
        return None if tries is None else limit - tries

    def spend(self, challenge_id: str, *, now: int) -> None:
        if run(self._connection, _SPEND, {"of_id": challenge_id, "now": now}).first() is None:
            raise AlreadySpent

    def reserve_send(self, challenge_id: str, *, limit: int, not_after: int, now: int) -> bool:
        parameters = {"of_id": challenge_id, "limit": limit, "not_after": not_after, "now": now}
        return run(self._connection, _RESERVE_SEND, parameters).first() is not None
