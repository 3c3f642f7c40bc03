"""The new password: what it must be, which spellings are one, and what ends with the old one."""

import re
import unicodedata

import pytest

from idp.accounts import known_browsers
from tests.browser import Browser
from tests.signin.leaving import (
    copied,
    directory,
    is_logged_in,
    redeem,
    refresh,
    tab,
    tokens,
    userinfo,
)
from tests.signin.resetting import (
    NEW,
    SUCCESS,
    UPDATE,
    USER,
    at_the_code,
    choose,
    count,
    filled,
    is_password,
    mailed,
    reset,
    rows,
    stranger,
    user,
    written,
)
from tests.system import PASSWORD, System, authorize_url, log_in

REUSED = "আগের পাসওয়ার্ড আবার দেওয়া যাবে না।"


def _at_the_page(system: System) -> Browser:
    return stranger(system).get(mailed(system))


@pytest.mark.parametrize(
    ("new", "confirm", "told"),
    [
        (
            "abc",
            "x",
            [
                "কমপক্ষে ৮ অক্ষর",
                "কমপক্ষে একটি বড় হাতের অক্ষর",
                "কমপক্ষে একটি নাম্বার",
                "কমপক্ষে একটি বিশেষ চিহ্ন",
                "দুই ঘরের পাসওয়ার্ড মেলেনি।",
            ],
        ),
        (
            " office উপজেলা ",
            "",
            [
                "নতুন পাসওয়ার্ডে এখনো যা নেই:",
                "শুরুতে বা শেষে ফাঁকা জায়গা আছে।",
                "ইউজার আইডি বা দপ্তরের নাম রাখবেন না।",
                "একই পাসওয়ার্ড আবার লিখুন",
            ],
        ),
        ("", "", ["পাসওয়ার্ড লিখুন"]),
        ("x" * 1_025, "x" * 1_025, ["সর্বোচ্চ ১০২৪ অক্ষর", "কমপক্ষে একটি বড় হাতের অক্ষর"]),
        ("Bangladesh@2026", None, ["সহজে অনুমান করা যায়।"]),
        ("Office#Nodi77", None, ["ইউজার আইডি বা দপ্তরের নাম রাখবেন না।"]),
        ("উপজেলা#Nodi77", None, ["ইউজার আইডি বা দপ্তরের নাম রাখবেন না।"]),
        (PASSWORD, None, [REUSED]),
    ],
)
def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_stored(
    small: System, new: str, confirm: str | None, told: list[str]
):
    browser = _at_the_page(small)
    before = rows(small)
    choose(browser, new, confirm)
    assert UPDATE in browser.text
    messages = browser.text.partition("পাসওয়ার্ডে যা থাকতে হবে:")[0] + _fields(browser)
    assert [words for words in told if words not in messages] == []
    is_hashed = told == [REUSED]  # only what is worth six hashes is counted
    assert +written(before, rows(small)) == ({"counters": 1} if is_hashed else {})
    assert SUCCESS in choose(browser).text


def _fields(browser: Browser) -> str:
    """Return the words of the form: the errors beside its fields."""
    words = re.sub(r"<[^>]+>", " ", browser.html.partition("<form method")[2])
    return re.sub(r"\s+", " ", words)


def test_the_first_length_is_eight(small: System):
    browser = choose(_at_the_page(small), "Aa1#xyz")
    assert UPDATE in browser.text
    assert SUCCESS in choose(browser, "Aa1#xyzq").text


def test_wrong_twice_then_right_and_the_fields_are_empty_each_time(small: System):
    browser = _at_the_page(small)
    for wrong in ("Secret#typed1", "Secret#typed2"):
        choose(browser, wrong, "Something#else3")
        assert wrong not in browser.html
        assert "Something#else3" not in browser.html
    assert SUCCESS in choose(browser).text
    assert NEW not in browser.html


def test_the_check_mark_is_kept_as_it_was_set(small: System):
    browser = _at_the_page(small)
    assert _is_checked(browser)
    assert not _is_checked(choose(browser, "abc", logout_others=""))
    assert not _is_checked(browser.press("en", name="language"))
    assert _is_checked(choose(browser, "abc", logout_others="on"))


