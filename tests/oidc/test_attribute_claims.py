"""Claims from attributes of users, and scopes of one's own."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from idp.model.errors import AuthorizationError
from idp.oidc.attribute_claims import AttributeClaims
from idp.settings.claims import ScopeClaims
from tests.oidc.conftest import House, MakeHouse
from tests.oidc.relying_party import OFFICER, authorization_pairs, client, clients

ATTRIBUTES = {
    "text": "ঢাকা",
    "one": ["only"],
    "many": ["a", "b"],
    "none": "",
    "nothing": [],
    "blank": [""],
    "whole": " -7 ",
    "decimal": "3.25",
    "huge": "9" * 20,
    "odd": "007",
    "yes": "True",
    "no": ["false"],
}
OFFICIAL = replace(OFFICER, attributes=json.dumps(ATTRIBUTES))


def scopes(**by_scope: dict[str, Any]) -> dict[str, ScopeClaims]:
    return {name: ScopeClaims.model_validate({"claims": c}) for name, c in by_scope.items()}


def claim(attribute: str, claim_type: str) -> Any:
    declared = {"c": {"from": f"attributes.{attribute}", "type": claim_type}}
    return AttributeClaims(scopes(own=declared)).of(OFFICIAL, ("openid", "own")).get("c")


@pytest.mark.parametrize(
    ("attribute", "claim_type", "value"),
    [
        ("text", "string", "ঢাকা"),
        ("one", "string", "only"),
        ("many", "string", None),
        ("none", "string", None),
        ("blank", "string", None),
        ("missing", "string", None),
        ("whole", "number", -7),
        ("decimal", "number", 3.25),
        ("huge", "number", None),
        ("odd", "number", None),
        ("text", "number", None),
        ("many", "number", None),
        ("yes", "boolean", True),
        ("no", "boolean", False),
        ("whole", "boolean", None),
        ("text", "list", ["ঢাকা"]),
        ("many", "list", ["a", "b"]),
        ("nothing", "list", None),
        ("none", "list", None),
    ],
)
def test_a_claim_has_its_declared_type_or_is_left_out(
    attribute: str, claim_type: str, value: object
):
    found = claim(attribute, claim_type)
    assert found == value
    assert type(found) is type(value)


def test_only_granted_scopes_open_their_claims():
    own = AttributeClaims(scopes(a={"x": "attributes.text"}, b={"y": "attributes.one"}))
    assert own.of(OFFICIAL, ("openid", "a")) == {"x": "ঢাকা"}
    assert own.of(OFFICIAL, ("b", "a")) == {"x": "ঢাকা", "y": "only"}
    assert own.of(OFFICIAL, ("openid", "profile")) == {}
    assert own.names == ("x", "y")


def test_attributes_are_not_even_read_when_no_granted_scope_has_claims():
    unreadable = replace(OFFICER, attributes="no JSON")
    own = AttributeClaims(scopes(a={"x": "attributes.text"}, empty={}))
    assert own.of(unreadable, ("openid", "profile", "empty")) == {}
    with pytest.raises(ValueError, match="Expecting value"):
        own.of(unreadable, ("a",))


def test_what_does_not_fit_is_logged_once_without_its_content(caplog: pytest.LogCaptureFixture):
    declared = {"c": {"from": "attributes.text", "type": "number"}, "d": "attributes.many"}
    own = AttributeClaims(scopes(a=declared))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            own.of(OFFICIAL, ("a",))
    assert len(caplog.messages) == 2
    assert "attributes.text" in caplog.messages[0]
    assert OFFICER.id in caplog.messages[0]
    assert "ঢাকা" not in caplog.text


# At the endpoints.

OWN = scopes(
    office={"office_code": "attributes.code"},
    profile={"office": "attributes.office", "rank": {"from": "attributes.rank", "type": "number"}},
)


@pytest.fixture
def ministry(make_house: MakeHouse) -> House:
    """Return a provider with a scope of its own that one client may ask for, the others not."""
    names = ("openid", "profile", "email", "offline_access", "office")
    made = make_house({**clients(), "backoffice": client("backoffice", scopes=names)}, scopes=OWN)
    attributes = {"code": "BD-13", "office": "from the attributes", "rank": "5"}
    described = replace(OFFICER, attributes=json.dumps(attributes), locale="bn")
    with made.stores.write() as work:
        work.user_batches.describe([described])
    return made


def test_userinfo_holds_the_claims_of_the_granted_scope(ministry: House):
    token = ministry.tokens(scope="openid profile office")["access_token"]
    claims = ministry.userinfo(token).get_json()
    assert claims["office_code"] == "BD-13"
    assert claims["rank"] == 5
    assert claims["office"] == "from the attributes"
    assert (claims["sub"], claims["locale"]) == (OFFICER.id, "bn")


def test_userinfo_holds_no_claim_of_another_scope(ministry: House):
    token = ministry.tokens(scope="openid email")["access_token"]
    assert set(ministry.userinfo(token).get_json()) == {"sub", "email", "email_verified"}


def test_a_scope_of_ones_own_is_granted_and_told(ministry: House):
    tokens = ministry.tokens(scope="openid office")
    assert tokens["scope"] == "openid office"
    refreshed = ministry.tokens(scope="openid office offline_access")
    assert "office" in refreshed["scope"].split()


def test_a_scope_of_ones_own_is_refused_to_a_client_that_does_not_name_it(ministry: House):
    uri = "https://modest.example/cb"
    pairs = authorization_pairs(client_id="modest", redirect_uri=uri, scope="openid office")
    with pytest.raises(AuthorizationError) as refused:
        ministry.provider.check_request(pairs)
    assert refused.value.error == "invalid_scope"


def test_a_scope_that_the_client_lost_opens_nothing(ministry: House, make_house: MakeHouse):
    token = ministry.tokens(scope="openid profile office")["access_token"]
    later = make_house(clients(), scopes=OWN)
    claims = later.userinfo(token).get_json()
    assert "office_code" not in claims
    assert claims["rank"] == 5


def test_discovery_names_scopes_and_claims_of_ones_own(ministry: House):
    read = json.loads(ministry.provider.discovery.body)
    assert read["scopes_supported"] == ["openid", "profile", "email", "offline_access", "office"]
    assert {"office_code", "rank", "locale"} <= set(read["claims_supported"])
    assert len(read["claims_supported"]) == len(set(read["claims_supported"]))
