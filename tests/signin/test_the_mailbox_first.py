"""Strangers have had their tries: the code comes first, then the password, for everybody alike."""

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from idp.accounts.throttle import Attempt, Closed, Slot, Throttle
from idp.flow.codes import derive_code
from idp.flow.effects import ResendChallenge
from idp.model.errors import AlreadySpent
from idp.outbox.delivery import DeliveryFailed, Fault
from idp.stores.ports import Blocked, Schedule
from tests.browser import Browser, form_with
from tests.signin import resetting
from tests.signin.resetting import (
    NEW,
    USER,
    bare,
    choose,
    copy,
    count,
    filled,
    has_button,
    link,
    mailed,
    pages_of,
    rows,
    stranger,
    try_password,
    user,
    written,
)
from tests.system import PASSWORD, System, authorize_url, log_in

NOBODY = "absent@example.gov.bd"  # as long as USER: a sealed page would tell
DISABLED = "closed@example.gov.bd"
FIRST = "নিরাপত্তার জন্য আগে মেইলে পাঠানো কোডটি লিখুন, তারপর পাসওয়ার্ড দিন।"
WRONG = "ইউজার আইডি অথবা পাসওয়ার্ড সঠিক নয়।"
LIMIT = "এখন আর কোড পাঠানো যাচ্ছে না।"
LOCKED = "অনেকবার ভুল কোড দেওয়া হয়েছে। নিরাপত্তার জন্য আবার শুরু থেকে লগইন করুন।"
WENT = ("৬ সংখ্যার কোড পাঠানো হয়েছে।", "কোডটি ১০ মিনিট কাজ করবে।")  # a letter with a code
SENT = "৬ সংখ্যার কোড যাবে।"  # if the user is somebody
MAILFAIL = "কোড পাঠানো যায়নি। কিছুক্ষণ পরে আবার চেষ্টা করুন।"
TOLD = "আপনার ইউজার আইডিতে অনেকবার ভুল পাসওয়ার্ড দেওয়া হয়েছে"
CLOSED = "নিরাপত্তার জন্য পাসওয়ার্ড রিসেট করে আবার লগইন করুন।"
THIEF = "new@example.gov.bd"
DAY = 24 * 3600


def steps(system: System, flow: str = "browser") -> Any:
    return pages_of(system).sign_in.engine._flows[flow]


def attempts(system: System, userid: str = USER) -> Attempt:
    with system.stores.read() as work:
        found = work.users.find_by_email(userid)
    return Attempt(user_id_canonical=userid, user=found, address="")


def guess(system: System, times: int, userid: str = USER) -> None:
    """Count wrong passwords of strangers, each at an address of its own."""
    attempt, throttle = attempts(system, userid), steps(system)[0].throttle
    for number in range(times):
        at = replace(attempt, address=f"2001:db8:f:{number:x}::1")
        assert isinstance(throttle.reserve(at, now=system.clock()), Slot)


def shut(system: System, *userids: str) -> None:
    for userid in userids or (USER,):
        guess(system, 100, userid)


def at_the_first_code(system: System, userid: str = USER, password: str = PASSWORD) -> Browser:
    return try_password(system, password, userid=userid)


def plain(browser: Browser) -> str:
    """Return a page without what was typed, masked or not."""
    return re.sub(r"[\w•]+@example\.gov\.bd", "", bare(browser))


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def challenge(system: System) -> str:
    """Return the id of the newest challenge."""
    query = "SELECT id FROM challenges ORDER BY created_at DESC, id LIMIT 1"
    with system.stores.engine.connect() as connection:
        found: str = connection.exec_driver_sql(query).scalar_one()
    return found


