"""The way out as a browser without script lives it: the question, the end, and who is told."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.browser import Browser, form_with
from tests.oidc.forgery import of_foreign_hand, read, unsigned, with_claims
from tests.outbox.servers import dead_port
from tests.signin.leaving import (
    BYE,
    USER,
    House,
    copied,
    declare,
    directory,
    house_in,
    is_active,
    is_logged_in,
    logout_url,
    mailed_link,
    redeem,
    refresh,
    tab,
    tokens,
    userinfo,
)
from tests.system import (
    ISSUER,
    PASSWORD,
    System,
    authorize_url,
    log_in,
    start,
    write_config,
)

NEW = "Sobuj#Pata2027"
DONE = "আপনি লগআউট করেছেন"
QUESTION = "লগআউট করবেন?"


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Return a provider whose clients backoffice and app listen, once on each database."""
    with house_in(*request.getfixturevalue(f"{request.param}_folder")) as one:
        yield one


def check_asked(browser: Browser, reason: str = "") -> None:
    """The question stands there, leads nowhere by itself, and nobody is logged out yet."""
    assert (browser.status, browser.left_to) == (200, "")
    assert QUESTION in browser.text
    assert form_with(browser.forms, "action", "logout")
    assert is_logged_in(browser)
    assert reason in browser.html


def check_done(browser: Browser) -> None:
    assert (browser.status, browser.left_to) == (200, "")
    assert urlsplit(browser.url).path.startswith("/logout/")
    assert DONE in browser.text
    assert not is_logged_in(browser)


# -- the question -------------------------------------------------------------------------------


def test_a_request_without_a_hint_asks_and_the_session_lives_until_the_answer(system: System):
    browser = log_in(system)
    cookie = browser.cookie("probesh_session")
    browser.get(logout_url(client_id="backoffice"))
    check_asked(browser)
    assert "ব্যাকঅফিস এবং যুক্ত অন্য সব সেবা থেকে লগআউট হবে।" in browser.text
    assert 'href="http://127.0.0.1:9001/"' in browser.html  # the way back without a logout
    assert browser.cookie("probesh_session") == cookie
    check_done(browser.press("logout"))


