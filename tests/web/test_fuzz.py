"""Bad input everywhere: every endpoint, every parameter, every class of nonsense. Never a 500."""

import re
from collections import Counter
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests.browser import Browser, form_with
from tests.system import (
    CALLBACK,
    CHALLENGE,
    ISSUER,
    PASSWORD,
    SECRET,
    System,
    authorize_url,
    log_in,
    site_of,
)

BYE = "http://127.0.0.1:9001/bye"
NEW = "Sobuj#Pata2027"

NONSENSE = {
    "empty": b"",
    "Bengali": "ব্যাকঅফিস".encode(),
    "null": b"a\0b",
    "broken UTF-8": b"\xff\xfe\x80abc",
    "surrogate": b"\xed\xa0\x80",
    "overlong": b"\xc0\xaf",
    "quotes": b"\"'\\<script>{{7*7}}",
    "line breaks": b"a\r\nSet-Cookie: x=1",
    "bidi": "\u202eabc\u2066".encode(),
    "long": b"x" * 5_000,
    "number": b"-99999999999999999999",
    "token-like": b"eyJhbGciOiJub25lIn0.e30.",
    "sql": b"' OR 1=1;--",
    "percent": b"%00%zz%",
}
HASH_FREE = {"null", "broken UTF-8", "surrogate", "overlong"}
AUTHORIZE = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "ui_locales",
    "acr_values",
    "claims",
    "display",
    "claims_locales",
    "request",
    "request_uri",
    "registration",
    "resource",
    "unknown",
]
FIELDS = [
    "conversation",
    "form_token",
    "userid",
    "password",
    "code",
    "new_password",
    "confirm_password",
    "logout_others",
    "action",
    "language",
    "unknown",
]
LOGOUT = [
    "id_token_hint",
    "logout_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
    "ui_locales",
    "unknown",
]
TOKEN = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "client_id",
    "client_secret",
    "refresh_token",
    "scope",
    "token",
    "token_type_hint",
    "access_token",
    "client_assertion",
    "client_assertion_type",
    "unknown",
]
PARAMETERS = {
    "/authorize": AUTHORIZE,
    "/signin": FIELDS,
    "/signin/<handle>": FIELDS,
    "/reset": ["client_id", "unknown"],
    "/reset/<secret>": ["unknown"],
    "/update-password": ["unknown"],
    "/logout": LOGOUT,
    "/logout/confirm": [*LOGOUT, "form_token", "action", "language"],
    "/logout/<batch>": ["client_id", "ui_locales", "unknown"],
    "/": ["ui_locales", "unknown"],
    "/login": ["client_id", "ui_locales", "unknown"],
    "/language": ["return", "language", "form_token", "unknown"],
    "/developers": ["unknown"],
    "/developers/check": ["url", "pasted", "language", "unknown"],
    "/token": TOKEN,
    "/userinfo": TOKEN,
    "/revoke": TOKEN,
    "/introspect": TOKEN,
}


def _endpoints(system: System) -> list[tuple[str, str]]:
    rules = [rule for rule in site_of(system).url_map.iter_rules() if rule.endpoint != "static"]
    return sorted((r.rule, m) for r in rules for m in (r.methods or ()) if m in {"GET", "POST"})


def _base(rule: str, browser) -> dict[str, bytes]:
    if rule == "/authorize":
        query = authorize_url().partition("?")[2]
        return {k: v.encode() for k, _, v in (p.partition("=") for p in query.split("&"))}
    if rule == "/logout/confirm":  # its form stays good, whatever is posted
        form = form_with(browser.forms, "action", "logout")
        assert form
        return {k: quote_plus(v).encode() for k, v in form.fields.items()}
    if rule.startswith(("/logout", "/reset", "/update")):
        return {"client_id": b"backoffice", "post_logout_redirect_uri": quote_plus(BYE).encode()}
    if rule.startswith("/signin"):
        form = next(f for f in browser.get(authorize_url()).forms if f.buttons[0][0] == "action")
        fields = {**form.fields, "userid": "a@example.gov.bd", "password": PASSWORD}
        return {k: quote_plus(v).encode() for k, v in fields.items()}
    return {
        "grant_type": b"authorization_code",
        "code": b"x" * 43,
        "redirect_uri": quote_plus(CALLBACK).encode(),
        "code_verifier": CHALLENGE.encode(),
        "client_id": b"backoffice",
        "client_secret": SECRET.encode(),
        "token": b"x" * 43,
        "refresh_token": b"x" * 43,
    }


