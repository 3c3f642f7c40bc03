"""The whole street for a walk: provider, backoffice and mailbox on real sockets, and Chromium."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from typing_extensions import override
from werkzeug.serving import make_server

from idp import app as house
from idp.demo import backoffice, mailbox
from idp.demo.letters import Letterbox
from idp.settings import load_secrets
from idp.stores.sql import SqlStores
from tests.fakes import FakeClock
from tests.servers import free_port
from tests.system import SECRET, write_config

CHROMIUM = "/usr/bin/chromium"


class TravelClock(FakeClock):
    """The real time, moved on by as much as a walk travels."""

    def __init__(self) -> None:
        super().__init__(0)

    @override
    def __call__(self) -> int:
        return int(time.time()) + self.now  # noqa: TID251 - a relying party judges by real time


@contextlib.contextmanager
def serving(wsgi, port: int) -> Iterator[None]:
    """Serve an application on loopback while the block runs."""
    server = make_server("127.0.0.1", port, wsgi, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Street:
    """Addresses of the parts, and the letters that came."""

    provider: str
    backoffice: str
    mailbox: str
    letterbox: Letterbox
    clock: TravelClock
    assembly: house.Assembly
    seen: int = 0
    doors: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def code(self) -> str:
        """Wait for the next letter and return its code."""
        deadline = time.monotonic() + 10
        while len(self.letterbox.all()) <= self.seen:
            assert time.monotonic() < deadline, "no letter came"
            time.sleep(0.02)
        self.seen = len(self.letterbox.all())
        return self.newest_code()

    def newest_code(self) -> str:
        """Return the code of the newest letter."""
        lines = self.letterbox.all()[0].text.splitlines()
        return next(line for line in lines if len(line) == 6 and line.isdigit())


def open_street(folder, database: str, *, more: str = "") -> Street:
    """Open provider, backoffice and mailbox on free ports; close `doors` when done."""
    ports = [free_port() for _ in range(4)]
    provider, office, box = (f"http://127.0.0.1:{port}" for port in ports[:3])
    config = write_config(folder, database=database, more=more, issuer=provider, smtp_port=ports[3])
    clients = folder / "clients.d" / "all.toml"
    clients.write_text(clients.read_text(encoding="utf-8").replace("http://127.0.0.1:9001", office))
    settings = house.load_settings(config)
    clock, letterbox = TravelClock(), Letterbox()
    assembly = house.assemble(settings, load_secrets(settings.secrets_dir), clock=clock)
    street = Street(provider, office, box, letterbox, clock, assembly)
    relying_party = backoffice.create_app(
        backoffice.Settings(provider, "backoffice", SECRET, office)
    )
    doors = street.doors
    assert isinstance(assembly.stores, SqlStores)
    doors.callback(assembly.stores.engine.dispose)
    doors.enter_context(mailbox.receiving(letterbox, ports[3]))
    doors.enter_context(serving(assembly.wsgi, ports[0]))
    doors.enter_context(serving(relying_party, ports[1]))
    doors.enter_context(serving(mailbox.create_app(letterbox), ports[2]))
    assembly.worker.start()
    doors.callback(assembly.worker.stop)
    return street


@pytest.fixture
def street(sqlite_folder) -> Iterator[Street]:
    """Return the street on SQLite."""
    one = open_street(*sqlite_folder)
    with one.doors:
        yield one


@pytest.fixture(params=["sqlite", "postgresql"])
def any_street(request: pytest.FixtureRequest) -> Iterator[Street]:
    """Return the street, once on each database."""
    one = open_street(*request.getfixturevalue(f"{request.param}_folder"))
    with one.doors:
        yield one


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Return a page of a fresh browser profile; whatever breaks on it fails the walk."""
    yield from _page(chromium)


@pytest.fixture
def plain_page(chromium: Browser) -> Iterator[Page]:
    """Return a page in which no script runs."""
    yield from _page(chromium, java_script_enabled=False)


def _page(chromium: Browser, **options) -> Iterator[Page]:
    context = chromium.new_context(locale="bn-BD", **options)
    context.set_default_timeout(10_000)
    page, refused = context.new_page(), []
    page.on("console", lambda m: refused.append(m.text) if "Content Security" in m.text else None)
    yield page
    context.close()
    assert refused == []
