"""A login in one tab, and the code page that still stands open in another."""

from tests.browser import Browser, form_with
from tests.signin.resetting import LOGIN, SENT, USER, count, mailed, stranger
from tests.system import PASSWORD, System, authorize_url

CODE = "কোড লিখুন"
STAFF = "closed@example.gov.bd"
ALREADY = "দিয়ে লগইন করা আছেন"


def _to_the_code(browser: Browser, client_id: str = "backoffice", **request: str) -> Browser:
    browser.get(authorize_url(client_id, **request))
    return browser.press("submit", userid=USER, password=PASSWORD)


def _two_tabs(system: System, **request: str) -> tuple[Browser, str]:
    """Return a browser that is logged in by its second tab, and the address of the first one."""
    browser = _to_the_code(stranger(system), state="first", **request)
    system.code()
    page = browser.url
    system.clock.advance(5)
    _to_the_code(browser, state="second").press("submit", code=system.code())
    assert browser.answer["state"] == "second"
    system.clock.advance(5)
    return browser, page


def test_the_first_tab_goes_on_by_itself_when_it_is_loaded_again(small: System):
    browser, page = _two_tabs(small)
    browser.get(page)
    assert browser.answer["state"] == "first"


def test_a_code_that_is_typed_there_is_not_judged_any_more(small: System):
    browser = _to_the_code(stranger(small), state="first")
    form = form_with(browser.forms, "action", "resend")
    assert form
    small.code()
    small.clock.advance(5)
    _to_the_code(browser, state="second").press("submit", code=small.code())
    browser.post(form.action, {**form.fields, "code": "000000", "action": "submit"})
    assert browser.answer["state"] == "first"
    assert count(small, "challenges", "tries > 0 and spent_at is null") == 0


def test_coming_back_to_it_once_more_asks_who_goes_on(small: System):
    browser, page = _two_tabs(small)
    browser.get(page)
    small.clock.advance(5)
    browser.get(page)
    assert ALREADY in browser.text
    assert browser.press("continue").answer["state"] == "first"


def test_a_client_that_asks_for_a_fresh_login_takes_the_one_of_the_other_tab(small: System):
    browser, page = _two_tabs(small, prompt="login", max_age="0")
    browser.get(page)
    assert browser.answer["state"] == "first"


def test_a_login_before_the_conversation_began_answers_nothing(small: System):
    browser = _to_the_code(stranger(small), state="old")
    browser.press("submit", code=small.code())
    small.clock.advance(90)
    _to_the_code(browser, state="first", prompt="login")
    small.clock.advance(5)
    browser.get(browser.url)
    assert CODE in browser.text
    assert CODE in browser.press("submit", code="000000").text


def test_a_session_that_has_proven_less_answers_nothing(small: System):
    browser = _to_the_code(stranger(small), state="first")
    page = browser.url
    small.clock.advance(5)
    assert _to_the_code(browser, "simple").answer["code"]
    small.clock.advance(5)
    assert CODE in browser.get(page).text


def test_somebody_else_who_has_logged_in_there_chooses(small: System):
    with small.stores.write() as work:
        staff = work.users.find_by_email(STAFF)
        assert staff
        work.users.set_enabled(staff.id, enabled=True, now=small.clock())
    browser = stranger(small).get(authorize_url(state="first"))
    browser.press("submit", userid=STAFF, password=PASSWORD)
    small.code()
    page = browser.url
    small.clock.advance(5)
    _to_the_code(browser, state="second").press("submit", code=small.code())
    browser.get(page)
    assert f"{USER} {ALREADY}" in browser.text
    assert STAFF not in browser.html
    assert browser.press("continue").answer["state"] == "first"
    assert LOGIN in browser.get(page).press("switch").text


def test_a_reset_is_no_login_that_another_one_could_replace(small: System):
    browser = stranger(small)
    address = mailed(small, browser)
    browser.get(address)
    small.clock.advance(5)
    form = form_with(browser.forms, "action", "submit")
    assert form
    _to_the_code(browser, state="second").press("submit", code=small.code())
    browser.post(form.action, {**form.fields, "new_password": "x", "action": "submit"})
    assert ALREADY not in browser.text
    assert SENT not in browser.text
