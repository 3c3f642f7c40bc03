"""The mailed link: who opens it, how often, how late, how mangled; each case in its own words."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import Client

from idp.flow.authenticators.reset_credentials import OpenedLink, ResetCredentials, link_secret
from idp.model.keyring import Keyring
from idp.model.tokens import new_id
from idp.model.user import User
from idp.stores.sql.users import SqlUsers
from tests.browser import Browser
from tests.signin.leaving import directory, tab
from tests.signin.resetting import (
    ASKING,
    NEW,
    SUCCESS,
    UPDATE,
    USER,
    ask,
    choose,
    copy,
    filled,
    is_password,
    link,
    mailed,
    pages_of,
    rows,
    stranger,
)
from tests.system import ISSUER, PASSWORD, System, authorize_url, log_in

CUT = ("লিংকটি সঠিক নয়", "ইমেইল থেকে পুরো লিংকটি কপি করে ব্রাউজারের এড্রেসবারে পেস্ট করুন।")
FOREIGN = ("লিংকটি সঠিক নয়", "লিংকটি চেনা যাচ্ছে না।")
USED = ("লিংকটি আগেই ব্যবহার করা হয়েছে", "একটি লিংক একবারই ব্যবহার করা যায়।")
DEAD = ("লিংকটি বাতিল হয়ে গেছে", "কারণ পরে আপনার পাসওয়ার্ড বা ইমেইল বদলানো হয়েছে।")
DISABLED = ("লিংকটি বাতিল হয়ে গেছে", "এই ইউজার আইডি এখন বন্ধ আছে।")
EXPIRED = ("লিংকটির মেয়াদ শেষ হয়েছে", "লিংক ৩০ মিনিট পরে আর কাজ করে না।")


def _tells(browser: Browser, words: tuple[str, str]) -> bool:
    return browser.status == 400 and all(part in browser.text for part in words)


def _plain(system: System) -> Client:
    return Client(system.assembly.wsgi, use_cookies=False)


def test_getting_and_heading_the_link_many_times_uses_nothing_up_and_writes_nothing(
    system: System,
):
    browser = stranger(system)
    address = mailed(system, browser)
    before = rows(system)
    for _ in range(3):
        scanner = stranger(system).get(address)
        assert UPDATE in scanner.text
        for path in (address.removeprefix(ISSUER), "/update-password"):
            assert scanner.client.head(path, base_url=ISSUER).status_code in {200, 303}
            assert _plain(system).head(path, base_url=ISSUER).status_code in {200, 303}
        browser.get(address).get("/update-password")
    assert rows(system) == before
    assert SUCCESS in choose(browser).text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_secret_leaves_the_address_at_once_and_no_referrer_carries_it(
    small: System, method: str
):
    address = mailed(small)
    browser = stranger(small)
    answer = browser.client.open(address.removeprefix(ISSUER), method=method, base_url=ISSUER)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/update-password?opened={small.clock()}"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.data == b""
    cookies = answer.headers.getlist("Set-Cookie")
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)
    browser.get("/update-password")
    assert browser.response.headers["Referrer-Policy"] == "same-origin"
    assert address.rpartition("/")[2] not in browser.html


def test_the_links_cookie_is_gone_once_the_link_is_used_or_the_change_is_cancelled(small: System):
    browser = choose(stranger(small).get(mailed(small)))
    assert SUCCESS in browser.text
    assert browser.cookie("probesh_link") is None
    small.clock.advance(1_000)
    here = stranger(small)
    address = mailed(small, here)
    for one in (here, stranger(small)):
        one.get(address).press("cancel")
        assert one.cookie("probesh_link") is None
        assert UPDATE not in one.get("/update-password").text


def test_a_logout_takes_the_opened_link_away_from_whoever_comes_next(small: System):
    browser = log_in(small, stranger(small))
    browser.get(mailed(small, tab(browser)))
    assert UPDATE in browser.text
    browser.get("/logout").press("logout")
    assert browser.cookie("probesh_link") is None
    assert ASKING in browser.get("/update-password").text
    browser.get(f"/update-password?opened={small.clock()}")  # Back, in the history
    assert ASKING in browser.text
    assert (browser.status, "কুকি বন্ধ" in browser.text) == (200, False)
    small.clock.advance(61)
    browser.get(mailed(small)).get("/logout")  # nobody is logged in any more
    assert browser.cookie("probesh_link") is None
    assert UPDATE not in browser.get("/update-password").text


def test_a_login_takes_the_opened_link_away(small: System):
    browser = stranger(small)
    browser.get(mailed(small, browser))
    log_in(small, browser)
    assert browser.cookie("probesh_link") is None


@pytest.mark.parametrize(("ttl", "seconds"), [("30m", 1_800), ("2h", 7_200)])
def test_the_cookie_of_a_link_lives_as_long_as_a_link(make, ttl: str, seconds: int):
    browser = make(f'[reset]\nttl = "{ttl}"').browser()
    answer = browser.client.get(f"/reset/{'s' * 65}", base_url=ISSUER)
    [cookie] = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("probesh_link=s")]
    assert f"Max-Age={seconds}" in cookie


def test_a_link_that_was_used_says_so_however_often_it_is_opened(system: System):
    browser = stranger(system)
    address = mailed(system, browser)
    choose(browser.get(address))
    for one in (browser, stranger(system)):
        assert _tells(one.get(address), USED)
        assert _tells(one.get(address), USED)


def test_a_link_works_until_its_last_second_and_not_in_the_next(system: System):
    address = mailed(system)
    system.clock.advance(30 * 60 - 1)
    browser = stranger(system).get(address)
    assert UPDATE in browser.text
    late = copy(system, browser).get("/update-password")
    assert SUCCESS in choose(browser).text
    system.clock.advance(60)
    second = mailed(system)
    late.get(second)
    system.clock.advance(30 * 60)
    assert _tells(stranger(system).get(second), EXPIRED)
    choose(late, "Meghna#Nodi88")
    assert _tells(late, EXPIRED)
    assert is_password(system, NEW)


@pytest.mark.parametrize("length", [1, 21, 22, 23, 43, 64])
def test_a_link_that_was_cut_off_says_so(small: System, length: int):
    head, _, secret = mailed(small).rpartition("/")
    assert _tells(stranger(small).get(f"{head}/{secret[:length]}"), CUT)


@pytest.mark.parametrize("tail", [".", ")", "]", "।", "&gt;", "%3E", '"', ",", "!", " ", "?x=1"])
def test_what_a_mail_program_adds_to_a_link_is_no_harm(small: System, tail: str):
    address = mailed(small)
    assert UPDATE in stranger(small).get(address + tail).text


@pytest.mark.parametrize("secret", ["x", "~" * 65, "ক", "..", "%00", "a" * 5_000, "<script>"])
def test_a_link_of_nonsense_is_no_fault_of_ours(small: System, secret: str):
    browser = stranger(small).get(f"/reset/{secret}")
    assert browser.status in {200, 400, 404}
    assert "<script>" not in browser.html.partition("<main")[2]


def test_a_link_of_another_site_or_with_a_flipped_character_is_foreign(small: System):
    head, _, secret = mailed(small).rpartition("/")
    other_site = link_secret(Keyring({1: b"another site" * 3}), new_id(), 1)
    flipped = [
        secret[:at] + ("A" if secret[at] != "A" else "B") + secret[at + 1 :] for at in (0, 21, 22)
    ]
    for one in (other_site, *flipped, secret[:-1] + ("w" if secret[-1] != "w" else "x")):
        assert _tells(stranger(small).get(f"{head}/{one}"), FOREIGN)


def test_somebody_who_guesses_links_must_wait(small: System):
    guesser = stranger(small)
    for _ in range(10):
        assert _tells(guesser.get(f"/reset/{'x' * 65}"), FOREIGN)
    guesser.get(f"/reset/{'x' * 65}")
    assert guesser.status == 429
    assert 1 <= int(guesser.response.headers["Retry-After"]) <= 60
    assert UPDATE in guesser.get(mailed(small)).text  # a right link is no guess


@pytest.mark.parametrize("change", ["password", "email"])
@pytest.mark.parametrize("is_open", [False, True], ids=["before the click", "before the post"])
def test_a_link_is_dead_after_a_change_of_password_or_mailbox(
    system: System, change: str, is_open: bool
):
    address = mailed(system)
    browser = stranger(system)
    if is_open:
        browser.get(address)
    with directory(system) as people:
        if change == "password":
            people.set_password(USER, "Jamuna#Nodi55")
        else:
            people.set_email(USER, "moved@example.gov.bd")
    if is_open:
        choose(browser)
    assert _tells(browser if is_open else browser.get(address), DEAD)
    now_at = USER if change == "password" else "moved@example.gov.bd"
    assert not is_password(system, NEW, userid=now_at)


def test_a_link_to_an_account_that_is_switched_off_says_so_and_stays_dead(system: System):
    address = mailed(system)
    opened = stranger(system).get(address)
    with directory(system) as people:
        people.set_enabled(USER, enabled=False)
    assert _tells(stranger(system).get(address), DISABLED)
    choose(opened)
    assert "এই ইউজার আইডি এখন বন্ধ আছে।" in opened.text
    assert SUCCESS not in opened.text
    with directory(system) as people:
        people.set_enabled(USER, enabled=True)
    assert _tells(stranger(system).get(address), DEAD)
    assert is_password(system, PASSWORD)


def test_using_one_link_kills_its_siblings(system: System):
    links = []
    for _ in range(3):
        links.append(mailed(system))
        system.clock.advance(60)
    opened = stranger(system).get(links[2])
    choose(stranger(system).get(links[1]))
    assert _tells(stranger(system).get(links[0]), DEAD)
    assert _tells(stranger(system).get(links[1]), USED)
    assert _tells(choose(opened, "Meghna#Nodi88"), DEAD)
    assert is_password(system, NEW)


@pytest.mark.parametrize("fault", ["used", "expired", "cut", "foreign", "dead"])
def test_every_fault_offers_a_new_link_that_works(small: System, fault: str):
    browser = stranger(small)
    ask(small, browser, state="kept")
    address = link(small)
    head, _, secret = address.rpartition("/")
    if fault == "used":
        choose(stranger(small).get(address), "Jamuna#Nodi55")
        small.deliver()
    if fault == "dead":
        with directory(small) as people:
            people.set_password(USER, "Jamuna#Nodi55")
    small.clock.advance(1_800)
    wrong = {"cut": secret[:30], "foreign": "A" * 65}.get(fault, secret)
    browser.get(f"{head}/{wrong}")
    assert browser.status == 400
    browser.press("forgot")
    assert ASKING in browser.text
    browser.press("submit", userid=USER)
    assert SUCCESS in choose(browser.get(link(small))).text


def test_a_faulty_link_in_the_asking_browser_keeps_the_request_and_the_user_id(small: System):
    browser = stranger(small)
    ask(small, browser, state="kept")
    address = link(small)
    small.clock.advance(1_800)
    browser.get(address).press("forgot")
    assert f'value="{USER}"' in browser.html
    browser.press("submit").get(link(small))
    small.deliver()
    choose(browser)
    small.deliver()
    browser.press("login").press("submit", userid=USER, password=NEW)
    assert browser.press("submit", code=small.code()).answer["state"] == "kept"


def test_elsewhere_a_faulty_link_tells_nobody_whose_it_was(small: System):
    address = mailed(small)
    small.clock.advance(1_800)
    other = stranger(small).get(address)
    assert USER not in other.html
    assert USER not in other.press("forgot").html


def test_a_fault_page_speaks_the_other_language_and_keeps_its_button(small: System):
    browser = stranger(small).get(f"/reset/{'A' * 30}").press("en", name="language")
    assert "Get a new link" in browser.text
    browser.press("forgot").press("submit", userid=USER)
    assert len(small.deliver()) == 1


def test_a_link_outlives_its_form_key_only_as_long_as_the_key_is_in_the_ring():
    token = new_id()
    ring = Keyring({1: b"1" * 32, 2: b"2" * 32})
    assert link_secret(ring, token, 1) != link_secret(ring, token, 2)
    with pytest.raises(KeyError):
        link_secret(ring, token, 3)
    assert re.fullmatch(r"[A-Za-z0-9_-]{64}[A-Za-z0-9]", link_secret(ring, token, 2))


def test_without_a_link_the_clean_address_asks_for_a_user_id(small: System):
    browser = stranger(small).get(authorize_url()).get("/update-password")
    assert browser.status == 200
    assert ASKING in browser.text


@pytest.mark.race
def test_of_browsers_that_post_one_link_at_once_one_wins_and_the_others_are_told(system: System):
    address = mailed(system)
    browsers = [stranger(system).get(address) for _ in range(6)]
    passwords = [f"Padma#Nodi7{n}" for n in range(6)]

    def post(number: int) -> Browser:
        for _ in range(50):
            choose(browsers[number], passwords[number])
            if browsers[number].status != 503:
                break
        return browsers[number]

    with ThreadPoolExecutor(6) as pool:
        ended = list(pool.map(post, range(6)))
    won = [n for n, browser in enumerate(ended) if SUCCESS in browser.text]
    assert len(won) == 1
    assert sum(_tells(browser, USED) for browser in ended) == 5
    assert is_password(system, passwords[won[0]])
    assert not is_password(system, passwords[won[0] - 1])
    assert [letter.subject for _, letter in system.deliver()].count(
        "আপনার পাসওয়ার্ড পরিবর্তন হয়েছে"
    ) == 1


@pytest.mark.race
def test_clicks_of_one_browser_at_once_all_come_to_the_success_page(system: System):
    browser = stranger(system).get(mailed(system))
    action, data = filled(browser, new_password=NEW, confirm_password=NEW)

    def post(_: int) -> Browser:
        window = copy(system, browser)
        for _ in range(50):
            window.post(action, data)
            if window.status != 503:
                break
        return window

    with ThreadPoolExecutor(6) as pool:
        places = {(window.url, SUCCESS in window.text) for window in pool.map(post, range(6))}
    assert len(places) == 1
    assert places.pop()[1]
    assert len(system.deliver()) == 1


def test_the_second_click_gets_the_first_ones_page_however_late_that_one_ends(
    small: System, monkeypatch: pytest.MonkeyPatch
):
    browser = stranger(small).get(mailed(small))
    action, data = filled(browser, new_password=NEW, confirm_password=NEW)
    first, second = copy(small, browser), copy(small, browser)
    look_up = ResetCredentials.look_up

    def overtaken(links: ResetCredentials, token_id: str, *, now: int) -> OpenedLink:
        monkeypatch.setattr(ResetCredentials, "look_up", look_up)
        first.post(action, data)
        return look_up(links, token_id, now=now)

    monkeypatch.setattr(ResetCredentials, "look_up", overtaken)
    second.post(action, data)
    assert SUCCESS in first.text
    assert (second.status, second.url, SUCCESS in second.text) == (200, first.url, True)


def test_whose_user_id_is_switched_off_is_asked_for_another(small: System):
    browser = stranger(small)
    address = mailed(small, browser)
    with directory(small) as people:
        people.set_enabled(USER, enabled=False)
    browser.get(address)
    assert "অন্য ইউজার আইডি ব্যবহার করুন" in browser.text
    asked = browser.press("forgot")
    assert ASKING in asked.text
    assert asked.forms[-1].fields["userid"] == ""


def test_a_link_that_is_used_while_it_is_looked_at_was_used(
    system: System, monkeypatch: pytest.MonkeyPatch
):
    address = mailed(system)
    first, second = (stranger(system).get(address) for _ in range(2))
    find = SqlUsers.find

    def overtaken(users: SqlUsers, user_id: str) -> User | None:
        monkeypatch.setattr(SqlUsers, "find", find)
        choose(first, "Padma#Nodi71")
        return find(users, user_id)

    monkeypatch.setattr(SqlUsers, "find", overtaken)
    choose(second, "Padma#Nodi72")
    assert SUCCESS in first.text
    assert _tells(second, USED)


@pytest.mark.race
def test_ten_resets_at_once_send_one_mail(system: System):
    browsers = [stranger(system).get("/reset") for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda browser: browser.press("submit", userid=USER), browsers))
    assert all(browser.status == 200 for browser in browsers)
    assert len(system.deliver()) == 1


def test_a_login_that_is_overtaken_by_a_change_of_password_may_try_again(small: System):
    """The old password was right when it was looked at, and is not when it should count."""
    step = pages_of(small).sign_in.engine._flows["browser"][0]
    plain = step.hasher

    class Overtaken:
        gate = plain.gate
        is_outdated = plain.is_outdated

        def verify(self, *what: str) -> bool:
            matches: bool = plain.verify(*what)
            with directory(small) as people:
                people.set_password(USER, NEW)
            return matches

    object.__setattr__(step, "hasher", Overtaken())
    browser = stranger(small).get(authorize_url())
    browser.press("submit", userid=USER, password=PASSWORD)
    object.__setattr__(step, "hasher", plain)
    assert browser.status == 503
    assert f'value="{USER}"' in browser.html
    browser.press("submit", userid=USER, password=PASSWORD)
    assert "সঠিক নয়" in browser.text
    assert "কোড লিখুন" in browser.press("submit", userid=USER, password=NEW).text