def test_a_new_browser_gets_in_by_code_and_password_in_the_other_order(system: System):
    shut(system)
    browser = at_the_first_code(system)
    assert (browser.status, browser.response.headers.get("Retry-After")) == (200, None)
    assert FIRST in browser.text
    assert "o•••••@example.gov.bd" in browser.text
    assert PASSWORD not in browser.html
    browser.press("submit", code=system.code())
    assert "/signin/" in browser.url
    assert f'value="{USER}"' in browser.html
    assert "readonly" in browser.html
    browser.press("submit", password="wrong")
    assert WRONG in browser.text
    browser.press("submit", password="")
    assert "পাসওয়ার্ড লিখুন" in browser.text
    browser.press("submit", password=PASSWORD)
    assert browser.answer["state"] == "a-state"
    with system.stores.engine.connect() as connection:
        amr = connection.exec_driver_sql("SELECT amr FROM user_sessions").scalar_one()
    assert sorted(json.loads(amr)) == ["email", "pwd"]
    browser.get(authorize_url("app"))
    assert browser.left_to  # the session is good enough for what asks for password and code
    # And this browser is known now, the door shut or not.
    again = log_in(system, browser, prompt="login")
    assert again.answer["code"]


def test_another_user_id_on_the_password_page_changes_nobody(system: System):
    shut(system)
    browser = at_the_first_code(system)
    browser.press("submit", code=system.code())
    browser.press("submit", userid=DISABLED, password=PASSWORD)
    assert browser.answer["code"]
    assert count(system, "user_sessions", f"user_id = '{user(system).id}'") == 1


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_behind_a_shut_door_no_password_is_looked_at(small: System, password: str):
    shut(small)
    hashed = []
    step = steps(small)[0]

    class Watched:
        gate = step.hasher.gate

        def verify(self, *_: object) -> bool:
            hashed.append(1)
            return True

    object.__setattr__(step, "hasher", Watched())
    browser = at_the_first_code(small, password=password)
    assert FIRST in browser.text
    assert not hashed


def _answer(system: System, userid: str) -> tuple[Any, ...]:
    before = rows(system)
    browser = at_the_first_code(system, userid, "wrong")
    new = written(before, rows(system))
    names = sorted(name for name, _ in browser.response.headers)
    seal = len(browser.forms[-1].fields["conversation"])
    return browser.status, names, plain(browser), seal, new, browser


@pytest.mark.parametrize("userid", [USER, DISABLED])
def test_known_disabled_and_unknown_get_the_same_answer_and_the_same_rows(
    system: System, userid: str
):
    shut(system, userid, NOBODY)
    *somebody, known = _answer(system, userid)
    *nobody, unknown = _answer(system, NOBODY)
    assert [*somebody[:3], somebody[4]] == [*nobody[:3], nobody[4]]
    if len(userid) == len(NOBODY):
        assert somebody[3] == nobody[3]
    assert somebody[4] == Counter(challenges=1, outbox=1, counters=2)
    system.deliver()
    for browser in (known, unknown):  # a wrong code: the same words, as many tries left
        browser.press("submit", code="000000")
    assert plain(known) == plain(unknown)
    for browser in (known, unknown):
        browser.press("en", name="language").press("submit", code="")
    assert plain(known) == plain(unknown)
    system.clock.advance(61)
    for browser in (known, unknown):
        browser.press("resend")
    assert plain(known) == plain(unknown)
    system.deliver()
    system.clock.advance(601)
    for browser in (known, unknown):
        browser.press("submit", code="000000")
        assert "If there is such a user ID, a new code will arrive" in browser.text
    assert plain(known) == plain(unknown)
    system.deliver()
    told = [USER] * 3 if userid == USER else []
    assert [to for to, _ in system.desk.letters] == told


@pytest.mark.parametrize("userid", [NOBODY, DISABLED])
def test_nobodys_code_is_never_right(system: System, userid: str):
    shut(system, userid)
    browser = at_the_first_code(system, userid)
    ring = steps(system)[1].codes.form_key
    for left in "৪৩২১":
        browser.press("submit", code=derive_code(ring, challenge(system), ring.newest))
        assert f"আর {left} বার চেষ্টা করতে পারবেন।" in browser.text
    browser.press("submit", code=derive_code(ring, challenge(system), ring.newest))
    assert LOCKED in browser.text
    assert count(system, "authentication_sessions") == 0


