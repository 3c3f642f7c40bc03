"""The page for developers, the check of a pasted request, and the page of a wrong redirect URI."""

import gzip
import logging
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client

from idp.model.user import User
from idp.oidc.userinfo import claims_of
from idp.settings import Settings
from idp.web.developers import CLAIMS, ERRORS, _duration, authorization_endpoints
from tests.system import CALLBACK, ISSUER, SECRET, System, authorize_url

CODE = Path(__file__).parents[2] / "idp"
HEAVY = 6 * 1024
TEST_CLIENT = """
[[clients]]
client_id = "trial"
name = { bn = "পরীক্ষা", en = "Trial" }
owner = "ops@example.gov.bd"
home_url = "http://127.0.0.1:9007/"
auth = "none"
redirect_uris = ["http://127.0.0.1:9007/callback", "http://127.0.0.1:9007/second"]
test = true
"""
TRIAL = "http://127.0.0.1:9007/callback"


@pytest.fixture(name="open_system")
def _open_system(make, sqlite_folder) -> System:
    """A provider of which one client is open for checks."""
    folder, _ = sqlite_folder
    (folder / "clients.d").mkdir(exist_ok=True)
    (folder / "clients.d" / "trial.toml").write_text(TEST_CLIENT, encoding="utf-8")
    system: System = make('[scopes.office]\nclaims.designation = "attributes.designation"')
    return system


def check(system: System, url: str, *, language: str = "en", **fields: str):
    browser = system.browser(language=language)
    return browser.post("/developers/check", {"url": url, **fields})


def trial_url(**changes: str | None) -> str:
    return ISSUER + authorize_url("trial", **{"redirect_uri": TRIAL, **changes})


# -- the page -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["bn", "en"])
def test_the_page_is_light_and_says_what_a_developer_needs(open_system: System, language: str):
    page = open_system.browser(language=language).get("/developers")
    assert page.status == 200
    assert len(gzip.compress(page.html.encode(), 6)) <= HEAVY
    for fact in (
        f"{ISSUER}/.well-known/openid-configuration",
        f"{ISSUER}/token",
        f"{ISSUER}/logout",
        "name#bn",
        "designation",  # of a scope of the configuration
        "30 days" if language == "en" else "৩০ দিন",
    ):
        assert fact in page.text, fact
    assert "<script" not in page.html


def test_discovery_names_the_page(small: System):
    metadata = small.browser().get("/.well-known/openid-configuration").response.get_json()
    assert metadata["service_documentation"] == f"{ISSUER}/developers"


def test_every_code_that_the_program_uses_has_an_anchor(small: System):
    html = small.browser().get("/developers").html
    anchors = set(re.findall(r'<dt id="(\w+)"', html))
    assert anchors == set(ERRORS)
    assert _codes_of_the_program() <= anchors


def _codes_of_the_program() -> set[str]:
    texts = [path.read_text("utf-8") for path in (CODE / "oidc").rglob("*.py")]
    texts.append((CODE / "web/errors.py").read_text("utf-8"))
    patterns = (
        r'(?:refused|AuthorizationError|BearerRefused|RequestRefused)\(\s*"(\w+)"',
        r'\berror = "(\w+)"',
        r'"(\w+_not_supported)"',
        r': "(server_error|temporarily_unavailable)"',
    )
    found = {code for text in texts for pattern in patterns for code in re.findall(pattern, text)}
    # Authlib's own classes of RFC 6749 5.2, as our grants and endpoints raise them.
    own = {"InvalidGrantError": "invalid_grant", "InvalidScopeError": "invalid_scope"}
    own |= {
        "InvalidClientError": "invalid_client",
        "UnauthorizedClientError": "unauthorized_client",
    }
    found |= {code for name, code in own.items() for text in texts if name in text}
    assert len(found) >= 18
    return found


def test_the_claims_of_each_scope_are_those_that_userinfo_gives():
    user = User(
        id="1",
        email="a@example.gov.bd",
        email_canonical="a@example.gov.bd",
        name_bn="ক",
        name_en="K",
        office="উপজেলা",
        enabled=True,
        credential_version=1,
        created_at=0,
        updated_at=1,
        email_verified=True,
    )  # fmt: skip
    for scope, claims in CLAIMS.items():
        if scope in {"profile", "email"}:
            assert set(claims_of(user, (scope,))) == {"sub", *claims}


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (45, ("dev.time.s", {"s": 45})),
        (90, ("dev.time.s", {"s": 90})),
        (60, ("dev.time.m", {"n": 1})),
        (5400, ("dev.time.m", {"n": 90})),
        (36000, ("dev.time.h", {"n": 10})),
        (2_592_000, ("dev.time.d", {"n": 30})),
    ],
)
def test_a_duration_is_told_in_its_largest_whole_unit(seconds, told):
    message = _duration(seconds)
    assert (message.key, dict(message.facts)) == told


