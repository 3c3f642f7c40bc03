import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import trustme
from sqlalchemy import Engine

from idp.model.letter import RenderedLetter
from idp.outbox.mail_settings import MailSettings
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.migrate import upgrade
from tests.fakes import FakeClock
from tests.outbox.servers import Received

SettingsFor: TypeAlias = Callable[..., MailSettings]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def settings_for(ca_file: Path) -> SettingsFor:
    def make(port: int, **changes: Any) -> MailSettings:
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": port,
            "tls": "none",
            "timeout": 5,
            "sender": "প্রবেশ <no-reply@probesh.test>",
            "ca_file": str(ca_file),
            "message_id_domain": "mail.probesh.test",
        }
        return MailSettings(**(values | changes))

    return make


@pytest.fixture
def rendered() -> RenderedLetter:
    return RenderedLetter(
        "আপনার লগইন কোড: জাতীয় পোর্টালে প্রবেশ নিশ্চিত করার জন্য একটি বার্তা",
        "আপনার কোড: ১২৩৪৫৬\n.একটি বিন্দু দিয়ে শুরু\nমেয়াদ ১০ মিনিট।\n",
        '<!doctype html><html lang="bn"><body><p>আপনার কোড: <b>১২৩৪৫৬</b></p></body></html>\n',
    )


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outbox") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def engine(empty_database: Path, tmp_path: Path) -> Iterator[Engine]:
    path = tmp_path / "probesh.db"
    shutil.copyfile(empty_database, path)
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def stores(engine: Engine) -> SqlStores:
    return SqlStores(engine)
