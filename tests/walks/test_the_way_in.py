"""Steps 1, 2, 8, 9 and 10 of the guide in Chromium, and what people do instead."""

import threading

import pytest
from playwright.sync_api import Page, expect
from werkzeug.wrappers import Request, Response

from tests.servers import free_port
from tests.system import PASSWORD
from tests.walks.conftest import Street, serving
from tests.walks.people import USER, expect_there, log_in, send_code

pytestmark = pytest.mark.browser


def test_the_guide_from_the_backoffice_to_the_backoffice(any_street: Street, page: Page):
    street = any_street
    page.goto(street.backoffice)  # step 1
    expect(page).to_have_title("লগইন করুন – জাতীয় তথ্য বাতায়ন")  # step 2
    log_in(page)  # step 8
    expect(page.get_by_role("heading", level=1)).to_have_text("কোড লিখুন")  # step 9
    expect(page.get_by_text("জাতীয় তথ্য বাতায়ন").first).to_be_visible()
    send_code(page, street.code())  # step 10
    expect_there(page, street.backoffice)


def test_without_script_the_whole_way_works(street: Street, plain_page: Page):
    plain_page.goto(street.backoffice)
    log_in(plain_page)
    send_code(plain_page, street.code())
    expect_there(plain_page, street.backoffice)


def test_enter_sends_the_form_and_the_focus_is_where_people_type(street: Street, page: Page):
    page.goto(street.backoffice)
    page.get_by_label("ইউজার আইডি").fill(USER)
    page.get_by_label("পাসওয়ার্ড").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("৬ সংখ্যার কোড").fill(street.code())
    page.keyboard.press("Enter")
    expect_there(page, street.backoffice)


def test_a_wrong_password_is_told_in_a_summary_and_the_user_id_stays(street: Street, page: Page):
    page.goto(street.backoffice)
    log_in(page, "wrong")
    expect(page).to_have_title("ত্রুটি: লগইন করুন – জাতীয় তথ্য বাতায়ন")
    expect(page.get_by_role("alert")).to_contain_text("ইউজার আইডি অথবা পাসওয়ার্ড সঠিক নয়।")
    expect(page.get_by_label("ইউজার আইডি")).to_have_value(USER)
    expect(page.get_by_label("পাসওয়ার্ড")).to_have_value("")
    page.get_by_label("পাসওয়ার্ড").fill(PASSWORD)
    page.get_by_role("button", name="লগইন", exact=True).click()
    send_code(page, street.code())
    expect_there(page, street.backoffice)


def test_a_wrong_code_then_a_pasted_sentence_with_bengali_digits(street: Street, page: Page):
    page.goto(street.backoffice)
    log_in(page)
    code = street.code()
    send_code(page, f"{(int(code) + 1) % 10**6:06d}")
    expect(page.get_by_role("alert")).to_contain_text("আর ৪ বার চেষ্টা করতে পারবেন।")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("আর ৪ বার চেষ্টা করতে পারবেন।")
    bengali = code.translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯"))
    send_code(page, f"আপনার লগইন কোড: {bengali}")
    expect_there(page, street.backoffice)


def test_a_late_code_brings_a_new_one(street: Street, page: Page):
    page.goto(street.backoffice)
    log_in(page)
    late = street.code()
    street.clock.advance(601)
    send_code(page, late)
    expect(page.get_by_role("alert")).to_contain_text("আপনাকে নতুন কোড পাঠানো হয়েছে।")
    assert street.code() != late


def test_the_code_is_sent_again_after_a_minute(street: Street, page: Page):
    page.goto(street.backoffice)
    log_in(page)
    code = street.code()
    page.get_by_role("button", name="আবার কোড পাঠান").click()  # too early
    expect(page.get_by_text("মেইলটি আবার পাঠানো হয়নি।")).to_be_visible()
    expect(page.get_by_text("সেকেন্ড পরে আবার পাঠাতে পারবেন।")).to_be_visible()
    street.clock.advance(61)
    page.get_by_role("button", name="আবার কোড পাঠান").click()
    expect(page.get_by_text("ঠিকানায় কোড আবার পাঠানো হয়েছে।")).to_be_visible()
    assert street.code() == code


def test_two_tabs_do_not_collide(street: Street, page: Page):
    page.goto(street.backoffice)
    other = page.context.new_page()
    other.goto(street.backoffice)
    log_in(page)
    first = street.code()
    log_in(other)
    second = street.code()
    send_code(other, second)
    expect_there(other, street.backoffice)
    send_code(page, first)
    expect(page).to_have_url(f"{street.backoffice}/")