def test_five_wrong_codes_use_up_a_challenge_and_the_right_one_is_void(system: System):
    shut(system)
    browser = at_the_first_code(system)
    right = system.code()
    page = filled(browser, code=right)
    for _ in range(5):
        browser.press("submit", code=other_than(right))
    assert LOCKED in browser.text
    assert f'value="{USER}"' in browser.html
    browser.post(*page)
    assert LOCKED in browser.text
    assert count(system, "authentication_sessions") == 0


def test_the_owners_browser_logs_in_while_others_guess(system: System):
    owner = log_in(system)
    shut(system)
    assert FIRST in at_the_first_code(system).text
    system.deliver()
    log_in(system, owner, prompt="login")
    assert owner.answer["code"]


def test_the_owner_who_succeeds_opens_the_door_when_the_day_is_over(system: System):
    owner = log_in(system)
    shut(system)
    log_in(system, owner, prompt="login")
    assert FIRST in at_the_first_code(system).text
    system.clock.advance(DAY)
    assert WRONG in at_the_first_code(system, password="wrong").text


def test_a_reset_opens_the_door_at_once_for_its_browser_alone(system: System):
    shut(system)
    browser = stranger(system)
    browser.get(mailed(system, browser))
    choose(browser)
    browser.press("login")
    browser.press("submit", userid=USER, password=NEW)
    assert FIRST not in browser.text
    browser.press("submit", code=system.code())
    assert browser.answer["state"] == "a-state"
    assert FIRST in at_the_first_code(system, password=NEW).text
    system.clock.advance(DAY)
    assert WRONG in at_the_first_code(system, password="wrong").text


def test_five_codes_before_a_password_then_the_page_says_so_and_the_owner_has_all_of_his(
    system: System,
):
    owner = log_in(system)
    shut(system)
    system.deliver()
    for _ in range(5):
        assert LIMIT not in at_the_first_code(system).text
    assert len(system.deliver()) == 5
    before = rows(system)
    full = at_the_first_code(system)
    assert LIMIT in full.text
    assert "১৫ মিনিট" in full.text
    assert full.status == 200
    full.press("submit", code="123456")
    assert LIMIT in full.text
    full.press("resend")
    assert LIMIT in full.text
    assert not written(before, rows(system)).total()
    assert system.deliver() == []
    log_in(system, owner, prompt="login")  # codes after a password are counted apart
    assert owner.answer["code"]
    assert link_comes(system)
    system.clock.advance(901)
    full.press("resend")
    full.press("submit", code=system.code())
    full.press("submit", password=PASSWORD)
    assert full.answer["code"]


def test_a_wait_is_told_anew_in_the_other_language(small: System):
    shut(small)
    for _ in range(5):
        at_the_first_code(small)
    full = at_the_first_code(small)
    assert "১৫ মিনিট" in full.text
    assert SENT not in full.text  # no letter was promised
    small.clock.advance(600)
    assert "in 5 minutes" in full.press("en", name="language").text
    assert "in 5 minutes" in full.press("resend").text  # told anew, not again
    small.clock.advance(301)
    full.press("bn", name="language")
    assert LIMIT not in full.text
    assert "এখন আবার কোড পাঠাতে পারবেন।" in full.text
    assert "৬ সংখ্যার কোড যাবে।" in full.press("resend").text


def test_what_stands_in_the_way_is_told_beside_what_was_wrong_with_the_form(small: System):
    shut(small)
    for _ in range(5):
        at_the_first_code(small)
    full = at_the_first_code(small)
    form = form_with(full.forms, "action", "submit")
    assert form
    full.post(form.action, {**form.fields, "form_token": "x", "code": "123456"})
    told = (LIMIT, "পাতাটি অনেকক্ষণ খোলা ছিল, তাই জমা হয়নি।")
    assert (full.status, [words in full.text for words in told]) == (403, [True, True])


