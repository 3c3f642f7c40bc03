"""How the databases are opened, and what happens when they do not answer."""

import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from idp.model.errors import StoreUnavailable
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql import engine as engine_module
from idp.stores.sql.engine import reading_options
from idp.stores.sql.migrate import upgrade
from idp.stores.sql.work import store_errors
from tests.contract.builders import user, user_session


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql_engine(postgresql_url: str) -> Iterator[Engine]:
    engine = open_engine(postgresql_url, pool_size=2)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite", "http://example"])
def test_another_kind_of_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///"):
        open_engine(url)


def test_sqlite_keeps_its_log_while_other_programs_come_and_go(
    sqlite: Engine, sqlite_url: str
) -> None:
    log = Path(f"{sqlite.url.database}-wal")
    reader = sqlite.execution_options(**reading_options(sqlite))
    with reader.connect() as first, reader.connect() as second:
        for connection in (first, second):
            connection.exec_driver_sql("SELECT count(*) FROM users").scalar()
        # Opens and closes the database like `idp user list` beside a server.
        program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        program += "c.execute('SELECT count(*) FROM users').fetchone(); c.close()"
        path = sqlite_url.removeprefix("sqlite:///")
        subprocess.run([sys.executable, "-c", program, path], check=True)
        assert log.exists(), "it took itself for the last one: what we write now is lost"


def test_sqlite_is_durable_and_keeps_its_foreign_keys(sqlite: Engine) -> None:
    with sqlite.connect() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert told == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_postgresql_is_opened_with_limited_patience(postgresql_engine: Engine) -> None:
    with postgresql_engine.connect() as connection:
        told = [
            connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("statement_timeout", "lock_timeout")
        ]
    assert told == ["3s", "1s"]
    assert postgresql_engine.driver == "psycopg"


def test_a_database_in_memory_serves_several_threads() -> None:
    engine = open_engine("sqlite://")
    upgrade(engine)
    stores = SqlStores(engine)
    made = [user() for _ in range(20)]

    def add(number: int) -> None:
        with stores.write() as work:
            work.users.add(made[number])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(20)))
    with stores.read() as view:
        assert all(view.users.find(each.id) == each for each in made)
    engine.dispose()


def test_reading_opens_no_transaction(stores: SqlStores) -> None:
    with stores.read() as view:
        view.users.find("x")
        driver: Any = view._connection.connection.dbapi_connection
        if stores.engine.dialect.name == "sqlite":
            assert not driver.in_transaction
        else:
            assert driver.info.transaction_status.name == "IDLE"


def test_a_reader_does_not_wait_for_a_writer(stores: SqlStores) -> None:
    made = user()
    with stores.write() as work:
        work.users.add(made)
        with stores.read() as view:
            assert view.users.find(made.id) is None
    with stores.read() as view:
        assert view.users.find(made.id) == made


def test_a_reading_connection_writes_in_the_next_unit_of_work(stores: SqlStores) -> None:
    for _ in range(3):
        made = user()
        with stores.read() as view:
            assert view.users.find(made.id) is None
        with pytest.raises(ZeroDivisionError), stores.write() as work:  # noqa: PT012 - the unit fails at its end
            work.users.add(made)
            raise ZeroDivisionError
        with stores.read() as view:
            assert view.users.find(made.id) is None


def test_two_units_of_work_in_one_thread_are_refused_on_sqlite(sqlite: Engine) -> None:
    stores = SqlStores(sqlite)
    with stores.write(), pytest.raises(RuntimeError, match="open already"), stores.write():
        pass
    with stores.write() as work:
        work.users.add(user())


def test_a_row_that_stays_locked_makes_the_store_unavailable(postgresql_engine: Engine) -> None:
    stores, made = SqlStores(postgresql_engine), user()
    with stores.write() as work:
        work.users.add(made)
    started = time.monotonic()
    with stores.write() as work:
        work.users.set_enabled(made.id, enabled=True, now=1)
        with pytest.raises(StoreUnavailable), stores.write() as other:
            other.users.set_enabled(made.id, enabled=True, now=2)
    assert time.monotonic() - started < 2.5
    with stores.read() as view:
        found = view.users.find(made.id)
    assert found is not None
    assert found.updated_at == 1


def test_a_pool_that_is_empty_makes_the_store_unavailable(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url, pool_size=1)
    stores = SqlStores(engine)
    with stores.read(), pytest.raises(StoreUnavailable), stores.read():
        pass
    with stores.read() as view:
        assert view.users.find("x") is None
    engine.dispose()


