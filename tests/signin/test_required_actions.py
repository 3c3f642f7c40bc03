"""What is demanded of a known person: the page for a new password after the code of a login."""

from tests.browser import Browser
from tests.signin.leaving import directory, is_logged_in
from tests.signin.resetting import (
    CANCELLED,
    LOGIN,
    NEW,
    SUCCESS,
    UPDATE,
    USER,
    choose,
    filled,
    has_button,
    is_password,
    mailed,
    reset,
    stranger,
    user,
)
from tests.system import CALLBACK, PASSWORD, System, authorize_url, log_in


def _demand(system: System, *, demanded: bool = True) -> None:
    with directory(system) as people:
        people.require(USER, "update_password", demanded)


def _demanded(system: System) -> tuple[str, ...]:
    with system.stores.read() as work:
        return work.required_actions.of_user(user(system).id)


def _at_the_action(system: System, browser: Browser | None = None, **request: str) -> Browser:
    browser = (browser or stranger(system)).get(authorize_url(**request))
    browser.press("submit", userid=USER, password=PASSWORD)
    return browser.press("submit", code=system.code())


def test_after_the_code_comes_the_page_for_a_new_password_and_then_the_client(system: System):
    _demand(system)
    browser = _at_the_action(system, state="kept")
    assert not browser.left_to
    assert "/signin/" in browser.url
    assert UPDATE in browser.text
    assert f"ইউজার আইডি: {USER}" in browser.text
    assert browser.cookie("probesh_session") is None
    choose(browser, "abc")
    assert "কমপক্ষে ৮ অক্ষর" in browser.text
    assert _demanded(system) == ("update_password",)
    choose(browser)
    assert browser.left_to.startswith(f"{CALLBACK}?")
    assert browser.answer["state"] == "kept"
    assert is_logged_in(browser)
    assert _demanded(system) == ()
    [(to, letter)] = system.deliver()
    assert (to, letter.subject) == (USER, "আপনার পাসওয়ার্ড পরিবর্তন হয়েছে")
    assert is_password(system, NEW)


def test_once_done_it_is_not_demanded_again(small: System):
    _demand(small)
    choose(_at_the_action(small))
    small.deliver()
    again = stranger(small).get(authorize_url()).press("submit", userid=USER, password=NEW)
    assert again.press("submit", code=small.code()).left_to


def test_cancel_is_the_login_page_with_nobody_logged_in_and_it_is_demanded_the_next_time(
    system: System,
):
    _demand(system)
    browser = _at_the_action(system, state="kept")
    page = browser.url
    browser.press("cancel")
    assert CANCELLED in browser.text
    assert LOGIN in browser.text
    assert f'value="{USER}"' in browser.html
    assert browser.cookie("probesh_session") is None
    assert not is_logged_in(browser)
    assert UPDATE not in stranger(system).get(page).text
    browser.press("submit", userid=USER, password=PASSWORD)
    browser.press("submit", code=system.code())
    assert UPDATE in browser.text
    assert choose(browser).answer["state"] == "kept"


def test_a_cancelled_page_that_is_posted_after_all_changes_nothing(small: System):
    _demand(small)
    browser = _at_the_action(small)
    action, data = filled(browser, new_password=NEW, confirm_password=NEW)
    browser.press("cancel").post(action, data)
    assert not browser.left_to
    assert is_password(small, PASSWORD)
    assert _demanded(small) == ("update_password",)


def test_the_page_is_nobody_elses_and_a_refresh_changes_nothing(small: System):
    _demand(small)
    browser = _at_the_action(small)
    thief = stranger(small).get(authorize_url()).get(browser.url)
    assert thief.status == 400
    assert UPDATE not in thief.text
    assert UPDATE in browser.get(browser.url).text
    assert choose(browser).left_to