def link_comes(system: System) -> bool:
    resetting.ask(system)
    return bool(link(system))


def test_a_pair_that_must_wait_is_told_so_before_the_door_is(small: System):
    browser = stranger(small).get(authorize_url())
    for _ in range(5):
        browser.press("submit", userid=USER, password="wrong")
    guess(small, 95)
    browser.press("submit", userid=USER, password="wrong")
    assert browser.status == 429
    small.clock.advance(61)
    browser.press("submit", userid=USER, password=PASSWORD)
    assert FIRST in browser.text


def test_two_clicks_on_the_right_code_end_at_one_password_page(system: System):
    shut(system)
    browser = at_the_first_code(system)
    where, form = filled(browser, code=system.code())
    first = browser.post(where, form).url
    second = browser.post(where, form)
    assert second.url == first
    second.press("submit", password=PASSWORD)
    assert second.answer["code"]


@pytest.mark.parametrize("button", ["restart", "forgot"])
def test_the_ways_out_of_the_password_page_keep_the_request(small: System, button: str):
    shut(small)
    browser = at_the_first_code(small)
    browser.press("submit", code=small.code())
    browser.press(button)
    assert has_button(browser, "submit")
    assert (f'value="{USER}"' in browser.html) is (button == "forgot")
    assert count(small, "authentication_sessions", "taken_at IS NULL") == 0


def test_wrong_passwords_after_the_code_wait_with_their_pair(system: System):
    shut(system)
    browser = at_the_first_code(system)
    browser.press("submit", code=system.code())
    for _ in range(5):
        browser.press("submit", password="wrong")
        assert WRONG in browser.text
    browser.press("submit", password=PASSWORD)
    assert "১ মিনিট পরে আবার চেষ্টা করুন" in browser.text
    system.clock.advance(61)
    browser.press("submit", password=PASSWORD)
    assert browser.answer["code"]


def test_a_user_who_is_switched_off_after_the_code_is_told_after_the_password(system: System):
    shut(system)
    browser = at_the_first_code(system)
    code = system.code()
    with system.stores.write() as work:
        work.users.set_enabled(user(system).id, enabled=False, now=system.clock())
    browser.press("submit", code=code)
    assert "কোডটি সঠিক নয়।" in browser.text


def test_the_owner_is_told_once_a_day_that_the_door_is_shut(system: System):
    for _ in range(2):
        guess(system, 99)
        last = at_the_first_code(system, password="wrong")
        assert WRONG in last.text
        assert FIRST in at_the_first_code(system).text
        with system.stores.write() as work:  # the owner comes and goes, strangers go on
            throttle = steps(system)[0].throttle
            for purpose in ("strangers", "strangers-day"):
                work.counters.clear(throttle.account_key(purpose, user(system).id))
    subjects = [letter.subject for to, letter in system.deliver() if to == USER]
    assert subjects.count(TOLD) == 1


@pytest.mark.parametrize("userid", [NOBODY, DISABLED])
def test_nobody_is_told_by_a_row_like_the_owners(system: System, userid: str):
    new = []
    for who in (USER, userid):
        guess(system, 99, who)
        before = rows(system)
        at_the_first_code(system, who, "wrong")
        new.append(written(before, rows(system)))
    assert new[0] == new[1]
    assert new[0]["outbox"] == 1
    assert [to for to, _ in system.deliver()] == [USER]


def test_where_no_code_is_asked_for_strangers_wait_until_the_day_is_over(system: System):
    shut(system)
    browser = stranger(system).get(authorize_url("simple"))
    browser.press("submit", userid=USER, password=PASSWORD)
    assert browser.status == 429
    assert browser.response.headers["Retry-After"] == str(DAY)
    system.clock.advance(DAY)
    browser.get(authorize_url("simple"))
    browser.press("submit", userid=USER, password=PASSWORD)
    assert browser.left_to


