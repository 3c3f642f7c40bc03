"""A planned closure: people read when to come back, programs are told, and a reload opens again."""

import datetime as dt
import re
from collections.abc import Callable

import pytest

from idp.model.errors import Closed
from idp.settings import MistakesFound
from idp.theming import next_time
from idp.web.closure import Closure
from tests.browser import form_with
from tests.fakes import FakeClock
from tests.signin.leaving import is_logged_in
from tests.system import ISSUER, PASSWORD, System, authorize_url, log_in, site_of

HOURS = 3


@pytest.fixture
def closing(make: Callable[..., System]) -> Callable[..., System]:
    """Return a maker of providers that are closed from now on for three hours."""

    def maker(seconds: int = HOURS * 3600) -> System:
        until = dt.datetime.fromtimestamp(
            FakeClock()() + seconds, dt.timezone(dt.timedelta(hours=6))
        )
        return make(more=f"[maintenance]\nuntil = {until.isoformat()}")

    return maker


@pytest.mark.parametrize("path", [authorize_url(), "/reset", "/update-password", "/login", "/x"])
def test_people_are_told_when_to_come_back(closing: Callable[..., System], path: str):
    system = closing()
    browser = system.browser().get(path)
    assert browser.status == 503
    assert browser.response.headers["Retry-After"] == str(HOURS * 3600)
    assert "সেবাটি সাময়িকভাবে বন্ধ আছে" in browser.text
    assert "থেকে আবার ব্যবহার করতে পারবেন।" in browser.text
    now = system.clock()
    end = next_time(now + HOURS * 3600, now=now, timezone="Asia/Dhaka", locale="bn")
    assert f"{end} থেকে" in browser.text
    assert 'href="">আবার চেষ্টা করুন</a>' in browser.html
    assert "You can use it again from" in browser.press("en", name="language").text


@pytest.mark.parametrize("path", ["/token", "/userinfo", "/revoke", "/introspect"])
def test_programs_are_told_in_their_own_words(closing: Callable[..., System], path: str):
    answer = closing().browser().client.post(path, base_url=ISSUER)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == str(HOURS * 3600)
    assert answer.get_json()["error"] == "temporarily_unavailable"


def test_what_verifies_tokens_stays_and_so_do_the_pages_for_developers(
    closing: Callable[..., System],
):
    browser = closing().browser()
    for path in ("/jwks", "/.well-known/openid-configuration", "/developers"):
        assert browser.client.get(path, base_url=ISSUER).status_code == 200, path


def test_it_opens_by_itself_at_the_moment_that_was_told(closing: Callable[..., System]):
    system = closing(60)
    browser = system.browser().get(authorize_url())
    assert browser.response.headers["Retry-After"] == "60"
    system.clock.advance(59)
    assert browser.get(authorize_url()).status == 503
    system.clock.advance(1)
    assert browser.get(authorize_url()).status == 200


def _close(system: System, until: int | None) -> None:
    """Do what a reload does to the pages that are served."""
    pages = site_of(system).view_functions["pages.show"].__self__
    object.__setattr__(pages, "closure", Closure(until, "Asia/Dhaka", system.clock))


def test_who_leaves_can_leave(small: System):
    browser = log_in(small)
    _close(small, small.clock() + 60)
    browser.get("/logout").press("logout")
    assert "আপনি লগআউট করেছেন" in browser.text
    _close(small, None)
    assert not is_logged_in(browser)


def test_who_was_in_the_middle_of_it_goes_on_when_it_is_over(small: System):
    early = small.browser().get(authorize_url(state="early"))
    late = small.browser().get(authorize_url(state="late"))
    late.press("submit", userid="office@example.gov.bd", password=PASSWORD)
    code = small.code()
    _close(small, small.clock() + 60)
    early.press("submit", userid="office@example.gov.bd", password=PASSWORD)
    assert early.status == 503
    page = late.url
    late.press("submit", code=code)
    assert (late.status, f'href="{page.removeprefix(ISSUER)}"' in late.html) == (503, True)
    small.clock.advance(60)
    assert late.get(page).press("submit", code=code).answer["state"] == "late"
    early.press("login")
    assert form_with(early.forms, "action", "forgot")
    assert early.status == 200


def test_without_a_time_or_after_it_nothing_is_closed():
    clock = FakeClock()
    for until in (None, clock() - 1, clock()):
        Closure(until, "Asia/Dhaka", clock).check("/authorize")
    with pytest.raises(Closed) as told:
        Closure(clock() + 5, "Asia/Dhaka", clock).check("/authorize")
    assert (told.value.until, told.value.retry_after) == (clock() + 5, 5)


@pytest.mark.parametrize(
    "until", ["2100-01-01T00:00:00+06:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59+14:00"]
)
def test_an_end_that_nobody_can_mean_is_refused_with_its_place(
    make: Callable[..., System], until: str
):
    with pytest.raises(MistakesFound) as found:
        make(more=f"[maintenance]\nuntil = {until}")
    [mistake] = found.value.mistakes
    assert re.search(r"idp\.toml:\d+:\d+ E\d+ maintenance\.until ", str(mistake))
    assert "must be before the year 2100" in str(mistake)


@pytest.mark.parametrize("until", ["2099-12-31T23:59:59+06:00", "0001-01-01T00:00:00+14:00"])
def test_the_first_and_the_last_end_can_be_told(make: Callable[..., System], until: str):
    browser = make(more=f"[maintenance]\nuntil = {until}").browser().get("/login")
    assert browser.status == (503 if until.startswith("2099") else 200)
