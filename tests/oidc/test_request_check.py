"""Everything that is wrong with an authorization request is named, with what to do."""

from urllib.parse import urlencode

import pytest

from idp.oidc.authorize import CHECKS
from idp.oidc.request_check import FIXES, Finding, PastedRequest, difference, examine
from idp.settings.clients import Client
from tests.theming.samples import load, say

DOOR = "https://sso.example.gov.bd/authorize"
CALLBACK = "https://app.example.gov.bd/cb"
SCOPES = ("openid", "profile", "email", "offline_access", "office")
CLIENT = Client.model_validate(
    {
        "client_id": "app",
        "name": {"bn": "অ্যাপ", "en": "App"},
        "owner": "ops@example.gov.bd",
        "home_url": "https://app.example.gov.bd/",
        "redirect_uris": (CALLBACK, "https://app.example.gov.bd/other"),
        "test": True,
    }
)
GOOD = {
    "client_id": "app",
    "redirect_uri": CALLBACK,
    "response_type": "code",
    "scope": "openid email",
    "state": "s",
    "nonce": "n",
    "code_challenge": "x" * 43,
    "code_challenge_method": "S256",
}


def found(
    *extra: tuple[str, str], client: Client = CLIENT, door: str = DOOR, **changes: str | None
):
    values = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    asked = PastedRequest.of(f"{door}?{urlencode([*values.items(), *extra])}")
    assert asked is not None
    return examine(asked, client, endpoints=(DOOR,), scopes=SCOPES)


def keys(findings: tuple[Finding, ...]) -> list[str]:
    return [one.fix.key for one in findings]


def test_nothing_is_found_in_a_good_request():
    assert found() == ()


def test_every_check_of_the_endpoint_has_words_of_its_own():
    assert set(FIXES) == set(CHECKS)
    assert len({key for key, _ in FIXES.values()}) == len(CHECKS)


@pytest.mark.parametrize(
    ("changes", "key", "error"),
    [
        ({"request": "e30"}, "dev.fix.object", "request_not_supported"),
        ({"response_mode": "web_message"}, "dev.fix.mode", "invalid_request"),
        ({"nonce": "a\tb"}, "dev.fix.text", "invalid_request"),
        ({"state": "x" * 2049}, "dev.fix.length", "invalid_request"),
        ({"response_type": "token"}, "dev.fix.type", "unsupported_response_type"),
        ({"response_type": None}, "dev.fix.type", "invalid_request"),
        ({"scope": "email"}, "dev.fix.scope", "invalid_scope"),
        ({"scope": "openid offline_access"}, "dev.fix.scope", "invalid_scope"),
        ({"code_challenge": None}, "dev.fix.pkce", "invalid_request"),
        ({"code_challenge_method": "plain"}, "dev.fix.pkce", "invalid_request"),
        ({"code_challenge": "short"}, "dev.fix.pkce", "invalid_request"),
        ({"prompt": "create"}, "dev.fix.prompt", "invalid_request"),
        ({"prompt": "none login"}, "dev.fix.prompt", "invalid_request"),
        ({"max_age": "1h"}, "dev.fix.seconds", "invalid_request"),
        ({"client_id": "another"}, "dev.fix.client", "unknown_client"),
        ({"redirect_uri": None}, "dev.fix.redirect.missing", "missing_redirect_uri"),
        ({"redirect_uri": CALLBACK + "/"}, "dev.diff.slash", "unregistered_redirect_uri"),
        ({"client_secret": "idpcs_x"}, "dev.fix.secret", ""),
    ],
)
def test_one_mistake_is_named_with_its_error_and_its_fix(changes, key, error):
    [one] = [one for one in found(**changes) if one.fix.key == key]
    assert (one.error, one.is_error) == (error, True)


def test_the_wrong_door_and_what_follows_the_hash_are_told():
    assert keys(found(door="https://sso.example.gov.bd/login")) == ["dev.fix.endpoint"]
    asked = PastedRequest.of(f"{DOOR}?{urlencode(GOOD)}#top")
    assert asked is not None
    assert keys(examine(asked, CLIENT, endpoints=(DOOR,), scopes=SCOPES)) == ["dev.fix.fragment"]


def test_all_mistakes_are_told_at_once_not_the_first_alone():
    findings = found(
        ("scope", "openid"),
        redirect_uri="http://app.example.gov.bd/cb",
        response_type="token",
        request="x",
        request_uri="y",
        prompt="create",
        code_challenge=None,
        max_age="soon",
    )
    assert keys(findings) == [
        "dev.diff.scheme",
        "dev.fix.object",
        "dev.fix.object",
        "dev.fix.twice",
        "dev.fix.type",
        "dev.fix.pkce",
        "dev.fix.prompt",
        "dev.fix.seconds",
    ]
    assert findings[3].fix.facts["names"] == "scope"


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_name_that_is_there_twice_is_told_as_such(name):
    findings = found((name, GOOD[name]))
    assert findings[0].error == f"repeated_{name}"
    assert findings[0].fix.key == "dev.fix.twice"


