"""Each function of the script seen working in a browser, under the policy that pages are sent with.

A form that is sent ends at an address that keeps what came.
"""

from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Route, expect

from idp.theming.states import STATES
from tests.theming.samples import load

SITE = "http://pages.test"
THEME = load()
POLICY = (
    f"default-src 'none'; style-src {' '.join(THEME.style_hashes)}; script-src 'self'; "
    "img-src data:; form-action 'self'"
)
BENGALI_KEYBOARD = "আপনি বাংলা কীবোর্ডে লিখছেন।"

pytestmark = pytest.mark.browser


class Site:
    """One tab, and the page that it is shown."""

    def __init__(self, tab) -> None:
        self.tab, self.html = tab, ""
        self.sent: list[dict[str, list[str]]] = []
        self.faults: list[str] = []
        tab.route("**/*", self._answer)
        tab.on("pageerror", lambda error: self.faults.append(str(error)))
        tab.on("console", lambda m: self.faults.append(m.text) if m.type == "error" else None)

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if route.request.method == "POST":
            self.sent.append(parse_qs(route.request.post_data or "", keep_blank_values=True))
            route.fulfill(status=204)
        elif path in THEME.assets:
            asset = THEME.assets[path]
            route.fulfill(content_type=asset.content_type, body=asset.body)
        else:
            headers = {"content-security-policy": POLICY}
            route.fulfill(content_type="text/html; charset=utf-8", body=self.html, headers=headers)

    def show(self, name: str, locale: str = "bn", **view: object):
        state = next(state for state in STATES if state.name == name)
        page = state.page_in(locale)
        page = replace(page, view={**page.view, **view})
        self.html = THEME.page(page, state.frame(locale))
        self.tab.goto(f"{SITE}/page")
        return self.tab


@pytest.fixture
def browser(chromium):
    return chromium


@pytest.fixture
def site(browser):
    tab = browser.new_page(viewport={"width": 360, "height": 800})
    site = Site(tab)
    yield site
    assert site.faults == []
    tab.close()


@pytest.fixture
def without_script(browser):
    tab = browser.new_page(java_script_enabled=False)
    yield Site(tab)
    tab.close()


def button(tab, name: str):
    return tab.get_by_role("button", name=name, exact=True)


def seen(button) -> str:
    """Return the word in a field's corner: the rest of its name is for those who hear it."""
    words = button.locator("span")
    visible = words.evaluate_all(
        "es => es.filter(e => e.getBoundingClientRect().right > 0).map(e => e.textContent)"
    )
    [word] = [word for word in visible if word]
    return str(word)


def test_a_password_is_shown_and_hidden_by_a_word_named_for_its_field(site):
    tab = site.show("login fresh")
    tab.fill("#password", "abcdef")
    tab.evaluate("document.getElementById('password').setSelectionRange(2, 4)")
    show = button(tab, "পাসওয়ার্ড দেখুন")
    assert seen(show) == "দেখুন"
    show.click()
    assert tab.get_attribute("#password", "type") == "text"
    field = tab.evaluate(
        "(e => [document.activeElement == e, e.selectionStart, e.selectionEnd])(password)"
    )
    assert field == [True, 2, 4]
    button(tab, "পাসওয়ার্ড লুকান").click()
    assert tab.get_attribute("#password", "type") == "password"
    box, input_ = show.bounding_box(), tab.locator("#password").bounding_box()
    assert min(box["width"], box["height"]) >= 44
    assert input_["x"] < box["x"]
    assert box["x"] + box["width"] <= input_["x"] + input_["width"]


def test_the_word_is_reached_and_pressed_by_keyboard(site):
    tab = site.show("login fresh")
    tab.focus("#password")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    assert tab.get_attribute("#password", "type") == "text"
    assert button(tab, "পাসওয়ার্ড লুকান").evaluate("e => e === document.activeElement")


def test_both_fields_of_a_new_password_have_words_with_different_names(site):
    tab = site.show("update fresh", "en")
    button(tab, "Show confirmed password").click()
    assert tab.get_attribute("#confirm_password", "type") == "text"
    assert tab.get_attribute("#new_password", "type") == "password"
    assert seen(button(tab, "Show new password")) == "Show"


def test_a_shown_password_is_sent_from_a_password_field(site):
    tab = site.show("login fresh")
    tab.fill("#password", "abc")
    button(tab, "পাসওয়ার্ড দেখুন").click()
    tab.press("#password", "Enter")
    tab.wait_for_function("password.type == 'password'")
    assert site.sent[0]["password"] == ["abc"]


def test_a_second_click_sends_nothing_and_the_pressed_button_says_what_was_chosen(site):
    tab = site.show("login fresh")
    forgot = tab.locator("[value=forgot]")
    forgot.evaluate("e => { e.click(); e.click() }")
    expect(forgot).to_have_text("অপেক্ষা করুন…")
    tab.wait_for_timeout(100)
    assert [sent["action"] for sent in site.sent] == [["forgot"]]
    tab.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(forgot).to_have_text("পাসওয়ার্ড ভুলে গেছেন?")
    forgot.click()
    tab.wait_for_timeout(100)
    assert len(site.sent) == 2


def test_the_language_switch_is_left_alone(site):
    tab = site.show("login fresh")
    tab.locator("[name=language]").click()
    tab.wait_for_timeout(50)
    assert tab.locator("[name=language]").text_content() == "English"
    assert site.sent[0]["language"] == ["en"]