def test_the_answer_ends_everything_that_the_session_gave(system: System):
    browser = log_in(system)
    given = tokens(system, browser)
    public = tokens(system, browser.get(authorize_url("app")), "app")
    pending = browser.get(authorize_url()).answer["code"]
    cookie = browser.cookie("probesh_session")
    assert all(is_logged_in(browser, name) for name in ("backoffice", "app", "simple"))
    assert is_active(system, given["access_token"])
    assert userinfo(system, public["access_token"]).status_code == 200
    check_done(browser.get("/logout").press("logout"))
    assert browser.cookie("probesh_session") is None
    for name in ("backoffice", "app", "simple"):
        assert not is_logged_in(browser, name)
        assert not is_logged_in(copied(system, cookie), name)
    assert refresh(system, given["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert refresh(system, public["refresh_token"], "app").get_json()["error"] == "invalid_grant"
    assert not is_active(system, given["access_token"])
    for one in (given, public):
        assert userinfo(system, one["access_token"]).status_code == 401
    assert redeem(system, pending).get_json()["error"] == "invalid_grant"


def test_the_cookie_is_taken_away_with_the_answer_itself(small: System):
    browser = log_in(small)
    form = form_with(browser.get("/logout").forms, "action", "logout")
    assert form
    answer = browser.client.post(
        form.action, base_url=ISSUER, data={**form.fields, "action": "logout"}
    )
    assert answer.status_code == 303
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("probesh_session=;")
    assert "Max-Age=0" in cookie


def test_back_to_the_pages_before_the_logout_is_no_way_in(small: System):
    browser = small.browser().get(authorize_url())
    browser.press("submit", userid=USER, password=PASSWORD)
    code_page = browser.url
    browser.press("submit", code=small.code())
    browser.get("/logout")
    question = tab(browser).get("/logout")
    check_done(browser.press("logout"))
    for url in (code_page, authorize_url()):
        assert "লগইন করুন" in browser.get(url).text
        assert not browser.left_to
    check_done(question.press("logout"))  # a second click, in another tab, is no error


def test_other_browsers_of_the_person_stay_logged_in(system: System):
    here, elsewhere = log_in(system), log_in(system)
    here.get("/logout").press("logout")
    assert not is_logged_in(here)
    assert is_logged_in(elsewhere)


def test_a_question_that_waited_for_more_than_an_hour_still_ends_the_clients(house: House):
    browser = log_in(house.system)
    given = tokens(house.system, browser)
    browser.get(logout_url(client_id="backoffice"))
    house.system.clock.advance(3_700)  # the session has been idle too long
    check_done(browser.press("logout"))
    house.deliver()
    assert house.told == {"backoffice": 1, "app": 0}
    assert "error" in refresh(house.system, given["refresh_token"]).get_json()


def test_a_session_that_was_idle_too_long_is_worth_the_question(house: House):
    browser = log_in(house.system)
    house.system.clock.advance(3_700)
    assert QUESTION in browser.get("/logout").text
    browser.press("logout")
    house.deliver()
    assert house.told["backoffice"] == 1


@pytest.mark.parametrize("token", ["", "0" * 60, "আ" * 60, None])
def test_an_answer_without_our_token_logs_nobody_out(small: System, token: str | None):
    browser = log_in(small)
    form = form_with(browser.get("/logout").forms, "action", "logout")
    assert form
    data = {**form.fields, "action": "logout", "form_token": token}
    page = tab(browser).post(form.action, {k: v for k, v in data.items() if v is not None})
    assert page.status == 403
    assert is_logged_in(browser)


def test_an_answer_with_the_token_of_another_page_or_browser_logs_nobody_out(small: System):
    browser, other = log_in(small), log_in(small)
    login_page = tab(browser).get(authorize_url(prompt="login")).forms[-1].fields
    question = other.get("/logout").forms[-1].fields
    for foreign in (login_page, question):
        page = tab(browser).post(
            "/logout/confirm", {"form_token": foreign["form_token"], "action": "logout"}
        )
        assert page.status == 403
        assert is_logged_in(browser)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_an_answer_that_another_site_posts_logs_nobody_out(small: System, headers):
    browser = log_in(small)
    form = form_with(browser.get("/logout").forms, "action", "logout")
    assert form
    assert tab(browser).post(form.action, form.fields, **headers).status == 403
    assert is_logged_in(browser)


def test_the_question_in_another_language_forgets_nothing(small: System):
    browser = log_in(small)
    browser.get(logout_url(client_id="backoffice", post_logout_redirect_uri=BYE, state="kept ৎ"))
    browser.press("en", name="language")
    assert "You will be logged out of Back office and all linked services." in browser.text
    assert is_logged_in(browser)
    assert browser.cookie("probesh_language") == "en"
    browser.press("bn", name="language")
    assert QUESTION in browser.text
    assert browser.press("logout").answer == {"state": "kept ৎ"}
    assert not is_logged_in(browser)


def test_a_language_that_there_is_not_asks_again_and_ends_nothing(small: System):
    browser = log_in(small)
    form = form_with(browser.get("/logout").forms, "action", "logout")
    assert form
    browser.post(form.action, {**form.fields, "language": "xx", "action": "logout"})
    check_asked(browser)


def test_the_question_speaks_the_language_that_the_client_asks_for(small: System):
    browser = log_in(small)
    assert "Log out?" in browser.get(logout_url(ui_locales="fr en")).text


# -- a hint -------------------------------------------------------------------------------------


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


def test_a_hint_of_an_earlier_session_of_the_same_person_asks_nothing(small: System):
    hint = tokens(small, log_in(small))["id_token"]
    browser = log_in(small)
    browser.get(logout_url(id_token_hint=hint, post_logout_redirect_uri=BYE))
    assert browser.left_to == BYE
    assert not is_logged_in(browser)


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


# -- what is not proven -------------------------------------------------------------------------


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


# -- the ways to ask ----------------------------------------------------------------------------


def test_a_post_of_another_site_becomes_a_get_that_brings_the_cookies(small: System):
    browser = log_in(small)
    hint = tokens(small, browser)["id_token"]
    request = logout_url(id_token_hint=hint, post_logout_redirect_uri=BYE, state="ক % +")
    answer = small.browser().client.post(
        "/logout",
        data=request.partition("?")[2],
        content_type="application/x-www-form-urlencoded",
        headers={"Origin": "http://127.0.0.1:9001", "Sec-Fetch-Site": "cross-site"},
        base_url=ISSUER,
    )
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Location"].startswith("/logout?")
    assert is_logged_in(browser)
    assert browser.get(answer.headers["Location"]).answer == {"state": "ক % +"}
    assert not is_logged_in(browser)


def test_a_post_with_our_cookies_is_answered_at_once(small: System):
    browser = log_in(small)
    hint = tokens(small, browser)["id_token"]
    browser.post("/logout", {"id_token_hint": hint, "post_logout_redirect_uri": BYE})
    assert browser.left_to == BYE
    assert not is_logged_in(browser)
    browser = log_in(small)
    check_asked(browser.post("/logout", {"state": "s"}))


def test_head_logs_nobody_out(small: System):
    browser = log_in(small)
    request = logout_url(id_token_hint=tokens(small, browser)["id_token"])
    answer = browser.client.head(request, base_url=ISSUER)
    assert (answer.status_code, answer.data) == (200, b"")
    assert "Set-Cookie" not in answer.headers
    assert is_logged_in(browser)


@pytest.mark.parametrize("url", ["/logout/confirm", "/logout/x?client_id=backoffice"])
def test_nobody_who_is_logged_in_is_told_to_be_logged_out(small: System, url: str):
    browser = log_in(small)
    check_asked(browser.get(url))
    assert DONE not in browser.text
    assert ("ব্যাকঅফিস" in browser.text) == ("client_id" in url)
    assert browser.client.head(url, base_url=ISSUER).status_code == 200
    assert is_logged_in(browser)
    check_done(browser.press("logout"))


# -- a login that is under way ------------------------------------------------------------------


@pytest.mark.parametrize("is_logged_in_too", [True, False])
def test_a_logout_ends_the_login_that_waits_for_its_code(system: System, is_logged_in_too: bool):
    browser = log_in(system) if is_logged_in_too else system.browser()
    waiting = tab(browser).get(authorize_url(prompt="login"))
    waiting.press("submit", userid=USER, password=PASSWORD)
    code = system.code()
    browser.get("/logout")
    assert QUESTION in browser.text  # somebody may be at work there
    browser.press("logout")
    waiting.press("submit", code=code)
    assert not waiting.left_to
    assert "লগইন করুন" in waiting.text
    assert not is_logged_in(browser)
    waiting.press("submit", userid=USER, password=PASSWORD)  # and the request is not lost
    system.clock.advance(61)
    assert waiting.press("submit", code=system.code()).answer["state"] == "a-state"


def test_a_hint_ends_the_login_that_waits_for_its_code_without_asking(system: System):
    hint = tokens(system, log_in(system))["id_token"]
    waiting = system.browser().get(authorize_url())
    waiting.press("submit", userid=USER, password=PASSWORD)
    code = system.code()
    leaving = tab(waiting).get(logout_url(id_token_hint=hint, post_logout_redirect_uri=BYE))
    assert leaving.left_to == BYE
    assert not waiting.press("submit", code=code).left_to


def test_a_login_in_another_browser_goes_on(small: System):
    waiting = small.browser().get(authorize_url())
    waiting.press("submit", userid=USER, password=PASSWORD)
    code = small.code()
    small.clock.advance(61)
    log_in(small).get("/logout").press("logout")
    assert waiting.press("submit", code=code).answer["code"]


# -- nobody is there ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [{}, {"state": "s"}, {"client_id": "nobody"}, {"id_token_hint": "x"}, {"client_id": "app"}],
)
def test_somebody_who_is_not_logged_in_is_told_so_and_never_an_error(
    system: System, parameters: dict[str, str]
):
    check_done(system.browser().get(logout_url(**parameters, post_logout_redirect_uri=BYE)))


def test_the_done_page_of_nothing_names_nobody(small: System):
    browser = small.browser()
    for url in ("/logout/no-such-batch", "/logout/x?client_id=nobody", "/logout/ক?client_id=%00"):
        assert browser.get(url).status == 200
        assert DONE in browser.text
        assert "নিশ্চিত করা যায়নি" not in browser.text
        assert "ফিরে যান" not in browser.text
        assert 'http-equiv="refresh"' not in browser.html
    browser.get('/logout/x?client_id="><script>alert(1)</script>')
    assert "alert(1)" not in browser.html


# -- those who are told -------------------------------------------------------------------------


def test_every_client_that_listens_is_promised_one_notice_with_the_end_itself(house: House):
    system = house.system
    browser, elsewhere = log_in(system), log_in(system)
    for name in ("backoffice", "app", "app", "simple", "backoffice"):
        assert browser.get(authorize_url(name)).answer["code"]
    id_token = tokens(system, browser)["id_token"]
    assert house.promised == []
    browser.get(logout_url(id_token_hint=id_token, post_logout_redirect_uri=BYE))
    assert house.promised == ["app", "backoffice"]  # one each, none for simple
    assert house.told == {"backoffice": 0, "app": 0}  # never inside the request
    house.deliver()
    house.deliver()
    assert house.told == {"backoffice": 1, "app": 1}
    token = read(house.services["app"].asked[0].form["logout_token"])
    of_hint = read(id_token)
    assert (token["aud"], token["sid"], token["sub"]) == ("app", of_hint["sid"], of_hint["sub"])
    assert is_logged_in(elsewhere)


def test_a_client_that_got_nothing_in_the_session_is_not_told(house: House):
    log_in(house.system, client_id="app")
    browser = log_in(house.system)
    browser.get("/logout").press("logout")
    assert house.promised == ["backoffice"]


def test_a_session_never_ends_without_its_notices(sqlite_folder):
    with house_in(*sqlite_folder) as house:
        browser = log_in(house.system)
        with house.system.stores.engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER full BEFORE INSERT ON outbox WHEN NEW.lane = 'notice' "
                "BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        assert browser.get("/logout").press("logout").status >= 500
        assert is_logged_in(browser)
        with house.system.stores.engine.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER full")
        browser.get("/logout").press("logout")
        assert house.promised == ["backoffice"]


def test_many_clicks_at_once_promise_one_notice(house: House):
    browser = log_in(house.system)
    hint = tokens(house.system, browser)["id_token"]
    cookie = browser.cookie("probesh_session")

    def leave(_: int) -> int:
        mine = copied(house.system, cookie)
        return mine.get(logout_url(id_token_hint=hint)).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(leave, range(8))) == {200}
    assert house.promised == ["backoffice"]