def _is_checked(browser: Browser) -> bool:
    box = re.search(r'<input id="logout_others"[^>]*>', browser.html)
    assert box
    return " checked" in box[0]


def test_the_last_five_passwords_may_not_come_back_and_the_sixth_may(small: System):
    newer = [f"Meghna#Nodi{n}{n}" for n in range(1, 6)]
    for password in newer[:4]:
        assert SUCCESS in reset(small, password).text
        small.deliver()
        small.clock.advance(1_000)
    browser = _at_the_page(small)
    for password in (PASSWORD, *newer[:4]):
        assert REUSED in choose(browser, password).text
    assert SUCCESS in choose(browser, newer[4]).text
    small.deliver()
    small.clock.advance(1_000)
    browser = _at_the_page(small)
    for password in newer:
        assert REUSED in choose(browser, password).text
    assert SUCCESS in choose(browser, PASSWORD).text


@pytest.mark.parametrize("length", [25, 72, 128])
def test_long_bengali_passwords_work_to_their_last_letter(small: System, length: int):
    letters = ("পদ্মামেঘনাযমুনাসুরমাকুশিয়ারাতিস্তা" * 5)[:length]
    password = f"{letters}Aa1#"
    assert SUCCESS in reset(small, password).text
    small.deliver()
    assert is_password(small, password)
    small.clock.advance(100)
    assert not is_password(small, password[:-1] + "%")
    assert not is_password(small, letters)


def test_passwords_of_equal_first_72_bytes_and_another_tail_differ(small: System):
    head = "Aa1#" + "পদ্মামেঘনাযমুনাসুরমাকুশি"
    assert len(head.encode()) >= 72
    reset(small, f"{head}এক")
    assert is_password(small, f"{head}এক")
    assert not is_password(small, f"{head}দুই")
    assert not is_password(small, head)


@pytest.mark.parametrize(
    "password", ["😀🎉🌊🚣🏽Nodi1", "পদ্মা৭৭Nodi৳", "Nodi 77 # Padma", "Aa1#\u200bxyzq"]
)
def test_emoji_bengali_digits_and_inner_spaces_are_good(small: System, password: str):
    assert SUCCESS in reset(small, password).text
    assert is_password(small, password)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Caf\u00e9#Nodi77", "Cafe\u0301#Nodi77"),
        ("আ\u09dfনা#Nodi77", "আ\u09af\u09bcনা#Nodi77"),
        ("ক\u09cbন#Nodi77", "ক\u09c7\u09beন#Nodi77"),
        ("q\u0307\u0323#Nodi77", "q\u0323\u0307#Nodi77"),  # marks in either order
        ("Padma#Nodi77", "Pad\u200cma#Nodi77\ufeff"),
    ],
)
def test_two_spellings_of_one_password_are_one(small: System, one: str, other: str):
    assert one != other
    assert unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other) or (
        one.isascii()
    )
    browser = _at_the_page(small)
    assert SUCCESS in choose(browser, one, other).text
    small.deliver()
    assert is_password(small, other)
    assert is_password(small, one)
    small.clock.advance(1_000)
    assert REUSED in choose(_at_the_page(small), other).text


@pytest.mark.parametrize("bad", ["\x00", "\x07", "\x9f"])
def test_a_null_character_is_refused_before_anything_is_looked_at(small: System, bad: str):
    browser = _at_the_page(small)
    before = rows(small)
    action, data = filled(browser, new_password=f"Padma{bad}#Nodi77", confirm_password=NEW)
    browser.post(action, data)
    assert browser.status == 400
    assert rows(small) == before


def test_a_field_twice_is_refused(small: System):
    browser = _at_the_page(small)
    action, data = filled(browser, confirm_password=NEW)
    browser.post(action, {**data, "new_password": [NEW, "Other#Nodi77"]})
    assert browser.status == 400
    assert is_password(small, PASSWORD)


# -- what ends with the old password --------------------------------------------------------------


