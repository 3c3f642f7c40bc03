"""A whole provider in this process, on a database of the test's choice, in travelled time."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from idp import app as house
from idp.admin import installation
from idp.model.letter import RenderedLetter
from idp.model.tokens import digest
from idp.settings import Settings, load_secrets
from idp.stores.sql import SqlStores
from idp.theming import Themes
from idp.verdict import load_settings, open_themes
from tests.browser import Browser
from tests.fakes import FakeClock
from tests.servers import PostgreSQL

ISSUER = "http://127.0.0.1:9000"
PASSWORD = "Nodi#Tir2026"
SECRET = "idpcs_a-secret-of-the-tests-only-0123456789abcdef"
CALLBACK = "http://127.0.0.1:9001/callback"
VERIFIER = "a-verifier-of-forty-three-characters-or-more-0123"
CHALLENGE = "oroLTuavjsSokHw90r4c-vQlAuGTf32wNsPC1UFaIZc"

CLIENTS = f"""
[[clients]]
client_id = "backoffice"
name = {{ bn = "ব্যাকঅফিস", en = "Back office" }}
owner = "ops@example.gov.bd"
home_url = "http://127.0.0.1:9001/"
secrets = [{{ hash = "sha256:{digest(SECRET).hex()}" }}]
redirect_uris = ["{CALLBACK}"]
post_logout_redirect_uris = ["http://127.0.0.1:9001/bye"]
grants = ["authorization_code", "refresh_token", "client_credentials"]
scopes = ["openid", "profile", "email", "offline_access"]
web_origins = ["https://app.example.gov.bd"]

[[clients]]
client_id = "app"
name = {{ bn = "অ্যাপ", en = "App" }}
owner = "ops@example.gov.bd"
home_url = "http://127.0.0.1:9005/"
auth = "none"
redirect_uris = ["http://127.0.0.1:9005/callback"]
grants = ["authorization_code", "refresh_token"]