def test_back_from_the_code_and_back_from_the_application_end_sensibly(street: Street, page: Page):
    page.goto(street.backoffice)
    log_in(page)
    street.code()
    # The letter may be there before the page: a page on its way has no history to go back in.
    expect(page.get_by_role("heading", level=1)).to_have_text("কোড লিখুন")
    page.wait_for_load_state("load")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("লগইন করুন")
    log_in(page)
    send_code(page, street.code())
    expect_there(page, street.backoffice)
    page.go_back()
    expect(page.locator("body")).to_contain_text("দিয়ে লগইন করা আছেন")
    page.get_by_role("button", name="এগিয়ে যান").click()
    expect(page).not_to_have_url(f"{street.provider}/signin")


def test_the_language_is_changed_by_a_button_and_stays(street: Street, page: Page):
    page.goto(street.backoffice)
    page.get_by_role("button", name="English").click()
    expect(page).to_have_title("Log in – Bangladesh National Portal")
    page.get_by_label("User ID").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter the code")
    page.get_by_role("button", name="বাংলা").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("কোড লিখুন")
    send_code(page, street.code())
    expect_there(page, street.backoffice)


def test_a_second_visit_asks_nothing_and_a_refresh_brings_new_tokens(street: Street, page: Page):
    page.goto(street.backoffice)
    log_in(page)
    send_code(page, street.code())
    expect_there(page, street.backoffice)
    page.context.clear_cookies(name="backoffice_session")
    page.goto(street.backoffice)
    expect_there(page, street.backoffice)
    page.locator("form[action$='/refresh'] button").click()
    expect_there(page, street.backoffice)


def test_nothing_but_the_three_origins_is_asked_for(street: Street, page: Page):
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.goto(street.backoffice)
    before = [u for u in asked if u.startswith(street.provider)]
    assert len(before) == 2, before  # the login page is one response, and its script
    log_in(page)
    send_code(page, street.code())
    expect_there(page, street.backoffice)
    known = (street.provider, street.backoffice)
    assert [u for u in asked if not u.startswith(known)] == []


def test_a_client_that_redirects_on_to_a_third_origin_is_reached(street: Street, page: Page):
    """form-action covers the whole chain of redirects in Chromium (docs/decisions/004-csp.md)."""
    third, hop = free_port(), free_port()
    arrived = threading.Event()

    @Request.application
    def somewhere(_request: Request) -> Response:
        arrived.set()
        return Response("arrived")

    @Request.application
    def hopping(_request: Request) -> Response:
        return Response(status=303, headers={"Location": f"http://localhost:{third}/end"})

    clients = street.assembly.settings.clients_by_id
    uri = f"http://127.0.0.1:{hop}/callback"
    object.__setattr__(clients["simple"], "redirect_uris", (uri,))
    request = (
        f"{street.provider}/authorize?client_id=simple&redirect_uri={uri}&response_type=code"
        "&scope=openid&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        "&code_challenge_method=S256"
    )
    with serving(somewhere, third), serving(hopping, hop):
        page.goto(request)
        log_in(page)
        page.wait_for_url(f"http://localhost:{third}/end")
    assert arrived.is_set()


def test_a_post_from_another_site_to_authorize_finds_the_session(street: Street, page: Page):
    page.goto(street.backoffice)
    log_in(page)
    send_code(page, street.code())
    expect_there(page, street.backoffice)
    port = free_port()
    form = (
        f"<form method=post action='{street.provider}/authorize'>"
        "<input name=client_id value=backoffice>"
        f"<input name=redirect_uri value='{street.backoffice}/callback'>"
        "<input name=response_type value=code><input name=scope value=openid>"
        "<input name=code_challenge value=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM>"
        "<input name=code_challenge_method value=S256><input name=state value=foreign>"
        "<button>go</button></form>"
    )

    @Request.application
    def other_site(_request: Request) -> Response:
        return Response(form, content_type="text/html")

    with serving(other_site, port):
        page.goto(f"http://localhost:{port}/")
        page.get_by_role("button").click()
        page.wait_for_url(lambda url: not url.startswith("http://localhost"))
        assert "/authorize" not in page.url
        assert "লগইন করুন" not in page.title()


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_scrolls_sideways(street: Street, page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(street.backoffice)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    log_in(page, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()  # the answer is there, not on its way
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    log_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("কোড লিখুন")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_stays_whole_at_double_zoom(street: Street, page: Page):
    page.set_viewport_size({"width": 640, "height": 800})
    page.goto(street.backoffice)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
