"""Back, refresh, a bookmark, a second tab, a night: each ends somewhere sensible, with its request.

A row is a page of the flow; each is left, and come back to, in every way that people do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import pytest

from tests.browser import Browser, Form, form_with
from tests.signin.leaving import DONE, QUESTION
from tests.signin.resetting import ASKING, LOGIN, NEW, SENT, SUCCESS, UPDATE, USER, link, stranger
from tests.system import PASSWORD, System, authorize_url, log_in

NIGHT = 15 * 3600  # seconds
CODE = "কোড লিখুন"
GONE = "এই পাতাটি আর ব্যবহার করা যাবে না"
EXPIRED = "পাতাটি অনেকক্ষণ খোলা ছিল, তাই জমা হয়নি। আবার জমা দিন।"
Walk: TypeAlias = Callable[[System], Browser]


def _login(system: System) -> Browser:
    return stranger(system).get(authorize_url(state="kept"))


def _code(system: System) -> Browser:
    return _login(system).press("submit", userid=USER, password=PASSWORD)


def _reset(system: System) -> Browser:
    return _login(system).press("forgot", userid=USER)


def _sent(system: System) -> Browser:
    return _reset(system).press("submit")


def _update(system: System) -> Browser:
    return _sent(system).get(link(system))


def _done(system: System) -> Browser:
    return _update(system).press("submit", new_password=NEW, confirm_password=NEW)


def _question(system: System) -> Browser:
    return log_in(system, stranger(system)).get("/logout?client_id=backoffice")


def _logged_out(system: System) -> Browser:
    return _question(system).press("logout")


@dataclass(frozen=True)
class Row:
    walk: Walk
    heading: str  # of the page
    asked_again: str  # what its address shows a moment later: refresh, bookmark, another tab
    next_day: str  # what its address shows after a night
    pressed: str  # what its own button leads to after a night


ROWS = {
    "login": Row(_login, LOGIN, LOGIN, LOGIN, LOGIN),
    "code": Row(_code, CODE, CODE, LOGIN, LOGIN),
    "reset": Row(_reset, ASKING, GONE, GONE, SENT),
    "sent": Row(_sent, SENT, GONE, GONE, SENT),
    "update": Row(_update, UPDATE, UPDATE, "লিংকটির", "লিংকটির"),
    "done": Row(_done, SUCCESS, SUCCESS, SUCCESS, LOGIN),
    "logout question": Row(_question, QUESTION, QUESTION, QUESTION, "ব্যাকঅফিস"),
    "logged out": Row(_logged_out, DONE, DONE, DONE, ""),
}
every_page = pytest.mark.parametrize("name", ROWS)
BUTTONS = ("submit", "resend", "login", "logout")


def _button(browser: Browser) -> tuple[Form, str]:
    """Return the form of the page, and its first button."""
    for value in BUTTONS:
        form = form_with(browser.forms, "action", value)
        if form:
            return form, value
    raise AssertionError(browser.text)


def _check_sensible(browser: Browser) -> None:
    """Check that a page says something and leads on: a form, a button, or a link out of here."""
    assert browser.status in {200, 400, 403}
    main = browser.html.split("<main")[1].split("</main>")[0]
    assert "<h1>" in main
    is_farewell = DONE in browser.text  # it is the end of the way
    assert is_farewell or "<form" in main or 'class="btn"' in main


@every_page
def test_a_page_that_is_asked_for_again_is_there_or_says_where_it_begins(small: System, name: str):
    row = ROWS[name]
    browser = row.walk(small)
    assert row.heading in browser.text
    browser.get(browser.url)
    _check_sensible(browser)
    assert row.asked_again in browser.text


@every_page
def test_a_page_that_was_left_open_overnight_leads_on(small: System, name: str):
    row = ROWS[name]
    browser = row.walk(small)
    address = browser.url
    pressed = _button(browser) if row.pressed else None
    small.clock.advance(NIGHT)
    browser.get(address)
    _check_sensible(browser)
    assert row.next_day in browser.text
    if pressed:
        form, value = pressed
        browser.post(form.action, {**form.fields, "action": value, "userid": USER})
        if not browser.left_to:
            _check_sensible(browser)
        assert row.pressed in browser.text or browser.left_to or DONE in browser.text


@pytest.mark.parametrize("name", ["login", "code", "reset", "update", "done"])
def test_a_page_before_it_that_back_shows_still_takes_what_is_typed_there(small: System, name: str):
    """Back shows the page as it was; its form is as good as it was then."""
    row = ROWS[name]
    browser = row.walk(small)
    form, value = _button(browser)
    fields = {**form.fields, "userid": USER, "password": PASSWORD, "code": "000000"}
    fields |= {"new_password": "x", "confirm_password": "x", "action": value}
    for _ in range(2):
        browser.post(form.action, fields)
        _check_sensible(browser)


@pytest.mark.parametrize("name", ["login", "code", "reset", "sent", "update", "logout question"])
def test_a_form_that_is_not_right_any_more_is_shown_again_and_nothing_is_done(
    small: System, name: str
):
    browser = ROWS[name].walk(small)
    form, value = _button(browser)
    letters = len(small.desk.letters)
    typed = {"userid": USER, "password": PASSWORD, "new_password": NEW, "confirm_password": NEW}
    broken = {**form.fields, **typed, "form_token": "0" * 58, "action": value}
    browser.post(form.action, broken)
    assert (browser.status, EXPIRED in browser.text) == (403, True)
    assert ROWS[name].heading in browser.text
    assert len(small.desk.letters) == letters
    if name == "login":
        assert f'value="{USER}"' in browser.html
    assert PASSWORD not in browser.html
    assert NEW not in browser.html


def test_what_was_typed_last_is_kept_whatever_the_page_has_said_before(small: System):
    browser = _login(small).press("submit", userid="wrong@example.gov.bd", password="wrong")
    form, value = _button(browser)
    typed = {"userid": USER, "password": PASSWORD, "form_token": "", "action": value}
    browser.post(form.action, {**form.fields, **typed})
    assert EXPIRED in browser.text
    assert f'value="{USER}"' in browser.html


@pytest.mark.parametrize("name", ["login", "code"])
def test_the_page_that_is_shown_again_goes_on_with_the_request(small: System, name: str):
    browser = ROWS[name].walk(small)
    form, value = _button(browser)
    broken = {**form.fields, "form_token": "", "action": value, "userid": USER}
    browser.post(form.action, broken)
    if name == "login":
        browser.press("submit", userid=USER, password=PASSWORD)
    assert browser.press("submit", code=small.code()).answer["state"] == "kept"


def test_a_night_later_the_request_is_still_answered(small: System):
    browser = _code(small)
    small.clock.advance(NIGHT)
    browser.press("submit", code="123456")
    browser.press("submit", userid=USER, password=PASSWORD)
    assert browser.press("submit", code=small.code()).answer["state"] == "kept"


def test_a_question_that_was_left_open_for_an_hour_still_logs_out(small: System):
    browser = _question(small)
    small.clock.advance(3600)
    browser.press("logout")
    assert DONE in browser.text


def test_a_late_form_that_is_not_right_either_begins_with_the_first_page(small: System):
    browser = _code(small)
    form, _ = _button(browser)
    small.clock.advance(NIGHT)
    browser.post(form.action, {**form.fields, "form_token": "", "action": "submit"})
    assert LOGIN in browser.text
    assert form_with(browser.forms, "action", "forgot")