def test_a_full_disk_is_told(sqlite: Engine) -> None:
    stores = SqlStores(sqlite)
    with sqlite.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    @event.listens_for(sqlite, "begin")
    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreUnavailable) as refused, stores.write() as work:
        work.users.add(replace(user(), office="x" * 10_000_000))
    assert str(refused.value) == "its disk is full"
    with stores.write() as work:
        assert work.users.find("x") is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bytes(range(256)) * 64, "the file is no SQLite database"),
        (b"SQLite format 3\0" + bytes(range(256)) * 64, "the file is no SQLite database"),
    ],
)
def test_a_file_that_is_no_database_is_told(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "idp.sqlite"
    file.write_bytes(content)
    engine = open_engine(f"sqlite:///{file}")
    with pytest.raises(StoreUnavailable) as refused, SqlStores(engine).read() as view:
        view.users.find("x")
    engine.dispose()
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SQLITE_FULL", "its disk is full"),
        ("SQLITE_IOERR_WRITE", "its disk is full or fails"),
        ("SQLITE_IOERR", "its disk is full or fails"),
        ("SQLITE_CORRUPT_INDEX", "the file is damaged"),
        ("SQLITE_BUSY", "OperationalError"),
    ],
)
def test_the_code_of_sqlite_becomes_the_reason(name: str, reason: str) -> None:
    origin = sqlite3.OperationalError("x")
    origin.sqlite_errorname = name
    with pytest.raises(StoreUnavailable) as refused, store_errors():
        raise OperationalError("SELECT 1", None, origin)
    assert str(refused.value) == reason


def test_nobody_at_the_address_makes_the_store_unavailable() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound, not listening: refused
        engine = open_engine(f"postgresql://postgres@127.0.0.1:{silent.getsockname()[1]}/x")
        stores = SqlStores(engine)
        with pytest.raises(StoreUnavailable), stores.read():
            pass
        with pytest.raises(StoreUnavailable):
            stores.purge(now=1)


def test_a_connection_cut_in_a_unit_of_work_is_told_and_replaced(
    postgresql_engine: Engine,
) -> None:
    stores = SqlStores(postgresql_engine)
    with pytest.raises(StoreUnavailable), stores.write() as work:  # noqa: PT012 - cut in the middle
        cut_all(postgresql_engine)
        work.users.find("x")
    with stores.read() as view:
        assert view.users.find("x") is None


def test_a_connection_that_idled_long_is_asked_before_it_is_lent(
    postgresql_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = SqlStores(postgresql_engine)
    with stores.read() as view:
        view.users.find("x")
    cut_all(postgresql_engine)
    later = time.monotonic() + 31
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with stores.read() as view:
        assert view.users.find("x") is None


def test_a_busy_connection_is_not_asked(
    postgresql_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pings: list[object] = []
    monkeypatch.setattr(postgresql_engine.dialect, "do_ping", pings.append)
    stores = SqlStores(postgresql_engine)
    for _ in range(3):
        with stores.read() as view:
            view.users.find("x")
    assert pings == []


def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(StoreUnavailable), SqlStores(engine).read() as view:
        view.users.find("x")
    engine.dispose()


def test_a_writer_in_raw_sql_takes_its_turn_too(sqlite: Engine) -> None:
    stores, order = SqlStores(sqlite), []

    def write() -> None:
        with stores.write() as work:
            order.append("second")
            work.users.add(user())

    with sqlite.begin() as connection:
        connection.execute(text("DELETE FROM users"))
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_one_connection_may_write_twice_before_it_goes_back(sqlite: Engine) -> None:
    with sqlite.connect() as connection:
        for number in range(2):
            with connection.begin():
                connection.execute(text("DELETE FROM users WHERE id = :id"), {"id": str(number)})
    with SqlStores(sqlite).write() as work:
        work.users.add(user())


def test_a_detached_connection_may_not_write(sqlite: Engine) -> None:
    with sqlite.execution_options(**reading_options(sqlite)).connect() as connection:
        connection.detach()
        writing = connection.execution_options(probesh_reads_only=False)
        with pytest.raises(RuntimeError, match="detached"):
            writing.begin()


def test_a_foreign_writer_that_does_not_end_makes_the_store_unavailable(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_SQLITE_PRAGMAS", ("PRAGMA busy_timeout=20",))
    engine = open_engine(sqlite_url)
    foreign = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable), SqlStores(engine).write():
        pass
    foreign.close()
    with SqlStores(engine).write() as work:
        work.users.add(user())
    engine.dispose()


def test_a_mistake_of_ours_is_not_told_as_an_outage(stores: SqlStores) -> None:
    with pytest.raises(IntegrityError), stores.write() as work:
        work.user_sessions.add(user_session(user()))  # of a user who was never stored


def cut_all(engine: Engine) -> None:
    """Let the server end every connection to this database but the one that asks."""
    other = open_engine(engine.url.render_as_string(hide_password=False))
    with other.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    other.dispose()


def test_a_new_database_file_is_for_its_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite"
    engine = open_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    engine.dispose()
    assert set(modes.values()) == {0}, modes
