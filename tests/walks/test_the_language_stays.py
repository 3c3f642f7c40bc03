"""The language that somebody chose at the login: every later page, letter and error speaks it."""

import pytest
from playwright.sync_api import Page, expect

from tests.system import PASSWORD, codes_of
from tests.walks.conftest import Street
from tests.walks.people import NEW_PASSWORD, USER, expect_there

pytestmark = pytest.mark.browser


def expect_english(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page.locator("html")).to_have_attribute("lang", "en")


def log_in(page: Page, password: str) -> None:
    page.get_by_label("User ID").fill(USER)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


def test_through_the_reset_and_its_letters(street: Street, page: Page):
    page.goto(street.backoffice)
    page.get_by_role("button", name="English").click()
    expect_english(page, "Log in")
    log_in(page, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    page.get_by_role("button", name="Forgot password?").click()
    expect_english(page, "Reset your password")
    page.get_by_role("button", name="Reset →").click()
    expect_english(page, "Check your e-mail")
    letter = street.letter()
    assert letter.subject == "Link to reset your password"
    link = next(line for line in letter.text.splitlines() if "/reset/" in line)
    page.goto(link)
    expect_english(page, "Update password")
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("Confirm password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Submit").click()
    expect_english(page, "Your new password is ready")
    assert "password" in street.letter().subject
    page.goto(link)
    expect_english(page, "This link was already used")
    for path in ("/nowhere", "/authorize?client_id=nobody"):
        page.goto(street.provider + path)
        expect(page.locator("html")).to_have_attribute("lang", "en")


def test_through_the_code_and_to_the_next_login(street: Street, page: Page):
    page.goto(street.backoffice)
    page.get_by_role("button", name="English").click()
    log_in(page, PASSWORD)
    expect_english(page, "Enter the code")
    letter = street.letter()
    assert "code" in letter.subject.lower()
    (code,) = codes_of(letter.text)
    page.get_by_label("6-digit code").fill(code)
    page.get_by_role("button", name="Submit").click()
    expect_there(page, street.backoffice)
    page.goto(f"{street.provider}/logout")
    expect_english(page, "Log out?")
    page.get_by_role("button", name="Log out", exact=True).click()
    expect_english(page, "You have logged out")
    page.goto(street.backoffice)
    expect_english(page, "Log in")
