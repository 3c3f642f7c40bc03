"""The forgotten password as a browser without script lives it: steps 3 to 7 of the guide."""

import re

import pytest

from tests.browser import Browser
from tests.signin.leaving import directory, is_logged_in, tab, tokens, userinfo
from tests.signin.resetting import (
    ASKING,
    CANCELLED,
    LOGIN,
    NEW,
    OTHER,
    SENT,
    SUCCESS,
    UPDATE,
    USER,
    ask,
    ask_alone,
    bare,
    choose,
    count,
    filled,
    has_button,
    is_password,
    link,
    mailed,
    refreshed,
    reset,
    rows,
    stranger,
    user,
)
from tests.system import CALLBACK, PASSWORD, System, authorize_url, log_in

HOME = "http://127.0.0.1:9001/"


def test_the_whole_way_from_the_login_page_back_to_the_client_with_the_original_request(
    system: System,
):
    browser = system.browser().get(authorize_url(state="the-original"))
    browser.press("forgot", userid=USER)
    assert ASKING in browser.text
    assert f'value="{USER}"' in browser.html
    browser.press("submit")
    assert SENT in browser.text
    assert f"{USER} দিয়ে কোনো ইউজার থাকলে" in re.sub(r"\s+", " ", browser.text)
    assert "লিংকটি ৩০ মিনিট কাজ করবে।" in browser.text
    browser.get(link(system))
    assert browser.url == f"http://127.0.0.1:9000/update-password?opened={system.clock()}"
    assert UPDATE in browser.text
    assert f"ইউজার আইডি: {USER}" in browser.text
    assert "আপনার পাসওয়ার্ড পরিবর্তন করতে হবে।" in browser.text
    assert "কমপক্ষে ৮ অক্ষর" in browser.text
    choose(browser)
    assert "/signin/" in browser.url
    assert SUCCESS in browser.text
    assert browser.cookie("probesh_session") is None
    assert [to for to, _ in system.deliver()] == [USER]
    browser.press("login")
    assert "ব্যাকঅফিস ব্যবহার করতে লগইন করুন।" in browser.text
    browser.press("submit", userid=USER, password=PASSWORD)
    assert "ইউজার আইডি অথবা পাসওয়ার্ড সঠিক নয়।" in browser.text
    browser.press("submit", password=NEW)
    browser.press("submit", code=system.code())
    assert browser.left_to.startswith(f"{CALLBACK}?")
    assert browser.answer["state"] == "the-original"
    assert userinfo(system, tokens(system, browser)["access_token"]).status_code == 200


def test_the_letter_carries_the_link_by_its_name_and_as_text(small: System):
    ask(small)
    [(to, letter)] = small.deliver()
    assert to == USER
    assert letter.subject == "পাসওয়ার্ড রিসেট করার লিংক"
    secret = "[A-Za-z0-9_-]{65}"
    address = re.search(rf"^http\S+/reset/{secret}\?ui_locales=bn$", letter.text, re.MULTILINE)
    assert address
    assert f'href="{address[0]}"' in letter.html
    assert "Link to reset credentials" in letter.html
    assert "৩০ মিনিট" in letter.text


def test_asking_for_a_link_changes_and_ends_nothing(small: System):
    browser = log_in(small)
    waiting = stranger(small).get(authorize_url()).press("submit", userid=USER, password=PASSWORD)
    code, before = small.code(), rows(small)
    ask(small)
    after = rows(small)
    same = set(after) - {"action_tokens", "outbox", "counters"}
    assert {t: after[t] for t in same} == {t: before[t] for t in same}
    assert is_logged_in(browser)
    assert waiting.press("submit", code=code).left_to
    assert is_password(small, PASSWORD)


def test_a_success_leaves_the_notice_that_the_password_was_changed(small: System):
    reset(small)
    [(to, letter)] = small.deliver()
    assert (to, letter.subject) == (USER, "আপনার পাসওয়ার্ড পরিবর্তন হয়েছে")
    assert "http://127.0.0.1:9000/reset" in letter.text
    assert NEW not in letter.text + letter.html


