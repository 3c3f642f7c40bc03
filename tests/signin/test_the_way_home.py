"""Where somebody goes on: to the application of the request, else to the portal's own address."""

import re
from collections.abc import Iterator
from html import escape

import pytest

from tests.browser import Browser
from tests.signin.leaving import HOMES, logout_url
from tests.signin.resetting import (
    ASKING,
    CANCELLED,
    NEW,
    SUCCESS,
    USER,
    ask,
    ask_alone,
    choose,
    link,
    stranger,
)
from tests.system import ISSUER, PASSWORD, System, authorize_url, start, write_config

PORTAL = "https://portal.example.gov.bd/"
START = "http://127.0.0.1:9006/start"
TOLD = f"{START}?iss=http%3A%2F%2F127.0.0.1%3A9000"


@pytest.fixture(name="portal")
def _portal(make) -> System:
    system: System = make(f'home = "{PORTAL}"')  # the last section of the file is [support]
    return system


def _ways(browser: Browser) -> set[str]:
    """Return the links of a page that lead somewhere else, its footer left out."""
    main = browser.html.partition("<main")[2].partition("</main>")[0]
    return {way for way in re.findall(r'<a [^>]*href="([^"]+)"', main) if way.startswith("http")}


def _walk(system: System, start: str, home: set[str]) -> None:
    """Walk through a reset, cancelled once; each page leads home."""
    browser = stranger(system).get(start)
    assert (ASKING in browser.text, _ways(browser)) == (True, home)
    browser.press("submit", userid=USER)
    assert _ways(browser) == home
    address = link(system)
    browser.get(address).press("cancel")
    assert (CANCELLED in browser.text, _ways(browser)) == (True, home)
    choose(browser.get(address))
    assert (SUCCESS in browser.text, _ways(browser)) == (True, home)


@pytest.mark.parametrize("query", ["", "?client_id=nobody"])
def test_who_came_from_no_application_goes_on_to_the_portal(portal: System, query: str):
    _walk(portal, f"/reset{query}", {PORTAL})


def test_who_came_from_an_application_goes_on_to_that(portal: System):
    _walk(portal, "/reset?client_id=app", {HOMES["app"]})


def test_without_an_address_of_the_portal_nothing_is_offered(small: System):
    _walk(small, "/reset", set())


def test_a_link_that_is_opened_elsewhere_leads_to_its_own_application(portal: System):
    ask(portal, client_id="app")
    browser = choose(stranger(portal).get(link(portal)))
    assert (SUCCESS in browser.text, _ways(browser)) == (True, {HOMES["app"]})


@pytest.mark.parametrize("url", ["/nowhere", "/authorize?client_id=nobody", "/signin/nothing"])
def test_pages_of_errors_lead_to_the_portal(portal: System, url: str):
    browser = stranger(portal).get(url)
    assert browser.status in {400, 404}
    assert PORTAL in _ways(browser)


def test_somebody_who_must_wait_may_ask_for_the_same_page_again(portal: System):
    browser = stranger(portal)
    for _ in range(11):
        browser.get(f"/reset/{'x' * 65}")
    assert browser.status == 429
    assert "আবার চেষ্টা করুন" in browser.text
    assert _ways(browser) == set()


@pytest.fixture(name="starting")
def _starting(sqlite_folder) -> Iterator[System]:
    """Return a provider whose client `simple` has no home page, only where a login begins."""
    folder, database = sqlite_folder
    config = write_config(folder, database=database, more=f'home = "{PORTAL}"')
    path = folder / "clients.d" / "all.toml"
    text, home = path.read_text(encoding="utf-8"), f'home_url = "{HOMES["simple"]}"'
    assert text.count(home) == 1
    path.write_text(text.replace(home, f'initiate_login_uri = "{START}"'), encoding="utf-8")
    one = start(config)
    yield one
    one.stores.engine.dispose()


def test_a_client_that_only_begins_logins_is_led_to_and_told_who_asks(starting: System):
    _walk(starting, "/reset?client_id=simple", {TOLD})
    browser = stranger(starting).get(logout_url(client_id="simple"))
    assert TOLD in _ways(browser)


def _addresses(text: str) -> list[str]:
    return re.findall(rf"^{ISSUER}/reset\S*$", text, re.MULTILINE)


@pytest.mark.parametrize("client_id", ["backoffice", "app"])
def test_letters_lead_to_a_reset_that_knows_the_way_back(small: System, client_id: str):
    browser = stranger(small).get(authorize_url(client_id))
    browser.press("submit", userid=USER, password=PASSWORD)
    ask(small, client_id=client_id)
    letters = small.deliver()
    [code] = [letter for _, letter in letters if "/reset/" not in letter.text]
    [address] = [a for _, letter in letters for a in _addresses(letter.text) if "/reset/" in a]
    choose(stranger(small).get(address), NEW)
    [(_, changed)] = small.deliver()
    for letter in (code, changed):
        [way] = _addresses(letter.text)
        assert way == f"{ISSUER}/reset?client_id={client_id}&ui_locales=bn"
        assert f'href="{escape(way)}"' in letter.html
        assert _ways(stranger(small).get(way)) == {HOMES[client_id]}


def test_a_letter_about_a_reset_that_no_client_waited_for_leads_to_the_plain_page(small: System):
    ask_alone(small)
    choose(stranger(small).get(link(small)))
    [(_, changed)] = small.deliver()
    assert _addresses(changed.text) == [f"{ISSUER}/reset?ui_locales=bn"]
