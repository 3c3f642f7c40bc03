"""The printed guide from step 1 to step 10, word for word, in one walk that prints what it does.

The pictures in the README are made by it: `make pictures`.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.walks.conftest import Street
from tests.walks.people import NEW_PASSWORD, USER, expect_there, send_code

pytestmark = pytest.mark.browser


class Guide:
    """Says each step, and takes its picture where `PICTURES` names a folder."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        folder = os.environ.get("PICTURES")
        self.folder = Path(folder) if folder else None

    def step(self, number: int, words: str, page: Page | None = None) -> None:
        self.said.append(f"{number}. {words}")
        print(self.said[-1])  # noqa: T201 - the walk tells the guide
        if self.folder is not None:
            path = self.folder / f"step-{number:02}.png"
            (page or self.page).screenshot(path=path)


@pytest.fixture
def guide(page: Page) -> Guide:
    page.set_viewport_size({"width": 900, "height": 620})
    return Guide(page)


def test_the_ten_steps_of_the_guide(  # noqa: PLR0915 - as many as the guide has
    any_street: Street, page: Page, guide: Guide, capsys
):
    street = any_street
    page.goto(f"{street.backoffice}/bye")
    guide.step(1, "ব্রাউজারের এড্রেসবারে ব্যাকঅফিসের ঠিকানা টাইপ করুন")
    page.goto(street.backoffice)

    expect(page).to_have_title("লগইন করুন – জাতীয় তথ্য বাতায়ন")
    forgot = page.get_by_role("button", name="পাসওয়ার্ড ভুলে গেছেন?", exact=True)
    expect(forgot).to_be_visible()
    guide.step(2, "“পাসওয়ার্ড ভুলে গেছেন?” এ ক্লিক করুন")
    forgot.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("পাসওয়ার্ড রিসেট করুন")
    expect(page.get_by_role("button", name="« লগইনে ফিরে যান", exact=True)).to_be_visible()
    user_id = page.get_by_label("ইউজার আইডি", exact=True)
    expect(user_id).to_have_value("")
    guide.step(3, "পাসওয়ার্ড রিসেট করার পেজ আসবে")

    user_id.fill(USER)
    guide.step(4, "মেইল ইনপুট দিয়ে রিসেট বাটনে ক্লিক করুন")
    page.get_by_role("button", name="রিসেট →", exact=True).click()

    expect(page.get_by_role("status")).to_contain_text("পরবর্তী নির্দেশনাসহ একটি ইমেইল শিগগিরই পাবেন।")
    expect(page.get_by_role("main")).to_contain_text(USER)
    guide.step(5, "একটি মেসেজ দেখতে পাবেন")

    opened = _open_mail(street, page)
    guide.step(6, "মেইলের “Link to reset credentials” লিংকে ক্লিক করুন", opened)
    letter = opened.frame_locator("iframe")
    with opened.context.expect_page() as new_tab:
        letter.get_by_role("link", name="Link to reset credentials", exact=True).click()
    page = new_tab.value
    page.set_viewport_size({"width": 900, "height": 970})

    expect(page).to_have_url(
        re.compile(rf"{street.provider}/update-password\?opened=\d+&ui_locales=bn")
    )
    expect(page.get_by_role("status")).to_contain_text("সতর্কতা")
    expect(page.get_by_role("status")).to_contain_text("আপনার পাসওয়ার্ড পরিবর্তন করতে হবে।")
    expect(page.get_by_role("heading", level=1)).to_have_text("পাসওয়ার্ড আপডেট করুন")
    expect(page.get_by_label("অন্য সেশন থেকে লগআউট করুন")).to_be_checked()
    expect(page.get_by_role("button", name="বাতিল করুন", exact=True)).to_be_visible()
    page.get_by_label("নতুন পাসওয়ার্ড", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("পাসওয়ার্ড নিশ্চিত করুন", exact=True).fill(NEW_PASSWORD)
    guide.step(7, "নতুন পাসওয়ার্ড দিন এবং “জমা দিন” বাটনে ক্লিক করুন", page)
    page.get_by_role("button", name="জমা দিন", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text(
        "আপনাকে অভিনন্দন। আপনার পাসওয়ার্ডটি সফলভাবে রিসেট হয়েছে।"
    )
    assert "পরিবর্তন হয়েছে" in street.letter().subject

    page.set_viewport_size({"width": 900, "height": 620})
    page.goto(street.backoffice)
    page.get_by_label("ইউজার আইডি", exact=True).fill(USER)
    page.get_by_label("পাসওয়ার্ড", exact=True).fill(NEW_PASSWORD)
    guide.step(8, "সদ্য আপডেটকৃত পাসওয়ার্ড দিয়ে “লগইন” বাটনে ক্লিক করুন", page)
    page.get_by_role("button", name="লগইন", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("কোড লিখুন")
    guide.step(9, "৬ সংখ্যার কোড ইনপুট করতে হবে", page)

    code = street.code()
    page.get_by_label("৬ সংখ্যার কোড").fill(code)
    guide.step(10, "মেইলের কোডটি পেস্ট করে জমা দিন বাটনে ক্লিক করুন", page)
    send_code(page, code)
    expect_there(page, street.backoffice)
    assert capsys.readouterr().out.splitlines() == guide.said
    assert [said.partition(".")[0] for said in guide.said] == [str(n) for n in range(1, 11)]


def _open_mail(street: Street, page: Page) -> Page:
    """Open the newest letter in the development mailbox, in a tab of its own."""
    assert street.letter().subject == "পাসওয়ার্ড রিসেট করার লিংক"
    opened = page.context.new_page()
    opened.set_viewport_size({"width": 900, "height": 620})
    opened.goto(street.mailbox)
    opened.get_by_role("link", name="পাসওয়ার্ড রিসেট করার লিংক").first.click()
    return opened
