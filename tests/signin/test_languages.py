"""Which language a conversation speaks, and that it keeps it to its last page and letter."""

import re
from collections.abc import Callable

import pytest

from tests.browser import Browser
from tests.signin.resetting import NEW, USER, choose, link, mailed, stranger
from tests.system import PASSWORD, System, authorize_url, log_in


def _language(browser: Browser) -> str:
    found = re.search(r'<html lang="(\w+)"', browser.html)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("wished", "saved", "header", "spoken"),
    [
        ("en", "bn", "bn", "en"),
        ("fr", "en", "bn", "en"),
        ("", "en", "bn", "en"),
        ("", "", "en-GB", "en"),
        ("", "", "en-US,en", "bn"),
        ("", "xx", "", "bn"),
        ("bn-BD", "en", "en", "bn"),
    ],
)
def test_the_client_asks_then_the_person_then_the_browser(
    small: System, wished: str, saved: str, header: str, spoken: str
):
    browser = small.browser(language=saved)
    browser.get(authorize_url(ui_locales=wished or None), **{"Accept-Language": header})
    assert _language(browser) == spoken


def test_what_a_client_asks_for_is_spoken_on_every_page_and_in_every_letter(small: System):
    browser = small.browser(language="bn").get(authorize_url(ui_locales="en"))
    spoken = [_language(browser)]
    spoken.append(_language(browser.press("submit", userid="nobody@", password="x")))
    spoken.append(_language(browser.press("submit", userid=USER, password=PASSWORD)))
    assert small.deliver()[0][1].subject == "Your log-in code"
    spoken.append(_language(browser.press("submit", code="000000")))
    spoken.append(_language(browser.press("restart")))
    assert set(spoken) == {"en"}
    assert browser.cookie("probesh_language") == "bn"  # nobody has pressed anything


def test_the_switch_holds_for_the_conversation_whatever_the_client_asks(small: System):
    browser = small.browser().get(authorize_url(ui_locales="en")).press("bn", name="language")
    assert _language(browser) == "bn"
    browser.press("submit", userid=USER, password=PASSWORD)
    assert _language(browser) == "bn"
    assert _language(browser.press("en", name="language")) == "en"
    assert _language(browser.get(browser.url)) == "en"
    assert _language(browser.press("restart")) == "en"


def test_a_reset_speaks_as_the_login_did_from_the_link_to_the_login_that_follows(small: System):
    browser = stranger(small).get(authorize_url(ui_locales="en"))
    browser.press("forgot", userid=USER).press("submit")
    browser.get(link(small))
    assert _language(browser) == "en"
    browser.press("submit", new_password=NEW, confirm_password=NEW)
    assert _language(browser) == "en"
    browser.press("bn", name="language")  # the conversation has ended; its page is still there
    assert _language(browser) == "bn"
    assert _language(browser.press("login")) == "bn"


@pytest.mark.parametrize(
    ("saved", "header", "spoken"), [("", "", "en"), ("", "bn", "en"), ("bn", "en", "bn")]
)
def test_a_link_speaks_as_its_letter_where_nobody_has_chosen(
    small: System, saved: str, header: str, spoken: str
):
    asking = stranger(small).get(authorize_url()).press("en", name="language")
    asking.press("forgot", userid=USER).press("submit")
    [(_, letter)] = small.deliver()
    [address] = re.findall(r"http\S+/reset/\S+", letter.text)
    for opened in (address, f"{address.partition('/reset/')[0]}/reset/x?ui_locales=en"):
        browser = small.browser(language=saved).get(opened, **{"Accept-Language": header})
        assert _language(browser) == spoken


def test_what_a_letter_links_to_besides_speaks_its_language_too(small: System):
    browser = small.browser().get(authorize_url(ui_locales="en"))
    browser.press("submit", userid=USER, password=PASSWORD)
    letter = small.deliver()[0][1]
    [address] = re.findall(r"http\S+/reset\?\S+", letter.text)
    assert _language(stranger(small).get(address)) == "en"
    assert _language(stranger(small).get("/update-password?ui_locales=en")) == "en"