@pytest.mark.parametrize(
    ("name", "field"), [("login fresh", "userid"), ("login fresh", "password"),
                        ("reset fresh", "userid")],
)  # fmt: skip
def test_a_bengali_letter_is_warned_of_and_the_warning_goes(site, name, field):
    tab = site.show(name)
    said = tab.locator("p[aria-live]", has_text=BENGALI_KEYBOARD)
    tab.fill(f"#{field}", "office")
    assert said.count() == 0
    tab.fill(f"#{field}", "officeঅ")
    expect(said).to_be_visible()
    tab.fill(f"#{field}", "office")
    expect(said).to_have_count(0)


def test_a_warning_is_not_said_again_at_the_next_letter(site):
    tab = site.show("login fresh")
    tab.evaluate(
        "window.said = 0; new MutationObserver(all => { said += all.length })"
        ".observe(document.querySelector('main'), {subtree: true, childList: true})"
    )
    tab.fill("#userid", "ক")
    tab.fill("#userid", "কখ")
    tab.fill("#userid", "কখগ")
    assert tab.evaluate("said") == 1


def test_a_bengali_letter_in_a_new_password_is_told_as_what_it_is(site):
    tab = site.show("update fresh")
    tab.fill("#new_password", "গোপন")
    expect(tab.get_by_text("বাংলা অক্ষরসহ পাসওয়ার্ড সব কম্পিউটারে")).to_be_visible()


def test_caps_lock_is_warned_of(site):
    tab = site.show("login fresh")
    press = (
        "on => password.dispatchEvent(new KeyboardEvent('keyup', {key: 'A', modifierCapsLock: on}))"
    )
    said = tab.get_by_text("ক্যাপস লক চালু আছে।")
    tab.evaluate(press, True)
    expect(said).to_be_visible()
    tab.evaluate(press, False)
    expect(said).to_have_count(0)


def test_the_checklist_follows_the_typing_and_tells_the_count_once(site):
    tab = site.show("update fresh")
    items = tab.locator(".rules li")
    assert items.count() == 5
    marks = ".rules .mark"
    assert tab.locator(marks).all_text_contents() == ["○"] * 5
    assert tab.locator(".rules li").last.text_content().endswith("এখনো পূরণ হয়নি")
    status = tab.locator(".rules [aria-live]")
    tab.locator("#new_password").press_sequentially("Abcdef১")
    assert tab.locator(marks).all_text_contents() == ["○", "✓", "✓", "✓", "○"]
    assert status.text_content() == ""  # not at every key
    expect(status).to_have_text("৫টি শর্তের মধ্যে ৩টি পূরণ হয়েছে।")
    tab.locator("#new_password").press_sequentially("৳")
    expect(status).to_have_text("৫টি শর্তের মধ্যে ৫টি পূরণ হয়েছে।")
    assert items.nth(0).text_content().endswith("পূরণ হয়েছে")
    tab.fill("#new_password", "")
    assert tab.locator(marks).all_text_contents() == ["○"] * 5


@pytest.mark.parametrize(
    ("name", "ready"),
    [
        ("code fresh", "এখন আবার কোড পাঠাতে পারবেন।"),
        ("sent fresh", "এখন আবার ইমেইল পাঠাতে পারবেন।"),
    ],
)
def test_the_wait_counts_down_by_the_clock_and_its_end_is_said(site, name, ready):
    site.tab.clock.install()
    tab = site.show(name, wait=42)
    line = tab.locator("[data-wait]")
    assert line.text_content() == "৪২ সেকেন্ড পরে আবার পাঠাতে পারবেন।"
    assert line.get_attribute("role") is None  # seconds are not announced
    tab.clock.run_for(2000)
    assert line.text_content() == "৪০ সেকেন্ড পরে আবার পাঠাতে পারবেন।"
    tab.clock.fast_forward(30_000)  # a machine that slept: timers did not run
    tab.clock.run_for(1000)
    assert line.text_content() in {f"{n} সেকেন্ড পরে আবার পাঠাতে পারবেন।" for n in ("৯", "১০")}
    tab.clock.run_for(11_000)
    assert not line.is_visible()
    expect(tab.locator("p[aria-live]", has_text=ready)).to_be_visible()
    assert tab.locator("[value=resend]").is_enabled()


def test_a_long_wait_is_told_in_minutes_and_the_last_second_in_the_singular(site):
    site.tab.clock.install()
    tab = site.show("sent fresh", "en", wait=61)
    line = tab.locator("[data-wait]")
    assert line.text_content() == "You can send again in 2 minutes."
    tab.clock.run_for(1000)
    assert line.text_content() == "You can send again in 1 minute."
    tab.clock.run_for(59_000)
    assert line.text_content() == "You can send again in 1 second."


def test_the_summary_gets_the_focus_where_the_browser_does_not_give_it(site):
    state = next(state for state in STATES if state.name == "login wrong pair")
    html = THEME.page(state.page, state.frame("bn")).replace(" autofocus", "")
    site.html = html
    site.tab.goto(f"{SITE}/page")
    assert site.tab.evaluate("document.activeElement.getAttribute('role')") == "alert"


@pytest.mark.parametrize("name", ["login fresh", "code fresh", "sent fresh", "update fresh"])
def test_without_script_everything_is_there_and_nothing_waits_for_it(without_script, name):
    tab = without_script.show(name)
    assert not tab.locator("button[type=button]").count()
    if name == "update fresh":
        assert tab.locator(".rules li").all_text_contents()
        assert tab.locator("[name=new_password]").get_attribute("type") == "password"
    tab.locator("form .btn, main .link").first.click()
    tab.wait_for_timeout(50)
    assert without_script.sent[0]["action"]
