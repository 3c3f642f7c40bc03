"""What nobody can need any more: which rows of which table, and their deletion in small bites."""

from sqlalchemy import (
    ColumnElement,
    Delete,
    Table,
    bindparam,
    delete,
    exists,
    literal,
    or_,
    select,
    tuple_,
)

from idp.stores.sql.counters import FOREVER
from idp.stores.sql.tables import (
    action_tokens,
    authentication_sessions,
    challenges,
    counters,
    grants,
    known_browsers,
    outbox,
    refresh_tokens,
    serving_processes,
    user_sessions,
)

CHUNK = 100  # rows: more would keep the writers of SQLite waiting

_DAY = 24 * 3600
_ACCESS_TOKEN_LIFE = 600  # seconds for which an access token of a grant may still come back


def _before(seconds: int) -> ColumnElement[int]:
    return bindparam("now") - literal(seconds)


def _counter_is_over() -> ColumnElement[bool]:
    window_is_over = (counters.c.resets_at > literal(0)) & (counters.c.resets_at <= _before(0))
    is_open = counters.c.blocked_until <= _before(0)
    return or_(
        is_open & or_(window_is_over, counters.c.failures == literal(0)),
        # Closed for good within a window: that is nobody's, whom nothing would ever open.
        window_is_over & (counters.c.blocked_until == literal(FOREVER)),
    )


def _its_session_lives() -> ColumnElement[bool]:
    return exists().where(
        user_sessions.c.sid == grants.c.sid,
        user_sessions.c.ended_at.is_(None),
        user_sessions.c.expires_at > _before(0),
    )


_CONDITIONS: tuple[tuple[Table, ColumnElement[bool]], ...] = (
    (refresh_tokens, refresh_tokens.c.expires_at <= _before(0)),
    (
        grants,
        (grants.c.expires_at <= _before(_ACCESS_TOKEN_LIFE))
        & (grants.c.code_expires_at <= _before(_ACCESS_TOKEN_LIFE))
        & ~_its_session_lives(),  # its client must be told when that ends
    ),
    (user_sessions, user_sessions.c.expires_at <= _before(0)),
    (authentication_sessions, authentication_sessions.c.expires_at <= _before(_DAY)),
    (action_tokens, action_tokens.c.expires_at <= _before(_DAY)),
    (challenges, challenges.c.expires_at <= _before(_DAY)),
    (counters, _counter_is_over()),
    (outbox, outbox.c.closed_at <= _before(7 * _DAY)),
    (known_browsers, known_browsers.c.seen_at <= _before(90 * _DAY)),
    (serving_processes, serving_processes.c.seen_at <= _before(_DAY)),
)


def _deleting(table: Table, condition: ColumnElement[bool]) -> Delete:
    # SKIP LOCKED: a row that somebody is using now can wait for the next purge.
    chosen = select(*table.primary_key.columns).where(condition).limit(CHUNK)
    key = tuple_(*table.primary_key.columns)
    return delete(table).where(key.in_(chosen.with_for_update(skip_locked=True)), condition)


DELETIONS = tuple(_deleting(table, condition) for table, condition in _CONDITIONS)