def test_the_link_verifies_the_mailbox(system: System):
    assert not user(system).email_verified
    address = mailed(system)
    stranger(system).get(address)
    assert not user(system).email_verified
    choose(stranger(system).get(address))
    assert user(system).email_verified


def test_the_page_after_asking_offers_to_send_again_after_a_minute_and_another_user_id(
    small: System,
):
    browser = ask(small, state="kept")
    first = link(small)
    assert "১ মিনিট পরে আবার পাঠাতে পারবেন।" in browser.text
    small.clock.advance(60)
    browser.press("resend")  # on the page as it stands: nothing reloads it after a minute
    assert "আবার ইমেইল পাঠানো হয়েছে।" in browser.text
    second = link(small)
    assert first != second
    browser.press("forgot")
    assert ASKING in browser.text
    browser.press("login")
    assert LOGIN in browser.text
    browser.press("submit", userid=USER, password=PASSWORD)
    assert browser.press("submit", code=small.code()).answer["state"] == "kept"


def test_a_resend_that_is_too_early_sends_nothing_and_shows_the_same_page(small: System):
    browser = ask(small)
    small.deliver()
    small.clock.advance(20)
    before = rows(small)
    browser.press("resend")
    assert (browser.status, SENT in browser.text) == (200, True)
    assert "আবার ইমেইল পাঠানো হয়েছে।" not in browser.text
    assert "মেইলটি আবার পাঠানো হয়নি।" in browser.text
    assert "৪০ সেকেন্ড পরে আবার পাঠাতে পারবেন।" in browser.text
    assert rows(small) == before
    small.clock.advance(40)
    assert "আবার ইমেইল পাঠানো হয়েছে।" in browser.press("resend").text
    assert len(small.deliver()) == 1


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "ইউজার আইডি লিখুন"),
        ("a", "ইমেইল ঠিকানাটি ঠিকভাবে লিখুন"),
        ("অফিস@example.gov.bd", "ইউজার আইডি ইংরেজি অক্ষরে লিখুন।"),
    ],
)
def test_what_can_be_no_user_id_is_told_and_writes_nothing(small: System, typed: str, told: str):
    before = rows(small)
    browser = ask_alone(small, userid=typed)
    assert told in browser.text
    assert ASKING in browser.text
    assert rows(small) == before


def test_a_link_in_another_browser_works_logs_nobody_in_and_leads_to_the_clients_home(
    system: System,
):
    address = mailed_with_state(system, "secret-state")
    other = stranger(system).get(address)
    assert UPDATE in other.text
    assert "secret-state" not in other.html
    choose(other)
    assert SUCCESS in other.text
    assert f'href="{HOME}"' in other.html
    assert not has_button(other, "login")
    assert "secret-state" not in other.html
    assert other.cookie("probesh_session") is None
    assert count(system, "user_sessions") == 0
    assert count(system, "grants") == 0
    assert "secret-state" not in str(rows(system)["authentication_sessions"])


def mailed_with_state(system: System, state: str) -> str:
    ask(system, state=state)
    return link(system)


def test_in_another_browser_no_crafted_button_leads_to_the_request_that_waits_elsewhere(
    small: System,
):
    address = mailed_with_state(small, "secret-state")
    other = stranger(small).get(address)
    action, data = filled(other)
    for way in ("login", "cancel", "restart", "forgot"):
        page = stranger(small).take_cookie("probesh_browser", other.cookie("probesh_browser"))
        page.post(action, {**data, "action": way})
        assert "secret-state" not in page.html
        assert LOGIN not in page.text
    choose(other)
    token = other.forms[-1].fields["form_token"]
    other.post(other.url, {"form_token": token, "action": "login"})
    assert LOGIN not in other.text
    assert "secret-state" not in other.html


def test_cancel_in_the_same_browser_is_the_login_page_of_the_same_request_and_the_link_lives(
    system: System,
):
    browser = stranger(system)
    address = mailed_here(system, browser)
    before = rows(system)
    browser.get(address).press("cancel")
    assert CANCELLED in browser.text
    assert "ব্যাকঅফিস ব্যবহার করতে লগইন করুন।" in browser.text
    assert rows(system) == before
    browser.press("submit", userid=USER, password=PASSWORD)
    assert browser.press("submit", code=system.code()).answer["state"] == "kept"
    assert SUCCESS in choose(browser.get(address)).text


