from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.accounts.hash_gate import HashGate
from idp.accounts.passwords import Hasher
from idp.model.keyring import Keyring
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.migrate import upgrade
from tests.fakes import FakeClock


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("accounts") / "empty.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()  # the last connection puts the write-ahead log into the file
    return path.read_bytes()


@pytest.fixture
def stores(empty_database: bytes, tmp_path: Path) -> Iterator[SqlStores]:
    path = tmp_path / "idp.db"
    path.write_bytes(empty_database)
    engine = open_engine(f"sqlite:///{path}")
    yield SqlStores(engine)
    engine.dispose()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def hasher() -> Hasher:
    return Hasher(Keyring({1: b"p" * 32}), 4, HashGate(threads=8))
