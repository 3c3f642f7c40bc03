"""The outbox: letters that wait, leased by one courier of their lane at a time."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import Connection, bindparam, insert, literal, select, text, update

from idp.model.letter import Lane, Letter
from idp.stores.sql.prepared import Values
from idp.stores.sql.statements import dump, is_storable, load, run
from idp.stores.sql.tables import outbox

_FIELDS = tuple(field.name for field in fields(Letter))
_ADD = insert(outbox).values(closed_at=None, delivered=False, answer="")
# A CTE, not a sub-select: PostgreSQL may evaluate the latter again and lease more than `most`.
# SQLite has one writer at a time and no FOR UPDATE; SQLAlchemy leaves it out there.
_DUE = (
    select(outbox.c.id)
    .where(
        outbox.c.closed_at.is_(None),
        outbox.c.lane == bindparam("of_lane"),
        outbox.c.due_at <= bindparam("now"),
    )
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_LEASE = (
    update(outbox)
    .where(outbox.c.id.in_(select(_DUE.c.id)), outbox.c.due_at <= bindparam("now"))
    .values(due_at=bindparam("lease_ends"), attempts=outbox.c.attempts + literal(1))
    .returning(*(outbox.c[name] for name in _FIELDS))
)
# The second condition, word for word, is what lets both databases use the partial index.
_UNDELIVERED = (
    select(*(outbox.c[name] for name in _FIELDS))
    .where(outbox.c.batch == bindparam("of_batch"), text("batch != ''"), ~outbox.c.delivered)
    .order_by(outbox.c.created_at, outbox.c.id)
)
_NEWEST = (
    select(outbox.c.closed_at, outbox.c.delivered)
    .where(outbox.c.batch == bindparam("of_batch"), text("batch != ''"))
    .order_by(outbox.c.created_at.desc(), outbox.c.id.desc())
    .limit(literal(1))
)
_IS_OPEN = (outbox.c.id == bindparam("of_id"), outbox.c.closed_at.is_(None))
_CLOSE = (
    update(outbox)
    .where(*_IS_OPEN)
    .values(
        closed_at=bindparam("now"), delivered=bindparam("delivered"), answer=bindparam("answer")
    )
)
_POSTPONE = (
    update(outbox).where(*_IS_OPEN).values(due_at=bindparam("until"), answer=bindparam("answer"))
)


def _letter_of(row: Values) -> Letter:
    values = dict(zip(_FIELDS, row, strict=True))
    values["facts"] = load(values["facts"])
    return Letter(**values)


class SqlOutbox:
    """See `ports.Outbox`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, letter: Letter) -> None:
        values = {name: getattr(letter, name) for name in _FIELDS}
        values |= {"facts": dump(dict(letter.facts)), "due_at": letter.created_at}
        run(self._connection, _ADD, values)

    def lease(self, lane: Lane, *, now: int, lease: int, most: int) -> Sequence[Letter]:
        """Lease the longest due first; those past `expires_at` too, for the courier to bury."""
        parameters = {"of_lane": lane, "now": now, "lease_ends": now + lease, "most": most}
        letters = [_letter_of(row) for row in run(self._connection, _LEASE, parameters)]
        return sorted(letters, key=lambda letter: (letter.created_at, letter.id))

    def undelivered(self, batch: str) -> Sequence[Letter]:
        """Return them oldest first; letters of no batch are never found."""
        if not is_storable(batch):
            return []
        return [_letter_of(row) for row in run(self._connection, _UNDELIVERED, {"of_batch": batch})]

    def is_given_up(self, batch: str) -> bool:
        newest = run(self._connection, _NEWEST, {"of_batch": batch}).first()
        return newest is not None and newest[0] is not None and not newest[1]

    def delivered(self, letter_id: str, *, now: int) -> None:
        self._close(letter_id, now=now, delivered=True, answer="")

    def postpone(self, letter_id: str, *, until: int, answer: str) -> None:
        parameters = {"of_id": letter_id, "until": until, "answer": _printable(answer)}
        run(self._connection, _POSTPONE, parameters)

    def bury(self, letter_id: str, *, now: int, answer: str) -> None:
        self._close(letter_id, now=now, delivered=False, answer=answer)

    def _close(self, letter_id: str, *, now: int, delivered: bool, answer: str) -> None:
        parameters = {"of_id": letter_id, "now": now, "delivered": delivered}
        run(self._connection, _CLOSE, {**parameters, "answer": _printable(answer)})


def _printable(answer: str) -> str:
    """Keep a mail server's words storable, whatever bytes it sent."""
    return answer.encode("ascii", "backslashreplace").decode().replace("\x00", "")