@pytest.mark.race
def test_of_all_guesses_at_once_a_hundred_are_evaluated(system: System):
    attempt, throttle = attempts(system), steps(system)[0].throttle
    start, now = Barrier(10), system.clock()

    def strangers(number: int) -> list[Slot | Blocked | Closed]:
        start.wait(20)
        mine = (replace(attempt, address=f"10.0.{number}.{n}") for n in range(12))
        return [throttle.reserve(at, now=now) for at in mine]

    with ThreadPoolExecutor(10) as pool:
        answers = [answer for some in pool.map(strangers, range(10)) for answer in some]
    slots = [answer for answer in answers if isinstance(answer, Slot)]
    assert len(slots) == 100
    assert [slot.is_last for slot in slots].count(True) == 1


@pytest.mark.race
def test_of_twenty_codes_at_once_at_most_five_are_compared(system: System):
    shut(system)
    browser = at_the_first_code(system)
    right = system.code()

    def send(number: int) -> None:
        where, form = filled(browser, code=f"{(int(right) + 1 + number) % 10**6:06d}")
        copy(system, browser).post(where, form)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(send, range(20)))
    assert count(system, "challenges", "tries = 5") == 1
    browser.press("submit", code=right)
    assert count(system, "authentication_sessions") == 0


# -- what a stranger may not turn it to --------------------------------------------------------


def _crossed(browser: Browser, userid: str = THIEF, **fields: str) -> Browser:
    """Send the page with a form that has grown too old, and another user ID in it."""
    where, form = filled(browser, form_token="x", userid=userid, code="000000", **fields)
    browser.post(where, form)
    assert browser.status == 403
    return browser


@pytest.mark.parametrize("userid", [USER, NOBODY])
def test_a_page_that_is_sent_again_sends_nobodys_code_to_another_mailbox(
    system: System, userid: str
):
    shut(system, userid)
    browser = at_the_first_code(system, userid, "wrong")
    system.deliver()
    _crossed(browser)
    system.clock.advance(61)
    browser.press("resend")
    told = [to for to, _ in system.deliver()]
    assert told == ([USER] if userid == USER else [])
    assert THIEF[0] + "•••••@" not in browser.text


def test_a_busy_moment_sends_nobodys_code_to_another_mailbox(
    small: System, monkeypatch: pytest.MonkeyPatch
):
    shut(small)
    browser = at_the_first_code(small)
    small.deliver()
    small.clock.advance(61)

    def lose(*_: object, **__: object) -> None:
        raise AlreadySpent

    with monkeypatch.context() as patch:
        patch.setattr(ResendChallenge, "apply", lose)
        browser.press("resend", userid=THIEF)
    assert browser.status == 503
    assert "o•••••@" in browser.text
    browser.press("resend")
    assert [to for to, _ in small.deliver()] == [USER]


def test_the_page_that_asks_for_a_user_id_keeps_what_was_typed(small: System):
    browser = stranger(small).get(authorize_url())
    where, form = filled(browser, form_token="x", userid=USER, password=PASSWORD)
    browser.post(where, form)
    assert f'value="{USER}"' in browser.html


@pytest.mark.parametrize("userid", [USER, NOBODY, DISABLED])
def test_after_fifty_wrong_codes_none_is_judged_or_sent_for_a_day(system: System, userid: str):
    shut(system, userid)
    left = 50
    while left:
        browser = at_the_first_code(system, userid)
        if LIMIT in browser.text:
            system.clock.advance(901)
            continue
        for _ in range(5):
            assert LIMIT not in browser.text
            browser.press("submit", code="000000")
            left -= 1
    system.clock.advance(901)
    system.deliver()
    before = rows(system)
    full = at_the_first_code(system, userid)
    assert (LIMIT in full.text, full.status) == (True, 200)
    for press in ({"code": "000000"}, {}):
        full.press("submit" if press else "resend", **press)
        assert LIMIT in full.text
    assert not written(before, rows(system)).total()
    if userid == USER:
        assert system.deliver() == []
        assert link_comes(system)  # the reset stays open
    system.clock.advance(DAY)
    assert LIMIT not in at_the_first_code(system, userid).text


