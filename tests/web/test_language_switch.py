"""The language switch of pages outside a conversation: back to the page, never away from us."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.web.way_back import is_ours, without_wish
from tests.browser import Browser
from tests.signin.resetting import CANCELLED, mailed, stranger
from tests.system import ISSUER, System, authorize_url, log_in


def _switch(browser: Browser, language: str = "en") -> Browser:
    return browser.press(language, name="language")


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/nowhere/আমি?x=%C3%A4&y=%00&z",
        "/login",
        "/signin",
        "/signin/a-handle",
        "/logout/a-batch?client_id=backoffice",
        "/developers",
        "/developers/check",
        "/authorize?client_id=nobody&state=%22%3E%3Cscript%3E",
        authorize_url(redirect_uri="https://elsewhere.example/?a=b&c"),
    ],
)
def test_a_page_outside_a_conversation_speaks_the_other_language_at_the_same_address(
    small: System, path: str
):
    browser = small.browser().get(path)
    status = browser.status
    assert '<html lang="bn"' in browser.html
    _switch(browser)
    assert '<html lang="en"' in browser.html
    assert (browser.status, browser.cookie("probesh_language")) == (status, "en")
    assert unquote(urlsplit(browser.url).path) == unquote(urlsplit(path).path)
    assert browser.url.count("?") <= 1
    assert '<html lang="bn"' in _switch(browser, "bn").html


def _has_switch(browser: Browser) -> bool:
    return any(name == "language" for form in browser.forms for name, _ in form.buttons)


def test_a_page_that_cannot_be_asked_for_again_has_no_switch(small: System):
    assert not _has_switch(small.browser().get(f"/nowhere?{'x' * 3_000}"))


def test_what_a_form_has_led_to_speaks_on_at_the_entrance(small: System):
    nowhere = {"conversation": "garbled", "action": "submit"}
    for path, form, status in (("/login", {}, 405), ("/signin", nowhere, 400)):
        browser = small.browser().post(path, form)
        assert browser.status == status
        _switch(browser)
        assert (browser.url, '<html lang="en"' in browser.html) == (f"{ISSUER}/login", True)


def test_a_reset_that_was_cancelled_can_be_read_in_the_other_language(small: System):
    browser = stranger(small).get(mailed(small)).press("cancel")
    assert CANCELLED in browser.text
    assert '<html lang="en"' in _switch(browser).html


def test_no_secret_of_an_address_is_repeated_for_the_switch(small: System):
    for path in (
        "/reset/a-secret/more",
        "/nowhere?id_token_hint=a-secret",
        "/x?login_hint=a-secret",
    ):
        browser = small.browser().get(path)
        assert not _has_switch(browser), path
        assert "a-secret" not in browser.html, path


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/a\r\nSet-Cookie: x=1",
        "/আমি",
        "/" + "x" * 3_000,
    ],
)
def test_nobody_is_sent_away_from_here(small: System, address: str):
    answer = small.browser().client.post(
        "/language", base_url=ISSUER, data={"return": address, "language": "en"}
    )
    assert answer.status_code in {303, 400}
    assert answer.headers.get("Location", "/login") == "/login"


@given(st.text())
def test_whatever_is_believed_begins_with_one_slash(address: str):
    if is_ours(address):
        assert address.startswith("/")
        assert not address.startswith(("//", "/\\"))
        assert address.isascii()
        assert address.isprintable()


def test_the_form_of_another_site_changes_nothing(small: System):
    browser = small.browser()
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        browser.post("/language", {"return": "/login", "language": "en"}, **headers)
        assert (browser.status, browser.cookie("probesh_language")) == (403, None)


def test_a_language_that_nobody_offers_changes_nothing(small: System):
    browser = small.browser().post("/language", {"return": "/login", "language": "xx"})
    assert (browser.url, browser.cookie("probesh_language")) == (f"{ISSUER}/login", None)


def test_the_switch_beats_what_the_address_asks_for(small: System):
    assert without_wish("/logout/x?a=1&ui_locales=en&b=2") == "/logout/x?a=1&b=2"
    assert without_wish("/logout/x?ui_locales=en") == "/logout/x"
    browser = log_in(small).get("/logout?ui_locales=en").press("logout")
    assert '<html lang="en"' in browser.html
    assert '<html lang="bn"' in _switch(browser, "bn").html


def test_under_a_path_of_the_issuer_the_switch_comes_back_there(make):
    system = make(issuer=f"{ISSUER}/sso")
    browser = Browser(system.assembly.wsgi, ISSUER).get("/sso/nowhere?x=1")
    _switch(browser)
    assert (browser.url, '<html lang="en"' in browser.html) == (f"{ISSUER}/sso/nowhere?x=1", True)
