"""Counters of failures: reserved before the work, refunded when it was no failure."""

from functools import lru_cache

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, literal, select, update

from idp.stores.ports import Blocked, Schedule
from idp.stores.sql.statements import Both, in_both, run
from idp.stores.sql.tables import counters

FOREVER = 2**62  # `blocked_until` of a key that is closed until it is cleared

_IS_OVER = (counters.c.resets_at > literal(0)) & (counters.c.resets_at <= bindparam("now"))
_BLOCKED = select(counters.c.blocked_until).where(
    counters.c.key == bindparam("of_key"), counters.c.blocked_until > bindparam("now")
)
# Below its count a pause has no reason any more: the slot that reached it was no failure.
_REFUND = (
    update(counters)
    .where(counters.c.key == bindparam("of_key"), counters.c.failures > literal(0))
    .values(failures=counters.c.failures - literal(1), blocked_until=literal(0))
)
_CLEAR = delete(counters).where(counters.c.key == bindparam("of_key"))


def _pause_ends(
    pauses: tuple[tuple[int, int], ...], count: ColumnElement[int]
) -> ColumnElement[int]:
    """Return when the pause for reaching `count` ends; 0 for none.

    From the last count on every failure pauses: behind its end guessing would be free.
    """
    last = max((at for at, _ in pauses), default=None)
    return case(
        *(
            (
                count >= literal(at) if at == last else count == literal(at),
                bindparam("now") + literal(seconds) if seconds else literal(FOREVER),
            )
            for at, seconds in pauses
        ),
        else_=literal(0),
    )


@lru_cache(maxsize=64)
def _reserving(pauses: tuple[tuple[int, int], ...]) -> Both:
    count: ColumnElement[int] = case((_IS_OVER, literal(1)), else_=counters.c.failures + literal(1))
    return in_both(
        lambda insert: (
            insert(counters)
            .values(
                key=bindparam("key"),
                failures=literal(1),
                resets_at=bindparam("next_reset"),
                blocked_until=_pause_ends(pauses, literal(1)) if pauses else literal(0),
            )
            .on_conflict_do_update(
                index_elements=["key"],
                set_={
                    "failures": count,
                    "resets_at": case(
                        (_IS_OVER, bindparam("next_reset")), else_=counters.c.resets_at
                    ),
                    "blocked_until": _pause_ends(pauses, count) if pauses else literal(0),
                },
                where=counters.c.blocked_until <= bindparam("now"),
            )
            .returning(counters.c.failures)
        )
    )


class SqlCounters:
    """See `ports.Counters`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve(self, key: bytes, schedule: Schedule, *, now: int) -> Blocked | None:
        next_reset = now + schedule.window if schedule.window else 0
        parameters = {"key": key, "next_reset": next_reset, "now": now}
        if run(self._connection, _reserving(schedule.pauses), parameters).first() is not None:
            return None
        # A pause that was cleared between the two statements is told as one that is just over.
        return self.blocked(key, now=now) or Blocked(now)

    def refund(self, key: bytes) -> None:
        run(self._connection, _REFUND, {"of_key": key})

    def clear(self, key: bytes) -> None:
        run(self._connection, _CLEAR, {"of_key": key})

    def blocked(self, key: bytes, *, now: int) -> Blocked | None:
        until = run(self._connection, _BLOCKED, {"of_key": key, "now": now}).scalar()
        if until is None:
            return None
        return Blocked(None if until >= FOREVER else until)