def test_a_live_code_is_not_judged_either_when_the_wrong_ones_are_used_up(system: System):
    shut(system)
    browser = at_the_first_code(system)
    right, (key, schedule) = system.code(), _first_try_limit(system)
    with system.stores.write() as work:
        for _ in range(50):
            work.counters.reserve(key, schedule, now=system.clock())
    before = rows(system)
    browser.press("submit", code=right)
    assert LIMIT in browser.text
    assert not written(before, rows(system)).total()


def test_a_right_code_is_not_counted_as_a_wrong_one(system: System):
    shut(system)
    (key, schedule), now = _first_try_limit(system), system.clock()
    with system.stores.write() as work:
        for _ in range(49):
            work.counters.reserve(key, schedule, now=now)
    browser = at_the_first_code(system)
    page = filled(browser, code=system.code())
    for _ in range(2):  # the second of two clicks gives nothing back
        browser.post(*page)
    with system.stores.write() as work:
        assert work.counters.blocked(key, now=now) is None
        assert work.counters.reserve(key, schedule, now=now) is None
        assert work.counters.blocked(key, now=now) is not None


def _first_try_limit(system: System) -> Any:
    return steps(system)[0].throttle.first_try_limit(user(system), USER)


def test_behind_the_mailbox_an_account_has_twenty_wrong_passwords_a_day_from_everywhere(
    small: System,
):
    shut(small)
    browser = at_the_first_code(small)
    browser.press("submit", code=small.code())
    for number in range(20):
        browser.address = f"2001:db8:a:{number:x}::1"
        browser.press("submit", password="wrong")
        assert WRONG in browser.text
    browser.address = "2001:db8:b::1"
    browser.press("submit", password=PASSWORD)
    assert "১৪৪০ মিনিট পরে আবার চেষ্টা করুন" in browser.text
    _log_in_after_a_reset(small)


def _log_in_after_a_reset(system: System) -> None:
    owner = resetting.reset(system)
    owner.press("login")
    owner.press("submit", userid=USER, password=NEW)
    assert LIMIT not in owner.text
    assert owner.press("submit", code=system.code()).answer["code"]


def _count_a_wrong_code(system: System, *, pause: int) -> None:
    """Let the account's counter wait so many seconds; 0: until a reset."""
    key = Throttle.otp_key(user(system).id)
    with system.stores.write() as work:
        work.counters.reserve(key, Schedule(window=0, pauses=((1, pause),)), now=system.clock())


def test_the_other_order_does_not_go_round_a_counter_of_codes_that_is_closed(system: System):
    shut(system)
    _count_a_wrong_code(system, pause=0)
    browser = at_the_first_code(system)
    browser.press("submit", code=system.code())
    browser.press("submit", password="wrong")
    assert WRONG in browser.text  # nothing is told before the right one
    browser.press("submit", password=PASSWORD)
    assert CLOSED in browser.text
    assert count(system, "user_sessions") == 0
    _log_in_after_a_reset(system)


def test_a_counter_of_codes_that_only_pauses_leaves_the_other_order_open(small: System):
    shut(small)
    _count_a_wrong_code(small, pause=600)
    browser = at_the_first_code(small)
    browser.press("submit", code=small.code())
    assert browser.press("submit", password=PASSWORD).answer["code"]


