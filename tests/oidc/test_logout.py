"""What of a logout request is believed: LO2, LO3, JW1, JW2 of its hint."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.model.logout import LogoutRequest
from idp.oidc.keys import KeySet
from idp.oidc.logout import check_logout, redirect_location
from idp.oidc.parameters import is_readable
from idp.oidc.protocol import ProtocolSettings
from tests.oidc.conftest import House, MakeHouse
from tests.oidc.forgery import of_foreign_hand, unsigned, with_claims
from tests.oidc.relying_party import ISSUER, clients

BYE = "https://backoffice.example/bye"
NAMES = (
    *("id_token_hint", "client_id", "post_logout_redirect_uri"),
    *("state", "ui_locales", "logout_hint"),
)


def ask(house: House, *more: tuple[str, str], **parameters: str) -> LogoutRequest:
    return house.provider.check_logout([*parameters.items(), *more])


@pytest.fixture
def hint(house: House) -> str:
    token: str = house.tokens()["id_token"]
    return token


def signed(house: House, **changes: Any) -> str:
    """An ID token as we sign them, with other claims."""
    good = {"iss": ISSUER, "sub": "a-user", "aud": "backoffice", "sid": "a-sid"}
    return house.keys.sign(good | changes, alg="RS256", typ="JWT")


def test_an_id_token_of_ours_proves_client_user_and_session(house: House):
    session = house.log_in()
    asked = ask(house, id_token_hint=house.tokens(session)["id_token"])
    assert asked == LogoutRequest(client_id="backoffice", subject=house.officer.id, sid=session.sid)
    assert asked.is_hinted


def test_everything_good_is_taken(house: House, hint: str):
    asked = ask(
        house,
        id_token_hint=hint,
        client_id="backoffice",
        post_logout_redirect_uri=BYE,
        state="a-state",
        ui_locales="fr en-GB bn",
        logout_hint="somebody@example.gov.bd",
    )
    assert asked.is_hinted
    assert (asked.redirect_uri, asked.state, asked.fault) == (BYE, "a-state", "")
    assert asked.ui_locales == ("en", "bn")


def test_an_expired_hint_is_as_good(house: House, hint: str):
    house.clock.advance(40 * 24 * 3600)
    assert ask(house, id_token_hint=hint).is_hinted


def test_a_hint_outlives_the_algorithm_of_its_client(house: House, make_house: MakeHouse):
    other = make_house(id_token_alg="ES256")
    hint = other.tokens()["id_token"]
    assert ask(house, id_token_hint=hint).is_hinted


def test_an_empty_request_has_no_fault(house: House):
    assert ask(house) == LogoutRequest()
    assert ask(house, id_token_hint="", client_id="", state="") == LogoutRequest()


# Hints that are none.


def forgeries(house: House) -> dict[str, str]:
    tokens = house.tokens()
    logout = house.provider.logout_token("backoffice", sub="u", sid="s", now=house.clock())
    return {
        "unsigned": unsigned(tokens["id_token"]),
        "foreign signature": of_foreign_hand(tokens["id_token"]),
        "other payload": with_claims(tokens["id_token"], sub="somebody else"),
        "access token": tokens["access_token"],
        "logout token": logout or "",
        "other issuer": signed(house, iss="https://evil.example"),
        "garbage": "ক.খ.\udcff",
        "too long": "x" * 9000,
    }


def test_what_is_no_id_token_of_ours_proves_nothing(house: House):
    for name, token in forgeries(house).items():
        asked = ask(house, id_token_hint=token, post_logout_redirect_uri=BYE, state="s")
        assert asked == LogoutRequest(state="s", fault="invalid_id_token_hint"), name


def test_beside_a_forged_hint_the_client_is_only_claimed(house: House):
    for name, token in forgeries(house).items():
        asked = ask(house, id_token_hint=token, client_id="backoffice")
        assert (asked.client_id, asked.is_hinted) == ("backoffice", False), name
        assert asked.fault == "invalid_id_token_hint", name


@pytest.mark.parametrize(
    ("aud", "fault"), [("closed", "disabled_client"), ("gone", "unknown_client")]
)
def test_a_hint_of_a_client_that_is_no_more_proves_nothing(house: House, aud: str, fault: str):
    uri = f"https://{aud}.example/bye"
    asked = ask(house, id_token_hint=signed(house, aud=aud), post_logout_redirect_uri=uri)
    assert asked == LogoutRequest(fault=fault)


# The client.


def test_a_client_may_name_itself_without_proof(house: House):
    asked = ask(house, client_id="backoffice", post_logout_redirect_uri=BYE)
    assert asked == LogoutRequest(client_id="backoffice", redirect_uri=BYE)
    assert not asked.is_hinted


@pytest.mark.parametrize(
    ("client_id", "fault"),
    [("nobody", "unknown_client"), ("\udcff\x00", "unknown_client"), ("closed", "disabled_client")],
)
def test_clients_that_we_do_not_serve_are_nobody(house: House, client_id: str, fault: str):
    uri = f"https://{client_id}.example/bye"
    asked = ask(house, client_id=client_id, post_logout_redirect_uri=uri)
    assert asked == LogoutRequest(fault=fault)


@pytest.mark.parametrize("client_id", ["ministry", "closed", "nobody"])
def test_a_client_that_is_not_the_hint_s_makes_all_of_it_doubtful(
    house: House, hint: str, client_id: str
):
    for uri in (BYE, f"https://{client_id}.example/bye"):
        asked = ask(house, id_token_hint=hint, client_id=client_id, post_logout_redirect_uri=uri)
        assert asked == LogoutRequest(fault="client_mismatch")


# Where to go afterwards.


@pytest.mark.parametrize(
    "uri",
    [
        BYE + "/",
        BYE + "?",
        BYE + "#",
        BYE + "?foo=bar",
        BYE + "?tenant=1&x=%c3%a9",
        BYE.upper(),
        "https://BACKOFFICE.example/bye",
        "https://backoffice.example:443/bye",
        "https://backoffice.example/cb",
        "https://ministry.example/bye",
        "https://evil.example/bye",
        "//backoffice.example/bye",
        "javascript:alert(1)",
        BYE + "\r\nSet-Cookie: a=b",
        "\udcff",
    ],
)
def test_a_uri_that_is_not_registered_byte_for_byte_leads_nowhere(
    house: House, hint: str, uri: str
):
    for who in ({"id_token_hint": hint}, {"client_id": "backoffice"}):
        asked = ask(house, post_logout_redirect_uri=uri, state="s", **who)
        assert asked.client_id == "backoffice"
        assert redirect_location(asked) == ""
        assert asked.fault == "unregistered_post_logout_redirect_uri"


def test_a_uri_without_a_client_leads_nowhere(house: House):
    asked = ask(house, post_logout_redirect_uri=BYE)
    assert asked == LogoutRequest(fault="missing_client")


def test_a_state_comes_back_exactly_and_alone(house: House):
    state = "ক খ+%20&=\"'<>#?/\\ é " + "x" * 2000
    asked = ask(house, client_id="backoffice", post_logout_redirect_uri=BYE, state=state)
    location = redirect_location(asked)
    assert location.isascii()
    assert location.startswith(BYE + "?")
    assert parse_qsl(urlsplit(location).query) == [("state", state)]


def test_without_a_state_the_uri_stays_as_it_is(house: House):
    asked = ask(house, client_id="backoffice", post_logout_redirect_uri=BYE)
    assert redirect_location(asked) == BYE


def test_the_uri_keeps_its_own_query_byte_for_byte(house: House):
    uri = BYE + "?tenant=1&x=%C3%A9"
    asked = ask(house, client_id="backoffice", post_logout_redirect_uri=uri, state="s s")
    assert redirect_location(asked) == uri + "&state=s+s"


@pytest.mark.parametrize("state", ["x" * 2049, "a\r\nb", "\x00", "\udcff", "\x85"])
def test_a_state_that_cannot_come_back_is_left_out(house: House, hint: str, state: str):
    asked = ask(house, id_token_hint=hint, post_logout_redirect_uri=BYE, state=state)
    assert (asked.state, asked.fault) == (None, "unusable_state")
    assert redirect_location(asked) == BYE


# Twice.


@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_parameter_twice_is_absent(house: House, hint: str, name: str):
    good = {
        "id_token_hint": hint,
        "client_id": "backoffice",
        "post_logout_redirect_uri": BYE,
        "state": "s",
        "ui_locales": "en",
    }
    without = ask(house, **{key: value for key, value in good.items() if key != name})
    for again in (good[name], "", "other"):
        asked = ask(house, (name, again), **good)
        assert asked == replace_fault(without, f"repeated_{name}")


def replace_fault(asked: LogoutRequest, fault: str) -> LogoutRequest:
    facts = {name: getattr(asked, name) for name in LogoutRequest.__slots__}
    return LogoutRequest(**(facts | {"fault": fault}))


def test_what_we_do_not_read_may_be_there_twice(house: House):
    assert ask(house, ("logout_hint", "b"), ("x", "1"), ("x", "2"), logout_hint="a").fault == ""


# Anything at all.

ANY_NAME = st.sampled_from(NAMES) | st.text(max_size=10)
ANY_VALUE = (
    st.sampled_from((BYE, "backoffice", "closed", "a.b.c", ""))
    | st.text(max_size=40)
    | st.text(st.characters(codec=None, categories=("Cs", "Cc")), max_size=5)
)


@given(pairs=st.lists(st.tuples(ANY_NAME, ANY_VALUE), max_size=8))
def test_no_request_raises_and_no_answer_leaves_the_registered_uris(
    keys: KeySet, pairs: list[tuple[str, str]]
):
    settings = ProtocolSettings(issuer=ISSUER)
    asked = check_logout(pairs, clients=clients(), settings=settings, keys=keys)
    assert asked.client_id in {"", "backoffice"}
    assert not asked.is_hinted
    assert redirect_location(asked).partition("?state=")[0] in {"", BYE}
    assert asked.state is None or is_readable(asked.state)
    assert asked.fault.isascii()