def test_logging_out_others_after_a_new_password_tells_their_clients(house: House):
    system = house.system
    elsewhere = log_in(system, client_id="app")
    system.clock.advance(61)
    here = log_in(system)
    tab(here).get(mailed_link(system, here)).press(
        "submit", new_password=NEW, confirm_password=NEW, logout_others="on"
    )
    assert not is_logged_in(elsewhere, "app")
    assert is_logged_in(here)
    assert house.promised == ["app"]
    house.deliver()
    assert house.told == {"backoffice": 0, "app": 1}


def test_a_new_password_that_spares_the_others_tells_nobody(house: House):
    system = house.system
    elsewhere = log_in(system, client_id="app")
    system.clock.advance(61)
    browser = system.browser()
    form = form_with(browser.get(mailed_link(system, browser)).forms, "action", "submit")
    assert form
    data = {**form.fields, "new_password": NEW, "confirm_password": NEW, "action": "submit"}
    data.pop("logout_others")
    browser.post(form.action, data)
    assert "আপনার পাসওয়ার্ডটি সফলভাবে রিসেট হয়েছে" in browser.text
    assert is_logged_in(elsewhere, "app")
    assert house.promised == []


def test_switching_a_user_off_tells_every_client_of_every_session(house: House):
    system = house.system
    for name in ("backoffice", "app"):
        log_in(system, client_id=name)
        system.clock.advance(61)
    with directory(system) as people:
        people.set_enabled(USER, enabled=False)
    assert house.promised == ["app", "backoffice"]
    house.deliver()
    assert house.told == {"backoffice": 1, "app": 1}


