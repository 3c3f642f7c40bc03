"""The whole street for a walk: provider, backoffice and mailbox on real sockets, and Chromium."""

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page
from typing_extensions import override
from werkzeug.serving import make_server

from idp import app as house
from idp.demo import mailbox, relying_party
from idp.demo.letters import Letter, Letterbox
from idp.demo.settings import BACKOFFICE, MINISTRY, Look, Settings
from idp.model.tokens import digest
from idp.settings import load_secrets
from idp.stores.sql import SqlStores
from idp.verdict import load_settings
from tests.fakes import FakeClock
from tests.servers import free_port
from tests.system import SECRET, codes_of, shipped_themes, write_config

CLIENT = """
[[clients]]
client_id = "{look.key}"
name = {{ bn = "{look.name}", en = "{look.key}" }}
owner = "ops@example.gov.bd"
home_url = "{base}/"
secrets = [{{ hash = "sha256:{hash}" }}]
redirect_uris = ["{base}/callback"]
post_logout_redirect_uris = ["{base}/bye"]
backchannel_logout_uri = "{base}/backchannel-logout"
grants = ["authorization_code", "refresh_token", "client_credentials"]
scopes = ["openid", "profile", "email", "offline_access"]
{more}
"""


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
    ministry: str
    mailbox: str
    letterbox: Letterbox
    clock: TravelClock
    assembly: house.Assembly
    seen: int = 0
    doors: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    ministry_doors: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def letter(self) -> Letter:
        """Wait for the next letter and return it."""
        deadline = time.monotonic() + 10
        while len(self.letterbox.all()) <= self.seen:
            assert time.monotonic() < deadline, "no letter came"
            time.sleep(0.02)
        self.seen += 1
        return self.letterbox.all()[-self.seen]

    def code(self) -> str:
        """Wait for the next letter with a code and return that; other letters are passed over."""
        while True:
            if codes := codes_of(self.letter().text):
                return codes[0]

    def link(self) -> str:
        """Wait for the next letter with a link to reset credentials and return that."""
        while True:
            found = re.search(rf"{re.escape(self.provider)}/reset/\S+", self.letter().text)
            if found:
                return found[0]


def open_street(folder, database: str, *, more: str = "") -> Street:
    """Open provider, both relying parties and mailbox on free ports; close `doors` when done."""
    ports = [free_port() for _ in range(5)]
    provider, office, ministry, box = (f"http://127.0.0.1:{port}" for port in ports[:4])
    config = write_config(folder, database=database, more=more, issuer=provider, smtp_port=ports[4])
    clients = folder / "clients.d" / "all.toml"
    _, *others = clients.read_text(encoding="utf-8").split("[[clients]]")[1:]
    own = _client(BACKOFFICE, office) + _client(MINISTRY, ministry, 'theme = "ministry"')
    clients.write_text("[[clients]]".join([own, *others]), encoding="utf-8")
    settings = load_settings(config)
    clock, letterbox = TravelClock(), Letterbox()
    secrets = load_secrets(settings.secrets_dir)
    themes = shipped_themes(settings)
    assembly = house.assemble(settings, secrets, clock=clock, themes=themes)
    street = Street(provider, office, ministry, box, letterbox, clock, assembly)
    assert isinstance(assembly.stores, SqlStores)
    with contextlib.ExitStack() as doors:  # what was opened is closed if the next does not open
        doors.callback(assembly.stores.engine.dispose)
        doors.enter_context(mailbox.receiving(letterbox, ports[4]))
        doors.enter_context(serving(assembly.wsgi, ports[0]))
        doors.enter_context(serving(_party(provider, office, BACKOFFICE, clock), ports[1]))
        doors.enter_context(street.ministry_doors)
        street.ministry_doors.enter_context(
            serving(_party(provider, ministry, MINISTRY, clock), ports[2])
        )
        doors.enter_context(serving(mailbox.create_app(letterbox), ports[3]))
        assembly.worker.start()
        doors.callback(assembly.worker.stop)
        street.doors = doors.pop_all()
    return street


def _client(look: Look, base: str, more: str = "") -> str:
    return CLIENT.format(look=look, base=base, hash=digest(SECRET).hex(), more=more)


def _party(provider: str, base: str, look: Look, clock: TravelClock):
    return relying_party.create_app(Settings(provider, look.key, SECRET, base, look), clock)


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
