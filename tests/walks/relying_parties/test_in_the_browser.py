"""The examples of pages that keep no secret, run as printed in Chromium."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from werkzeug.wrappers import Request, Response

from idp.admin import examples
from tests.walks.conftest import serving
from tests.walks.people import LOGIN, log_in, send_code
from tests.walks.relying_parties.conftest import NPM, Open

pytestmark = pytest.mark.browser
LIBRARIES = {
    "/oidc-client-ts.min.js": NPM / "oidc-client-ts/dist/browser/oidc-client-ts.min.js",
    "/keycloak.js": NPM / "keycloak-js/lib/keycloak.js",
}


def _site(folder: Path):
    """Serve the page at every address of the application, as a single-page application does."""

    @Request.application
    def answer(request: Request) -> Response:
        if request.path in LIBRARIES:
            return Response(LIBRARIES[request.path].read_bytes(), content_type="text/javascript")
        page = (folder / "index.html").read_bytes()
        return Response(page, content_type="text/html; charset=utf-8")

    return answer


def test_the_example_for_oidc_client_ts_logs_in_refreshes_and_logs_out(
    place: Open, tmp_path: Path, page: Page
):
    there = place("none")
    assert examples.RUN in there.example("oidc-client-ts", tmp_path).splitlines()[0]
    with serving(_site(tmp_path), there.port):
        page.goto(f"{there.base}/")
        person = page.locator("#person")
        expect(person).to_have_text("nobody")
        page.get_by_role("button", name="Log in").click()
        log_in(page)
        send_code(page, there.code())
        expect(page).to_have_url(f"{there.base}/oidc/callback")
        expect(person).to_contain_text("office@example.gov.bd")
        first = json.loads(person.inner_text())
        page.wait_for_timeout(1_100)  # the library counts in whole seconds
        with page.expect_response(f"{there.issuer}/token") as refreshed:
            page.get_by_role("button", name="Refresh").click()
        assert refreshed.value.json()["refresh_token"]  # rotated: a public client's is good once
        expect(person).not_to_have_text(json.dumps(first, separators=(",", ":")))
        assert json.loads(person.inner_text())["sub"] == first["sub"]
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_url(f"{there.base}/bye")
        expect(person).to_have_text("nobody")
        page.get_by_role("button", name="Log in").click()
        expect(page).to_have_title(LOGIN)


def test_the_example_for_keycloak_js_logs_in_refreshes_and_logs_out(
    place: Open, tmp_path: Path, page: Page
):
    there = place("none", "portal")
    assert examples.RUN in there.example("keycloak-js", tmp_path).splitlines()[0]
    with serving(_site(tmp_path), there.port):
        page.goto(f"{there.base}/oidc/callback")
        log_in(page)
        send_code(page, there.code())
        person = page.locator("#person")
        expect(person).not_to_be_empty()
        with page.expect_response(f"{there.issuer}/protocol/openid-connect/token") as refreshed:
            page.get_by_role("button", name="Refresh").click()
        assert refreshed.value.json()["refresh_token"]
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_title(LOGIN)  # /bye is the same page, and it asks for a login at once
