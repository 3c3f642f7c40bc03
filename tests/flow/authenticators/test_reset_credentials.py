"""The reset step: whoever is asked for, the same work and page; how often a mailbox is written."""

import re
from collections import Counter

import pytest
from sqlalchemy import select

from idp.accounts.address_limits import RATES
from idp.flow.authenticators.reset_credentials import OpenedLink, ResetCredentials, link_secret
from idp.model.keyring import Keyring
from idp.model.tokens import digest, new_id
from idp.stores.sql.tables import action_tokens, outbox
from tests.browser import Browser
from tests.signin.leaving import tab
from tests.signin.resetting import (
    OTHER,
    SENT,
    SUCCESS,
    UPDATE,
    USER,
    ask_alone,
    bare,
    choose,
    pages_of,
    refreshed,
    reset,
    rows,
    stranger,
    user,
    written,
)
from tests.statements import counted
from tests.system import System

NOBODY = "nobody@example.gov.bd"
PASSWORD_LESS = "new@example.gov.bd"
# Links so short that none is live when the next is asked for.
SHORT = '[reset]\nttl = "60s"\nresend_after = "30s"'


def _step(system: System) -> ResetCredentials:
    step: ResetCredentials = pages_of(system).sign_in.recovery.links
    return step


def _links(system: System) -> list[str]:
    letters = [letter.text for _, letter in system.deliver()]
    return re.findall(r"http\S+/reset/[^\s?]+", "\n".join(letters))


def _sent(system: System, userid: str = USER) -> int:
    """Ask once, from an address of its own; return how many mails that sends."""
    assert SENT in ask_alone(system, userid=userid).text
    return len(_links(system))


# -- the same for everybody -----------------------------------------------------------------------


@pytest.mark.parametrize("userid", [NOBODY, OTHER, PASSWORD_LESS])
def test_everybody_costs_the_statements_that_a_known_user_costs(system: System, userid: str):
    assert _work_of(system, userid) == _work_of(system, USER)
    assert _work_of(system, userid) == _work_of(system, USER)  # and over the limit


def _work_of(system: System, userid: str) -> Counter[str]:
    browser = stranger(system).get("/reset")
    with counted() as statements:
        browser.press("submit", userid=userid)
    assert SENT in browser.text
    assert len(statements) > 5
    return Counter(statements)


@pytest.mark.parametrize("userid", [NOBODY, OTHER, PASSWORD_LESS])
def test_everybody_leaves_the_rows_that_a_known_user_leaves(system: System, userid: str):
    assert _rows_of(system, userid) == _rows_of(system, USER)


def _rows_of(system: System, userid: str) -> Counter[str]:
    before = rows(system)
    ask_alone(system, userid=userid)
    left = written(before, rows(system))
    assert left == Counter(action_tokens=1, outbox=1, counters=3)
    return left


def test_a_ghosts_letter_differs_in_its_kind_alone_and_its_link_in_whom_it_names(system: System):
    for userid in (USER, NOBODY):
        ask_alone(system, userid=userid)
    names = {"id", "to", "reference", "facts"}
    with system.stores.engine.connect() as connection:
        letters = connection.execute(select(outbox).order_by(outbox.c.kind)).mappings().all()
        tokens = connection.execute(select(action_tokens)).mappings().all()
    ghosts, real = ({k: v for k, v in row.items() if k not in names} for row in letters)
    assert (ghosts.pop("kind"), real.pop("kind")) == ("none", "reset")
    assert ghosts == real
    assert {row["to"] for row in letters} == {USER, NOBODY}
    assert [len(str(row["user_id"])) > 30 for row in tokens] == [True, True]
    assert len({str(row[c]) for row in tokens for c in ("expires_at",)}) == 1


@pytest.mark.parametrize(
    ("userid", "mails"), [(USER, 1), (PASSWORD_LESS, 1), (NOBODY, 0), (OTHER, 0)]
)
def test_a_mail_goes_to_known_and_enabled_users_only(system: System, userid: str, mails: int):
    assert _sent(system, userid) == mails


def test_a_ghosts_link_would_open_nothing(small: System):
    ask_alone(small, userid=NOBODY)
    with small.stores.engine.connect() as connection:
        token = connection.execute(select(action_tokens)).mappings().one()
    step = _step(small)
    secret = link_secret(step.form_key, str(token["id"]), step.form_key.newest)
    assert step.open(secret, now=small.clock()).fault == "dead"
    browser = stranger(small).get(f"/reset/{secret}")
    assert browser.status == 400
    assert UPDATE not in browser.text


def test_the_mail_goes_to_the_mailbox_on_file_however_the_user_id_is_spelled(small: System):
    ask_alone(small, userid=" OFFICE@Example.gov.bd\u200b")
    [(to, letter)] = small.deliver()
    assert to == USER
    assert "/reset/" in letter.text


# -- how often ------------------------------------------------------------------------------------


