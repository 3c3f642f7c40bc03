"""Every page that says no says what to do next, and that step leads somewhere."""

import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import pytest

from idp.theming import Theme
from tests.browser import Browser, form_with
from tests.system import ISSUER, PASSWORD, System, authorize_url, log_in, site_of

USER = "office@example.gov.bd"
HOME = "https://portal.example.gov.bd/"
CLIENT_HOME = "http://127.0.0.1:9001/"
GO_BACK, AGAIN, LOGIN = "ফিরে যান", "আবার চেষ্টা করুন", "লগইন পাতায় যান"


def step(browser: Browser) -> tuple[str, str]:
    """Return the words and the address of the one link of a page that is drawn as a button."""
    main = browser.html.split("<main")[1].split("</main>")[0]
    found = re.findall(r'<a class="btn" href="([^"]*)">([^<]*)</a>', main)
    assert len(found) == 1, main
    return found[0][1], found[0][0]


@pytest.fixture
def with_home(make: Callable[..., System]) -> System:
    return make(more=f'home = "{HOME}"')  # the last table of the file is [support]


def _break(system: System, endpoint: str) -> None:
    def fail(**_: str) -> None:
        raise RuntimeError

    site_of(system).view_functions[endpoint] = fail


def _spoiled(*_: object) -> str:
    raise KeyError("the words")


def test_a_page_that_is_not_there_leads_to_the_log_in_page_which_says_where_to_begin(small: System):
    browser = small.browser().get("/nowhere")
    assert (browser.status, step(browser)) == (404, (LOGIN, "/login"))
    browser.get("/login")
    assert browser.status == 200
    assert "সেই সেবার পাতায় গিয়ে লগইন করুন" in browser.text
    assert "সাপোর্টে যোগাযোগ করুন" in browser.text  # nobody has configured a home
    assert "01555090301" in browser.html


def test_the_bare_path_of_an_issuer_behind_a_proxy_is_its_root_and_no_redirect_to_http(
    make: Callable[..., System],
):
    inside = make(issuer=f"{ISSUER}/sso")
    for path in ("/sso", "/sso/"):
        browser = Browser(inside.assembly.wsgi, ISSUER).get(path)
        assert (browser.status, "লগইন" in browser.text) == (200, True)


@pytest.mark.parametrize("path", ["/", "/login", "/language"])
def test_where_logging_in_begins_there_is_a_way_home(with_home: System, path: str):
    browser = with_home.browser().get(path)
    assert (browser.status, step(browser)) == (200, ("লগইন", HOME))


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("POST", "/nowhere", 404, "পাতাটি পাওয়া যায়নি"),
        ("POST", "/login", 405, "পাতাটি এভাবে খোলা\u00a0যায়\u00a0না"),
        ("POST", "/language", 403, "ফরমটি জমা হয়নি"),
        ("POST", "/logout/confirm", 413, "যা পাঠানো হয়েছে, তা বেশি বড়"),
        ("GET", f"/authorize?x={'x' * 66_000}", 414, "যা পাঠানো হয়েছে, তা বেশি বড়"),
    ],
)
def test_each_status_has_a_title_of_its_own(
    with_home: System, method: str, path: str, status: int, title: str
):
    browser = with_home.browser(address="127.0.0.1")
    data = {"x": "x" * 66_000} if status == 413 else {}
    origin = "https://evil.example" if status == 403 else ISSUER
    browser._go(method, path, data=data, headers={"Origin": origin})
    assert (browser.status, title in browser.text) == (status, True)
    assert step(browser) == (LOGIN if status == 404 else GO_BACK, HOME)


def test_without_a_home_the_step_is_the_log_in_page(small: System):
    browser = small.browser().post("/login", {})
    assert (browser.status, step(browser)) == (405, (LOGIN, "/login"))
    assert step(browser.get("/authorize?client_id=nobody")) == (LOGIN, "/login")


def test_who_is_known_to_come_from_a_client_goes_back_to_it(small: System):
    browser = small.browser().get(f"/logout/x/y?client_id=backoffice&x={'x' * 66_000}")
    assert (browser.status, step(browser)) == (414, (GO_BACK, CLIENT_HOME))


def test_what_is_over_in_a_while_is_asked_for_again(small: System):
    browser = small.browser(address="192.0.2.200")
    for _ in range(301):
        browser.get("/authorize")
    assert (browser.status, step(browser)) == (429, (AGAIN, ""))
    assert urljoin(ISSUER + browser.url, step(browser)[1]).endswith("/authorize")
    other = small.browser()
    _break(small, "pages.authorize")
    assert step(other.get(authorize_url())) == (AGAIN, "")
    assert other.status == 500


def test_an_error_whose_page_fails_too_is_a_plain_line_with_its_reference(
    small: System, caplog: pytest.LogCaptureFixture
):
    _break(small, "pages.authorize")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Theme, "page", _spoiled)
        answer = small.browser().client.get(authorize_url(), base_url=ISSUER)
    assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert re.fullmatch(r"500 \w{4}-\w{2}", answer.text)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.text.split()[1] in caplog.text
    assert "the words" not in caplog.text


def test_a_failed_form_before_a_proof_goes_on_with_the_same_request(small: System):
    browser = small.browser().get(authorize_url(state="kept"))
    form = form_with(browser.forms, "action", "submit")
    assert form
    browser.post(form.action, {**form.fields, "userid": "a\x01b"})
    assert (browser.status, GO_BACK in browser.text) == (400, True)
    browser.press("login").press("submit", userid=USER, password=PASSWORD)
    assert browser.press("submit", code=small.code()).answer["state"] == "kept"


def test_a_failed_form_after_a_proof_goes_back_to_its_page_and_keeps_its_reference(small: System):
    browser = small.browser().get(authorize_url())
    reference = re.search(r"\w{4}-\w{2}", browser.text)
    assert reference
    browser.press("submit", userid=USER, password=PASSWORD)
    page = browser.url
    form = form_with(browser.forms, "action", "submit")
    assert form
    browser.post(form.action, {**form.fields, "code": "1", "unknown": "\x01"})
    assert (browser.status, step(browser)) == (400, (GO_BACK, urlsplit(page).path))
    assert reference[0] in browser.text
    browser.get(page)
    assert "কোড লিখুন" in browser.text


def test_somebody_elses_conversation_is_nobodys_next_step(small: System):
    sealed = small.browser().get(authorize_url()).forms[-1].fields["conversation"]
    browser = small.browser().get(authorize_url())
    browser.post("/signin", {"conversation": sealed, "x": "\x01"})
    assert (browser.status, [form.action for form in browser.forms]) == (400, ["/language"])


def test_programs_get_no_page(small: System):
    answer = small.browser().client.get("/token", base_url=ISSUER)
    assert (answer.status_code, answer.mimetype) == (405, "application/json")


def test_the_link_of_a_finished_reset_has_a_way_on_even_without_a_home(small: System):
    browser = log_in(small).get("/signin")
    assert (browser.status, step(browser)) == (400, ("এগিয়ে যান", "/login"))
