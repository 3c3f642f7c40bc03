"""Applications written for Keycloak, unchanged: keycloak-js in Chromium, and python-keycloak."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from keycloak import KeycloakAuthenticationError, KeycloakOpenID, KeycloakPostError
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update
from werkzeug.wrappers import Request, Response

from idp import app as house
from idp.demo import mailbox
from idp.demo.letters import Letterbox
from idp.model.tokens import digest
from idp.settings import load_secrets
from idp.stores.sql import SqlStores
from idp.stores.sql.tables import users
from idp.verdict import load_settings
from tests.servers import free_port
from tests.system import PASSWORD, SECRET, shipped_themes, write_config
from tests.walks.conftest import TravelClock, serving
from tests.walks.people import USER, log_in, send_code
from tests.walks.processes import ROOT, HttpBrowser, wait_for_code

LIBRARY = ROOT / "tests/npm/node_modules/keycloak-js/lib/keycloak.js"
PAGE = Path(__file__).with_name("keycloak.html")
REALM = "/realms/portal"
BASE = f"{REALM}/protocol/openid-connect"
ROLES = {"realm": ["approver"], "clients": {"desk": ["publisher"], "spa": ["reader"]}}
PATHS = (
    *("", "silent", "no-frame", "required", "required-frame", "discovered"),
    "silent-check-sso.html",
)
CLIENTS = """
[[clients]]
client_id = "spa"
name = {{ bn = "অ্যাপ", en = "App" }}
owner = "ops@example.gov.bd"
home_url = "{spa}/"
auth = "none"
claims_style = "keycloak"
redirect_uris = {spa_uris}
post_logout_redirect_uris = {spa_uris}
web_origins = ["{spa}"]
grants = ["authorization_code", "refresh_token"]