def mailed_here(system: System, browser: Browser) -> str:
    ask(system, browser, state="kept")
    return link(system)


def test_cancel_in_another_browser_says_so_and_the_link_lives(small: System):
    address = mailed(small)
    other = stranger(small).get(address).press("cancel")
    assert CANCELLED in other.text
    assert f'href="{HOME}"' in other.html
    assert other.status == 200
    assert SUCCESS in choose(other.get(address)).text


def test_somebody_else_who_is_logged_in_here_is_told_and_untouched(system: System):
    with directory(system) as people:
        people.set_enabled(OTHER, enabled=True)
    browser = system.browser().get(authorize_url())
    browser.press("submit", userid=OTHER, password=PASSWORD).press("submit", code=system.code())
    cookie = browser.cookie("probesh_session")
    browser.get(mailed(system))
    assert f"এই ব্রাউজারে এখন {OTHER} দিয়ে লগইন করা আছে।" in re.sub(r"\s+", " ", browser.text)
    assert f"এই পাতায় {USER} ইউজার আইডির পাসওয়ার্ড পরিবর্তন হবে।" in re.sub(r"\s+", " ", browser.text)
    choose(browser, "abc")
    assert OTHER in browser.text  # still told beside the errors
    choose(browser, logout_others="on")
    assert SUCCESS in browser.text
    assert browser.cookie("probesh_session") == cookie
    assert is_logged_in(browser)
    assert is_password(system, NEW)
    assert is_password(system, PASSWORD, userid=OTHER)


def test_a_reset_asked_by_somebody_who_is_logged_in_works_and_renews_the_cookie(system: System):
    browser = log_in(system)
    old = browser.cookie("probesh_session")
    browser.get(mailed_here(system, browser))
    assert "এই ব্রাউজারে এখন" not in browser.text
    choose(browser)
    assert SUCCESS in browser.text
    assert browser.cookie("probesh_session") not in {None, old}
    assert is_logged_in(browser)
    thief = stranger(system).take_cookie("probesh_session", old)
    assert not is_logged_in(thief)
    system.deliver()
    browser.press("login")
    browser.press("submit", userid=USER, password=NEW)
    assert browser.press("submit", code=system.code()).answer["state"] == "kept"


@pytest.mark.parametrize(
    ("client_id", "home"), [("backoffice", HOME), ("app", "http://127.0.0.1:9005/")]
)
def test_a_reset_without_a_request_knows_the_way_home_of_its_client(
    small: System, client_id: str, home: str
):
    browser = stranger(small).get(f"/reset?client_id={client_id}")
    assert ASKING in browser.text
    assert f'href="{home}"' in browser.html
    browser.press("submit", userid=USER)
    assert SENT in browser.text
    assert f'href="{home}"' in browser.html
    browser.get(link(small))
    choose(browser)
    assert SUCCESS in browser.text
    assert f'href="{home}"' in browser.html


@pytest.mark.parametrize("query", ["", "?client_id=nobody", "?client_id=", "?client_id=%00"])
def test_a_reset_without_a_client_works_and_leads_nowhere_in_particular(small: System, query: str):
    browser = stranger(small).get(f"/reset{query}")
    assert ASKING in browser.text
    browser.press("submit", userid=USER)
    browser.get(link(small))
    choose(browser)
    assert SUCCESS in browser.text
    assert not has_button(browser, "login")
    assert "127.0.0.1:900" not in browser.html.replace("127.0.0.1:9000", "")


def test_two_clicks_on_the_new_password_show_the_success_page_twice(system: System):
    browser = stranger(system).get(mailed(system))
    action, data = filled(browser, new_password=NEW, confirm_password=NEW)
    first = browser.post(action, data)
    assert SUCCESS in first.text
    place = first.url
    second = browser.post(action, data)
    assert (second.url, SUCCESS in second.text) == (place, True)
    assert len(system.deliver()) == 1
    assert SUCCESS in tab(browser).get(place).text  # and a refresh as well


def test_the_success_page_is_nobody_elses(small: System):
    browser = reset(small)
    other = stranger(small).get(authorize_url()).get(browser.url)
    assert other.status == 400
    assert SUCCESS not in other.text


