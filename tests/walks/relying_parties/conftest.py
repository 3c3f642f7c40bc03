"""A provider on a loopback port, and the examples that `idp client examples` prints, running."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from idp import app as house
from idp.admin import examples
from idp.demo import mailbox
from idp.demo.letters import Letterbox
from idp.model.tokens import digest
from idp.settings import Settings, load_secrets
from idp.stores.sql import SqlStores
from idp.verdict import load_settings
from tests.servers import free_port
from tests.system import PASSWORD, SECRET, shipped_themes, write_config
from tests.walks.conftest import TravelClock, serving
from tests.walks.people import USER
from tests.walks.processes import ROOT, HttpBrowser, wait_for_code

ALIASES = '[aliases]\nkeycloak_realm = "{}"'
NPM = ROOT / "tests/npm/node_modules"
CLIENT = """
[[clients]]
client_id = "sample"
name = {{ bn = "নমুনা", en = "Sample" }}
owner = "ops@example.gov.bd"
home_url = "{base}/"
auth = "{auth}"
{secrets}
redirect_uris = ["{base}/oidc/callback"]
post_logout_redirect_uris = ["{base}/bye"]
grants = ["authorization_code", "refresh_token"]
scopes = ["openid", "profile", "email", "offline_access"]
web_origins = ["{base}"]
claims_style = "{style}"
"""


@dataclass
class Place:
    """A provider with one client, and where that client's application is to answer."""

    issuer: str
    base: str
    port: int
    settings: Settings
    letterbox: Letterbox
    environ: dict[str, str]
    seen: int = 0
    doors: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def example(self, kind: str, folder: Path) -> str:
        """Write the files of the example into a folder, exactly as they are printed."""
        text = examples.render(kind, self.settings.clients_by_id["sample"], self.settings)
        files = examples.files_of(text)
        assert files, "there is no file in the example"
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8")
        return text

    def browser(self) -> HttpBrowser:
        return HttpBrowser(home=(self.issuer, self.base))

    def code(self) -> str:
        self.seen += 1
        return wait_for_code(self.letterbox, self.seen - 1)

    def log_in(self, browser: HttpBrowser) -> HttpBrowser:
        """Come to the application, be sent to the provider, and come back."""
        browser.get(f"{self.base}/")
        assert browser.page.url.startswith(f"{self.issuer}/authorize?"), browser.page.text
        browser.press(userid=USER, password=PASSWORD)
        return browser.press(code=self.code())

    def is_asked(self, browser: HttpBrowser) -> bool:
        """Tell whether somebody who comes to the application must log in."""
        browser.get(f"{self.base}/")
        return any(("action", "forgot") in form.buttons for form in browser.forms)


Open = Callable[..., Place]


@pytest.fixture(name="place")
def _place(sqlite_folder: tuple[Path, str]) -> Iterator[Open]:
    """Return what opens a provider: `place("none")` for a client without a secret."""
    with contextlib.ExitStack() as doors:

        def opened(auth: str = "client_secret_basic", realm: str = "") -> Place:
            place = _open(*sqlite_folder, auth, realm)
            doors.enter_context(place.doors)
            return place

        yield opened


def _open(folder: Path, database: str, auth: str, realm: str) -> Place:
    ports = [free_port() for _ in range(3)]
    issuer, base = (f"http://127.0.0.1:{port}" for port in ports[:2])
    issuer, more = (f"{issuer}/realms/{realm}", ALIASES.format(realm)) if realm else (issuer, "")
    config = write_config(folder, database=database, issuer=issuer, smtp_port=ports[2], more=more)
    hashed = f'secrets = [{{ hash = "sha256:{digest(SECRET).hex()}" }}]'
    hashed, style = "" if auth == "none" else hashed, "keycloak" if realm else "standard"
    clients = CLIENT.format(base=base, auth=auth, secrets=hashed, style=style)
    (folder / "clients.d" / "sample.toml").write_text(clients, encoding="utf-8")
    settings, letterbox = load_settings(config), Letterbox()
    secrets = load_secrets(settings.secrets_dir)
    assembly = house.assemble(
        settings, secrets, clock=TravelClock(), themes=shipped_themes(settings)
    )
    environ = {
        examples.SECRET_VARIABLE: SECRET,
        "FLASK_SECRET_KEY": "a-key-of-the-tests-only-0123456789",
        "SESSION_SECRET": "a-key-of-the-tests-only-0123456789",
        "OIDC_CRYPTO_PASSPHRASE": "a-key-of-the-tests-only-0123456789",
        "NO_COLOR": "1",
        "PATH": os.environ["PATH"],
    }
    place = Place(issuer, base, ports[1], settings, letterbox, environ)
    assert isinstance(assembly.stores, SqlStores)
    place.doors.callback(assembly.stores.engine.dispose)
    place.doors.enter_context(mailbox.receiving(letterbox, ports[2]))
    place.doors.enter_context(serving(assembly.wsgi, ports[0]))
    assembly.worker.start()
    place.doors.callback(assembly.worker.stop)
    return place