def _send(browser, rule: str, method: str, pairs: list[tuple[str, bytes]], **headers: str):
    raw = b"&".join(name.encode() + b"=" + value for name, value in pairs).decode("latin-1")
    path = re.sub("<(.+?)>", r"a-\1", rule)
    options = {"base_url": ISSUER, "headers": headers}
    if method == "GET":
        return browser.client.get(path, query_string=raw, **options)
    kind = "application/x-www-form-urlencoded"
    return browser.client.post(path, data=raw.encode("latin-1"), content_type=kind, **options)


def _check_page(answer: Any, where: tuple[str, ...]) -> None:
    """Check that a page of ours is in Bengali, escapes what came, and leads on."""
    if answer.mimetype != "text/html" or not answer.data:
        return
    html = answer.get_data(as_text=True)
    assert "<script>{{" not in html, where
    assert "{{7*7}}" not in re.sub(r'(?:value|href)="[^"]*"|<dd[^>]*>[^<]*</dd>', "", html), where
    assert "Traceback" not in html, where
    if "ui_locales" in where or "language" in where:
        return
    main = html.split("<main")[1].split("</main>")[0]
    is_end = "আপনি লগআউট করেছেন" in main or "সাপোর্টে যোগাযোগ করুন" in main
    assert "<form" in main or "href=" in main or is_end, where
    english = r'<details.*?</details>|<(\w+)[^>]* lang="en".*?</\1>|<[^>]*>'
    ours = re.sub(english, " ", main, flags=re.DOTALL)
    assert not re.search(r"\b(the|please|again|page|error|your)\b", ours, re.IGNORECASE), where


def _escaped(value: bytes) -> bytes:
    return quote_plus(value).encode()


def _tries(system: System) -> int:
    with system.stores.engine.connect() as connection:
        counted: int = connection.exec_driver_sql("SELECT count(*) FROM counters").scalar_one()
    return counted