def test_the_language_is_switched_and_kept(small: System):
    browser = small.browser(language="bn").get("/developers")
    browser.press("en", name="language")
    assert (browser.status, browser.url) == (200, f"{ISSUER}/developers")
    assert "For developers" in browser.text
    assert browser.get("/developers/check").text.count("Check a request") == 2


def test_a_language_that_nobody_offers_changes_nothing(small: System):
    browser = small.browser(language="bn").get("/developers")
    browser.post("/developers/check", {"language": "xx"})
    assert '<html lang="bn"' in browser.html
    assert browser.cookie("probesh_language") == "bn"


def test_the_switch_keeps_what_was_pasted(open_system: System):
    browser = check(open_system, trial_url(max_age="soon"), language="bn")
    browser.press("en", name="language")
    assert "max_age" in browser.text
    assert "1 thing to put right" in browser.text


# -- the check ------------------------------------------------------------------------------------


def test_a_good_request_is_told_to_be_good(open_system: System):
    assert "Nothing is wrong with this request." in check(open_system, trial_url()).text
    assert "অনুরোধটি ঠিক আছে।" in check(open_system, trial_url(), language="bn").text


def test_everything_wrong_is_named_with_its_fix(open_system: System):
    url = trial_url(
        redirect_uri=f"{TRIAL}/", response_type="token", code_challenge=None, state=None
    )
    page = check(open_system, url).text
    assert "3 things to put right" in page
    assert f"The slash at the end differs. Registered: {TRIAL}" in page.replace(" :", ":")
    assert "unsupported_response_type" in page
    assert "The code_challenge is missing." in page
    assert "Advice" in page


def test_a_client_that_is_not_open_is_answered_like_one_nobody_knows(open_system: System):
    closed = check(open_system, ISSUER + authorize_url("backoffice"))
    unknown = check(open_system, ISSUER + authorize_url("nobody"))
    nameless = check(open_system, f"{ISSUER}/authorize?scope=openid")
    for page in (closed, unknown, nameless):
        assert page.status == 200
        assert "Requests of this client cannot be checked here." in page.text
        assert CALLBACK not in page.html.replace(urlencode({"u": CALLBACK})[2:], "")
    pasted = r'value="[^"]*"'
    assert re.sub(pasted, "", closed.html) == re.sub(pasted, "", unknown.html)


@pytest.mark.parametrize(
    ("url", "told"),
    [("", "Paste the address"), ("  ", "Paste the address"), ("hello", "not an address"),
     ("https://x", "not an address")],
)  # fmt: skip
def test_what_cannot_be_checked_is_told_at_the_field(small: System, url: str, told: str):
    page = check(small, url)
    assert page.status == 200
    assert told in page.text
    assert 'aria-invalid="true"' in page.html


def test_a_pasted_request_is_shown_again_and_never_obeyed(open_system: System):
    hostile = f'{ISSUER}/authorize?client_id=trial&redirect_uri="><script>alert(1)</script>'
    page = check(open_system, hostile)
    assert "<script>alert" not in page.html
    assert "unregistered_redirect_uri" in page.text


def test_a_form_of_another_site_is_refused(small: System):
    browser = small.browser()
    browser.post("/developers/check", {"url": "x"}, Origin="https://evil.example")
    assert browser.status == 403


def test_nothing_is_stored_by_a_check(open_system: System):
    def counted() -> list[int]:
        tables = ("authentication_sessions", "counters", "user_sessions")
        with open_system.stores.engine.connect() as connection:
            return [
                connection.exec_driver_sql(f"SELECT count(*) FROM {t}").scalar_one()  # noqa: S608
                for t in tables
            ]

    before = counted()
    check(open_system, trial_url())
    open_system.browser().get("/developers")
    assert counted() == before


def test_an_address_that_comes_too_often_must_wait(small: System):
    browser = small.browser(address="203.0.113.9")
    seen = {browser.post("/developers/check", {"url": "x"}).status for _ in range(400)}
    assert seen == {200, 429}


