"""Two applications, one login, one way out, in Chromium."""

import pytest
from playwright.sync_api import Page, expect

from tests.walks.conftest import Street
from tests.walks.people import (
    LOGIN,
    be_logged_in,
    expect_logged_out,
    expect_there,
    log_in,
    send_code,
)

pytestmark = pytest.mark.browser
LOGOUT = "লগআউট করুন"


def test_the_second_application_asks_nothing(street: Street, page: Page):
    be_logged_in(page, street)
    page.goto(street.ministry)
    expect_there(page, street.ministry)


def test_logging_out_at_one_ends_all(any_street: Street, page: Page):
    street = any_street
    be_logged_in(page, street)
    page.goto(street.ministry)
    expect_there(page, street.ministry)
    page.get_by_role("button", name=LOGOUT).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("আপনি লগআউট করেছেন")
    assert page.url.startswith(f"{street.ministry}/bye?state=")  # its own ID token: no question
    expect_logged_out(page, street.backoffice, street.ministry)
    for _ in range(2):
        page.wait_for_load_state("load")
        page.go_back()
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("স্বাগতম")


def test_logging_out_at_the_provider_asks_first_and_ends_all(street: Street, page: Page):
    be_logged_in(page, street)
    page.goto(street.ministry)
    page.goto(f"{street.provider}/logout")
    expect(page.get_by_role("heading", level=1)).to_have_text("লগআউট করবেন?")
    page.goto(street.backoffice)
    expect_there(page, street.backoffice)  # nothing has happened yet
    page.goto(f"{street.provider}/logout")
    page.get_by_role("button", name=LOGOUT).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("আপনি লগআউট করেছেন")
    expect_logged_out(page, street.backoffice, street.ministry)


def test_the_last_page_names_the_service_that_did_not_answer(street: Street, page: Page):
    be_logged_in(page, street)
    page.goto(street.ministry)
    expect_there(page, street.ministry)
    street.ministry_doors.close()  # the ministry's application is away
    page.goto(f"{street.provider}/logout")
    page.get_by_role("button", name=LOGOUT).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("আপনি লগআউট করেছেন")
    look_again, told = page.get_by_role("link", name="আবার দেখুন"), page.get_by_role("alert")
    while not told.count():
        page.wait_for_timeout(500)
        look_again.click(timeout=15_000)
    expect(told).to_contain_text("মন্ত্রণালয়ের অ্যাপ থেকে লগআউট নিশ্চিত করা যায়নি।")
    expect(page.get_by_role("main")).not_to_contain_text("ব্যাকঅফিস")


def test_the_login_page_of_the_ministry_wears_its_own_look(street: Street, page: Page):
    page.goto(street.backoffice)
    colour = "getComputedStyle(document.querySelector('button.btn')).backgroundColor"
    of_the_portal, words = page.evaluate(colour), page.get_by_role("main").inner_text()
    page.goto(street.ministry)
    expect(page).to_have_title(LOGIN)
    assert page.evaluate(colour) != of_the_portal
    assert page.get_by_role("main").inner_text() != words


def test_a_logout_while_the_code_is_awaited_ends_that_login(street: Street, page: Page):
    page.goto(street.backoffice)
    log_in(page)
    code = street.code()
    at_the_code = page.url
    page.goto(f"{street.provider}/logout")
    page.get_by_role("button", name=LOGOUT).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("আপনি লগআউট করেছেন")
    page.goto(at_the_code)
    expect(page).to_have_title(LOGIN)
    log_in(page)
    assert street.code() != code


def test_the_idle_limit_asks_again_and_the_absolute_one_too(street: Street, page: Page):
    be_logged_in(page, street)
    street.clock.advance(3601)
    page.goto(street.ministry)
    expect(page).to_have_title(LOGIN)
    log_in(page)
    send_code(page, street.code())
    for _ in range(12):  # in use all the day
        street.clock.advance(3000)
        page.goto(f"{street.provider}/logout")
    page.goto(f"{street.ministry}/")
    expect(page).to_have_title(LOGIN)
