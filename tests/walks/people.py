"""What a person does in a browser, in the words of the pages."""

import re

from playwright.sync_api import Page, expect

from tests.system import PASSWORD
from tests.walks.conftest import Street

USER = "office@example.gov.bd"
NEW_PASSWORD = "Padma#Setu71"
LOGIN = re.compile("^লগইন করুন – ")  # and then the name of whose page it is


def log_in(page: Page, password: str = PASSWORD, user: str = USER) -> None:
    page.get_by_label("ইউজার আইডি").fill(user)
    page.get_by_label("পাসওয়ার্ড", exact=True).fill(password)
    page.get_by_role("button", name="লগইন", exact=True).click()


def send_code(page: Page, code: str) -> None:
    page.get_by_label("৬ সংখ্যার কোড").fill(code)
    page.get_by_role("button", name="জমা দিন").click()


def ask_for_link(page: Page, user: str = USER) -> None:
    page.get_by_role("button", name="পাসওয়ার্ড ভুলে গেছেন?").click()
    page.get_by_label("ইউজার আইডি").fill(user)
    page.get_by_role("button", name="রিসেট →").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("আপনার ইমেইল দেখুন")


def set_password(page: Page, new: str = NEW_PASSWORD, again: str | None = None) -> None:
    page.get_by_label("নতুন পাসওয়ার্ড", exact=True).fill(new)
    page.get_by_label("পাসওয়ার্ড নিশ্চিত করুন", exact=True).fill(new if again is None else again)
    page.get_by_role("button", name="জমা দিন").click()


def expect_there(page: Page, address: str) -> None:
    """Expect the home page of a relying party, with the person's address on it."""
    expect(page).to_have_url(f"{address}/")
    expect(page.get_by_text(USER).first).to_be_visible()


def expect_logged_out(page: Page, *addresses: str) -> None:
    """Expect each relying party to ask for a login; its notice may still be on the way."""
    for address in addresses:
        for _ in range(100):
            page.goto(address)
            if LOGIN.match(page.title()):
                break
            page.wait_for_timeout(100)
        expect(page).to_have_title(LOGIN)


def be_logged_in(page: Page, street: Street, password: str = PASSWORD) -> None:
    page.goto(street.backoffice)
    log_in(page, password)
    send_code(page, street.code())
    expect_there(page, street.backoffice)