def test_the_address_of_keycloak_is_a_door_too_where_it_is_answered():
    settings = Settings.model_construct(issuer="https://x/realms/portal")
    assert authorization_endpoints(settings) == ("https://x/realms/portal/authorize",)
    aliases = settings.aliases.model_copy(update={"keycloak_realm": "portal"})
    with_aliases = settings.model_copy(update={"aliases": aliases})
    assert authorization_endpoints(with_aliases)[1:] == (
        "https://x/realms/portal/protocol/openid-connect/auth",
    )


# -- the wrong redirect URI -----------------------------------------------------------------------


def test_a_wrong_redirect_uri_is_a_calm_page_with_what_came_folded(small: System, caplog):
    with caplog.at_level(logging.WARNING):
        page = small.browser(language="bn").get(authorize_url(redirect_uri=f"{CALLBACK}/"))
    assert page.status == 400
    assert "ব্যাকঅফিস আপনাকে যে ঠিকানায় ফিরিয়ে নিতে চায়, সেটি নিবন্ধিত নয়।" in page.text
    assert f"{CALLBACK}/" in page.html
    assert f">{CALLBACK}<" not in page.html  # what is registered is nobody's business
    assert 'href="http://127.0.0.1:9001/"' in page.html  # the way back is the client's own page
    [told] = [r.getMessage() for r in caplog.records if "unregistered" in r.getMessage()]
    assert f"redirect_uri='{CALLBACK}/'" in told
    assert f"registered=['{CALLBACK}']" in told


def test_in_test_mode_both_stand_side_by_side(open_system: System):
    page = open_system.browser(language="en").get(
        authorize_url("trial", redirect_uri="http://localhost:9007/callback")
    )
    assert page.status == 400
    for shown in ("http://localhost:9007/callback", TRIAL, "http://127.0.0.1:9007/second"):
        assert f">{shown}<" in page.html, shown
    assert "Host or port differs." in page.text
    assert f'href="{ISSUER}/developers#unregistered_redirect_uri"' in page.html


def test_another_refusal_keeps_its_page_and_is_logged(small: System, caplog):
    with caplog.at_level(logging.WARNING):
        page = small.browser().get(authorize_url("nobody\n"))
    assert page.status == 400
    assert "reason" in page.text
    [told] = [r.getMessage() for r in caplog.records if "unknown_client" in r.getMessage()]
    assert "\n" not in told


# -- where errors are explained -------------------------------------------------------------------


def test_errors_say_where_they_are_explained(small: System):
    browser = small.browser()
    browser.get(authorize_url(response_type="token"))
    assert browser.answer["error_uri"] == f"{ISSUER}/developers#unsupported_response_type"
    form = {"client_id": "backoffice", "client_secret": SECRET, "grant_type": "password"}
    for path, sent, error in (
        ("/token", form, "unsupported_grant_type"),
        ("/token", {**form, "client_secret": ""}, "unsupported_grant_type"),
        ("/token", {"grant_type": "authorization_code", "client_id": "x"}, "invalid_client"),
        ("/revoke", {"client_id": "app"}, "invalid_request"),
        ("/introspect", {"token": "x"}, "invalid_client"),
    ):
        answer = browser.post(path, sent).response.get_json()
        assert answer["error"] == error
        assert answer["error_uri"] == f"{ISSUER}/developers#{error}"


def test_a_bearer_challenge_names_the_page_only_when_there_is_an_error(small: System):
    def challenge(**headers: str) -> str:
        return small.browser().get("/userinfo", **headers).response.headers["WWW-Authenticate"]

    assert challenge() == 'Bearer realm="Probesh"'
    told = challenge(Authorization="Bearer nonsense")
    assert f'error_uri="{ISSUER}/developers#invalid_token"' in told


def test_what_breaks_at_a_programs_endpoint_says_so_too(small: System):
    answer = small.browser().get("/token").response
    assert answer.status_code == 405
    assert answer.get_json()["error_uri"] == f"{ISSUER}/developers#invalid_request"


def test_under_a_path_of_the_issuer_forms_and_links_stay_inside_it(make):
    inside = make(issuer=f"{ISSUER}/sso")
    page = Client(inside.assembly.wsgi).get("/sso/developers", base_url=ISSUER)
    assert page.status_code == 200
    assert 'action="/sso/developers/check"' in page.text
    assert 'action="/sso/language"' in page.text
    sent = {"language": "en", "return": "/developers"}
    answer = Client(inside.assembly.wsgi).post("/sso/language", base_url=ISSUER, data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sso/developers")
