"""Single sign-on: one session for every application, how long it lasts, and who has none."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.browser import Browser, form_with
from tests.oidc.forgery import read
from tests.signin.leaving import (
    USER,
    House,
    copied,
    directory,
    house_in,
    is_active,
    is_logged_in,
    mailed_link,
    redeem,
    refresh,
    tab,
    tokens,
    userinfo,
)
from tests.system import PASSWORD, System, authorize_url, log_in

NEW = "Sobuj#Pata2027"
IDLE, MOST = 3_600, 36_000  # seconds


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with house_in(*request.getfixturevalue(f"{request.param}_folder")) as one:
        yield one


@pytest.fixture
def other(house: House) -> Iterator[System]:
    """Return a second process on the same database."""
    second = house.again()
    yield second
    second.stores.engine.dispose()


def at(system: System, browser: Browser) -> Browser:
    """Return the same browser, when its next request reaches another process."""
    there = system.browser()
    for name in ("probesh_browser", "probesh_session", "probesh_known"):
        if browser.cookie(name):
            there.take_cookie(name, browser.cookie(name))
    return there


# -- one login for every application -----------------------------------------------------------


def test_a_second_application_asks_nothing_and_shares_the_session(system: System):
    browser = log_in(system)
    first = read(tokens(system, browser)["id_token"])
    letters, cookie = len(system.desk.letters), browser.cookie("probesh_session")
    system.clock.advance(50)
    browser.get(authorize_url("app"))
    assert browser.left_to.startswith("http://127.0.0.1:9005/callback?")
    second = read(tokens(system, browser, "app")["id_token"])
    assert (first["aud"], second["aud"]) == ("backoffice", "app")
    for claim in ("sid", "sub", "auth_time", "amr"):
        assert first[claim] == second[claim], claim
    assert len(system.deliver()) == 0
    assert len(system.desk.letters) == letters
    assert browser.cookie("probesh_session") == cookie


def test_it_does_not_matter_at_which_process_somebody_has_logged_in(house: House, other: System):
    browser = log_in(house.system)
    there = at(other, browser).get(authorize_url("app"))
    first = read(tokens(other, browser)["id_token"])
    second = read(tokens(house.system, there, "app")["id_token"])
    assert first["sid"] == second["sid"]
    there.get("/logout").press("logout")
    assert not is_logged_in(browser)


def test_twenty_applications_at_once_get_codes_of_the_same_session(system: System):
    browser = log_in(system)
    cookies = [copied(system, browser.cookie("probesh_session")) for _ in range(20)]
    urls = [authorize_url(("backoffice", "app")[n % 2]) for n in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda b, url: b.get(url).answer, cookies, urls))
    assert len({answer["code"] for answer in answers}) == 20
    names = [("backoffice", "app")[n % 2] for n in range(20)]
    given = [
        redeem(system, answer["code"], name).get_json()["id_token"]
        for answer, name in zip(answers, names, strict=True)
    ]
    assert len({read(token)["sid"] for token in given}) == 1


def test_two_people_at_once_never_get_each_others_codes(system: System):
    with directory(system) as people:
        people.set_enabled("closed@example.gov.bd", enabled=True)
    browsers = [log_in(system)]
    second = system.browser().get(authorize_url())
    second.press("submit", userid="closed@example.gov.bd", password=PASSWORD)
    browsers.append(second.press("submit", code=system.code()))
    subjects = [read(tokens(system, browser)["id_token"])["sub"] for browser in browsers]
    assert subjects[0] != subjects[1]
    cookies = [browser.cookie("probesh_session") for browser in browsers]

    def subject(number: int) -> str:
        mine = copied(system, cookies[number % 2]).get(authorize_url("app"))
        token: str = redeem(system, mine.answer["code"], "app").get_json()["id_token"]
        sub: str = read(token)["sub"]
        return sub

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(subject, range(16)))
    assert found == [subjects[number % 2] for number in range(16)]


def test_the_cookie_is_new_with_every_login_and_never_the_browsers_own_choice(system: System):
    browser = system.browser()
    chosen = "chosen-by-the-browser-0123456789abcdefghijk"
    browser.take_cookie("probesh_session", chosen)
    log_in(system, browser)
    first = browser.cookie("probesh_session")
    assert first not in {None, chosen}
    system.clock.advance(61)
    log_in(system, browser, prompt="login")
    second = browser.cookie("probesh_session")
    assert second not in {None, chosen, first}
    for dead in (chosen, first):
        assert not is_logged_in(copied(system, dead))
    assert is_logged_in(copied(system, second))


# -- how long it lasts -------------------------------------------------------------------------


def test_a_session_ends_after_an_hour_without_use_and_not_a_second_before(system: System):
    browser = log_in(system)
    system.clock.advance(IDLE - 1)
    assert is_logged_in(browser)
    system.clock.advance(IDLE)
    assert not is_logged_in(browser)
    assert "লগইন করুন" in browser.get(authorize_url()).text


@pytest.mark.parametrize("client_id", ["backoffice", "app", "simple"])
def test_use_at_any_application_keeps_the_session_for_ten_hours_and_no_longer(
    system: System, client_id: str
):
    browser = log_in(system)
    for _ in range(10):
        system.clock.advance(3_500)
        assert is_logged_in(browser, client_id)
    system.clock.advance(MOST - 10 * 3_500 - 1)
    assert is_logged_in(browser)
    system.clock.advance(1)
    assert not is_logged_in(browser)


def test_a_login_in_between_starts_the_ten_hours_anew(small: System):
    browser = log_in(small)
    old = read(tokens(small, browser)["id_token"])
    for _ in range(9):
        small.clock.advance(3_500)
        assert is_logged_in(browser)
    log_in(small, browser, prompt="login")
    new = read(tokens(small, browser)["id_token"])
    assert new["sid"] == old["sid"]
    assert new["auth_time"] == small.clock()
    for _ in range(10):
        small.clock.advance(3_500)
        assert is_logged_in(browser)


def test_the_servers_clock_decides_and_not_the_cookies_age(small: System):
    browser = log_in(small)
    cookie = browser.cookie("probesh_session")
    small.clock.advance(MOST)
    assert not is_logged_in(copied(small, cookie))


# -- who has none any more ---------------------------------------------------------------------


def test_what_a_user_was_given_is_dead_everywhere_once_the_user_is_switched_off(
    house: House, other: System
):
    system, browser = house.system, log_in(house.system)
    given = tokens(system, browser)
    public = tokens(system, browser.get(authorize_url("app")), "app")
    code = browser.get(authorize_url()).answer["code"]
    assert is_active(other, given["access_token"])
    assert userinfo(other, public["access_token"]).status_code == 200
    with directory(system) as people:
        people.set_enabled(USER, enabled=False)
    for name in ("backoffice", "app", "simple"):
        assert not is_logged_in(at(other, browser), name)
    assert redeem(other, code).get_json()["error"] == "invalid_grant"
    check_dead(other, given, public)
    with directory(system) as people:
        people.set_enabled(USER, enabled=True)
    assert not is_logged_in(browser)  # on again: nothing of before comes back
    assert redeem(other, code).get_json()["error"] == "invalid_grant"
    check_dead(other, given, public)


def check_dead(system: System, given: dict[str, str], public: dict[str, str]) -> None:
    assert refresh(system, given["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert refresh(system, public["refresh_token"], "app").get_json()["error"] == "invalid_grant"
    assert not is_active(system, given["access_token"])
    for one in (given, public):
        assert userinfo(system, one["access_token"]).status_code == 401


def test_no_page_lets_a_user_in_who_was_switched_off_meanwhile(house: House, other: System):
    system, waiting = house.system, house.system.browser()
    waiting.get(authorize_url()).press("submit", userid=USER, password=PASSWORD)
    one_time = system.code()
    link = mailed_link(system, system.browser())
    opened = other.browser().get(link)
    assert form_with(waiting.forms, "action", "submit")
    with directory(system) as people:
        people.set_enabled(USER, enabled=False)
    waiting.press("submit", code=one_time)
    assert (waiting.left_to, waiting.cookie("probesh_session")) == ("", None)
    assert other.browser().get(link).status == 400
    opened.press("submit", new_password=NEW, confirm_password=NEW)
    assert "সফলভাবে" not in opened.text
    anew = other.browser().get(authorize_url())
    anew.press("submit", userid=USER, password=PASSWORD)
    assert "এই ইউজার আইডি এখন বন্ধ আছে।" in anew.text
    with directory(system) as people:
        people.set_enabled(USER, enabled=True)
    anew.press("submit", userid=USER, password=PASSWORD)  # the earlier one: nothing was changed
    assert "কোড লিখুন" in anew.text


def test_a_login_that_waits_at_one_process_is_over_at_the_other(house: House, other: System):
    waiting = house.system.browser().get(authorize_url())
    waiting.press("submit", userid=USER, password=PASSWORD)
    there = at(other, waiting).get(waiting.url)
    assert "কোড লিখুন" in there.text
    code = house.system.code()
    with directory(house.system) as people:
        people.set_enabled(USER, enabled=False)
    there.press("submit", code=code)
    assert (there.left_to, there.cookie("probesh_session")) == ("", None)


def test_a_new_password_gives_the_session_a_new_cookie_and_keeps_what_it_gave(system: System):
    browser = log_in(system)
    given = tokens(system, browser)
    old = browser.cookie("probesh_session")
    system.clock.advance(61)
    page = tab(browser).get(mailed_link(system, browser))
    page.press("submit", new_password=NEW, confirm_password=NEW)
    new = browser.cookie("probesh_session")
    assert new not in {None, old}
    assert not is_logged_in(copied(system, old))
    assert is_logged_in(browser)
    assert userinfo(system, given["access_token"]).status_code == 200
    again = read(tokens(system, browser.get(authorize_url()))["id_token"])
    assert again["sid"] == read(given["id_token"])["sid"]


def test_a_new_password_ends_other_browsers_only_after_it_was_accepted(system: System):
    elsewhere = log_in(system)
    given = tokens(system, elsewhere)
    system.clock.advance(61)
    here = system.browser()
    page = here.get(mailed_link(system, here))
    page.press("submit", new_password="short", confirm_password="short")
    assert is_logged_in(elsewhere)
    page.press("submit", new_password=NEW, confirm_password=NEW)
    assert not is_logged_in(elsewhere)
    assert refresh(system, given["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert userinfo(system, given["access_token"]).status_code == 401
