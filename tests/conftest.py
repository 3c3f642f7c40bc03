"""Fixtures of all tests: a clock that stands still, fresh databases, Redis; only loopback."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_socket import socket_allow_hosts
from redis import Redis
from sqlalchemy import Engine

from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.migrate import upgrade
from idp.stores.sql.tables import metadata
from tests.fakes import FakeClock
from tests.servers import PostgreSQL, running_postgresql, running_redis

pytest_plugins = ["tests.system"]  # a whole provider: `system`, `small`, `make`

_LOOPBACK = ["127.0.0.1", "::1", "localhost"]


def pytest_runtest_setup() -> None:
    """Let tests connect to this machine only, and over Unix sockets."""
    socket_allow_hosts(_LOOPBACK, allow_unix_socket=True)


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still until it is moved."""
    return FakeClock()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return the one Chromium of this worker: Playwright cannot be started a second time in it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Run a private PostgreSQL cluster for this worker."""
    with running_postgresql() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def _migrated_postgresql(postgresql: PostgreSQL) -> str:
    name = postgresql.create()
    upgrade(postgresql.url(name))
    return name


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL, _migrated_postgresql: str) -> str:
    """Return the address of an empty, migrated PostgreSQL database."""
    postgresql.empty(_migrated_postgresql, [table.name for table in metadata.sorted_tables])
    return postgresql.url(_migrated_postgresql)


@pytest.fixture
def bare_postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """Return the address of a PostgreSQL database without any table."""
    name = postgresql.create()
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")  # the last connection that closes empties the write-ahead log
    return path


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """Return the address of a fresh, migrated SQLite database."""
    path = tmp_path / "probesh.db"
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the address of a fresh, migrated database, once for each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Open a fresh database with room for twenty threads."""
    engine = open_engine(database_url, pool_size=20)
    yield engine
    engine.dispose()


@pytest.fixture
def stores(engine: Engine) -> SqlStores:
    """Return the stores over a fresh database, once for each kind."""
    return SqlStores(engine)


@pytest.fixture(scope="session")
def _redis_server() -> Iterator[str]:
    with running_redis() as url:
        yield url


@pytest.fixture
def redis_url(_redis_server: str) -> str:
    """Return the address of an empty Redis."""
    with Redis.from_url(_redis_server) as client:
        client.flushall()
    return _redis_server