@pytest.mark.parametrize("userid", [USER, NOBODY])
def test_one_mail_a_minute_then_the_same_page_without_one(system: System, userid: str):
    expected = 1 if userid == USER else 0
    assert _sent(system, userid) == expected
    system.clock.advance(59)
    assert _sent(system, userid) == 0
    system.clock.advance(1)
    assert _sent(system, userid) == expected


@pytest.mark.parametrize(("wait", "mails"), [(899, 0), (900, 1)])
def test_three_mails_in_a_quarter_of_an_hour(make, wait: int, mails: int):
    system = make(SHORT)
    for _ in range(3):
        assert _sent(system) == 1
        system.clock.advance(60)
    assert _sent(system) == 0
    system.clock.advance(wait - 60)
    assert _sent(system) == mails


@pytest.mark.parametrize(("wait", "mails"), [(3_599, 0), (3_600, 1)])
def test_ten_mails_a_day_and_then_one_an_hour(make, wait: int, mails: int):
    system = make(SHORT)
    for number in range(10):
        assert _sent(system) == 1
        system.clock.advance(1_000 if number % 3 == 2 else 60)
    system.clock.advance(wait - 60)
    assert _sent(system) == mails
    system.clock.advance(3_599)
    assert _sent(system) == 1 - mails


def test_three_live_links_send_no_fourth_and_stay_good(small: System):
    links = []
    for _ in range(3):
        ask_alone(small)
        links += _links(small)
        small.clock.advance(60)
    small.clock.advance(960)
    assert _sent(small) == 0  # no limit of time is left: three links are live
    for address in links:
        assert UPDATE in stranger(small).get(address).text
    small.clock.advance(660)  # the first has run out
    assert _sent(small) == 1
    assert SUCCESS in choose(stranger(small).get(links[2])).text


def test_a_request_that_sends_nothing_is_not_counted_and_extends_no_pause(small: System):
    counts = []
    for _ in range(3):
        assert _sent(small) == 1
        small.clock.advance(60)
    for wait in (0, 839, 1, 600):  # the quarter of an hour is not over; then three links are live
        small.clock.advance(wait)
        before = rows(small)
        assert _sent(small) == 0
        assert rows(small) == before
        counts.append(len(before["counters"]))
    assert counts == [3] * 4
    small.clock.advance(180)  # the first link has run out
    assert _sent(small) == 1


def test_pressing_again_and_again_keeps_nobody_waiting_longer(small: System):
    assert _sent(small) == 1
    for _ in range(59):
        small.clock.advance(1)
        assert _sent(small) == 0
    small.clock.advance(1)
    assert _sent(small) == 1


def test_links_to_an_earlier_mailbox_do_not_count(small: System):
    for _ in range(3):
        ask_alone(small)
        small.clock.advance(60)
    small.clock.advance(960)
    moved = "moved@example.gov.bd"
    with small.stores.write() as work:
        work.users.set_email(user(small).id, moved, moved, now=small.clock())
    small.deliver()
    assert _sent(small, moved) == 1


# -- a browser in which the owner has been before -------------------------------------------------


def _known(system: System, owner: str = USER) -> Browser:
    with system.stores.write() as work:
        account = work.users.find_by_email(owner)
        assert account is not None
        work.known_browsers.remember(account.id, digest("a known one"), keep=9, now=system.clock())
    browser = system.browser(address="127.0.0.1")  # factor 100: no limit of the address
    browser.take_cookie("probesh_known", "a known one")
    return browser


def _sent_to(system: System, browser: Browser) -> int:
    assert SENT in ask_alone(system, browser).text
    return len(_links(system))


def test_a_known_browser_waits_for_the_pause_only(make):
    system = make(SHORT)
    browser = _known(system)
    for _ in range(12):
        assert _sent_to(system, browser) == 1
        system.clock.advance(29)
        assert _sent_to(system, browser) == 0
        system.clock.advance(31)


def test_whoever_floods_a_mailbox_does_not_shut_its_owner_out(make):
    system = make(SHORT)
    browser = _known(system)
    for _ in range(3):
        assert _sent(system) == 1
        system.clock.advance(60)
    assert _sent(system) == 0
    assert _sent_to(system, browser) == 1
    assert "৩০ সেকেন্ড পরে" in browser.text


def test_a_browser_that_somebody_else_is_known_in_is_a_strangers(make):
    system = make(SHORT)
    browser = _known(system, PASSWORD_LESS)
    for _ in range(3):
        assert _sent_to(system, browser) == 1
        system.clock.advance(60)
    assert _sent_to(system, browser) == 0


@pytest.mark.parametrize("userid", [NOBODY, OTHER, PASSWORD_LESS])
def test_a_browser_that_is_known_to_one_learns_nothing_of_others(small: System, userid: str):
    costs = []
    for asked in (userid, "no-other@example.gov.bd"):
        browser = _known(small).get("/reset")
        with counted() as statements:
            browser.press("submit", userid=asked)
        costs.append(Counter(statements))
    assert costs[0] == costs[1]


