"""The RP-initiated logout plan of the OpenID Foundation's conformance suite, module by module.

One test a module, named after it, against a whole provider. Where the suite asks for a screenshot,
of an error page or a question, the test looks for our question: it never leads away, and nobody is
logged out before the answer.
"""

from urllib.parse import parse_qsl, urlsplit

from tests.browser import Browser, form_with
from tests.oidc.conformance.plan import named_after, names_of_tests
from tests.oidc.conformance.suite import BYE, STATE, RelyingParty, document, logged_in
from tests.oidc.forgery import of_foreign_hand, unsigned
from tests.system import ISSUER, System

MODULES = (
    "rp-initiated-logout-discovery-endpoint-verification",
    "rp-initiated-logout",
    "rp-initiated-logout-bad-post-logout-redirect-uri",
    "rp-initiated-logout-modified-id-token-hint",
    "rp-initiated-logout-no-id-token-hint",
    "rp-initiated-logout-no-params",
    "rp-initiated-logout-no-post-logout-redirect-uri",
    "rp-initiated-logout-no-state",
    "rp-initiated-logout-only-state",
    "rp-initiated-logout-query-added-to-post-logout-redirect-uri",
    "rp-initiated-logout-bad-id-token-hint",
)


def test_every_module_has_its_test():
    expected = {named_after(module) for module in MODULES}
    assert names_of_tests(__name__) - expected == {"test_every_module_has_its_test"}
    assert len(expected) == 11
    assert expected <= names_of_tests(__name__)


def check_question(party: RelyingParty) -> None:
    """The page asks, the session lives; the answer ends it here and leads nowhere else."""
    page = party.browser
    assert (page.left_to, page.status) == ("", 200)
    assert form_with(page.forms, "action", "logout")
    assert party.is_logged_in
    check_logged_out(party, page.press("logout"))


def check_logged_out(party: RelyingParty, page: Browser) -> None:
    assert (page.left_to, page.status) == ("", 200)
    assert urlsplit(page.url).path.startswith("/logout/")
    assert "আপনি লগআউট করেছেন" in page.text
    assert not form_with(page.forms, "action", "logout")
    assert not party.is_logged_in


def test_rp_initiated_logout_discovery_endpoint_verification(system: System):
    metadata = document(system, "/.well-known/openid-configuration")
    assert metadata["issuer"] == ISSUER
    assert metadata["end_session_endpoint"] == f"{ISSUER}/logout"


def test_rp_initiated_logout(system: System):
    party = logged_in(system)
    left_to = party.end_session(
        id_token_hint=party.id_token, post_logout_redirect_uri=BYE, state=STATE
    ).left_to
    assert left_to.partition("?")[0] == BYE
    assert parse_qsl(urlsplit(left_to).query) == [("state", STATE)]
    assert not party.is_logged_in


def test_rp_initiated_logout_no_state(system: System):
    party = logged_in(system)
    hint = party.id_token
    assert party.end_session(id_token_hint=hint, post_logout_redirect_uri=BYE).left_to == BYE
    assert not party.is_logged_in


def test_rp_initiated_logout_bad_post_logout_redirect_uri(system: System):
    party = logged_in(system)
    bad = BYE + "/unregistered"
    page = party.end_session(
        id_token_hint=party.id_token, post_logout_redirect_uri=bad, state=STATE
    )
    assert "unregistered_post_logout_redirect_uri" in page.text
    check_question(party)


def test_rp_initiated_logout_query_added_to_post_logout_redirect_uri(system: System):
    party = logged_in(system)
    party.end_session(
        id_token_hint=party.id_token, post_logout_redirect_uri=BYE + "?foo=bar", state=STATE
    )
    check_question(party)


def test_rp_initiated_logout_modified_id_token_hint(system: System):
    """The suite takes the signature off and says alg none."""
    party = logged_in(system)
    party.end_session(
        id_token_hint=unsigned(party.id_token), post_logout_redirect_uri=BYE, state=STATE
    )
    check_question(party)


def test_rp_initiated_logout_bad_id_token_hint(system: System):
    party = logged_in(system)
    party.end_session(
        id_token_hint=of_foreign_hand(party.id_token), post_logout_redirect_uri=BYE, state=STATE
    )
    check_question(party)


def test_rp_initiated_logout_no_id_token_hint(system: System):
    party = logged_in(system)
    party.end_session(post_logout_redirect_uri=BYE, state=STATE)
    check_question(party)


def test_rp_initiated_logout_no_params(system: System):
    party = logged_in(system)
    party.end_session()
    check_question(party)


def test_rp_initiated_logout_no_post_logout_redirect_uri(system: System):
    party = logged_in(system)
    check_logged_out(party, party.end_session(id_token_hint=party.id_token, state=STATE))


def test_rp_initiated_logout_only_state(system: System):
    party = logged_in(system)
    party.end_session(state=STATE)
    check_question(party)
