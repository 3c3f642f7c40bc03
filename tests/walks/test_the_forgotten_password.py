"""The forgotten password in Chromium, as it goes in offices: other browsers, scanners, slips."""

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from idp.admin import installation
from tests.system import PASSWORD
from tests.walks.conftest import Street
from tests.walks.people import (
    NEW_PASSWORD,
    USER,
    ask_for_link,
    be_logged_in,
    expect_logged_out,
    expect_there,
    log_in,
    send_code,
    set_password,
)

pytestmark = pytest.mark.browser
DONE = "আপনাকে অভিনন্দন। আপনার পাসওয়ার্ডটি সফলভাবে রিসেট হয়েছে।"


@pytest.fixture
def other_page(chromium: Browser):
    """Return a page of another browser, perhaps on another device."""
    context = chromium.new_context(locale="bn-BD", viewport={"width": 360, "height": 740})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_the_link_in_the_same_browser_goes_on_to_the_application(street: Street, page: Page):
    page.goto(street.backoffice)
    ask_for_link(page)
    page.goto(street.link())
    set_password(page)
    expect(page.get_by_role("main")).to_contain_text(DONE)
    street.letter()  # the notice
    page.get_by_role("button", name="লগইন", exact=True).click()
    log_in(page, NEW_PASSWORD)
    send_code(page, street.code())
    expect_there(page, street.backoffice)


def test_the_link_in_another_browser_goes_on_to_the_home_of_the_application(
    street: Street, page: Page, other_page: Page
):
    page.goto(street.backoffice)
    ask_for_link(page)
    other_page.goto(street.link())
    set_password(other_page)
    expect(other_page.get_by_role("main")).to_contain_text(DONE)
    street.letter()
    other_page.get_by_role("link", name="লগইন", exact=True).click()
    log_in(other_page, NEW_PASSWORD)
    send_code(other_page, street.code())
    expect_there(other_page, street.backoffice)


def test_a_mail_scanner_that_opens_every_link_does_no_harm(
    street: Street, page: Page, other_page: Page
):
    page.goto(street.backoffice)
    ask_for_link(page)
    link = street.link()
    scanner = requests.Session()
    for method in ("HEAD", "GET", "GET"):
        assert scanner.request(method, link, timeout=5).status_code == 200
    other_page.goto(link)
    set_password(other_page)
    expect(other_page.get_by_role("main")).to_contain_text(DONE)


def test_cancel_leaves_everything_as_it_was(street: Street, page: Page):
    page.goto(street.backoffice)
    ask_for_link(page)
    link = street.link()
    page.goto(link)
    page.get_by_role("button", name="বাতিল করুন").click()
    expect(page.get_by_role("status")).to_contain_text("আগের পাসওয়ার্ডটিই চালু আছে।")
    log_in(page)
    send_code(page, street.code())
    expect_there(page, street.backoffice)
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("পাসওয়ার্ড আপডেট করুন")


def test_wrong_twice_then_right(street: Street, page: Page):
    page.goto(street.backoffice)
    ask_for_link(page)
    page.goto(street.link())
    set_password(page, "padma", "jamuna")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("কমপক্ষে ৮ অক্ষর")
    expect(alert).to_contain_text("কমপক্ষে একটি বড় হাতের অক্ষর (A–Z)")
    expect(alert).to_contain_text("দুই ঘরের পাসওয়ার্ড মেলেনি।")
    expect(page).to_have_title("ত্রুটি: পাসওয়ার্ড আপডেট করুন – জাতীয় তথ্য বাতায়ন")
    set_password(page, PASSWORD)
    expect(alert).to_contain_text("আগের পাসওয়ার্ড আবার দেওয়া যাবে না।")
    expect(page.get_by_label("নতুন পাসওয়ার্ড", exact=True)).to_have_value("")
    set_password(page)
    expect(page.get_by_role("main")).to_contain_text(DONE)


def test_an_expired_link_offers_a_new_one(street: Street, page: Page):
    page.goto(street.backoffice)
    ask_for_link(page)
    late = street.link()
    street.clock.advance(1801)
    page.goto(late)
    expect(page.get_by_role("heading", level=1)).to_have_text("লিংকটির মেয়াদ শেষ হয়েছে")
    page.get_by_role("button", name="নতুন লিংক নিন").click()
    expect(page.get_by_label("ইউজার আইডি")).to_have_value(USER)
    page.get_by_role("button", name="রিসেট →").click()
    page.goto(street.link())
    set_password(page)
    expect(page.get_by_role("main")).to_contain_text(DONE)


def test_a_first_login_sets_a_password_of_its_own(street: Street, page: Page):
    people = installation.directory(street.assembly.settings, street.clock)
    people.set_password("new@example.gov.bd", PASSWORD)
    people.require("new@example.gov.bd", "update_password", demanded=True)
    page.goto(street.backoffice)
    log_in(page, user="new@example.gov.bd")
    send_code(page, street.code())
    expect(page.get_by_role("heading", level=1)).to_have_text("পাসওয়ার্ড আপডেট করুন")
    set_password(page)
    expect(page).to_have_url(f"{street.backoffice}/")
    expect(page.get_by_text("new@example.gov.bd").first).to_be_visible()


def test_others_are_logged_out_and_see_it_in_their_browser(
    street: Street, page: Page, other_page: Page
):
    be_logged_in(other_page, street)
    page.goto(street.backoffice)
    ask_for_link(page)
    page.goto(street.link())
    set_password(page, "short", "short")
    other_page.reload()
    expect_there(other_page, street.backoffice)  # a refused password ends nothing
    set_password(page)
    expect(page.get_by_role("main")).to_contain_text(DONE)
    street.letter()
    expect_logged_out(other_page, street.backoffice)


def test_in_english_and_without_script_the_whole_way_works(street: Street, plain_page: Page):
    page = plain_page
    page.goto(street.backoffice)
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Forgot password?").click()
    page.get_by_label("User ID").fill(USER)
    page.get_by_role("button", name="Reset →").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your e-mail")
    letter = street.letter()
    assert letter.subject == "Link to reset your password"
    page.goto(next(line for line in letter.text.splitlines() if "/reset/" in line))
    expect(page.get_by_role("heading", level=1)).to_have_text("Update password")
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("Confirm password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("main")).to_contain_text("Congratulations.")
    street.letter()
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_label("User ID").fill(USER)
    page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_label("6-digit code").fill(street.code())
    page.get_by_role("button", name="Submit").click()
    expect_there(page, street.backoffice)


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_of_the_reset_scrolls_sideways(street: Street, page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(street.backoffice)

    def check(heading: str) -> None:
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_role("button", name="পাসওয়ার্ড ভুলে গেছেন?").click()
    check("পাসওয়ার্ড রিসেট করুন")
    page.get_by_label("ইউজার আইডি").fill(USER)
    page.get_by_role("button", name="রিসেট →").click()
    check("আপনার ইমেইল দেখুন")
    page.goto(street.link())
    check("পাসওয়ার্ড আপডেট করুন")
    set_password(page, "short", "other")
    expect(page.get_by_role("alert")).to_be_visible()
    check("পাসওয়ার্ড আপডেট করুন")
    set_password(page)
    check("নতুন পাসওয়ার্ড চালু হয়েছে")