def test_a_browser_without_cookies_is_told_so_and_nothing_is_changed(small: System):
    address = mailed(small)
    browser = stranger(small).get(address)
    fields = filled(browser, new_password=NEW, confirm_password=NEW)
    for noun in ("browser", "link"):
        browser.forget(f"probesh_{noun}")
    before = rows(small)
    browser.get(f"/update-password?opened={small.clock()}")
    assert (browser.status, ASKING in browser.text) == (400, True)
    assert "আপনার ব্রাউজারে কুকি বন্ধ আছে।" in browser.text
    anew = stranger(small).get(f"/update-password?opened={small.clock()}")
    assert "Cookies are off in your browser." in anew.press("en", name="language").text
    browser.forget("probesh_browser")
    browser.post(*fields)
    assert "আপনার ব্রাউজারে কুকি বন্ধ আছে।" not in browser.text  # it may have been started anew
    browser.forget("probesh_browser")
    browser.press("submit", userid=USER)
    assert "আপনার ব্রাউজারে কুকি বন্ধ আছে।" in browser.text
    assert rows(small) == before
    assert SUCCESS in choose(browser.get(address)).text


def test_a_sealed_page_is_worthless_in_another_browser(small: System):
    victim = stranger(small).get(mailed(small))
    fields = filled(victim, new_password=NEW, confirm_password=NEW)
    before = rows(small)
    thief = stranger(small).get(authorize_url()).post(*fields)
    assert SUCCESS not in thief.text
    assert USER not in thief.html
    assert rows(small) == before
    assert SUCCESS in choose(victim).text


def test_a_form_with_another_pages_token_changes_nothing(small: System):
    browser = stranger(small).get(mailed(small))
    action, data = filled(browser, new_password=NEW, confirm_password=NEW)
    stolen = stranger(small).get(authorize_url()).forms[-1].fields["form_token"]
    before = rows(small)
    browser.post(action, {**data, "form_token": stolen})
    assert browser.status >= 400
    assert rows(small) == before


def test_the_language_changes_on_every_page_of_the_way_and_nothing_else_does(small: System):
    browser = small.browser().get(authorize_url(state="kept")).press("forgot", userid=USER)

    def speak(language: str, *words: str) -> None:
        browser.press(language, name="language")
        assert [word for word in words if word not in browser.text] == []

    speak("en", "Reset your password")
    assert f'value="{USER}"' in browser.html
    speak("bn", ASKING)
    browser.press("submit")
    speak("en", "Check your e-mail", USER)
    [(_, letter)] = small.deliver()
    found = re.search(r"http\S+/reset/\S+", letter.text)
    assert found
    browser.press("bn", name="language").get(found[0])
    speak("en", "Update password", USER)
    choose(browser)
    speak("bn", SUCCESS)
    speak("en", "Your password has been reset")
    small.deliver()
    browser.press("login").press("submit", userid=USER, password=NEW)
    browser.press("submit", code=small.code())
    assert browser.answer["state"] == "kept"


def test_a_letter_speaks_the_language_of_the_page_that_asked(small: System):
    browser = small.browser(language="en").get("/reset").press("submit", userid=USER)
    [(_, letter)] = small.deliver()
    assert browser.status == 200
    assert letter.subject.isascii()
    assert "Link to reset credentials" in letter.html


def test_known_unknown_disabled_and_password_less_get_the_same_pages_byte_for_byte(small: System):
    pages = {}
    for userid in (USER, "nobody@example.gov.bd", OTHER, "new@example.gov.bd"):
        browser = ask(small, userid=userid)
        first = bare(browser)
        small.clock.advance(60)
        refreshed(browser).press("resend")
        pages[userid] = (browser.status, first, bare(browser))
    assert len(set(pages.values())) == 1
    to = [to for to, letter in small.deliver() if "/reset/" in letter.text]
    assert sorted(to) == sorted([USER, "new@example.gov.bd"] * 2)


def test_a_user_without_a_password_gets_the_first_one_by_the_link(system: System):
    reset(system, userid="new@example.gov.bd")
    assert is_password(system, NEW, userid="new@example.gov.bd")