def test_what_is_wrong_stays_told_over_a_refresh_and_in_the_other_language(small: System):
    _demand(small)
    browser = choose(_at_the_action(small), "abc", "x", logout_others="")
    for _ in range(2):
        browser.get(browser.url)
        assert "দুই ঘরের পাসওয়ার্ড মেলেনি।" in browser.text
        assert "কমপক্ষে একটি নাম্বার" in browser.text
        assert " checked" not in browser.html
    browser.press("en", name="language")
    assert "Update password" in browser.text
    assert choose(browser).left_to


def test_two_clicks_change_the_password_once_and_never_ask_again(system: System):
    _demand(system)
    browser = _at_the_action(system)
    action, data = filled(browser, new_password=NEW, confirm_password=NEW)
    assert browser.post(action, data).left_to
    system.deliver()
    browser.post(action, data)
    assert UPDATE not in browser.text
    assert system.deliver() == []
    assert is_logged_in(browser)


def test_a_page_left_open_past_the_timeout_begins_again_and_the_password_stays(small: System):
    _demand(small)
    browser = _at_the_action(small)
    small.clock.advance(1_801)
    choose(browser)
    assert "অনেকক্ষণ পাতাটি খোলা ছিল" in browser.text
    assert is_password(small, PASSWORD)


def test_a_demand_taken_back_leaves_no_trace(small: System):
    _demand(small)
    _demand(small, demanded=False)
    assert _at_the_action(small).left_to


def test_a_temporary_password_is_good_for_one_login_that_replaces_it(system: System):
    with directory(system) as people:
        people.set_password(USER, "Jamuna#Nodi55", temporary=True)
    browser = stranger(system).get(authorize_url())
    browser.press("submit", userid=USER, password="Jamuna#Nodi55")
    browser.press("submit", code=system.code())
    assert UPDATE in browser.text
    assert "আগের পাসওয়ার্ড আবার দেওয়া যাবে না।" in choose(browser, "Jamuna#Nodi55").text
    assert choose(browser).left_to
    assert not is_password(system, "Jamuna#Nodi55")


def test_somebody_who_is_logged_in_is_asked_at_the_next_login_not_before(small: System):
    browser = log_in(small)
    _demand(small)
    assert browser.get(authorize_url()).left_to
    browser = _at_the_action(small, browser, prompt="login")
    assert UPDATE in browser.text
    assert choose(browser).left_to


def test_other_sessions_end_if_checked_and_the_new_one_begins(system: System):
    elsewhere = log_in(system, stranger(system))
    _demand(system)
    browser = choose(_at_the_action(system), logout_others="on")
    assert is_logged_in(browser)
    assert not is_logged_in(elsewhere)


def test_a_client_with_a_flow_of_one_step_is_asked_too(small: System):
    _demand(small)
    browser = stranger(small).get(authorize_url("simple"))
    browser.press("submit", userid=USER, password=PASSWORD)
    assert UPDATE in browser.text
    assert choose(browser).left_to.startswith("http://127.0.0.1:9006/callback?")


def test_a_reset_does_what_was_demanded(system: System):
    _demand(system)
    assert SUCCESS in reset(system).text
    assert _demanded(system) == ()


def test_a_user_who_is_switched_off_at_the_page_is_out(small: System):
    _demand(small)
    browser = _at_the_action(small)
    with directory(small) as people:
        people.set_enabled(USER, enabled=False)
    choose(browser)
    assert not browser.left_to
    assert browser.cookie("probesh_session") is None


def test_a_password_that_another_way_sets_meanwhile_ends_the_page(system: System):
    _demand(system)
    browser = _at_the_action(system)
    other = stranger(system).get(mailed(system))
    assert SUCCESS in choose(other, "Jamuna#Nodi55").text
    choose(browser)
    assert not browser.left_to
    assert LOGIN in browser.text
    assert is_password(system, "Jamuna#Nodi55")


def test_the_page_offers_no_way_but_to_change_or_to_cancel(small: System):
    _demand(small)
    browser = _at_the_action(small)
    assert [has_button(browser, b) for b in ("submit", "cancel", "resend", "login", "restart")] == [
        True,
        True,
        False,
        False,
        False,
    ]
