"""Private PostgreSQL and Redis servers for tests: random ports, temporary folders, no safety."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

_PATIENCE = 20  # seconds until a server must answer
_POSTGRESQL = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class PostgreSQL:
    """A running cluster, in which databases are made and dropped."""

    port: int
    numbers: Iterator[int]

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self) -> str:
        """Create a database and return its name."""
        name = f"test_{next(self.numbers)}"
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def copy(self, template: str) -> str:
        """Create a database with everything in `template`, to which nobody is connected."""
        name = f"test_{next(self.numbers)}"
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(command.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def empty(self, name: str, tables: Sequence[str]) -> None:
        """Delete all rows (parents come first in `tables`); whoever is still connected is put out.

        A fresh database a test would cost a hundred times as much.
        """
        with psycopg.connect(self.url(name)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            for table in reversed(tables):
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))

    def drop(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """Start a PostgreSQL cluster; it dies with this process."""
    programs = _require_postgresql()
    with _folder(_unprivileged_user()) as folder:
        data, port = folder / "data", free_port()
        initdb: list[str | Path] = [programs / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8"]
        initdb += ["--locale=C.UTF-8", "--auth=trust", "--no-sync"]
        subprocess.run(_as_unprivileged(initdb), check=True, capture_output=True, cwd=folder)
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": folder,
            "max_connections": 200,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
        }
        command: list[str | Path] = [programs / "postgres", "-D", data]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        cluster = PostgreSQL(port, count())
        with _server(_as_unprivileged(command), folder, lambda: _ask_postgresql(cluster)):
            yield cluster


@contextmanager
def running_redis(port: int | None = None) -> Iterator[str]:
    """Start a Redis without persistence and yield its address; it dies with this process."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.exit("The tests need Redis: apt-get install redis-server", returncode=2)
    port = port or free_port()
    with _folder(None) as folder:
        command: list[str | Path] = [program, "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", folder]
        with _server(_dying_with_us(command), folder, lambda: _ask_redis(port)):
            yield f"redis://127.0.0.1:{port}/0"


def free_port() -> int:
    """Return a free TCP port of 127.0.0.1, one that was not given out before.

    Servers listen some time later; of the kernel's own choice (or chosen by lot) a port may be
    somebody else's by then. So these are none of those the kernel gives to outgoing connections,
    and each process of the suite goes through a range of its own.
    """
    while True:
        port = next(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def _own_ports() -> Iterator[int]:
    size, number = 3_000, int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    start = secrets.randbelow(size)  # two runs at the same time rarely meet
    for step in count():
        yield 20_000 + number % 4 * size + (start + step) % size


_PORTS = _own_ports()


def _ask_postgresql(cluster: PostgreSQL) -> bool:
    try:
        with psycopg.connect(cluster.url("postgres"), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def _ask_redis(port: int) -> bool:
    try:
        with redis.Redis(port=port, socket_connect_timeout=1) as client:
            client.ping()
    except redis.RedisError:
        return False
    return True


def _require_postgresql() -> Path:
    found = sorted(_POSTGRESQL.glob("*/bin/initdb"))
    if not found:
        pytest.exit("The tests need PostgreSQL: apt-get install postgresql", returncode=2)
    return found[-1].parent


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Return whom PostgreSQL runs as when we are root, whom it refuses."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _as_unprivileged(command: list[str | Path]) -> list[str | Path]:
    user = _unprivileged_user()
    if user is None:
        return _dying_with_us(command)
    ids: list[str | Path] = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["setpriv", "--pdeathsig", "INT", *ids, "--", *command]


def _dying_with_us(command: list[str | Path]) -> list[str | Path]:
    return ["setpriv", "--pdeathsig", "INT", "--", *command]


@contextmanager
def _folder(owner: pwd.struct_passwd | None) -> Iterator[Path]:
    # Not pytest's own folder: another user may not enter it, and socket paths must be short.
    folder = Path(tempfile.mkdtemp(prefix="probesh-"))
    try:
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(
    command: list[str | Path], folder: Path, is_ready: Callable[[], bool]
) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        deadline = time.monotonic() + _PATIENCE
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text(errors="replace"))
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.send_signal(2)  # PostgreSQL: a fast shutdown, without waiting for clients
            process.wait(timeout=10)
