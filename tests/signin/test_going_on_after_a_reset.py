"""After a reset: `reset.then = "continue"`, never without the code, and what opens again."""

import pytest

from idp.accounts.throttle import OTP, Throttle
from idp.model.letter import RenderedLetter
from idp.stores.ports import Schedule
from tests.signin.leaving import is_logged_in, tokens
from tests.signin.resetting import (
    CANCELLED,
    LOGIN,
    NEW,
    SUCCESS,
    UPDATE,
    USER,
    ask,
    at_the_code,
    choose,
    count,
    filled,
    has_button,
    is_password,
    link,
    mailed,
    reset,
    stranger,
    try_password,
    user,
)
from tests.system import System, authorize_url, codes_of

CONTINUE = '[reset]\nthen = "continue"'


@pytest.fixture(name="going_on")
def _going_on(make) -> System:
    system: System = make(CONTINUE)
    return system


def _at_the_page(system: System, **request: str):
    browser = stranger(system)
    ask(system, browser, **request)
    return browser.get(link(system))


def _code_in(letters: list[tuple[str, RenderedLetter]]) -> str:
    (code,) = codes_of("\n".join(letter.text for _, letter in letters))
    return code


def test_the_code_page_follows_the_new_password_and_then_the_client(going_on: System):
    browser = choose(_at_the_page(going_on, state="kept"))
    assert SUCCESS in browser.text
    assert "কোড লিখুন" in browser.text
    assert browser.cookie("probesh_session") is None
    assert not is_logged_in(browser)
    letters = going_on.deliver()
    assert sorted(letter.subject for _, letter in letters) == sorted(
        ["আপনার লগইন কোড", "আপনার পাসওয়ার্ড পরিবর্তন হয়েছে"]
    )
    code = _code_in(letters)
    browser.press("submit", code=f"{(int(code) + 1) % 10**6:06d}")
    assert not browser.left_to
    browser.press("submit", code=code)
    assert browser.answer["state"] == "kept"
    assert is_logged_in(browser)
    assert is_password(going_on, NEW)


def test_a_page_is_as_good_as_its_link_which_may_live_for_hours(make):
    system: System = make('[reset]\nttl = "2h"\nthen = "continue"')
    browser = _at_the_page(system, state="kept")
    system.clock.advance(61)
    late = _at_the_page(system)
    system.clock.advance(1_801)  # an ordinary page of a login is too old by now
    assert "কোড লিখুন" in choose(browser).text
    assert browser.press("submit", code=_code_in(system.deliver())).answer["state"] == "kept"
    assert is_password(system, NEW)
    assert (choose(late, "Meghna#Nodi88").status, SUCCESS in late.text) == (400, False)


def test_a_page_does_not_outlive_its_link(make):
    system: System = make('[reset]\nttl = "2h"\nthen = "continue"')
    browser = _at_the_page(system)
    system.clock.advance(7_200)
    assert choose(browser).status == 400
    assert "লিংকটির মেয়াদ শেষ হয়েছে" in browser.text
    assert not is_password(system, NEW)


def test_without_the_code_nobody_is_logged_in_whatever_is_pressed(going_on: System):
    browser = choose(_at_the_page(going_on))
    assert not browser.press("submit", code="").left_to
    for _ in range(5):
        if "কোড লিখুন" in browser.text:
            browser.press("submit", code="000000")
    assert not browser.left_to
    assert browser.cookie("probesh_session") is None
    assert count(going_on, "user_sessions") == 0


def test_who_goes_on_has_proven_password_and_mailbox_and_no_more(going_on: System):
    browser = choose(_at_the_page(going_on))
    browser.press("submit", code=_code_in(going_on.deliver()))
    assert tokens(going_on, browser)["id_token"]
    assert browser.get(authorize_url("app")).left_to


def test_two_clicks_come_to_the_code_page_twice(going_on: System):
    browser = _at_the_page(going_on)
    action, data = filled(browser, new_password=NEW, confirm_password=NEW)
    first = browser.post(action, data).url
    assert browser.post(action, data).url == first
    assert "কোড লিখুন" in browser.text
    assert len(going_on.deliver()) == 2


def test_in_another_browser_there_is_nothing_to_go_on_with(going_on: System):
    browser = choose(stranger(going_on).get(mailed(going_on)))
    assert SUCCESS in browser.text
    assert "কোড লিখুন" not in browser.text
    assert 'href="http://127.0.0.1:9001/"' in browser.html


def test_a_client_whose_flow_is_the_password_alone_gets_the_login_page(going_on: System):
    browser = choose(_at_the_page(going_on, client_id="simple", state="kept"))
    assert SUCCESS in browser.text
    assert not browser.left_to
    browser.press("login")
    assert LOGIN in browser.text
    assert browser.press("submit", userid=USER, password=NEW).answer["state"] == "kept"


def test_cancel_and_faults_are_as_they_are_without_going_on(going_on: System):
    browser = _at_the_page(going_on, state="kept")
    assert UPDATE in browser.text
    browser.press("cancel")
    assert CANCELLED in browser.text
    assert LOGIN in browser.text
    assert has_button(browser, "forgot")


def test_the_language_is_kept_on_the_way_on(going_on: System):
    browser = _at_the_page(going_on).press("en", name="language")
    assert "Update password" in browser.text
    choose(browser)
    assert "Enter the code" in browser.text


def test_a_link_that_dies_under_the_page_is_told_here_too(going_on: System):
    browser = _at_the_page(going_on)
    going_on.clock.advance(1_800)
    choose(browser)
    assert SUCCESS not in browser.text
    assert not is_password(going_on, NEW)


# -- wrong codes ----------------------------------------------------------------------------------


def _fail(system: System, schedule: Schedule, times: int) -> None:
    with system.stores.write() as work:
        for _ in range(times):
            work.counters.reserve(Throttle.otp_key(user(system).id), schedule, now=system.clock())


def _blocked(system: System):
    with system.stores.read() as work:
        return work.counters.blocked(Throttle.otp_key(user(system).id), now=system.clock())


def test_a_closed_counter_of_codes_is_opened_by_a_reset(system: System):
    _fail(system, Schedule(window=0, pauses=((1, 0),)), 1)
    assert _blocked(system).until is None
    assert SUCCESS in reset(system).text
    assert _blocked(system) is None
    system.deliver()
    browser = try_password(system, NEW)
    assert browser.press("submit", code=system.code()).left_to


def test_a_pause_of_wrong_codes_is_not_shortened_by_a_reset(small: System):
    _fail(small, OTP, 10)
    paused = _blocked(small)
    assert paused is not None
    reset(small)
    assert _blocked(small) == paused


def test_a_live_challenge_gets_no_new_tries_by_a_reset(small: System):
    waiting = at_the_code(small)
    code = small.code()
    for _ in range(3):
        waiting.press("submit", code=f"{(int(code) + 1) % 10**6:06d}")
    reset(small)
    with small.stores.engine.connect() as connection:
        tries = connection.exec_driver_sql("SELECT tries FROM challenges").scalar_one()
    assert tries == 3
    assert not waiting.press("submit", code=code).left_to
