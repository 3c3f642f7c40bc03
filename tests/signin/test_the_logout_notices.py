"""Who is told of a logout, when, and what the last page knows of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.browser import Browser, form_with
from tests.oidc.forgery import read
from tests.outbox.servers import dead_port
from tests.signin.leaving import (
    BYE,
    USER,
    House,
    ask,
    check_done,
    copied,
    directory,
    house_in,
    is_logged_in,
    logout_url,
    mailed_link,
    refresh,
    tab,
    tokens,
)
from tests.system import (
    PASSWORD,
    authorize_url,
    log_in,
)

NEW = "Sobuj#Pata2027"


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Return a provider whose clients backoffice and app listen, once on each database."""
    with house_in(*request.getfixturevalue(f"{request.param}_folder")) as one:
        yield one


# -- those who are told ---------------------------------------------------------------------------


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


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_a_client_that_revoked_its_tokens_is_told_all_the_same(house: House, kind: str):
    """Its own session may still live."""
    system = house.system
    browser = log_in(system)
    given = tokens(system, browser)
    assert ask(system, "/revoke", {"token": given[kind]}, "backoffice").status_code == 200
    assert refresh(system, given["refresh_token"]).status_code == 400
    public = tokens(system, browser.get(authorize_url("app")), "app")
    assert ask(system, "/revoke", {"token": public["refresh_token"]}, "app").status_code == 200
    browser.get("/logout").press("logout")
    assert house.promised == ["app", "backoffice"]
    house.deliver()
    assert house.told == {"backoffice": 1, "app": 1}


def test_the_clients_of_a_session_that_has_ended_before_are_not_told_again(house: House):
    system = house.system
    log_in(system, client_id="app").get("/logout").press("logout")
    system.clock.advance(61)
    log_in(system)
    with directory(system) as people:
        people.set_enabled(USER, enabled=False)
    assert house.promised == ["app", "backoffice"]


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


def test_somebody_else_who_logs_in_ends_the_first_session_and_its_clients_are_told(house: House):
    browser = log_in(house.system)
    first = browser.cookie("probesh_session")
    with directory(house.system) as people:
        people.set_enabled("closed@example.gov.bd", enabled=True)
    browser.get(authorize_url("app", prompt="login"))
    browser.press("submit", userid="closed@example.gov.bd", password=PASSWORD)
    assert house.promised == []
    browser.press("submit", code=house.system.code())
    assert house.promised == ["backoffice"]
    assert not is_logged_in(copied(house.system, first))
    assert is_logged_in(browser)


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


# -- the last page --------------------------------------------------------------------------------


def _waits(browser: Browser) -> bool:
    return "কিছু সেবা থেকে লগআউট এখনো শেষ হয়নি।" in browser.text


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


def test_several_silent_services_are_told_as_a_sentence_tells_them(sqlite_folder):
    dead = {name: dead_port() for name in ("app", "backoffice")}
    with house_in(*sqlite_folder, dead=dead) as house:
        browser = log_in(house.system)
        browser.get(authorize_url("app"))
        browser.get("/logout").press("logout")
        house.deliver()
        house.system.clock.advance(5)
        told = browser.get(browser.url).text
        names = "অ্যাপ এবং ব্যাকঅফিস", "ব্যাকঅফিস এবং অ্যাপ"
        assert any(f"{both} থেকে লগআউট নিশ্চিত করা যায়নি।" in told for both in names)


def test_the_last_page_of_one_batch_tells_nothing_of_another(house: House):
    browser, elsewhere = log_in(house.system), log_in(house.system, client_id="app")
    browser.get("/logout").press("logout")
    elsewhere.get("/logout").press("logout")
    house.system.clock.advance(5)
    assert "ব্যাকঅফিস থেকে লগআউট নিশ্চিত করা যায়নি" in browser.get(browser.url).text
    assert "অ্যাপ" not in browser.text