def test_a_language_that_is_not_offered_is_not_kept_either(small: System):
    browser = small.browser().get(authorize_url(ui_locales="en"))
    form = browser.forms[-1]
    browser.post(form.action, {**form.fields, "language": "xx"})
    assert (browser.status, _language(browser)) == (200, "en")
    assert browser.cookie("probesh_language") is None


def test_a_refused_request_is_told_in_the_language_that_it_asks_for(small: System):
    for changes in ({"client_id": "nobody"}, {"redirect_uri": "https://elsewhere.example/"}):
        browser = small.browser().get(authorize_url(**{"ui_locales": "en", **changes}))
        assert (browser.status, _language(browser)) == (400, "en")
        assert _language(browser.press("bn", name="language")) == "bn"


def test_an_error_within_a_conversation_speaks_its_language(small: System):
    browser = small.browser().get(authorize_url(ui_locales="en"))
    form = browser.forms[-1]
    sealed = browser.post(form.action, form.fields, Origin="https://evil.example")
    assert (sealed.status, _language(sealed)) == (403, "en")
    browser.press("login").press("submit", userid=USER, password=PASSWORD)
    form = browser.forms[-1]
    stored = browser.post(form.action, form.fields, Origin="https://evil.example")
    assert (stored.status, _language(stored)) == (403, "en")


def test_a_logout_speaks_as_its_client_asks_until_the_switch_is_pressed(small: System):
    browser = log_in(small, small.browser(language="bn"))
    browser.get("/logout?client_id=backoffice&ui_locales=en")
    assert _language(browser) == "en"
    assert _language(browser.press("logout")) == "en"
    assert _language(browser.press("bn", name="language")) == "bn"


def test_a_logout_whose_switch_was_pressed_ends_in_that_language(small: System):
    browser = log_in(small).get("/logout?ui_locales=en").press("bn", name="language")
    assert _language(browser) == "bn"
    assert _language(browser.press("logout")) == "bn"


def _wrong_pair(system: System) -> Browser:
    browser = system.browser().get(authorize_url())
    return browser.press("submit", userid=USER, password="wrong")


def _empty_reset(system: System) -> Browser:
    return system.browser().get("/reset").press("submit", userid="")


def _mismatch(system: System) -> Browser:
    return choose(stranger(system).get(mailed(system)), NEW, "another")


def _timeout(system: System) -> Browser:
    browser = system.browser().get(authorize_url())
    system.clock.advance(1801)
    return browser.press("submit", userid=USER, password=PASSWORD)


def _wrong_code(system: System) -> Browser:
    browser = system.browser().get(authorize_url())
    browser.press("submit", userid=USER, password=PASSWORD)
    return browser.press("submit", code="12")


@pytest.mark.parametrize(
    ("meet", "bn", "en"),
    [
        (_wrong_pair, "ইউজার আইডি অথবা পাসওয়ার্ড সঠিক নয়।", "The user ID or the password is not right."),
        (_empty_reset, "ইউজার আইডি লিখুন", "Enter your user ID"),
        (_mismatch, "দুই ঘরের পাসওয়ার্ড মেলেনি।", "The passwords do not match."),
        (_timeout, "অনেকক্ষণ পাতাটি খোলা ছিল", "This page was open for a long time"),
        (_wrong_code, "আপনি ২টি লিখেছেন।", "You entered 2."),
    ],
)
def test_what_a_page_says_is_said_again_in_the_other_language(
    small: System, meet: Callable[[System], Browser], bn: str, en: str
):
    browser = meet(small)
    assert bn in browser.text
    assert en in browser.press("en", name="language").text
    assert bn in browser.press("bn", name="language").text


def test_what_was_said_again_is_not_said_of_the_next_try(small: System):
    browser = _wrong_pair(small).press("en", name="language")
    browser.press("submit", userid=USER, password="")
    assert "Enter your password" in browser.text
    assert "not right" not in browser.text
    browser.press("submit", userid=USER, password=PASSWORD)
    assert "Enter your password" not in browser.text
    assert browser.press("submit", code=small.code()).answer["code"]