def test_minutes_are_rounded_down_so_that_nobody_comes_too_late(make):
    system = make('[reset]\nttl = "119s"\nresend_after = "30s"')
    assert "১ মিনিট কাজ করবে" in ask_alone(system).text
    [(_, letter)] = system.deliver()
    assert "১ মিনিট কাজ করবে" in letter.text


def test_over_the_limit_known_and_unknown_see_the_same_page(small: System):
    pages = []
    for userid in (USER, NOBODY, OTHER):
        ask_alone(small, userid=userid)
        browser = ask_alone(small, userid=userid)
        pages.append((browser.status, bare(browser)))
    assert len(set(pages)) == 1
    assert "১ মিনিট পরে আবার পাঠাতে পারবেন।" in pages[0][1]


def test_the_page_tells_a_longer_wait_in_minutes(make):
    system = make(SHORT)
    for _ in range(2):
        ask_alone(system)
        system.clock.advance(60)
    browser = ask_alone(system)
    assert "১৫ মিনিট পরে আবার পাঠাতে পারবেন।" in browser.text


def test_five_requests_of_one_address_in_ten_minutes_then_it_is_told_to_wait(small: System):
    browser = small.browser(address="198.51.100.99")
    for number in range(5):
        assert SENT in ask_alone(small, browser, userid=f"user{number}@example.gov.bd").text
    before = rows(small)
    ask_alone(small, browser)
    _must_wait(browser, 600)
    assert f'value="{USER}"' in browser.html
    assert rows(small) == before
    assert SENT in ask_alone(small).text  # elsewhere nobody waits


def test_a_resend_waits_as_well_and_stays_on_its_page(make):
    system = make(SHORT)
    browser = ask_alone(system, system.browser(address="198.51.100.97"))
    system.clock.advance(30)
    refreshed(browser)
    for number in range(4):
        ask_alone(system, tab(browser), userid=f"user{number}@example.gov.bd")
    browser.press("resend")
    _must_wait(browser, 600)
    assert SENT in browser.text
    assert len(system.deliver()) == 1


def _must_wait(browser: Browser, most: int) -> None:
    assert browser.status == 429
    assert 1 <= int(browser.response.headers["Retry-After"]) <= most
    assert re.search(r"[০-৯]+ (মিনিট|সেকেন্ড) পরে আবার চেষ্টা করুন।", browser.text)


def test_an_office_may_ask_as_often_as_its_factor_says(make):
    system = make()
    browser = system.browser(address="127.0.0.1")  # factor 100 in this configuration
    for number in range(20):
        assert SENT in ask_alone(system, browser, userid=f"user{number}@example.gov.bd").text


def test_thirty_user_ids_of_one_address_in_a_day(make, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(RATES, "reset", "1000/10 minutes")
    system = make()
    browser = system.browser(address="198.51.100.98")
    for number in range(30):
        for _ in range(2):  # the same one again is no other one
            assert SENT in ask_alone(system, browser, userid=f"u{number}@example.gov.bd").text
    ask_alone(system, browser, userid="one-more@example.gov.bd")
    _must_wait(browser, 86_400)
    assert SENT in ask_alone(system, browser, userid="u7@example.gov.bd").text


# -- the link itself ------------------------------------------------------------------------------


def test_a_link_is_an_id_and_256_bits_that_nobody_can_make_without_the_key(small: System):
    ask_alone(small)
    [address] = _links(small)
    secret = address.rpartition("/")[2]
    assert re.fullmatch(r"[A-Za-z0-9_-]{65}", secret)
    foreign = link_secret(Keyring({1: b"x" * 32}), secret[:22], 1)
    assert foreign != secret
    assert _step(small).open(foreign, now=small.clock()) == OpenedLink(None, fault="foreign")
    opened = _step(small).open(secret, now=small.clock())
    assert opened.fault == ""
    assert opened.user is not None
    assert opened.user.email == USER


def test_a_link_of_a_row_that_is_gone_has_expired(small: System):
    step = _step(small)
    secret = link_secret(step.form_key, new_id(), step.form_key.newest)
    assert step.open(secret, now=small.clock()).fault == "expired"


def test_a_link_of_a_key_that_has_left_the_ring_is_foreign(small: System):
    ask_alone(small)
    [address] = _links(small)
    step = _step(small)
    newer = Keyring({step.form_key.newest + 1: b"n" * 32})
    object.__setattr__(step, "form_key", newer)
    secret = address.rpartition("/")[2]
    assert step.open(secret, now=small.clock()).fault == "foreign"


def test_nothing_that_is_stored_holds_a_link(system: System):
    ask_alone(system)
    [address] = _links(system)
    mac = address.rpartition("/")[2][22:]
    assert mac not in str(rows(system))


def test_a_reset_opens_the_limit_of_no_mailbox(small: System):
    reset(small)
    small.deliver()
    assert _sent(small) == 0
    small.clock.advance(60)
    assert _sent(small) == 1