def test_a_disabled_client_and_one_without_the_grant_are_told():
    disabled = CLIENT.model_copy(update={"enabled": False})
    assert keys(found(client=disabled)) == ["dev.fix.disabled"]
    machine = CLIENT.model_copy(update={"grants": ("client_credentials",)})
    assert keys(found(client=machine)) == ["dev.fix.grant"]


def test_what_works_but_should_be_better_is_advice_and_no_mistake():
    refreshing = CLIENT.model_copy(update={"scopes": (*CLIENT.scopes, "offline_access")})
    findings = found(
        client=refreshing, state=None, nonce=None, scope="openid offline_access groups"
    )
    assert keys(findings) == [
        "dev.tip.missing",
        "dev.tip.missing",
        "dev.tip.scope",
        "dev.tip.offline",
    ]
    assert not any(one.is_error for one in findings)
    assert findings[2].fix.facts["names"] == "groups"


def test_a_scope_of_the_configuration_is_known():
    with_office = CLIENT.model_copy(update={"scopes": (*CLIENT.scopes, "office")})
    assert found(scope="openid office", client=with_office) == ()


@pytest.mark.parametrize(
    ("received", "key"),
    [
        (CALLBACK + "/", "dev.diff.slash"),
        ("https://app.example.gov.bd/CB", "dev.diff.case"),
        ("http://app.example.gov.bd/cb", "dev.diff.scheme"),
        ("https://localhost/cb", "dev.diff.host"),
        ("https://app.example.gov.bd:8443/cb", "dev.diff.host"),
        (CALLBACK + "?next=/", "dev.diff.query"),
        (CALLBACK + "#x", "dev.diff.fragment"),
        ("https%3A%2F%2Fapp.example.gov.bd%2Fcb", "dev.diff.encoding"),
        ("https://app.example.gov.bd/callback", "dev.diff.path"),
        ("https://[", "dev.diff.path"),
        ("", "dev.diff.path"),
        ("আমি", "dev.diff.path"),
    ],
)
def test_the_difference_to_the_nearest_registered_address_is_told(received, key):
    told = difference(received, CLIENT.redirect_uris)
    assert told.key == key
    assert told.facts["registered"] in CLIENT.redirect_uris


def test_only_the_beginning_of_an_endless_address_is_compared():
    beginning, rest = (
        "".join(map(chr, range(at, at + n))) for at, n in ((2000, 2000), (4000, 4000))
    )
    assert difference(beginning + rest, (rest, beginning)).facts["registered"] == beginning
    longer = beginning + "/a"  # what is told is the whole address, not what was compared
    assert difference(beginning, (rest, longer)).facts["registered"] == longer


def test_a_client_without_any_address_has_nothing_near():
    assert difference(CALLBACK, ()).key == "dev.diff.none"


@pytest.mark.parametrize(
    "text", ["", "hello", "https://x", "https://x?", "javascript:alert(1)?a=b", "http://[?a=b"]
)
def test_what_is_no_address_with_parameters_is_no_request(text):
    assert PastedRequest.of(text) is None


def test_the_client_of_a_request_is_the_one_it_names_once():
    named = {"": "", "client_id=": "", "client_id=a": "a", "client_id=a&client_id=b": ""}
    for query, client_id in named.items():
        asked = PastedRequest.of(f"{DOOR}?x=1&{query}")
        assert asked is not None
        assert asked.client_id == client_id


def test_a_thousand_parameters_are_no_thousand_findings():
    findings = found(*[(f"p{n}\t", "\t") for n in range(1000)], state="\t", nonce="\t")
    assert len(findings) <= 40


@pytest.mark.parametrize("locale", ["bn", "en"])
def test_every_finding_can_be_said_in_both_languages(locale):
    theme = load()
    findings = (
        *found(("nonce", "n"), request="x", response_mode="x", response_type="x", scope="x"),
        *found(code_challenge=None, prompt="x", max_age="x", state="x" * 3000, nonce="\n"),
        *found(client_id="x", redirect_uri="x", state=None),
        *found(("redirect_uri", "x"), client_secret="x", door="https://x/y"),
        *found(redirect_uri=None, client=CLIENT.model_copy(update={"enabled": False})),
    )
    assert len(findings) > 15
    assert all(say(theme, locale, one.fix) for one in findings)