def test_no_parameter_of_any_endpoint_makes_a_500_whatever_is_in_it(small: System):
    stranger = small.browser(address="127.0.0.1")
    leaving = log_in(small, small.browser(address="127.0.0.1"))
    leaving.get(f"/logout?client_id=backoffice&post_logout_redirect_uri={BYE}&state=s")
    seen: Counter[int] = Counter()
    for rule, method in _endpoints(small):
        browser = leaving if rule.startswith("/logout") else stranger
        for name in PARAMETERS[rule]:
            for kind, value in NONSENSE.items():
                base = _base(rule, browser)
                encodings = {_escaped(value)} | ({value} if kind == "broken UTF-8" else set())
                for encoded in encodings:
                    before = _tries(small)
                    answer = _send(browser, rule, method, list({**base, name: encoded}.items()))
                    seen[answer.status_code // 100] += 1
                    assert answer.status_code < 500, (rule, method, name, kind)
                    _check_page(answer, (rule, method, name, kind))
                    if kind in HASH_FREE and name in FIELDS:
                        assert _tries(small) == before, (rule, name, kind)
            base = _base(rule, browser)
            twice = [*base.items(), (name, base.get(name, b"x"))]
            if name not in base:
                twice.append((name, b"y"))
            answer = _send(browser, rule, method, twice)
            seen[answer.status_code // 100] += 1
            assert answer.status_code < 500, (rule, method, name, "twice")
            huge = {**base, name: b"x" * 66_000}
            answer = _send(browser, rule, method, list(huge.items()))
            seen[answer.status_code // 100] += 1
            assert 300 <= answer.status_code < 500, (rule, method, name, "huge")
    assert sum(seen.values()) > 1_500


@pytest.mark.parametrize("kind", NONSENSE)
def test_no_header_makes_a_500(small: System, kind: str):
    browser = small.browser(address="127.0.0.1")
    text = NONSENSE[kind].replace(b"\r\n", b" ").decode("latin-1")
    headers = ("Authorization", "Accept-Language", "Accept-Encoding", "Origin", "X-Forwarded-For")
    for header in (*headers, "If-None-Match", "Content-Type", "Sec-Fetch-Site", "User-Agent"):
        for prefix in ("", "Basic ", "Bearer "):
            for path in ("/authorize", "/userinfo", "/jwks", "/nowhere", "/logout", "/reset/x"):
                answer = browser.client.get(path, base_url=ISSUER, headers={header: prefix + text})
                assert answer.status_code < 500, (header, path)
            answer = browser.client.post("/token", base_url=ISSUER, headers={header: prefix + text})
            assert answer.status_code < 500, header


@pytest.mark.parametrize("kind", NONSENSE)
def test_no_cookie_makes_a_500(small: System, kind: str):
    text = NONSENSE[kind].replace(b"\r\n", b" ").replace(b"\0", b"").decode("latin-1")
    pages = {authorize_url(): 200, "/update-password": 400, "/reset": 200, "/logout/x": 200}
    for name in ("browser", "session", "known", "link", "language"):
        for url, usual in pages.items():
            browser = small.browser(address="127.0.0.1")
            answer = browser.client.get(
                url, base_url=ISSUER, headers={"Cookie": f"probesh_{name}={text}"}
            )
            assert answer.status_code in {200, usual}, (name, url)


def test_nothing_is_lost_after_nonsense_the_same_page_still_logs_in(small: System):
    browser = small.browser(address="127.0.0.1").get(authorize_url(state="kept"))
    for value in ("", "আমি", "a\tb", "x" * 300, "a@b@c", "<script>"):
        browser.press("submit", userid=value, password="x")
        assert browser.status == 200
    browser.press("submit", userid="office@example.gov.bd", password=PASSWORD)
    for value in ("", "abc", "12345", "1234567", "১২৩৪", "x" * 3_000):
        browser.press("submit", code=value)
        assert browser.status == 200
    browser.press("submit", code=small.code())
    assert browser.answer["state"] == "kept"


def _update_page(system: System) -> Browser:
    """Return a browser that has opened a mailed link."""
    browser = system.browser(address="127.0.0.1").get("/reset?client_id=backoffice")
    browser.press("submit", userid="office@example.gov.bd")
    [(_, letter)] = system.deliver()
    found = re.search(r"/reset/\S+", letter.text)
    assert found
    return browser.get(found[0])


@pytest.mark.parametrize("kind", NONSENSE)
def test_no_link_makes_a_500_and_what_is_wrong_with_it_is_told(small: System, kind: str):
    browser = small.browser(address="127.0.0.1")
    for path in (quote(NONSENSE[kind], safe=""), f"a{quote(NONSENSE[kind])}", "x" * 65):
        browser.get(f"/reset/{path}")
        assert browser.status in {400, 404} or (path == "" and browser.status == 200), path
        assert "Traceback" not in browser.text


@pytest.mark.parametrize("kind", NONSENSE)
def test_no_new_password_makes_a_500_and_the_page_still_takes_a_good_one(small: System, kind: str):
    browser = _update_page(small)
    form = form_with(browser.forms, "action", "submit")
    assert form
    good = {**form.fields, "new_password": NEW, "confirm_password": NEW, "action": "submit"}
    before = {name: quote_plus(value).encode() for name, value in good.items()}
    for name in ("new_password", "confirm_password", "conversation", "form_token"):
        raw = {**before, name: _escaped(NONSENSE[kind])}
        answer = _send(browser, form.action, "POST", list(raw.items()))
        assert answer.status_code in {200, 400, 403}, name
        assert "সফলভাবে".encode() not in answer.data, name
    twice = [*before.items(), ("new_password", before["new_password"])]
    assert _send(browser, form.action, "POST", twice).status_code == 400
    browser.post(form.action, good)
    assert "সফলভাবে" in browser.text


@pytest.mark.parametrize("value", ["", "off", "ON", "<b>", "১", "x" * 5_000])
def test_only_the_check_mark_itself_logs_others_out(small: System, value: str):
    elsewhere = log_in(small, small.browser(address="127.0.0.1"))
    browser = _update_page(small)
    browser.press("submit", new_password=NEW, confirm_password=NEW, logout_others=value)
    assert "সফলভাবে" in browser.text
    assert elsewhere.get(authorize_url(prompt="none")).answer.get("code")
