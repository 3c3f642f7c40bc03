"""The proposed configuration: what each value becomes, where it came from, and that it loads."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from idp.admin.files import FileRefused
from idp.admin.keycloak.export import Export, ExportRefused
from idp.admin.keycloak.findings import Findings
from idp.admin.keycloak.moving import Move
from idp.admin.keycloak.settings import propose_settings
from idp.settings import load
from tests.admin.keycloak.exports import REALM, facts, move_of, user

ENVIRON = {"IDP_SMTP_PASSWORD": "from the environment"}


def proposed(**changes: Any) -> dict[str, Any]:
    changed = {key: value for key, value in {**facts(), **changes}.items() if value is not None}
    return tomllib.loads(propose_settings(changed, Findings()).text)


def told(issuer: str = "", **changes: Any) -> dict[str, list[str]]:
    findings = Findings()
    propose_settings({**facts(), **changes}, findings, issuer=issuer)
    return {found.what: found.examples for found in findings}


def test_every_value_of_the_realm_is_where_it_belongs():
    found = proposed()
    assert found["issuer"] == "https://sso.example.gov.bd/realms/seba"
    assert found["aliases"] == {"keycloak_realm": "seba"}
    assert found["flows"] == {"browser": ["password", "email_otp"]}
    assert found["password"] == {
        "min_length": 8,
        "require": ["upper", "lower", "digit", "special"],
        "history": 4,
    }
    assert found["reset"] == {"ttl": "20m"}
    assert found["session"] == {"idle": "40m", "max": "8h", "login_timeout": "30m"}
    assert found["tokens"] == {"code": "60s", "access": "10m", "refresh": "8h"}
    assert found["theme"] == {"locales": ["bn", "en"], "default": "bn"}
    assert found["keys"] == {"id_token": "RS256", "access_token": "RS256"}
    assert found["mail"] == {
        "host": "smtp.portal.example.gov.bd",
        "port": 587,
        "tls": "starttls",
        "user": "mailer",
        "password": {"env": "IDP_SMTP_PASSWORD"},
        "from": "no-reply@portal.example.gov.bd",
    }


def test_every_value_says_where_it_came_from():
    text = propose_settings(facts(), Findings()).text
    for key in ("idle", "max", "access", "code", "ttl", "min_length", "history", "locales", "host"):
        (line,) = [one for one in text.splitlines() if one.startswith(f"{key} = ")]
        assert "# Keycloak: " in line, key
    assert "# Keycloak: failureFactor = 12" in text
    assert "# Keycloak: bruteForceProtected = true" in text


def test_the_password_of_the_mail_server_is_nowhere():
    made = propose_settings(facts(), Findings())
    assert facts()["smtpServer"]["password"] not in made.text


def test_the_proposal_and_its_clients_load_as_they_stand(tmp_path: Path):
    Move(Export((REALM,))).write(tmp_path / "new")
    settings = load(tmp_path / "new" / "idp.toml", ENVIRON)
    assert [client.client_id for client in settings.clients] == ["citizen-desk", "mobile-app"]
    assert settings.session.max == 8 * 3600


@pytest.mark.parametrize(
    "changes",
    [
        {"smtpServer": {}},
        {"smtpServer": {"host": "h", "from": "no address"}},
        {"smtpServer": {"host": "h", "from": "a@b.gov.bd", "ssl": "true", "port": "no number"}},
        {"passwordPolicy": None},
        {"passwordPolicy": "length(4) and passwordHistory(99) and length(200)"},
        {"ssoSessionIdleTimeout": 90_000, "ssoSessionMaxLifespan": 60},
        {"ssoSessionMaxLifespan": 2_000_000_000},
        {"actionTokenGeneratedByUserLifespan": 5},
        {"actionTokenGeneratedByUserLifespan": 9_999_999},
        {"accessTokenLifespan": 0},
        {"supportedLocales": ["fr"], "defaultLocale": "fr"},
        {"internationalizationEnabled": False},
        {"defaultSignatureAlgorithm": "EdDSA"},
        {"realm": "a realm with spaces"},
        {"realm": 'x"\n[evil]\ny = 1 #'},
        {"attributes": {"frontendUrl": "https://login.example.gov.bd/auth/"}},
        {"attributes": {"frontendUrl": "not an address"}},
    ],
)
def test_whatever_the_realm_holds_the_proposal_loads(tmp_path: Path, changes: dict[str, Any]):
    whole = {key: value for key, value in {**facts(), **changes}.items() if value is not None}
    move_of(tmp_path, whole).write(tmp_path / "new")
    load(tmp_path / "new" / "idp.toml", ENVIRON)


def test_the_address_of_the_realm_is_kept_where_it_is_known():
    known = proposed(attributes={"frontendUrl": "https://login.example.gov.bd/auth/"})
    assert known["issuer"] == "https://login.example.gov.bd/auth/realms/seba"
    given = propose_settings(facts(), Findings(), issuer="https://id.example.gov.bd/realms/seba")
    assert given.issuer == "https://id.example.gov.bd/realms/seba"
    assert any("not in the export" in one for one in told())
    assert not any("not in the export" in one for one in told("https://a.gov.bd/realms/seba"))


def test_another_issuer_answers_no_addresses_of_keycloak():
    made = tomllib.loads(
        propose_settings(facts(), Findings(), issuer="https://id.example.gov.bd").text
    )
    assert made["aliases"] == {}
    assert any(one.startswith("aliases:") for one in told("https://id.example.gov.bd"))


@pytest.mark.parametrize("issuer", ["http://id.example.gov.bd", "nonsense", "https://a.gov.bd/"])
def test_an_issuer_that_is_none_is_refused(issuer: str):
    with pytest.raises(ExportRefused, match="--issuer"):
        propose_settings(facts(), Findings(), issuer=issuer)


def test_a_flow_that_mails_a_code_becomes_ours():
    step = {"authenticator": "email-otp-form", "requirement": "REQUIRED"}
    inner = {"alias": "second", "builtIn": False, "authenticationExecutions": [step]}
    outer = {
        "alias": "browser",
        "builtIn": True,
        "authenticationExecutions": [
            {"flowAlias": "second", "requirement": "CONDITIONAL"},
            {"flowAlias": "browser", "requirement": "REQUIRED"},
        ],
    }
    assert proposed(authenticationFlows=[outer, inner])["flows"]["browser"] == [
        "password",
        "email_otp",
    ]
    assert told(authenticationFlows=[outer, inner])[
        "Login flows of your own: say what they did under [flows]"
    ] == ["second"]
    step["requirement"] = "DISABLED"
    assert proposed(authenticationFlows=[outer, inner])["flows"]["browser"] == ["password"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"passwordPolicy": "length(8) and passwordAge(30)"}, "rules that are not offered"),
        ({"passwordPolicy": "digits(3)"}, "one character of a class"),
        ({"passwordPolicy": "length(6)"}, "length(6) is 8"),
        ({"smtpServer": {}}, "no mail server"),
        ({"registrationAllowed": True}, "registrationAllowed"),
        ({"resetPasswordAllowed": False}, "resetPasswordAllowed"),
        ({"enabled": False}, "switched off"),
        ({"sslRequired": "none"}, "sslRequired"),
        ({"keycloakVersion": "21.1.2"}, "exports of Keycloak 26"),
        ({"somethingNew": {"a": 1}}, "Keys without a counterpart"),
        ({"supportedLocales": ["bn", "fr"]}, "languages that the pages do not speak"),
        ({"defaultSignatureAlgorithm": "PS512"}, "an algorithm that is not offered"),
    ],
)
def test_what_has_no_place_here_is_told(changes: dict[str, Any], what: str):
    said = told(**changes)
    assert any(what in one for one in said)
    if "somethingNew" in changes:
        assert "somethingNew" in said["Keys without a counterpart"]
    elif what != "Keys without a counterpart":
        assert not any(what in one for one in told())


def test_no_key_of_the_realm_is_dropped_without_a_word():
    """Each key is read for a value, or named among those without a counterpart."""
    keys: dict[str, Any] = {f"unheard{number}": number for number in range(300)}
    said = told(**keys)
    named = {*said["Keys without a counterpart"], *said["Keys without a counterpart, empty"]}
    assert keys.keys() <= named


def test_claims_of_own_scopes_are_proposed_as_comments():
    mapper = {
        "name": "office",
        "protocolMapper": "oidc-usermodel-attribute-mapper",
        "config": {"claim.name": "office", "user.attribute": "office_code"},
    }
    scope = {"name": "office", "protocol": "openid-connect", "protocolMappers": [mapper]}
    text = propose_settings({**facts(), "clientScopes": [scope]}, Findings()).text
    assert '# [scopes.office] claims."office" = "attributes.office_code"' in text
    assert "scopes" not in tomllib.loads(text)
    assert told(clientScopes=[scope])[
        "Claims of client scopes of your own: open them under [scopes]"
    ] == ["office/office"]


def test_nothing_is_overwritten_and_nothing_is_half_written(tmp_path: Path):
    folder = tmp_path / "new"
    (folder / "clients.d").mkdir(parents=True)
    mine = folder / "clients.d" / "mobile-app.toml"
    mine.write_text("# mine")
    with pytest.raises(FileRefused, match="exists already"):
        Move(Export((REALM,))).write(folder)
    assert [one for one in folder.rglob("*") if one.is_file()] == [mine]
    assert mine.read_text() == "# mine"


def test_a_disk_that_fills_up_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real, calls = Path.hardlink_to, []

    def full(self: Path, target: Path) -> None:
        calls.append(self)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(self, target)

    monkeypatch.setattr(Path, "hardlink_to", full)
    with pytest.raises(FileRefused, match="No space left"):
        Move(Export((REALM,))).write(tmp_path / "new")
    assert len(calls) == 2
    assert [one for one in (tmp_path / "new").rglob("*") if one.is_file()] == []


PLAIN: dict[str, Any] = {"authenticationFlows": [], "requiredActions": []}
STOOD_IN = "flows: a mailed code takes the place of every second factor"


def flow_of(**changes: Any) -> list[str]:
    flow: list[str] = proposed(**{**PLAIN, **changes})["flows"]["browser"]
    return flow


def a_flow(authenticator: str, requirement: str, alias: str = "browser") -> list[dict[str, Any]]:
    step = {"authenticator": authenticator, "requirement": requirement}
    return [{"alias": alias, "authenticationExecutions": [step]}]


def test_nobody_falls_back_to_a_password_alone():
    """Authenticator apps do not come along: a mailed code takes their place."""
    assert flow_of() == ["password"]
    for authenticator in ("auth-otp-form", "webauthn-authenticator", "acme-sms-code"):
        asked = {"authenticationFlows": a_flow(authenticator, "CONDITIONAL")}
        assert flow_of(**asked) == ["password", "email_otp"]
        assert STOOD_IN in told(**{**PLAIN, **asked})
        assert flow_of(authenticationFlows=a_flow(authenticator, "DISABLED")) == ["password"]
    assert flow_of(authenticationFlows=a_flow("reset-otp", "REQUIRED", "reset")) == ["password"]


def test_a_demand_of_everybody_to_set_up_an_app_is_a_second_factor():
    action = {"alias": "CONFIGURE_TOTP", "enabled": True, "defaultAction": True}
    assert flow_of(requiredActions=[action]) == ["password", "email_otp"]
    assert flow_of(requiredActions=[{**action, "defaultAction": False}]) == ["password"]


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({}, ["password"]),
        ({"credentials": [{"type": "otp"}]}, ["password", "email_otp"]),
        ({"credentials": [{"type": "webauthn"}]}, ["password", "email_otp"]),
        ({"requiredActions": ["UPDATE_PASSWORD", "CONFIGURE_TOTP"]}, ["password", "email_otp"]),
        ({"requiredActions": ["UPDATE_PASSWORD"]}, ["password"]),
        ({"attributes": {"note": ["otp", "CONFIGURE_TOTP"]}}, ["password"]),
    ],
)
def test_one_user_with_a_second_factor_is_enough(
    tmp_path: Path, changes: dict[str, Any], steps: list[str]
):
    one = {**user(), **changes}
    move = move_of(tmp_path, {**facts(), **PLAIN, "users": [user(), one]})
    assert tomllib.loads(move.settings.text)["flows"]["browser"] == steps
    assert (STOOD_IN in [found.what for found in move.findings]) == (len(steps) > 1)
