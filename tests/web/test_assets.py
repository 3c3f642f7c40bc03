"""Files of themes over HTTP: for ever, from memory, before Flask."""

import gzip
from collections.abc import Iterator
from dataclasses import replace

import pytest
from werkzeug.test import Client, TestResponse

from idp.theming import Asset
from idp.web.assets import AssetAnswers, StaticFiles
from idp.web.headers import SecurityHeaders
from tests.system import ISSUER

SCRIPT, PICTURE = "/static/portal.bn.3f9c2a1b.js", "/static/map.0a1b2c3d.png"
ASSETS = {
    SCRIPT: Asset(b"document.title;" * 99, "text/javascript; charset=utf-8"),
    PICTURE: Asset(b"\x89PNG" * 99, "image/png"),
    "/static/logo.01234567.svg": Asset(b"<svg/>", "image/svg+xml"),
}
HEADERS = SecurityHeaders(
    issuer="https://sso.test/id", style_hashes=("'sha256-a'",), script_hash="'sha256-b'"
)


def flask(_environ, start_response) -> Iterator[bytes]:
    start_response("418 Inner", [])
    yield b"inner"


@pytest.fixture(name="files")
def _files() -> StaticFiles:
    files = StaticFiles()
    files.add(ASSETS)
    return files


@pytest.fixture(name="browser")
def _browser(files: StaticFiles) -> Client:
    return Client(AssetAnswers(flask, files, HEADERS.everywhere()))


def get(browser: Client, path: str, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.get(path, base_url=ISSUER, headers=named)


def test_a_file_may_be_kept_for_ever_since_its_name_would_change(browser):
    answer = get(browser, PICTURE)
    assert answer.data == ASSETS[PICTURE].body
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" in answer.headers
    assert "Set-Cookie" not in answer.headers


def test_nothing_in_a_picture_that_is_opened_by_itself_runs(browser):
    policy = get(browser, "/static/logo.01234567.svg").headers.getlist("Content-Security-Policy")
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; sandbox"]


def test_a_script_is_compressed_for_a_browser_that_takes_it(browser):
    plain = get(browser, SCRIPT)
    packed = get(browser, SCRIPT, Accept_Encoding="br, gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data == ASSETS[SCRIPT].body
    assert len(packed.data) < len(plain.data)
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert {plain.headers["Vary"], packed.headers["Vary"]} == {"Accept-Encoding"}
    refused = get(browser, SCRIPT, Accept_Encoding="gzip;q=0")
    assert "Content-Encoding" not in refused.headers
    assert "Content-Encoding" not in get(browser, PICTURE, Accept_Encoding="gzip").headers


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
def test_a_browser_that_has_the_file_is_not_sent_it_again(browser, form):
    etag = get(browser, SCRIPT).headers["ETag"].strip('"')
    answer = get(browser, SCRIPT, If_None_Match=form.format(etag))
    assert (answer.status_code, answer.data) == (304, b"")
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Content-Type" not in answer.headers


def test_another_etag_is_answered_in_full(browser):
    etag = get(browser, SCRIPT).headers["ETag"]
    assert get(browser, SCRIPT, If_None_Match='"other"').status_code == 200
    packed = get(browser, SCRIPT, If_None_Match=etag, Accept_Encoding="gzip")
    assert packed.status_code == 200, "the compressed file is another one"


def test_head_tells_the_same_without_the_file(browser):
    answer = browser.head(SCRIPT, base_url=ISSUER)
    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.headers["Content-Length"] == str(len(ASSETS[SCRIPT].body))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_file_cannot_be_written(browser, method):
    answer = browser.open(SCRIPT, base_url=ISSUER, method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/static/", "/static/portal.bn.js", f"{SCRIPT}/", "/static/../idp.toml", "/static/%2e%2e/x"],
)
def test_no_other_path_is_a_file(browser, path):
    assert get(browser, path).status_code == 418


def test_what_was_served_once_is_served_as_long_as_the_process_lives(browser, files):
    files.add({"/static/new.00000000.png": Asset(b"new", "image/png")})
    assert get(browser, PICTURE).status_code == 200
    assert get(browser, "/static/new.00000000.png").data == b"new"


def test_the_policy_of_pages_allows_files_of_ours_and_fonts_only_where_there_are_any():
    policy = policy_of("https://sso.test/id")
    assert "script-src https://sso.test/id/static/ 'sha256-b'" in policy
    assert "img-src https://sso.test/id/static/ data:" in policy
    assert not [part for part in policy if part.startswith("font-src")]
    fonts = policy_of("https://sso.test", has_fonts=True)
    assert "font-src https://sso.test/static/" in fonts


@pytest.mark.parametrize(
    "issuer", ["http://127.0.0.1:9000", "http://localhost:9000/sso", "https://sso.test:8443"]
)
def test_nothing_else_of_the_same_origin_is_trusted_to_run(issuer):
    policy = policy_of(issuer)
    assert f"script-src {issuer}/static/ 'sha256-b'" in policy
    assert not [part for part in policy if "'self'" in part and not part.startswith("form-action")]


@pytest.mark.parametrize("issuer", ["http://[::1]:9000", "https://10.0.0.5", "http://127.0.0.2:9"])
def test_an_address_that_a_policy_cannot_name_is_told_as_self(issuer):
    assert "script-src 'self' 'sha256-b'" in policy_of(issuer)


def policy_of(issuer: str, *, has_fonts: bool = False) -> list[str]:
    headers = replace(HEADERS, issuer=issuer, has_fonts=has_fonts)
    return headers.everywhere()["Content-Security-Policy"].split("; ")