[[clients]]
client_id = "simple"
name = {{ bn = "সরল", en = "Simple" }}
owner = "ops@example.gov.bd"
home_url = "http://127.0.0.1:9006/"
secrets = [{{ hash = "sha256:{digest(SECRET).hex()}" }}]
redirect_uris = ["http://127.0.0.1:9006/callback"]
flow = "password_only"
"""

CONFIG = """
config_version = 1
issuer = "{issuer}"
mode = "development"
include = ["clients.d/*.toml"]
[flows]
browser = ["password", "email_otp"]
password_only = ["password"]
[database]
url = "{database}"
[password]
bcrypt_cost = 4
[limits]
offices = [{{ network = "127.0.0.0/8", factor = 100 }}]
[mail]
host = "127.0.0.1"
port = {smtp_port}
tls = "none"
from = "no-reply@example.gov.bd"
[support]
phones = ["01555090301", "01555090302", "01555090303"]
ticket = "https://pms.portal.gov.bd"
manual = "https://pms.portal.gov.bd/manual"
domain_form = "https://pms.portal.gov.bd/office/outauth_new_office"
email = "support@example.gov.bd"
{more}
"""


@dataclass
class Desk:
    """Takes letters instead of an SMTP server."""

    letters: list[tuple[str, RenderedLetter]] = field(default_factory=list)
    longest: int = 10

    def send(self, rendered: RenderedLetter, *, to: str, letter_id: str, now: int) -> None:
        self.letters.append((to, rendered))


@dataclass
class System:
    assembly: house.Assembly
    clock: FakeClock
    desk: Desk

    @property
    def stores(self) -> SqlStores:
        assert isinstance(self.assembly.stores, SqlStores)
        return self.assembly.stores

    def browser(self, *, address: str = "198.51.100.7", language: str = "") -> Browser:
        browser = Browser(self.assembly.wsgi, self.assembly.settings.issuer, address=address)
        if language:
            browser.take_cookie("probesh_language", language)
        return browser

    def deliver(self) -> list[tuple[str, RenderedLetter]]:
        """Let the courier walk; return the letters that came this time."""
        before = len(self.desk.letters)
        self.assembly.courier.deliver_due()
        return self.desk.letters[before:]

    def code(self) -> str:
        """Return the newest code, whatever other letters have come."""
        self.deliver()
        return codes_of("\n".join(letter.text for _, letter in self.desk.letters))[-1]


def codes_of(text: str) -> list[str]:
    """Return the codes of letters, each alone on its line."""
    return [line for line in text.splitlines() if len(line) == 6 and line.isdigit()]


def site_of(system: System) -> Any:
    """Return the Flask application, below whatever answers before it."""
    wsgi: Any = system.assembly.wsgi
    while hasattr(wsgi, "_inner"):
        wsgi = wsgi._inner
    return wsgi.__self__


def write_config(
    folder: Path, *, database: str, smtp_port: int = 9, more: str = "", issuer: str = ISSUER
) -> Path:
    config = folder / "idp.toml"
    config.write_text(
        CONFIG.format(database=database, smtp_port=smtp_port, more=more, issuer=issuer),
        encoding="utf-8",
    )
    (folder / "clients.d").mkdir(exist_ok=True)
    (folder / "clients.d" / "all.toml").write_text(CLIENTS, encoding="utf-8")
    return config


def furnish(folder: Path, database: str) -> Path:
    """Make secrets, keys and the three sample users; return the configuration file."""
    config = write_config(folder, database=database)
    settings = load_settings(config)
    installation.initialise(settings, FakeClock())
    people = installation.directory(settings, FakeClock())
    people.add("office@example.gov.bd", name_bn="দপ্তর", name_en="Office", office="উপজেলা")
    people.add("closed@example.gov.bd")
    people.add("new@example.gov.bd")
    for email in ("office@example.gov.bd", "closed@example.gov.bd"):
        people.set_password(email, PASSWORD)
    people.set_enabled("closed@example.gov.bd", enabled=False)
    assert isinstance(people._stores, SqlStores)
    people._stores.engine.dispose()  # a template database must be nobody's
    return config


def start(config: Path, clock: FakeClock | None = None) -> System:
    """Assemble the provider of a configuration file."""
    clock, desk = clock or FakeClock(), Desk()
    settings = load_settings(config)
    secrets = load_secrets(settings.secrets_dir)
    assembly = house.assemble(
        settings, secrets, clock=clock, post=desk, themes=shipped_themes(settings)
    )
    return System(assembly, clock, desk)


_OPENED: dict[tuple[str, ...], Themes] = {}


def shipped_themes(settings: Settings) -> Themes:
    """Return the themes of these settings, opened once a process: trying all states takes long.

    Not for configurations with a theme of their own, whose files a test may change.
    """
    if settings.theme.folder.exists():
        return open_themes(settings)
    of_clients = sorted((one.client_id, one.theme) for one in settings.clients if one.theme)
    told = (settings.theme.name, settings.theme.locales, settings.support, of_clients)
    key = (urlsplit(settings.issuer).path, *map(repr, told))
    if key not in _OPENED:
        _OPENED[key] = open_themes(settings)
    return _OPENED[key]


@pytest.fixture(scope="session")
def _furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("furnished")
    furnish(folder, "sqlite:///idp.sqlite")
    return folder


@pytest.fixture(scope="session")
def _furnished_postgresql(
    tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL
) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("furnished")
    name = postgresql.create()
    furnish(folder, postgresql.url(name))
    return folder, name


@pytest.fixture
def sqlite_folder(_furnished: Path, tmp_path: Path) -> tuple[Path, str]:
    """Return a copy of a furnished folder and its database."""
    folder = tmp_path / "house"
    shutil.copytree(_furnished, folder)
    return folder, "sqlite:///idp.sqlite"


@pytest.fixture
def postgresql_folder(
    _furnished_postgresql: tuple[Path, str], postgresql: PostgreSQL, tmp_path: Path
) -> Iterator[tuple[Path, str]]:
    """Return a copy of a furnished folder and a copy of its database."""
    template, name = _furnished_postgresql
    folder = tmp_path / "house"
    shutil.copytree(template, folder)
    copy = postgresql.copy(name)
    yield folder, postgresql.url(copy)
    postgresql.drop(copy)


@pytest.fixture
def make(sqlite_folder: tuple[Path, str]) -> Iterator[Callable[..., System]]:
    """Return a maker of systems with `more` configuration, on SQLite."""
    made = []

    def maker(more: str = "", **options: Any) -> System:
        folder, database = sqlite_folder
        made.append(start(write_config(folder, database=database, more=more, **options)))
        return made[-1]

    yield maker
    for one in made:
        one.stores.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    """Return a provider with the three sample users, once on each database."""
    folder, database = request.getfixturevalue(f"{request.param}_folder")
    one = start(write_config(folder, database=database))
    yield one
    one.stores.engine.dispose()


@pytest.fixture
def small(make: Callable[..., System]) -> System:
    """Return a provider on SQLite, where the database is not the question."""
    return make()


def authorize_url(client_id: str = "backoffice", **changes: str | None) -> str:
    """Return the address of an authorization request; None leaves a parameter out."""
    redirect = {"app": "http://127.0.0.1:9005/callback", "simple": "http://127.0.0.1:9006/callback"}
    parameters = {
        "client_id": client_id,
        "redirect_uri": redirect.get(client_id, CALLBACK),
        "response_type": "code",
        "scope": "openid profile email",
        "state": "a-state",
        "nonce": "a-nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return "/authorize?" + urlencode({k: v for k, v in parameters.items() if v is not None})


def log_in(system: System, browser: Browser | None = None, **request: str | None) -> Browser:
    """Walk from the authorization request to the client's callback."""
    browser = browser or system.browser()
    client_id = request.pop("client_id", None) or "backoffice"
    browser.get(authorize_url(client_id, **request))
    browser.press("submit", userid="office@example.gov.bd", password=PASSWORD)
    return browser.press("submit", code=system.code())