[[clients]]
client_id = "desk"
name = {{ bn = "ডেস্ক", en = "Desk" }}
owner = "ops@example.gov.bd"
home_url = "{desk}/"
claims_style = "keycloak"
pkce = "optional"
secrets = [{{ hash = "sha256:{hash}" }}]
redirect_uris = ["{desk}/callback"]
grants = ["authorization_code", "refresh_token", "client_credentials"]
"""


@dataclass
class Realm:
    """A provider at the address of a Keycloak realm, and an application that knows no other."""

    server: str  # what applications call Keycloak's base URL
    spa: str
    desk: str
    letterbox: Letterbox
    seen: int = 0

    def code(self) -> str:
        code = wait_for_code(self.letterbox, self.seen)
        self.seen += 1
        return code


class Application:
    """Serves the page, the library as npm delivers it, and the keycloak.json of the old days."""

    def __init__(self, server: str) -> None:
        self._json = {"auth-server-url": server, "realm": "portal", "resource": "spa"}

    def __call__(self, environ, start_response):
        return self._answer(Request(environ).path)(environ, start_response)

    def _answer(self, path: str) -> Response:
        if path == "/keycloak.js":
            return Response(LIBRARY.read_bytes(), content_type="text/javascript")
        if path == "/keycloak.json":
            return Response(json.dumps(self._json), content_type="application/json")
        if path.lstrip("/") in PATHS:
            return Response(PAGE.read_bytes(), content_type="text/html")
        return Response(status=404)


@contextlib.contextmanager
def open_realm(folder: Path, database: str) -> Iterator[Realm]:
    port, spa_port, desk_port, smtp_port = (free_port() for _ in range(4))
    server, spa, desk = (f"http://127.0.0.1:{p}" for p in (port, spa_port, desk_port))
    config = write_config(
        folder,
        database=database,
        more='[aliases]\nkeycloak_realm = "portal"',
        issuer=f"{server}{REALM}",
        smtp_port=smtp_port,
    )
    uris = json.dumps([f"{spa}/{path}" for path in PATHS])
    text = CLIENTS.format(spa=spa, desk=desk, spa_uris=uris, hash=digest(SECRET).hex())
    (folder / "clients.d" / "keycloak.toml").write_text(text, encoding="utf-8")
    settings, letterbox = load_settings(config), Letterbox()
    secrets = load_secrets(settings.secrets_dir)
    themes = shipped_themes(settings)
    assembly = house.assemble(settings, secrets, clock=TravelClock(), themes=themes)
    assert isinstance(assembly.stores, SqlStores)
    with contextlib.ExitStack() as doors:
        doors.callback(assembly.stores.engine.dispose)
        with assembly.stores.engine.begin() as connection:
            its = update(users).where(users.c.email_canonical == USER)
            connection.execute(its.values(roles=json.dumps(ROLES)))
        doors.enter_context(mailbox.receiving(letterbox, smtp_port))
        doors.enter_context(serving(assembly.wsgi, port))
        doors.enter_context(serving(Application(server), spa_port))
        assembly.worker.start()
        doors.callback(assembly.worker.stop)
        yield Realm(server, spa, desk, letterbox)


@pytest.fixture
def realm(sqlite_folder) -> Iterator[Realm]:
    assert LIBRARY.exists(), "keycloak-js is missing: make test installs it"
    with open_realm(*sqlite_folder) as one:
        yield one


# keycloak-js.


def _expect(page: Page, state: str) -> None:
    expect(page.locator("#state")).to_have_text(state)


def _log_in(page: Page, realm: Realm) -> None:
    log_in(page)
    send_code(page, realm.code())
    _expect(page, f"here is {USER}")


def _frames(asked: list[str]) -> set[str]:
    return {urlsplit(url).path.removeprefix(f"{BASE}/") for url in asked if url.endswith(".html")}


def test_keycloak_js_checks_logs_in_refreshes_asks_and_logs_out(realm: Realm, page: Page):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{realm.spa}/")
    _expect(page, "nobody")
    # Told that frames are of no use, it looked after the login by redirects alone.
    assert _frames(asked) == {"3p-cookies/step1.html"}

    with page.expect_navigation():
        page.evaluate("() => void keycloak.login()")
    _log_in(page, realm)
    assert page.url == f"{realm.spa}/"
    assert page.evaluate("() => keycloak.hasRealmRole('approver')")
    assert page.evaluate("() => keycloak.hasResourceRole('reader')")
    assert page.evaluate("() => keycloak.hasResourceRole('publisher', 'desk')")
    assert not page.evaluate("() => keycloak.hasRealmRole('admin')")
    parsed = page.evaluate("() => keycloak.idTokenParsed")
    assert (parsed["email"], parsed["azp"]) == (USER, "spa")
    assert page.evaluate("() => keycloak.refreshTokenParsed.typ") == "Refresh"
    assert page.evaluate("() => keycloak.sessionId === keycloak.idTokenParsed.sid")

    assert page.evaluate("() => keycloak.loadUserInfo()")["preferred_username"] == USER
    before = page.evaluate("() => keycloak.token")
    assert page.evaluate("() => keycloak.updateToken(5)") is False
    for _ in range(2):  # the refresh token is another one each time
        assert page.evaluate("() => keycloak.updateToken(-1)") is True
    assert page.evaluate("() => keycloak.token") != before
    assert page.evaluate("() => keycloak.authenticated")
    assert page.evaluate("() => events") == ["onAuthSuccess", *["onAuthRefreshSuccess"] * 2]

    with page.expect_navigation():
        page.evaluate("() => void keycloak.logout()")
    _expect(page, "nobody")
    assert page.url == f"{realm.spa}/"


def test_keycloak_js_that_requires_a_login_finds_it_again(realm: Realm, page: Page):
    page.goto(f"{realm.spa}/required")
    _log_in(page, realm)
    for path in ("required", "required-frame", "no-frame", "silent", "discovered", ""):
        page.goto(f"{realm.spa}/{path}")
        _expect(page, f"here is {USER}")
    with page.expect_navigation():
        page.evaluate("() => void keycloak.logout({ logoutMethod: 'POST' })")
    _expect(page, "nobody")
    page.goto(f"{realm.spa}/required")
    expect(page.get_by_label("ইউজার আইডি")).to_be_visible()


def test_keycloak_js_notices_that_the_login_ended_elsewhere(realm: Realm, page: Page):
    page.goto(f"{realm.spa}/required-frame")
    _log_in(page, realm)
    other = page.context.new_page()
    other.goto(f"{realm.spa}/no-frame")
    _expect(other, f"here is {USER}")
    with other.expect_navigation():
        other.evaluate("() => void keycloak.logout()")
    _expect(other, "nobody")
    refused = page.evaluate("() => keycloak.updateToken(-1).then(() => 'new', e => e.message)")
    assert refused == "Server responded with an invalid status."
    expect(page.get_by_label("ইউজার আইডি")).to_be_visible()  # login-required asks at once


def test_keycloaks_account_pages_are_not_here(realm: Realm, page: Page):
    page.goto(f"{realm.spa}/required")
    _log_in(page, realm)
    assert page.evaluate("() => keycloak.loadUserProfile().catch(() => 'no')") == "no"


def test_an_older_adapter_s_frame_sends_nobody_away_and_everybody_else_to_look(
    realm: Realm, page: Page
):
    page.goto(f"{realm.spa}/")
    _expect(page, "nobody")
    ask = """([url, message]) => new Promise(resolve => {
        const frame = document.createElement('iframe')
        frame.src = url
        frame.onload = () => frame.contentWindow.postMessage(message, new URL(url).origin)
        addEventListener('message', e => resolve([e.data, e.origin]), { once: true })
        document.body.append(frame)
    })"""
    url = f"{realm.server}{BASE}/login-status-iframe.html"
    assert page.evaluate(ask, [url, "spa "]) == ["changed", realm.server]
    assert page.evaluate(ask, [url, "spa a-session"]) == ["unchanged", realm.server]


def test_a_page_of_somebody_else_cannot_frame_anything(realm: Realm, chromium: Browser):
    context = chromium.new_context()
    page, refused = context.new_page(), []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(f"{realm.spa.replace('127.0.0.1', 'localhost')}/")
    frame = """url => new Promise(resolve => {
        const frame = document.createElement('iframe')
        frame.src = url
        frame.onload = () => resolve(frame.contentDocument === null)
        document.body.append(frame)
    })"""
    for path in (f"{BASE}/3p-cookies/step1.html", f"{BASE}/login-status-iframe.html"):
        page.evaluate(frame, f"{realm.server}{path}")
        assert any("frame-ancestors" in text or "Content Security" in text for text in refused)
        refused.clear()
    context.close()


# python-keycloak.


@pytest.fixture
def client(realm: Realm) -> KeycloakOpenID:
    return KeycloakOpenID(
        server_url=realm.server, realm_name="portal", client_id="desk", client_secret_key=SECRET
    )


def _code_for(realm: Realm, url: str) -> dict[str, str]:
    """Walk the login as a person; return what the application is answered."""
    with HttpBrowser(home=(realm.server,)) as browser:
        browser.get(url)
        browser.press(userid=USER, password=PASSWORD)
        return browser.press(code=realm.code()).answer


def _tokens(realm: Realm, client: KeycloakOpenID) -> dict[str, str]:
    callback = f"{realm.desk}/callback"
    url = client.auth_url(redirect_uri=callback, scope="openid email", state="s", nonce="n")
    answer = _code_for(realm, url)
    assert answer["state"] == "s"
    tokens: dict[str, str] = client.token(
        grant_type="authorization_code", code=answer["code"], redirect_uri=callback
    )
    return tokens


def test_python_keycloak_logs_in_reads_and_logs_out(realm: Realm, client: KeycloakOpenID):
    assert client.well_known()["issuer"] == f"{realm.server}{REALM}"
    tokens = _tokens(realm, client)

    claims = client.decode_token(tokens["access_token"])  # validated by the keys of /certs
    assert claims["realm_access"] == {"roles": ["approver"]}
    assert claims["resource_access"]["desk"] == {"roles": ["publisher"]}
    assert (claims["azp"], claims["preferred_username"]) == ("desk", USER)
    assert client.decode_token(tokens["id_token"])["nonce"] == "n"
    assert client.decode_token(tokens["refresh_token"], validate=False)["typ"] == "Refresh"

    about = client.userinfo(tokens["access_token"])
    assert isinstance(about, dict)
    assert (about["email"], about["preferred_username"]) == (USER, USER)
    told = client.introspect(tokens["access_token"])
    assert (told["active"], told["username"]) == (True, USER)
    assert told["realm_access"] == claims["realm_access"]

    again = client.refresh_token(client.refresh_token(tokens["refresh_token"])["refresh_token"])
    assert client.decode_token(again["access_token"])["sub"] == claims["sub"]

    client.logout(again["refresh_token"])
    assert client.introspect(again["access_token"]) == {"active": False}
    with pytest.raises(KeycloakAuthenticationError):
        client.userinfo(again["access_token"])
    with pytest.raises(KeycloakPostError, match="invalid_grant"):
        client.refresh_token(again["refresh_token"])


def test_python_keycloak_acts_for_itself(client: KeycloakOpenID):
    token = client.token(grant_type="client_credentials")["access_token"]
    assert client.decode_token(token)["preferred_username"] == "service-account-desk"


def test_python_keycloak_judges_what_it_is_given(realm: Realm, client: KeycloakOpenID):
    """The walks above can fail: the library does check signatures."""
    token = _tokens(realm, client)["access_token"]
    header, payload, _ = token.split(".")
    with pytest.raises(Exception, match="Missing Key"):  # of those there are none fits
        client.decode_token(f"{header}.{payload}.{'A' * 86}")


def test_a_password_is_typed_here_and_nowhere_else(client: KeycloakOpenID):
    with pytest.raises(KeycloakPostError, match="unsupported_grant_type"):
        client.token(username=USER, password=PASSWORD)