# -- the last page ------------------------------------------------------------------------------


def _waits(browser: Browser) -> bool:
    return '<meta http-equiv="refresh" content="2">' in browser.html


def test_the_last_page_waits_and_then_names_nobody_when_all_have_confirmed(house: House):
    browser = log_in(house.system)
    browser.get(authorize_url("app"))
    check_done(browser.get("/logout").press("logout"))
    assert _waits(browser)
    assert "নিশ্চিত করা যায়নি" not in browser.text
    house.deliver()
    assert not _waits(browser.get(browser.url))
    house.system.clock.advance(60)
    assert "নিশ্চিত করা যায়নি" not in browser.get(browser.url).text


def test_the_last_page_names_the_service_that_did_not_answer(sqlite_folder):
    with house_in(*sqlite_folder, dead={"app": dead_port()}) as house:
        browser = log_in(house.system)
        browser.get(authorize_url("app"))
        browser.get("/logout").press("logout")
        house.deliver()
        assert house.told["backoffice"] == 1  # one dead service does not hold up the others
        house.system.clock.advance(4)
        assert _waits(browser.get(browser.url))
        assert "নিশ্চিত করা যায়নি" not in browser.text
        house.system.clock.advance(1)
        assert not _waits(browser.get(browser.url))
        assert "অ্যাপ থেকে লগআউট নিশ্চিত করা যায়নি। ব্রাউজার বন্ধ করুন।" in browser.text
        assert "ব্যাকঅফিস" not in browser.text


def test_the_last_page_of_one_batch_tells_nothing_of_another(house: House):
    browser, elsewhere = log_in(house.system), log_in(house.system, client_id="app")
    browser.get("/logout").press("logout")
    elsewhere.get("/logout").press("logout")
    house.system.clock.advance(5)
    assert "ব্যাকঅফিস থেকে লগআউট নিশ্চিত করা যায়নি" in browser.get(browser.url).text
    assert "অ্যাপ" not in browser.text
