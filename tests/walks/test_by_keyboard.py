"""The whole guide with Tab, Shift+Tab, Enter, Space and typing alone."""

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.look.conftest import PROBES
from tests.walks.conftest import Street
from tests.walks.people import LOGIN, NEW_PASSWORD, USER, expect_there

# Where the focus is: what it is called, how wide its outline is, and whether it is on the screen.
FOCUS = """(() => { const e = document.activeElement, box = e.getBoundingClientRect();
  const label = e.labels && e.labels[0] ? e.labels[0] : e;
  const style = getComputedStyle(e);
  return { name: e.getAttribute("aria-label") || label.innerText.trim(), id: e.id,
    role: e.getAttribute("role") || e.localName,
    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    seen: box.top < innerHeight && box.bottom > 0
      && box.left >= 0 && box.right <= innerWidth } })()"""
STOPS = 25  # more than any page has
ERROR = "ত্রুটি: "

pytestmark = pytest.mark.browser


@dataclass
class Keyboard:
    """Hands on the keys; whatever takes the focus on the way must be seen."""

    page: Page

    def press(self, key: str) -> dict[str, Any]:
        self.page.keyboard.press(key)
        return self.look()

    def send(self, key: str = "Enter") -> None:
        """Press a key that leads away."""
        self.page.keyboard.press(key)

    def look(self) -> dict[str, Any]:
        focus: dict[str, Any] = self.page.evaluate(FOCUS)
        if focus["role"] != "body":
            assert focus["outline"] >= 2, focus
            assert focus["seen"], focus
        return focus

    def go_to(self, name: str, key: str = "Tab") -> None:
        """Press a key until the focus is on what has this name."""
        passed = []
        for _ in range(STOPS):
            passed.append(self.press(key)["name"])
            if passed[-1] == name:
                return
        raise AssertionError(f"{name} is not reached: {passed}")

    def type(self, name: str, text: str) -> None:
        """Go to a field and type; what stood in it is selected by the Tab, and so replaced."""
        self.go_to(name)
        self.page.keyboard.type(text)

    def arrive(self, title: str) -> None:
        """Expect a page whose stops follow the eye."""
        expect(self.page).to_have_title(f"{title} – জাতীয় তথ্য বাতায়ন")
        self.page.wait_for_load_state()
        self.page.evaluate(PROBES)
        assert self.page.evaluate("probe.disordered()") == []

    def be_told(self, title: str) -> None:
        """Expect an error: in the title, and in a summary that has the focus."""
        self.arrive(ERROR + title)
        assert self.look()["role"] == "alert"


@pytest.fixture
def keys(page: Page) -> Keyboard:
    page.set_viewport_size({"width": 360, "height": 740})
    return Keyboard(page)


def test_the_ten_steps_without_a_mouse(street: Street, page: Page, keys: Keyboard):
    page.goto(street.backoffice)
    _ask_for_the_link(keys)
    page.goto(street.link())  # a program for mail opens it
    _set_the_password(keys)
    street.letter()  # the notice
    keys.go_to("লগইন")
    keys.send()

    keys.arrive("লগইন করুন")
    keys.type("ইউজার আইডি", USER)
    keys.type("পাসওয়ার্ড", NEW_PASSWORD)
    keys.send()
    keys.arrive("কোড লিখুন")
    keys.type("৬ সংখ্যার কোড", street.code())
    keys.send()
    expect_there(page, street.backoffice)


def _ask_for_the_link(keys: Keyboard) -> None:
    keys.arrive("লগইন করুন")
    keys.go_to("পাসওয়ার্ড ভুলে গেছেন?")
    keys.send("Space")
    keys.arrive("পাসওয়ার্ড রিসেট করুন")
    keys.go_to("রিসেট →")
    keys.send()
    keys.be_told("পাসওয়ার্ড রিসেট করুন")
    assert keys.press("Tab")["name"].startswith("ইউজার আইডি")
    assert keys.press("Enter")["id"] == "userid"  # the summary's link leads into the field
    keys.page.keyboard.type(USER)
    keys.go_to("রিসেট →")
    keys.go_to("ইউজার আইডি", "Shift+Tab")
    keys.send()
    keys.arrive("আপনার ইমেইল দেখুন")


def _set_the_password(keys: Keyboard) -> None:
    title, new, again = "পাসওয়ার্ড আপডেট করুন", "নতুন পাসওয়ার্ড", "পাসওয়ার্ড নিশ্চিত করুন"
    keys.arrive(title)
    keys.type(new, NEW_PASSWORD)
    keys.type(again, "another")
    keys.send()
    keys.be_told(title)
    keys.type(new, NEW_PASSWORD)
    keys.press("Tab")  # the button that shows it
    keys.press("Space")
    expect(keys.page.locator("#new_password")).to_have_attribute("type", "text")
    keys.type(again, NEW_PASSWORD)
    keys.go_to("অন্য সেশন থেকে লগআউট করুন")
    keys.press("Space")
    assert not keys.page.locator("#logout_others").is_checked()
    keys.press("Space")
    keys.go_to("জমা দিন")
    keys.send("Space")
    keys.arrive("নতুন পাসওয়ার্ড চালু হয়েছে")


def test_one_key_leads_past_the_header_into_the_page(street: Street, page: Page, keys: Keyboard):
    page.goto(street.backoffice)
    expect(page).to_have_title(LOGIN)
    assert keys.press("Tab")["name"] == "মূল অংশে যান"
    keys.press("Enter")
    assert keys.press("Tab")["id"] == "userid"
