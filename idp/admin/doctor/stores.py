"""Checks of what keeps the truth and of what keeps what may vanish: SQL, Redis."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from idp.admin.database import opened_stores
from idp.admin.doctor.findings import Finding, Patient, counted, failed, fine, warning
from idp.model.errors import StoreUnavailable
from idp.oidc.key_schedule import KeySchedule
from idp.oidc.keys import KeySet
from idp.settings import load_secrets
from idp.stores.ports import ServingProcess
from idp.stores.sql.inspection import check_writable, clock_ahead

_TOLERABLE, _TOO_MUCH = 2, 30  # seconds between two clocks
_LIVE: Final = 60  # seconds since a process was last seen
_PATIENCE: Final = 3  # seconds for Redis
_WRITING: Final = {
    "SQLite": "Look at the rights of the file and its folder, and at the room on the disk.",
    "PostgreSQL": "Name the primary in database.url, not a standby, and look at its disk.",
}


def database(patient: Patient) -> Finding:
    """Look whether the schema is this program's, and write a row and take it back."""
    with opened_stores(patient.settings) as stores:
        name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[stores.engine.dialect.name]
        try:
            check_writable(stores.engine)
        except StoreUnavailable as error:
            return failed(f"{name} answers and cannot be written to ({error}).", _WRITING[name])
    return fine(f"{name} answers, has this version's schema and can be written to.")


def clock(patient: Patient) -> Finding:
    """Compare two clocks: nodes that judge expiry by different ones disagree about it."""
    with opened_stores(patient.settings) as stores:
        ahead = clock_ahead(stores.engine)
    return judge_clock(ahead)


def judge_clock(ahead: float) -> Finding:
    """Return the finding for a clock that is `ahead` seconds ahead of the database's."""
    apart = abs(ahead)
    told = f"This machine's clock is {apart:.1f} s {'ahead of' if ahead > 0 else 'behind'}"
    told += " the database's."
    advice = "Let both machines follow the same time server (timedatectl set-ntp true)."
    if apart > _TOO_MUCH:
        return failed(told, advice)
    if apart > _TOLERABLE:
        return warning(told, advice)
    return fine("This machine's clock and the database's agree.")


def signing_keys(patient: Patient) -> Finding:
    """Open them; one of each algorithm in use must sign, and somebody rotate them."""
    settings, now = patient.settings, patient.clock()
    schedule = KeySchedule.of(settings)
    kek = load_secrets(settings.secrets_dir).key_encryption_key
    with opened_stores(settings) as stores:
        keys = KeySet.load(stores, kek, schedule, now)
        with stores.read() as work:
            lives = schedule.lives(work.signing_keys.all(), now)
    used = [life for life in lives if life.key.alg in schedule.algs]
    ends = min(life.until for life in used if life.state == "signing")
    if ends <= now:
        advice = "Start idp run, which rotates them; or run idp keys rotate."
        return warning("A signing key is past its time and has no successor.", advice)
    day = dt.datetime.fromtimestamp(ends, dt.UTC).date()
    return fine(f"{' and '.join(sorted(keys.algs))} sign; the next change is on {day}.")


def nodes(patient: Patient) -> Finding:
    """Ask whether every process that serves took the configuration that it was told."""
    with opened_stores(patient.settings) as stores, stores.read() as work:
        serving = work.serving_processes.live(not_before=patient.clock() - _LIVE)
    return judge_nodes(serving)


def judge_nodes(serving: Sequence[ServingProcess]) -> Finding:
    """Return the finding for the processes that serve now."""
    if not serving:
        return warning("No process serves.", "Start idp run.")
    refused = [process for process in serving if process.fault]
    if refused:
        named = f"Process {refused[0].pid} on {refused[0].node} kept an older configuration"
        return failed(f"{named}: {refused[0].fault}", "Mend that, then run idp reload.")
    if len({process.digest for process in serving}) > 1:
        names = ", ".join(sorted({process.node for process in serving}))
        advice = "Give all nodes the same files and run idp reload on each."
        return warning(f"Not all processes serve the same configuration ({names}).", advice)
    places = counted(len({process.node for process in serving}), "node")
    number = f"{len(serving)} processes" if len(serving) > 1 else "One process"
    return fine(f"{number} on {places}: the same configuration everywhere.")


def redis(patient: Patient) -> Finding:
    """Ask it; without it the limits by address are each process's own."""
    url = patient.settings.redis.url
    if not url:
        return fine("No Redis is configured: each process counts the limits by address itself.")
    client = Redis.from_url(
        url,
        socket_connect_timeout=_PATIENCE,
        socket_timeout=_PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        with client:
            client.ping()
    except (RedisError, OSError) as error:
        advice = "Start it or mend redis.url; until then each process counts for itself."
        return failed(f"Redis does not answer ({type(error).__name__}).", advice)
    return fine("Redis answers.")