def _elsewhere(system: System) -> tuple[Browser, dict[str, str]]:
    """Return another browser that is logged in and known, with what its client holds."""
    browser = log_in(system, stranger(system), scope="openid email offline_access")
    return browser, tokens(system, browser)


def _is_alive(system: System, browser: Browser, held: dict[str, str]) -> set[bool]:
    return {
        is_logged_in(browser),
        userinfo(system, held["access_token"]).status_code == 200,
        refresh(system, held["refresh_token"]).status_code == 200,
        _is_known(system, browser),
    }


def _is_known(system: System, browser: Browser) -> bool:
    cookie, now = browser.cookie("probesh_known"), system.clock()
    with system.stores.read() as work:
        return known_browsers.is_known(work, user(system).id, cookie, now=now)


@pytest.mark.parametrize("others", ["on", ""], ids=["checked", "unchecked"])
def test_other_sessions_end_only_after_success_and_only_if_checked(system: System, others: str):
    browser, held = _elsewhere(system)
    page = _at_the_page(system)
    for refused in ("abc", PASSWORD, "Office#Nodi77"):
        choose(page, refused, logout_others="on")
        assert _is_alive(system, browser, held) == {True}
    choose(page, NEW, logout_others=others)
    assert SUCCESS in page.text
    assert _is_alive(system, browser, held) == {others == ""}


def test_a_code_that_was_not_redeemed_is_void_after_others_are_logged_out(small: System):
    browser = log_in(small, stranger(small))
    reset(small, logout_others="on")
    assert redeem(small, browser.answer["code"]).get_json()["error"] == "invalid_grant"


def test_the_current_session_stays_with_a_new_cookie_and_its_browser_stays_known(system: System):
    here, held = _elsewhere(system)
    there, _ = _elsewhere(system)
    old = here.cookie("probesh_session")
    choose(tab(here).get(mailed(system, tab(here))), logout_others="on")
    assert is_logged_in(here)
    assert not is_logged_in(there)
    assert here.cookie("probesh_session") != old
    assert not is_logged_in(copied(system, old))
    assert refresh(system, held["refresh_token"]).status_code == 200
    assert count(system, "known_browsers") == 1


@pytest.mark.parametrize("others", ["on", ""], ids=["checked", "unchecked"])
def test_logins_that_the_old_password_began_end(system: System, others: str):
    waiting = at_the_code(system)
    code = system.code()
    reset(system, logout_others=others)
    waiting.press("submit", code=code)
    assert not waiting.left_to
    assert waiting.cookie("probesh_session") is None
    assert "লগইন করুন" in waiting.text
    system.deliver()
    waiting.press("submit", userid=USER, password=NEW)
    assert waiting.press("submit", code=system.code()).answer["state"] == "a-state"


def test_a_password_that_is_changed_between_password_and_code_ends_the_login(system: System):
    waiting = at_the_code(system)
    code = system.code()
    with directory(system) as people:
        people.set_password(USER, NEW)
    waiting.press("submit", code=code)
    assert not waiting.left_to
    assert count(system, "user_sessions") == 0


def test_a_mailbox_that_is_changed_between_password_and_code_ends_the_login(small: System):
    waiting = at_the_code(small)
    code = small.code()
    with directory(small) as people:
        people.set_email(USER, "moved@example.gov.bd")
    assert not waiting.press("submit", code=code).left_to
    assert not user(small, "moved@example.gov.bd").email_verified


def test_another_users_sessions_and_logins_are_untouched(small: System):
    with directory(small) as people:
        people.set_enabled("closed@example.gov.bd", enabled=True)
    waiting = at_the_code(small, userid="closed@example.gov.bd")
    code = small.code()
    reset(small, logout_others="on")
    assert waiting.press("submit", code=code).left_to
    assert is_logged_in(waiting)


def test_five_wrong_passwords_at_the_office_are_forgotten_by_a_reset_on_the_phone(system: System):
    office = system.browser(address="192.0.2.50").get(authorize_url())
    for _ in range(6):
        office.press("submit", userid=USER, password="wrong")
    assert office.status == 429
    reset(system)
    office.get(authorize_url()).press("submit", userid=USER, password=NEW)
    assert "/signin/" in office.url
    assert office.status == 200
