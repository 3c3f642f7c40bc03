"""Examples hold the client's own values, never a secret, and say whether they are run."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from idp.admin import examples
from idp.admin.examples import KINDS, NoSuchExample, files_of, fitting, render
from idp.settings import Settings
from idp.settings.clients import Client

WALKS = Path(__file__).parents[1] / "walks/relying_parties"
BASE = "https://app.example.gov.bd"
ISSUER = "https://sso.example.gov.bd/realms/portal"
SETTINGS = Settings.model_validate(
    {
        "config_version": 1,
        "issuer": ISSUER,
        "database": {"url": "sqlite:///x"},
        "mail": {"host": "x", "from": "a@example.gov.bd"},
        "aliases": {"keycloak_realm": "portal"},
    }
)


def client(**changes: object) -> Client:
    return Client.model_validate(
        {
            "client_id": "app-1",
            "name": {"bn": "অ্যাপ", "en": "App"},
            "owner": "ops@example.gov.bd",
            "home_url": f"{BASE}/",
            "secrets": ({"hash": "sha256:" + "ab" * 32},),
            "redirect_uris": (f"{BASE}/cb",),
            "post_logout_redirect_uris": (f"{BASE}/bye",),
            "backchannel_logout_uri": f"{BASE}/bcl",
            "grants": ("authorization_code", "refresh_token"),
            "scopes": ("openid", "profile", "offline_access"),
            **changes,
        }
    )


PUBLIC = {"auth": "none", "secrets": (), "claims_style": "keycloak"}


def of(kind: str) -> Client:
    """Return a client that the kind fits."""
    return client(**(PUBLIC if KINDS[kind].needs == "no secret" else {}))


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_holds_the_clients_own_values(kind: str):
    text = render(kind, of(kind), SETTINGS)
    host_and_path = (ISSUER.removesuffix("/realms/portal"), ISSUER)
    for value in ("app-1", f"{BASE}/cb", "openid"):
        assert value in text or (kind == "express" and value == f"{BASE}/cb"), value
    assert any(value in text for value in host_and_path)
    assert f"{BASE}/bye" in unquote(unquote(text))
    assert "<<" not in text
    assert "<%" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_line_is_a_comment_that_says_whether_it_is_run(kind: str):
    first = render(kind, of(kind), SETTINGS).splitlines()[0]
    assert first.strip("#/<!-> ") == KINDS[kind].proof
    assert re.match(r"#|//|<!--", first)


def test_what_is_said_to_be_run_is_run_and_nothing_else_is():
    walks = "".join(path.read_text("utf-8") for path in WALKS.glob("test_*.py"))
    for kind in KINDS.values():
        is_run = f'"{kind.name}"' in walks
        assert is_run == (kind.proof != examples.NOT_RUN), kind.name


@pytest.mark.parametrize("kind", KINDS)
def test_no_example_holds_a_secret_or_its_hash(kind: str):
    text = render(kind, of(kind), SETTINGS)
    assert "idpcs_" not in text
    assert "abab" not in text
    if KINDS[kind].needs == "secret":
        assert "CLIENT_SECRET" in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_of_an_example_has_a_name_and_content(kind: str):
    files = files_of(render(kind, of(kind), SETTINGS))
    assert files
    assert all(content.strip() for content in files.values())


@pytest.mark.parametrize("kind", ["flask", "django"])
def test_python_examples_compile_whatever_the_values_are(kind: str):
    odd = client(post_logout_redirect_uris=(), grants=("authorization_code",))
    odd = odd.model_copy(update={"redirect_uris": (f'{BASE}/cb"+exit()+"',)})
    for name, content in files_of(render(kind, odd, SETTINGS)).items():
        compile(content, name, "exec")


def test_values_are_quoted_and_never_programs():
    # No URL of a configuration can hold a quotation mark; nothing here relies on that.
    odd = client().model_copy(update={"redirect_uris": (f'{BASE}/cb"; process.exit(); "',)})
    text = render("express", odd, SETTINGS)
    assert '"/cb\\"; process.exit(); \\""' in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_without_refresh_is_shown_no_refresh(kind: str):
    once = of(kind).model_copy(update={"grants": ("authorization_code",)})
    scope = r'"[^"]*offline_access[^"]*"'
    found = re.findall(scope, render(kind, once, SETTINGS))
    assert found == []


def test_public_and_confidential_clients_are_offered_what_fits_them():
    confidential = {kind.name for kind in fitting(client())}
    public = {kind.name for kind in fitting(client(**PUBLIC))}
    assert "oidc-client-ts" not in confidential
    assert {"flask", "django", "express"} <= confidential
    assert {"flask", "oidc-client-ts", "keycloak-js", "openid-client"} <= public
    assert not {"django", "oauth2-proxy"} & public
    assert fitting(client(grants=("client_credentials",))) == ()


@pytest.mark.parametrize(
    ("kind", "changes", "told"),
    [
        ("cobol", {}, "choose one of flask"),
        ("django", PUBLIC, "keeps no secret"),
        ("oidc-client-ts", {}, "declare a client with auth = none"),
        ("keycloak-js", {**PUBLIC, "claims_style": "standard"}, "claims_style"),
        ("flask", {"redirect_uris": ()}, "logs nobody in"),
    ],
)
def test_an_example_that_does_not_fit_is_refused_in_one_sentence(kind, changes, told):
    with pytest.raises(NoSuchExample, match=told):
        render(kind, client(**changes), SETTINGS)


def test_a_public_client_needs_no_environment_variable():
    for kind in ("flask", "openid-client", "mod_auth_openidc", "spring", "laravel"):
        assert examples.SECRET_VARIABLE not in render(kind, client(**PUBLIC), SETTINGS), kind


def test_every_template_is_in_the_list():
    folder = Path(examples.__file__).parent
    assert {path.stem for path in folder.glob("*.jinja")} == set(KINDS)
