"""The whole guide in a browser that runs no script, with every slip and every second try."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.walks.conftest import Street, open_street
from tests.walks.people import NEW_PASSWORD, USER, expect_there, log_in, send_code, set_password

pytestmark = pytest.mark.browser


IMPATIENT = '[reset]\nresend_after = "2s"\n[otp]\nresend_after = "2s"'


@pytest.fixture
def impatient_street(sqlite_folder) -> Iterator[Street]:
    """Return a street of short pauses: an application refuses tokens from too far ahead."""
    one = open_street(*sqlite_folder, more=IMPATIENT)
    with one.doors:
        yield one


@pytest.fixture
def page(plain_page: Page) -> Page:
    plain_page.set_viewport_size({"width": 360, "height": 740})
    return plain_page


def test_the_ten_steps_with_every_slip(impatient_street: Street, page: Page):
    street = impatient_street
    page.goto(street.backoffice)
    log_in(page, "forgotten")
    expect(page.get_by_role("alert")).to_contain_text("ইউজার আইডি অথবা পাসওয়ার্ড সঠিক নয়।")
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("button", name="পাসওয়ার্ড ভুলে গেছেন?").click()
    _ask_for_the_link_twice(street, page)
    page.goto(street.link())
    set_password(page, "padma", "jamuna")
    expect(page.get_by_role("alert")).to_contain_text("দুই ঘরের পাসওয়ার্ড মেলেনি।")
    set_password(page)
    expect(page.get_by_role("main")).to_contain_text("সফলভাবে রিসেট হয়েছে।")
    street.letter()  # the notice
    page.get_by_role("button", name="লগইন", exact=True).click()
    log_in(page, NEW_PASSWORD)
    _send_the_code_of_the_second_letter(street, page)
    expect_there(page, street.backoffice)


def _ask_for_the_link_twice(street: Street, page: Page) -> None:
    expect(page.get_by_label("ইউজার আইডি")).to_have_value(USER)
    page.get_by_role("button", name="রিসেট →").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("আপনার ইমেইল দেখুন")
    again = page.get_by_role("button", name="আবার ইমেইল পাঠান")
    street.letter()
    street.clock.advance(2)
    again.click()
    expect(page.get_by_role("status")).to_contain_text("আবার ইমেইল পাঠানো হয়েছে")


def _send_the_code_of_the_second_letter(street: Street, page: Page) -> None:
    first = street.code()
    expect(page.get_by_role("heading", level=1)).to_have_text("কোড লিখুন")
    send_code(page, "12")
    expect(page.get_by_role("alert")).to_be_focused()
    street.clock.advance(2)
    page.get_by_role("button", name="আবার কোড পাঠান").click()
    expect(page.get_by_role("status")).to_contain_text("কোড আবার পাঠানো হয়েছে")
    assert street.code() == first
    send_code(page, first)


def test_the_language_and_every_way_back_are_buttons(street: Street, page: Page):
    page.goto(street.backoffice)
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Forgot password?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reset your password")
    page.get_by_role("button", name="বাংলা").click()
    page.get_by_role("button", name="« লগইনে ফিরে যান").click()
    log_in(page)
    street.code()
    page.get_by_role("button", name="অন্য ইউজার আইডি দিয়ে লগইন করুন").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("লগইন করুন")


def test_nothing_waits_for_a_script(street: Street, page: Page):
    page.goto(street.backoffice)
    assert page.locator("[hidden]:not([type=hidden])").count() == 0
    assert page.locator("[disabled]").count() == 0
    page.get_by_role("button", name="পাসওয়ার্ড ভুলে গেছেন?").click()
    page.get_by_label("ইউজার আইডি").fill(USER)
    page.get_by_role("button", name="রিসেট →").click()
    page.goto(street.link())
    assert page.locator("[hidden]:not([type=hidden]), [disabled]").count() == 0
