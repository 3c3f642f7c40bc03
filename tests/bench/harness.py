"""How the bench measures: WSGI calls in this process, in the unit E, round by round.

E is the thread CPU time of one call of an empty Flask JSON route. A machine's speed swings by half
within a minute, so every round measures E before and after each row and keeps only the ratio.
"""

import gc
import io
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, TypeAlias
from urllib.parse import urlencode, urlsplit

from flask import Flask, jsonify

Environ: TypeAlias = dict[str, Any]
Wsgi: TypeAlias = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_HOST = "127.0.0.1"
_PORT = "9000"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `prepare` makes that many requests outside of the measured time."""

    name: str
    goal: float | None  # in E
    wsgi: Wsgi
    prepare: Callable[[int], list[Environ]]
    status: int = 200
    minus: Callable[[], object] | None = None  # measured apart and taken off, once a call


@dataclass(frozen=True, slots=True)
class Reached:
    row: Row
    ratios: tuple[float, ...]  # one a round, in E
    microseconds: float  # of one call, the median round

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def quartiles(self) -> tuple[float, float]:
        if len(self.ratios) == 1:
            return self.ratio, self.ratio
        low, _, high = quantiles(self.ratios, n=4)
        return low, high


def environ(
    method: str,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Environ:
    """Return what a WSGI server hands over for one request from loopback."""
    body = urlencode(form).encode() if form is not None else b""
    parts = urlsplit(url)
    made: Environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": _HOST,
        "SERVER_PORT": _PORT,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": _HOST,
        "HTTP_HOST": f"{_HOST}:{_PORT}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if form is not None:
        made["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        made["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        made[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return made


def call(wsgi: Wsgi, request: Environ) -> Answer:
    """Call a WSGI application as a server does, and read its answer to the end."""
    started: list[Any] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _exc_info: object = None
    ) -> None:
        started[:] = [status, headers]

    chunks = wsgi(request, start_response)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return Answer(int(started[0][:3]), dict(started[1]), body)


def empty_route() -> Wsgi:
    """Return the application that one E is the cost of."""
    app = Flask("empty")

    @app.get("/")
    def empty() -> Any:
        return jsonify(ok=True)

    return app.wsgi_app


def measure(rows: Sequence[Row], *, rounds: int, calls: int) -> list[Reached]:
    """Measure every row in every round, after one round that warms everything up."""
    empty = empty_route()
    seconds: dict[str, list[tuple[float, float]]] = {row.name: [] for row in rows}
    for number in range(rounds + 1):
        for row in rows:
            ratio, cost = _one_round(row, empty, calls)
            if number:
                seconds[row.name].append((ratio, cost))
    return [
        Reached(
            row,
            tuple(ratio for ratio, _ in seconds[row.name]),
            median(cost for _, cost in seconds[row.name]) * 1e6,
        )
        for row in rows
    ]


def _one_round(row: Row, empty: Wsgi, calls: int) -> tuple[float, float]:
    """Return the row's cost in E and in seconds a call."""
    requests = row.prepare(calls)
    gc.collect()  # what preparing left behind is not the row's
    before = _cpu(empty, [environ("GET", "/") for _ in range(calls)], 200)
    cost = _cpu(row.wsgi, requests, row.status)
    if row.minus is not None:
        cost -= _cpu_of(row.minus, calls)
    after = _cpu(empty, [environ("GET", "/") for _ in range(calls)], 200)
    return 2 * cost / (before + after), cost


def _cpu(wsgi: Wsgi, requests: Sequence[Environ], status: int) -> float:
    """Return the thread CPU seconds of one call."""
    start = time.thread_time_ns()
    answers = [call(wsgi, request) for request in requests]
    spent = time.thread_time_ns() - start
    wrong = [answer for answer in answers if answer.status != status]
    if wrong:
        raise AssertionError(f"{wrong[0].status} instead of {status}: {wrong[0].body[:300]!r}")
    return spent / len(requests) / 1e9


def _cpu_of(work: Callable[[], object], calls: int) -> float:
    start = time.thread_time_ns()
    for _ in range(calls):
        work()
    return (time.thread_time_ns() - start) / calls / 1e9