def test_who_knew_the_old_password_has_not_used_up_the_codes_of_the_new_one(system: System):
    for _ in range(4):
        for _ in range(5):
            try_password(system, PASSWORD)
        system.deliver()
        system.clock.advance(901)
    _log_in_after_a_reset(system)


def test_strangers_who_ask_for_everything_leave_a_letter_of_each_kind_an_hour(small: System):
    shut(small)
    for _ in range(6):
        for _ in range(5):
            at_the_first_code(small)
        for _ in range(3):
            resetting.ask(small)
            small.clock.advance(61)
        small.deliver()
        small.clock.advance(901)
    small.clock.advance(3600)
    for _ in range(12):
        browser = at_the_first_code(small)
        assert LIMIT not in browser.text
        assert LIMIT in at_the_first_code(small).text
        resetting.ask(small)
        subjects = sorted(letter.subject for _, letter in small.deliver())
        assert len(set(subjects)) == len(subjects) == 2
        small.clock.advance(3600)


# -- the code after a right password --------------------------------------------------------------


def refuse(system: System, fault: Fault) -> None:
    def send(*_: object, **__: object) -> None:
        raise DeliveryFailed(fault, "550 5.1.1")

    system.desk.send = send  # type: ignore[method-assign]  # a server that takes nothing


def test_a_code_that_no_server_takes_is_told_after_a_right_password(system: System):
    browser = try_password(system, PASSWORD)
    assert MAILFAIL not in browser.get(browser.url).text
    assert [words in browser.text for words in WENT] == [True, True]
    send = system.desk.send
    refuse(system, Fault.REFUSED)
    system.deliver()
    assert MAILFAIL in browser.get(browser.url).text
    assert [words in browser.text for words in WENT] == [False, False]
    system.clock.advance(61)
    system.desk.send = send  # type: ignore[method-assign]  # and takes letters again
    browser.press("resend")
    browser.press("submit", code=system.code())
    assert browser.answer["code"]


def test_a_code_that_is_sent_again_in_vain_is_not_told_as_sent(system: System):
    browser = try_password(system, PASSWORD)
    refuse(system, Fault.REFUSED)
    system.deliver()
    system.clock.advance(61)
    browser.press("resend")
    assert "আবার পাঠানো হয়েছে" in browser.text
    system.deliver()
    browser.get(browser.url)
    assert (MAILFAIL in browser.text, "আবার পাঠানো হয়েছে" in browser.text) == (True, False)
    browser.press("submit", code="abc")
    assert [words in browser.text for words in (MAILFAIL, "শুধু সংখ্যা")] == [True, True]


def test_a_letter_that_waits_for_its_server_is_no_failure_yet(system: System):
    browser = try_password(system, PASSWORD)
    refuse(system, Fault.DIAL)
    system.deliver()
    assert MAILFAIL not in browser.get(browser.url).text


def test_a_failed_letter_is_never_told_before_a_password(system: System):
    shut(system)
    refuse(system, Fault.REFUSED)
    browser = at_the_first_code(system)
    system.deliver()
    browser.press("en", name="language").press("bn", name="language")
    assert FIRST in browser.text
    assert MAILFAIL not in browser.text


def test_a_mailbox_gets_five_codes_in_a_quarter_of_an_hour_that_nobody_types(system: System):
    earlier = [try_password(system, PASSWORD) for _ in range(5)]
    code = system.code()
    assert len(system.desk.letters) == 5
    full = try_password(system, PASSWORD)
    assert LIMIT in full.text
    assert system.deliver() == []
    pages = [browser for browser in earlier if browser.press("submit", code=code).left_to]
    assert len(pages) == 1  # the last code stays valid, in the window that it belongs to
    full.press("resend")
    full.press("submit", code=system.code())  # and once it was typed there is room again
    assert full.answer["code"]


def test_an_office_may_log_in_as_often_as_it_types_its_codes(system: System):
    for _ in range(7):
        assert log_in(system, stranger(system)).answer["code"]
