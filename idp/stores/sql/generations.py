"""Generations of the configuration, the processes that serve one, and whom a change reaches."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, literal, or_, select, update

from idp.stores.ports import Generation, ServingProcess
from idp.stores.sql.statements import in_both, run
from idp.stores.sql.tables import configuration_generations as generations
from idp.stores.sql.tables import grants, serving_processes, user_sessions

_OF_GENERATION = tuple(field.name for field in fields(Generation))
_OF_PROCESS = tuple(field.name for field in fields(ServingProcess))

_FIND = select(*(generations.c[name] for name in _OF_GENERATION)).where(
    generations.c.node == bindparam("of_node")
)
_NUMBER = select(generations.c.number).where(generations.c.node == bindparam("of_node"))
_TOLD: dict[str, Any] = {name: bindparam(name) for name in ("digest", "snapshot", "stored_at")}
_NEXT = {**_TOLD, "number": generations.c.number + literal(1)}
_STORE = in_both(
    lambda insert: (
        insert(generations)
        .values(node=bindparam("node"), number=literal(1), **_TOLD)
        .on_conflict_do_update(index_elements=["node"], set_=_NEXT)
        .returning(generations.c.number)
    )
)
_STORE_IF_NEW = in_both(
    lambda insert: (
        insert(generations)
        .values(node=bindparam("node"), number=literal(1), **_TOLD)
        .on_conflict_do_update(
            index_elements=["node"],
            set_=_NEXT,
            where=generations.c.snapshot != bindparam("snapshot"),
        )
        .returning(generations.c.number)
    )
)
_WITHDRAW = (
    update(generations)
    .where(generations.c.node == bindparam("of_node"), generations.c.number == bindparam("told"))
    .values(digest=bindparam("old_digest"), snapshot=bindparam("old_snapshot"))
)

_REPORT = in_both(
    lambda insert: (
        insert(serving_processes)
        .values({name: bindparam(name) for name in _OF_PROCESS})
        .on_conflict_do_update(
            index_elements=["id"],
            set_={name: bindparam(name) for name in ("number", "digest", "fault", "seen_at")},
        )
    )
)
_FORGET = delete(serving_processes).where(serving_processes.c.id == bindparam("of_id"))
_LIVE = (
    select(*(serving_processes.c[name] for name in _OF_PROCESS))
    .where(serving_processes.c.seen_at >= bindparam("not_before"))
    .order_by(serving_processes.c.node, serving_processes.c.pid, serving_processes.c.id)
)

_IDLE = select(func.count()).where(
    user_sessions.c.ended_at.is_(None),
    user_sessions.c.expires_at > bindparam("now"),
    user_sessions.c.last_seen_at > bindparam("seen_after"),
    user_sessions.c.last_seen_at <= bindparam("seen_by"),
)
_GRANTS = select(func.count()).where(
    grants.c.client_id == bindparam("of_client"),
    grants.c.ended_at.is_(None),
    # A grant that nobody can use any more ends for nobody.
    or_(grants.c.expires_at > bindparam("now"), grants.c.code_expires_at > bindparam("now")),
)


class SqlGenerations:
    """See `ports.Generations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, node: str) -> Generation | None:
        row = run(self._connection, _FIND, {"of_node": node}).first()
        return None if row is None else Generation(**dict(zip(_OF_GENERATION, row, strict=True)))

    def number(self, node: str) -> int:
        number: int | None = run(self._connection, _NUMBER, {"of_node": node}).scalar()
        return number or 0

    def store(self, node: str, digest: str, snapshot: str, *, now: int) -> int:
        told = {"node": node, "digest": digest, "snapshot": snapshot, "stored_at": now}
        number: int = run(self._connection, _STORE, told).scalar()
        return number

    def store_if_new(self, node: str, digest: str, snapshot: str, *, now: int) -> int:
        told = {"node": node, "digest": digest, "snapshot": snapshot, "stored_at": now}
        number: int | None = run(self._connection, _STORE_IF_NEW, told).scalar()
        return number or self.number(node)

    def withdraw(self, node: str, number: int, old: Generation) -> None:
        told = {"of_node": node, "told": number}
        what = {"old_digest": old.digest, "old_snapshot": old.snapshot}
        run(self._connection, _WITHDRAW, {**told, **what})


class SqlServingProcesses:
    """See `ports.ServingProcesses`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def report(self, process: ServingProcess) -> None:
        run(self._connection, _REPORT, asdict(process))

    def forget(self, process_id: str) -> None:
        run(self._connection, _FORGET, {"of_id": process_id})

    def live(self, *, not_before: int) -> Sequence[ServingProcess]:
        rows = run(self._connection, _LIVE, {"not_before": not_before})
        return [ServingProcess(**dict(zip(_OF_PROCESS, row, strict=True))) for row in rows]


class SqlReach:
    """See `ports.Reach`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def idle_sessions(self, *, old: int, new: int, now: int) -> int:
        told = {"now": now, "seen_after": now - old, "seen_by": now - new}
        count: int = run(self._connection, _IDLE, told).scalar()
        return count

    def live_grants(self, client_id: str, *, now: int) -> int:
        count: int = run(self._connection, _GRANTS, {"of_client": client_id, "now": now}).scalar()
        return count
