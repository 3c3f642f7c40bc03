"""Keycloak's addresses: the same endpoints under other names, and only where the file says so."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from idp.stores.sql.tables import outbox
from tests.browser import Browser
from tests.system import CALLBACK, PASSWORD, SECRET, VERIFIER, System, authorize_url, start

HOST = "http://127.0.0.1:9000"
REALM = "/realms/portal"
BASE = f"{REALM}/protocol/openid-connect"
ALIASES = '[aliases]\nkeycloak_realm = "portal"'
ORIGIN = "https://app.example.gov.bd"
USER = "office@example.gov.bd"
FRAMES = ("login-status-iframe.html", "3p-cookies/step1.html", "3p-cookies/step2.html")
FORM = {"client_id": "app"}


@pytest.fixture
def realm(make: Callable[..., System]) -> System:
    """Return a provider whose issuer is that of a Keycloak realm."""
    return make(ALIASES, issuer=f"{HOST}{REALM}")


@pytest.fixture
def moved(make: Callable[..., System], sqlite_folder: tuple[Path, str]) -> Iterator[System]:
    """Return the same provider with clients that were written for Keycloak."""
    make(ALIASES, issuer=f"{HOST}{REALM}")
    system = _restarted(
        sqlite_folder[0], "redirect_uris", 'claims_style = "keycloak"\nredirect_uris'
    )
    yield system
    system.stores.engine.dispose()


def _restarted(folder: Path, old: str, new: str) -> System:
    clients = folder / "clients.d" / "all.toml"
    text = clients.read_text(encoding="utf-8")
    clients.write_text(re.sub(f"(?m)^{old}", new, text), encoding="utf-8")
    return start(folder / "idp.toml")


def _browser(system: System) -> Browser:
    return Browser(system.assembly.wsgi, HOST)


def _auth(**changes: str) -> str:
    return f"{BASE}/auth{authorize_url(**changes).removeprefix('/authorize')}"


def _log_in(system: System, **changes: str) -> Browser:
    browser = _browser(system).get(_auth(**changes))
    return browser.press(userid=USER, password=PASSWORD).press(code=system.code())


def _post(system: System, path: str, form: dict[str, str], **headers: str):
    client = _browser(system).client
    sent = {"client_id": "backoffice", **form}
    basic = {"auth": ("backoffice", SECRET)} if sent["client_id"] == "backoffice" else {}
    return client.post(f"{BASE}/{path}", base_url=HOST, data=sent, headers=headers, **basic)


def _logged_in(system: System) -> tuple[Browser, dict[str, str]]:
    """Return the browser after a login, and the tokens of the client."""
    browser = _log_in(system)
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    form |= {"code": browser.answer["code"], "code_verifier": VERIFIER}
    answer = _post(system, "token", form)
    assert answer.status_code == 200, answer.text
    return browser, answer.get_json()


def _refresh(system: System, tokens: dict[str, str]):
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    return _post(system, "token", form)


def test_a_login_begins_at_keycloaks_address_and_goes_on_at_ours(realm: System):
    browser = _browser(realm)
    browser.get(_auth())
    assert browser.status == 200
    assert {form.action for form in browser.forms} == {f"{REALM}/signin"}
    answer = browser.press(userid=USER, password=PASSWORD).press(code=realm.code()).answer
    assert answer["iss"] == f"{HOST}{REALM}"
    assert answer["state"] == "a-state"


def test_an_authorization_request_may_be_posted(realm: System):
    url, _, query = authorize_url().partition("?")
    assert url == "/authorize"
    client = _browser(realm).client
    form = "application/x-www-form-urlencoded"
    answer = client.post(f"{BASE}/auth", base_url=HOST, data=query, content_type=form)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{REALM}/authorize?client_id=backoffice&")


def test_cookies_of_a_realms_issuer_belong_to_the_whole_host(realm: System):
    browser = _browser(realm).get(_auth())
    [cookie] = browser.response.headers.getlist("Set-Cookie")
    assert "Path=/" in cookie.split("; ")
    assert "Domain" not in cookie


def test_tokens_are_given_read_and_revoked_at_keycloaks_addresses(realm: System):
    browser, tokens = _logged_in(realm)
    client = browser.client
    bearer = {"Authorization": f"bearer {tokens['access_token']}"}
    told = client.get(f"{BASE}/userinfo", base_url=HOST, headers=bearer)
    assert told.get_json()["email"] == USER
    assert client.post(f"{BASE}/userinfo", base_url=HOST, headers=bearer).status_code == 200
    introspected = _post(realm, "token/introspect", {"token": tokens["access_token"]}).get_json()
    assert introspected["active"] is True
    assert _refresh(realm, tokens).get_json()["access_token"]
    assert _post(realm, "revoke", {"token": tokens["refresh_token"]}).status_code == 200
    assert _refresh(realm, tokens).get_json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("alias", "ours"),
    [
        ("token", "token"),
        ("userinfo", "userinfo"),
        ("revoke", "revoke"),
        ("token/introspect", "introspect"),
        ("auth", "authorize"),
        ("logout", "logout"),
        ("certs", "jwks"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS", "HEAD"])
def test_an_alias_answers_as_the_endpoint_does(realm: System, alias: str, ours: str, method: str):
    client, headers = _browser(realm).client, {"Origin": ORIGIN}
    here = client.open(f"{BASE}/{alias}", base_url=HOST, method=method, headers=headers)
    there = client.open(f"{REALM}/{ours}", base_url=HOST, method=method, headers=headers)
    assert here.status_code == there.status_code
    assert here.status_code != 404
    changing = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{2}|value=\"[^\"]*\"")
    if here.mimetype == there.mimetype == "text/html":
        assert len(changing.sub("", here.text)) == len(changing.sub("", there.text))
    else:
        assert changing.sub("", here.text) == changing.sub("", there.text)
    kept = {"Content-Type", "Allow", "Vary", "ETag", "Cache-Control", "WWW-Authenticate"}
    for name in {*kept, *(n for n, _ in there.headers if n.startswith("Access-Control"))}:
        assert here.headers.get(name) == there.headers.get(name), name


def test_keys_and_metadata_are_constant_bytes_that_other_origins_may_read(realm: System):
    client = _browser(realm).client
    for path in (f"{BASE}/certs", f"{REALM}/.well-known/openid-configuration"):
        answer = client.get(path, base_url=HOST, headers={"Origin": ORIGIN})
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        etag = {"If-None-Match": answer.headers["ETag"]}
        assert client.get(path, base_url=HOST, headers=etag).status_code == 304
    metadata = client.get(f"{REALM}/.well-known/openid-configuration", base_url=HOST).get_json()
    assert metadata["issuer"] == f"{HOST}{REALM}"
    # One truth: discovery names our own addresses, which serve every client alike.
    assert metadata["token_endpoint"] == f"{HOST}{REALM}/token"
    assert "check_session_iframe" not in metadata


def test_scripts_of_declared_origins_may_fetch_tokens_with_credentials(realm: System):
    allowed = _post(realm, "token", FORM, Origin=ORIGIN)
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert allowed.headers["Access-Control-Allow-Credentials"] == "true"
    foreign = _post(realm, "token", FORM, Origin="https://evil.example")
    assert not [name for name, _ in foreign.headers if name.startswith("Access-Control")]


def test_no_cookie_is_read_where_credentials_are_allowed(realm: System):
    browser = _log_in(realm)
    assert browser.cookie("probesh_session")
    answer = browser.client.post(f"{BASE}/token", base_url=HOST, data={"client_id": "app"})
    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers


# The way out.


def _logout_url(**changes: str) -> str:
    parameters = {
        "client_id": "backoffice",
        "post_logout_redirect_uri": "http://127.0.0.1:9001/bye",
    }
    return f"{HOST}{BASE}/logout?{urlencode(parameters | changes)}"


def test_a_logout_with_an_id_token_returns_at_once(realm: System):
    browser, tokens = _logged_in(realm)
    browser.get(_logout_url(id_token_hint=tokens["id_token"]))
    assert browser.left_to == "http://127.0.0.1:9001/bye"


def test_a_logout_without_an_id_token_asks_first(realm: System):
    browser, _ = _logged_in(realm)
    browser.get(_logout_url())
    assert (browser.status, browser.left_to) == (200, "")
    assert browser.cookie("probesh_session")
    assert f"{REALM}/logout/confirm" in [form.action for form in browser.forms]


def test_a_logout_may_be_posted_by_a_page_of_the_client(realm: System):
    browser, tokens = _logged_in(realm)
    form = {
        "client_id": "backoffice",
        "id_token_hint": tokens["id_token"],
        "post_logout_redirect_uri": "http://127.0.0.1:9001/bye",
    }
    browser.post(f"{HOST}{BASE}/logout", form, Origin="http://127.0.0.1:9001")
    assert browser.left_to == "http://127.0.0.1:9001/bye"


def test_a_posted_logout_without_our_cookies_comes_back_with_them(realm: System):
    client = _browser(realm).client
    answer = client.post(f"{BASE}/logout", base_url=HOST, data={"client_id": "backoffice"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{BASE}/logout?client_id=backoffice"


def test_a_program_logs_somebody_out_by_the_refresh_token(moved: System):
    browser, tokens = _logged_in(moved)
    answer = _post(moved, "logout", {"refresh_token": tokens["refresh_token"]})
    assert (answer.status_code, answer.data) == (204, b"")
    assert _refresh(moved, tokens).get_json()["error"] == "invalid_grant"
    page = browser.get(_auth(prompt="none"))
    assert page.answer["error"] == "login_required"


def test_a_programs_logout_that_fails_is_answered_as_programs_read_it(realm: System):
    large = _post(realm, "logout", {"refresh_token": "x" * 70_000})
    assert (large.status_code, large.get_json()["error"]) == (413, "invalid_request")


def test_a_refresh_token_that_is_no_good_logs_nobody_out(moved: System):
    browser, tokens = _logged_in(moved)
    foreign = {"client_id": "app", "refresh_token": tokens["refresh_token"]}
    answers = {
        "foreign": _post(moved, "logout", foreign),
        "unknown": _post(moved, "logout", {"refresh_token": "nonsense"}),
        "empty": _post(moved, "logout", {"refresh_token": ""}),
    }
    for name, answer in answers.items():
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant"), name
    wrong = {"client_secret": "wrong", "refresh_token": tokens["refresh_token"]}
    client = _browser(moved).client
    sent = {"client_id": "backoffice", **wrong}
    refused = client.post(f"{BASE}/logout", base_url=HOST, data=sent)
    assert (refused.status_code, refused.get_json()["error"]) == (401, "invalid_client")
    page = browser.get(_auth(prompt="none"))
    assert page.answer["code"]


def test_a_client_of_another_style_ends_no_login_by_its_refresh_token(realm: System):
    browser, tokens = _logged_in(realm)
    answer = _post(realm, "logout", {"refresh_token": tokens["refresh_token"]})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "unauthorized_client")
    assert browser.get(_auth(prompt="none")).answer["code"]


def test_our_own_logout_takes_no_refresh_token(realm: System):
    _, tokens = _logged_in(realm)
    client = _browser(realm).client
    form = {"client_id": "backoffice", "client_secret": SECRET}
    form |= {"refresh_token": tokens["refresh_token"]}
    client.post(f"{REALM}/logout", base_url=HOST, data=form)
    assert _refresh(realm, tokens).status_code == 200


# The frames.


@pytest.mark.parametrize("frame", FRAMES)
def test_a_frame_is_tiny_constant_and_framable_by_web_origins_only(realm: System, frame: str):
    client = _browser(realm).client
    answer = client.get(f"{BASE}/{frame}", base_url=HOST)
    assert answer.status_code == 200
    assert len(answer.data) < 400
    policy = answer.headers["Content-Security-Policy"]
    assert re.findall(r"frame-ancestors ([^;]*)", policy) == [ORIGIN]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    assert b"cookie" not in answer.data
    head = client.head(f"{BASE}/{frame}", base_url=HOST)
    assert (head.status_code, head.data) == (200, b"")
    assert client.post(f"{BASE}/{frame}", base_url=HOST).status_code == 404


def test_without_web_origins_nobody_may_frame_a_frame(make, sqlite_folder):
    make(ALIASES, issuer=f"{HOST}{REALM}")
    folder, _ = sqlite_folder
    clients = folder / "clients.d" / "all.toml"
    text = clients.read_text(encoding="utf-8")
    clients.write_text(re.sub(r"web_origins = .*", "", text), encoding="utf-8")
    system = start(folder / "idp.toml")
    for frame in FRAMES:
        answer = _browser(system).client.get(f"{BASE}/{frame}", base_url=HOST)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    system.stores.engine.dispose()


def test_every_other_page_stays_unframable(realm: System):
    browser = _log_in(realm)
    for path in ("/signin", "/reset", "/logout", "/nowhere", "/protocol/openid-connect/nowhere"):
        answer = browser.client.get(f"{REALM}{path}", base_url=HOST)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Frame-Options"] == "DENY", path


# Off.


def test_without_the_key_there_are_no_aliases(make: Callable[..., System]):
    system = make(issuer=f"{HOST}{REALM}")
    client = _browser(system).client
    for alias in ("auth", "token", "userinfo", "logout", "certs", "token/introspect", *FRAMES):
        for method in ("GET", "POST"):
            answer = client.open(f"{BASE}/{alias}", base_url=HOST, method=method)
            assert answer.status_code == 404, alias
    assert client.get(f"{REALM}/jwks", base_url=HOST).status_code == 200


def test_another_realm_is_not_answered(realm: System):
    client = _browser(realm).client
    for path in ("/realms/other/protocol/openid-connect/certs", "/protocol/openid-connect/certs"):
        assert client.get(path, base_url=HOST).status_code == 404


def test_what_keycloak_has_and_we_have_not_is_not_found(realm: System):
    client = _browser(realm).client
    for path in ("/account", "/protocol/openid-connect/registrations", "/protocol/saml"):
        assert client.get(f"{REALM}{path}", base_url=HOST).status_code == 404


# The rest of the house.


@pytest.mark.usefixtures("moved")
def test_other_clients_are_told_when_a_program_logs_somebody_out(sqlite_folder):
    told = 'backchannel_logout_uri = "http://127.0.0.1:9001/ended"\nclient_id = "backoffice"'
    system = _restarted(sqlite_folder[0], 'client_id = "backoffice"', told)
    _, tokens = _logged_in(system)
    assert _post(system, "logout", {"refresh_token": tokens["refresh_token"]}).status_code == 204
    with system.stores.engine.begin() as connection:
        notices = connection.execute(select(outbox.c.to).where(outbox.c.lane == "notice")).all()
    assert [notice.to for notice in notices] == ["backoffice"]
    system.stores.engine.dispose()


def test_aliases_count_in_the_window_of_an_address_and_programs_do_not(realm: System):
    client = _browser(realm).client
    here = {"base_url": HOST, "environ_overrides": {"REMOTE_ADDR": "192.0.2.200"}}
    for _ in range(301):
        client.get(f"{BASE}/auth", **here)
    assert client.get(f"{BASE}/auth", **here).status_code == 429
    assert client.post(f"{BASE}/logout", data={"client_id": "app"}, **here).status_code == 429
    form = {"client_id": "app", "refresh_token": "nonsense"}
    assert client.post(f"{BASE}/logout", data=form, **here).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"refresh_token",
        b"refresh_token=%ff%fe&client_id=app",
        b"refresh_token=a&refresh_token=b&client_id=app",
        b"refresh_token=" + b"x" * 70_000,
        b"client_id=app&refresh_token=" + b"x" * 5_000,
        b'{"refresh_token": "a"}',
        b"\xff\x00refresh_token=\r\n",
        b"client_id=%00&refresh_token=eyJhbGciOiJub25lIn0.e30.",
    ],
)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", ""])
def test_nonsense_logs_nobody_out_and_breaks_nothing(realm: System, body: bytes, kind: str):
    client = _browser(realm).client
    path = f"{BASE}/logout"
    answer = client.post(path, base_url=HOST, data=body, content_type=kind)
    assert answer.status_code in {303, 400, 401, 413}
    assert "Set-Cookie" not in answer.headers
