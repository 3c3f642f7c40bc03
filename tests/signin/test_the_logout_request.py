"""What a logout request proves: a hint, an address, a state; and what comes of all the rest."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.oidc.forgery import of_foreign_hand, read, unsigned, with_claims
from tests.signin.leaving import (
    BYE,
    DONE,
    USER,
    check_asked,
    check_done,
    copied,
    declare,
    directory,
    is_logged_in,
    logout_url,
    tokens,
)
from tests.system import (
    PASSWORD,
    System,
    authorize_url,
    log_in,
    start,
    write_config,
)

# -- a hint ---------------------------------------------------------------------------------------


def test_a_valid_hint_asks_nothing_and_leads_back(system: System):
    browser = log_in(system)
    cookie = browser.cookie("probesh_session")
    hint = tokens(system, browser)["id_token"]
    browser.get(logout_url(id_token_hint=hint, post_logout_redirect_uri=BYE, state="a-state"))
    assert browser.left_to == f"{BYE}?state=a-state"
    assert browser.cookie("probesh_session") is None
    assert not is_logged_in(browser)
    assert not is_logged_in(copied(system, cookie))


@pytest.mark.parametrize(
    "state",
    [
        " edges and  two spaces ",
        "100%25 & a=b#c?d/+\\",
        "ৎ য় \U0001f600 e\u0301",
        "s" * 2048,
        "ক" * 2048,
        '"><script>alert(1)</script>',
        "0",
    ],
    ids=["spaces", "signs", "unicode", "long", "long Bengali", "markup", "zero"],
)
@pytest.mark.parametrize("is_hinted", [True, False], ids=["hinted", "asked"])
def test_the_state_comes_back_as_it_was_and_nothing_beside_it(
    small: System, state: str, is_hinted: bool
):
    browser = log_in(small)
    request = {"post_logout_redirect_uri": BYE, "state": state}
    if is_hinted:
        browser.get(logout_url(id_token_hint=tokens(small, browser)["id_token"], **request))
    else:
        browser.get(logout_url(client_id="backoffice", **request)).press("logout")
    assert browser.left_to.partition("?")[0] == BYE
    query = urlsplit(browser.left_to).query
    assert parse_qsl(query, keep_blank_values=True) == [("state", state)]
    assert not urlsplit(browser.left_to).fragment


def test_without_a_state_the_address_is_exactly_the_registered_one(small: System):
    browser = log_in(small)
    hint = tokens(small, browser)["id_token"]
    browser.get(logout_url(id_token_hint=hint, post_logout_redirect_uri=BYE))
    assert browser.left_to == BYE


def test_a_registered_query_stays_in_front_of_the_state(sqlite_folder):
    folder, database = sqlite_folder
    config = write_config(folder, database=database)
    home = "http://127.0.0.1:9005/gone?from=idp&x=%E0%A7%8E"
    declare(folder, {"app": f'post_logout_redirect_uris = ["{home}"]'})
    system = start(config)
    browser = log_in(system)
    hint = tokens(system, browser.get(authorize_url("app")), "app")["id_token"]
    browser.get(logout_url(id_token_hint=hint, post_logout_redirect_uri=home, state="s"))
    assert browser.left_to == f"{home}&state=s"
    system.stores.engine.dispose()


def test_without_an_address_a_hint_leads_to_the_done_page_with_a_way_home(small: System):
    browser = log_in(small)
    check_done(browser.get(logout_url(id_token_hint=tokens(small, browser)["id_token"])))
    assert "ব্যাকঅফিস-এ ফিরে যান" in browser.text
    assert 'href="http://127.0.0.1:9001/"' in browser.html


def test_a_hint_that_has_expired_is_still_ours(system: System):
    browser = log_in(system)
    hint = tokens(system, browser)["id_token"]
    for _ in range(2):
        system.clock.advance(3_000)
        assert is_logged_in(browser)
    assert read(hint)["exp"] < system.clock()
    browser.get(logout_url(id_token_hint=hint, post_logout_redirect_uri=BYE, state="s"))
    assert browser.left_to == f"{BYE}?state=s"
    assert not is_logged_in(browser)


def test_a_hint_of_an_earlier_session_of_the_same_person_asks(system: System):
    """Whoever has sat at a shared computer may still hold a token of that day."""
    earlier = log_in(system)
    old = tokens(system, earlier)["id_token"]
    earlier.get("/logout").press("logout")
    browser = log_in(system, earlier)
    current = tokens(system, browser)["id_token"]
    leave = {"post_logout_redirect_uri": BYE, "state": "s"}
    check_asked(browser.get(logout_url(id_token_hint=old, **leave)))
    assert "<dt>reason</dt>" not in browser.html  # the request is no fault
    assert browser.press("logout").left_to == f"{BYE}?state=s"
    assert not is_logged_in(browser)
    again = log_in(system)
    check_asked(again.get(logout_url(id_token_hint=current, **leave)))
    own = tokens(system, again.get(authorize_url()))["id_token"]
    assert again.get(logout_url(id_token_hint=own, **leave)).left_to == f"{BYE}?state=s"
    assert not is_logged_in(again)


def test_a_hint_of_somebody_else_asks_and_leads_back_after_the_answer(system: System):
    hint = tokens(system, log_in(system))["id_token"]
    with directory(system) as people:
        people.set_enabled("closed@example.gov.bd", enabled=True)
    browser = system.browser().get(authorize_url())
    browser.press("submit", userid="closed@example.gov.bd", password=PASSWORD)
    browser.press("submit", code=system.code())
    browser.get(logout_url(id_token_hint=hint, post_logout_redirect_uri=BYE, state="s"))
    check_asked(browser)
    assert browser.press("logout").left_to == f"{BYE}?state=s"
    assert not is_logged_in(browser)


def test_a_hint_of_a_session_that_is_gone_leads_straight_back(system: System):
    browser = log_in(system)
    hint = tokens(system, browser)["id_token"]
    request = logout_url(id_token_hint=hint, post_logout_redirect_uri=BYE, state="s")
    assert browser.get(request).left_to
    system.clock.advance(40 * 24 * 3600)
    for gone in (browser, system.browser()):
        assert gone.get(request).left_to == f"{BYE}?state=s"


FORGERIES: dict[str, Callable[[dict[str, str]], str]] = {
    "unsigned": lambda given: unsigned(given["id_token"]),
    "foreign signature": lambda given: of_foreign_hand(given["id_token"]),
    "other payload": lambda given: with_claims(given["id_token"], sub="somebody else"),
    "access token": lambda given: given["access_token"],
    "garbage": lambda _: "ক.খ.গ",
    "huge": lambda _: "x" * 9_000,
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_hint_that_is_none_of_ours_proves_nothing(small: System, forgery: str):
    browser = log_in(small)
    hint = FORGERIES[forgery](tokens(small, browser))
    browser.get(logout_url(id_token_hint=hint, post_logout_redirect_uri=BYE, state="s"))
    check_asked(browser, "invalid_id_token_hint")
    check_done(browser.press("logout"))


# -- what is not proven ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri",
    [
        f"{BYE}/",
        f"{BYE}?foo=bar",
        f"{BYE}#x",
        "http://127.0.0.1:9001/BYE",
        "http://localhost:9001/bye",
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "http://127.0.0.1:9001@evil.example/bye",
    ],
)
def test_an_address_that_is_not_registered_is_never_gone_to(small: System, uri: str):
    browser = log_in(small)
    hint = tokens(small, browser)["id_token"]
    browser.get(logout_url(id_token_hint=hint, post_logout_redirect_uri=uri, state="s"))
    check_asked(browser, "unregistered_post_logout_redirect_uri")
    check_done(browser.press("logout"))
    assert uri not in re.findall(r'(?:href|content)="([^"]*)"', browser.html)


def test_an_address_of_another_client_is_not_registered_for_this_one(small: System):
    browser = log_in(small)
    hint = tokens(small, browser.get(authorize_url("app")), "app")["id_token"]
    browser.get(logout_url(id_token_hint=hint, post_logout_redirect_uri=BYE))
    check_asked(browser, "unregistered_post_logout_redirect_uri")
    check_done(browser.press("logout"))


@pytest.mark.parametrize(
    ("request_url", "reason"),
    [
        (logout_url(), ""),
        (logout_url(state="a-canary-of-a-state"), ""),
        (logout_url(post_logout_redirect_uri=BYE, state="s"), "missing_client"),
        (logout_url(client_id="nobody", post_logout_redirect_uri=BYE), "unknown_client"),
        (logout_url(client_id="simple", post_logout_redirect_uri=BYE), "unregistered_"),
        (logout_url(("state", "b"), client_id="backoffice", state="a"), "repeated_state"),
        (logout_url(("client_id", "app"), client_id="backoffice"), "repeated_client_id"),
        (logout_url(state="x" * 2049), "unusable_state"),
        (logout_url(state="a\0b"), "unusable_state"),
        (logout_url(logout_hint=USER), ""),
    ],
)
def test_what_proves_nobody_asks_and_leads_nowhere(small: System, request_url: str, reason: str):
    browser = log_in(small)
    check_asked(browser.get(request_url), reason)
    assert ("<dt>reason</dt>" in browser.html) == bool(reason)
    assert "a-canary-of-a-state" not in browser.text
    check_done(browser.press("logout"))


def test_a_repeated_hint_or_address_counts_as_none(small: System):
    browser = log_in(small)
    hint = tokens(small, browser)["id_token"]
    twice = logout_url(("id_token_hint", hint), id_token_hint=hint, post_logout_redirect_uri=BYE)
    check_asked(browser.get(twice), "repeated_id_token_hint")
    twice = logout_url(
        ("post_logout_redirect_uri", "https://evil.example/"),
        id_token_hint=hint,
        post_logout_redirect_uri=BYE,
    )
    check_asked(browser.get(twice), "repeated_post_logout_redirect_uri")
    check_done(browser.press("logout"))


def test_a_client_that_is_not_the_hints_own_proves_nothing(small: System):
    browser = log_in(small)
    hint = tokens(small, browser)["id_token"]
    browser.get(
        logout_url(id_token_hint=hint, client_id="app", post_logout_redirect_uri=BYE, state="s")
    )
    check_asked(browser, "client_mismatch")
    check_done(browser.press("logout"))


def test_a_client_that_is_switched_off_is_nobody(sqlite_folder):
    folder, database = sqlite_folder
    system = start(write_config(folder, database=database))
    hint = tokens(system, log_in(system))["id_token"]
    system.stores.engine.dispose()
    declare(folder, {"backoffice": "enabled = false"})
    later = start(folder / "idp.toml", system.clock)
    for proof in ({"client_id": "backoffice"}, {"id_token_hint": hint}):
        browser = log_in(later, client_id="app")
        browser.get(logout_url(**proof, post_logout_redirect_uri=BYE, state="s"))
        assert "disabled_client" in browser.html
        assert "ব্যাকঅফিস" not in browser.text
        assert is_logged_in(browser, "app")
        browser.press("logout")
        assert (browser.left_to, DONE in browser.text) == ("", True)
    later.stores.engine.dispose()


def test_a_client_that_says_who_it_is_gets_the_person_back_after_the_question(small: System):
    browser = log_in(small)
    browser.get(logout_url(client_id="backoffice", post_logout_redirect_uri=BYE, state="s"))
    check_asked(browser)
    assert browser.press("logout").left_to == f"{BYE}?state=s"


def test_an_answer_that_was_tampered_with_is_checked_like_a_request(small: System):
    browser = log_in(small)
    browser.get(logout_url(client_id="backoffice", post_logout_redirect_uri=BYE))
    browser.press("logout", post_logout_redirect_uri="https://evil.example/")
    check_done(browser)
    assert "evil.example" not in browser.html
