"""The way out as a browser without script lives it: the question, and what it ends."""

from collections.abc import Iterator

import pytest

from tests.browser import form_with
from tests.signin.leaving import (
    BYE,
    DONE,
    QUESTION,
    USER,
    House,
    check_asked,
    check_done,
    copied,
    house_in,
    is_active,
    is_logged_in,
    logout_url,
    redeem,
    refresh,
    tab,
    tokens,
    userinfo,
)
from tests.signin.resetting import rows
from tests.statements import counted
from tests.system import (
    ISSUER,
    PASSWORD,
    System,
    authorize_url,
    log_in,
)

BACK = "backoffice"


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Return a provider whose clients backoffice and app listen, once on each database."""
    with house_in(*request.getfixturevalue(f"{request.param}_folder")) as one:
        yield one


# -- the question ---------------------------------------------------------------------------------


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
    cookies = answer.headers.getlist("Set-Cookie")
    assert [cookie.partition(";")[0] for cookie in cookies] == ["probesh_session=", "probesh_link="]
    assert all("Max-Age=0" in cookie for cookie in cookies)


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


# -- the ways to ask ------------------------------------------------------------------------------


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


# -- a login that is under way --------------------------------------------------------------------


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


# -- nobody is there ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [{}, {"state": "s"}, {"client_id": "nobody"}, {"id_token_hint": "x"}, {"client_id": BACK}],
)
def test_somebody_who_is_not_logged_in_is_told_so_and_never_an_error(
    system: System, parameters: dict[str, str]
):
    check_done(system.browser().get(logout_url(**parameters, post_logout_redirect_uri=BYE)))


@pytest.mark.parametrize("has_cookies", [True, False])
def test_where_nobody_is_logged_in_a_logout_writes_nothing(system: System, has_cookies: bool):
    browser = system.browser()
    if has_cookies:
        browser.get(authorize_url())
    before = rows(system)
    with counted() as statements:
        check_done(browser.get("/logout"))
        browser.get(logout_url(client_id=BACK, post_logout_redirect_uri=BYE))
    assert statements
    assert {one.split(None, 1)[0] for one in statements} == {"SELECT"}
    assert rows(system) == before


def test_the_done_page_of_nothing_names_nobody(small: System):
    browser = small.browser()
    for url in ("/logout/no-such-batch", "/logout/x?client_id=nobody", "/logout/ক?client_id=%00"):
        assert browser.get(url).status == 200
        assert DONE in browser.text
        assert "নিশ্চিত করা যায়নি" not in browser.text
        assert "ফিরে যান" not in browser.text
        assert "আবার দেখুন" not in browser.text
    browser.get('/logout/x?client_id="><script>alert(1)</script>')
    assert "alert(1)" not in browser.html
