"""Bytes that are no text: a form with them is refused before anything of it is looked at."""

from urllib.parse import urlencode

import pytest

from tests.browser import Browser, form_with
from tests.signin.resetting import (
    NEW,
    SUCCESS,
    USER,
    at_the_code,
    choose,
    filled,
    is_password,
    mailed,
    rows,
    stranger,
)
from tests.system import ISSUER, PASSWORD, System, authorize_url, log_in

BROKEN = ["%ff%fe", "Padma%FF#Nodi77", "%C3", "%ED%A0%80", "%F5%80%80%80", "%C0%AF"]


def _post(browser: Browser, action: str, data: dict[str, str], broken: str) -> int:
    """Post a form with one more field, as it stands on the wire."""
    answer = browser.client.post(
        action,
        data=f"{urlencode(data)}&{broken}",
        content_type="application/x-www-form-urlencoded",
        base_url=ISSUER,
        headers={"Origin": ISSUER},
    )
    return answer.status_code


def _check_refused(
    system: System, browser: Browser, form: tuple[str, dict[str, str]], value: str
) -> None:
    action, data = form
    before = rows(system)
    for name in data:
        others = {other: typed for other, typed in data.items() if other != name}
        assert _post(browser, action, others, f"{name}={value}") == 400, name
    assert _post(browser, action, data, f"unknown={value}") == 400
    assert _post(browser, action, data, f"{value}=x") == 400
    assert rows(system) == before


@pytest.mark.parametrize("value", BROKEN)
def test_the_login_takes_no_bytes_that_are_no_text(small: System, value: str):
    browser = small.browser().get(authorize_url())
    form = filled(browser, userid=USER, password=PASSWORD)
    _check_refused(small, browser, form, value)
    assert "কোড লিখুন" in browser.post(*form).text


def test_no_page_of_a_way_takes_bytes_that_are_no_text(small: System):
    code_page = at_the_code(small)
    _check_refused(small, code_page, filled(code_page, code="123456"), BROKEN[0])
    asking = stranger(small).get("/reset")
    _check_refused(small, asking, filled(asking, userid=USER), BROKEN[0])
    leaving = log_in(small, stranger(small)).get("/logout")
    question = form_with(leaving.forms, "action", "logout")
    assert question
    form = (question.action, {**question.fields, "action": "logout"})
    _check_refused(small, leaving, form, BROKEN[0])


@pytest.mark.parametrize("value", BROKEN)
def test_no_new_password_is_made_of_them(system: System, value: str):
    """The parser would keep them as a text, and nobody could type that password again."""
    browser = stranger(system).get(mailed(system))
    action, data = filled(browser)
    broken = f"new_password={value}&confirm_password={value}"
    others = {k: v for k, v in data.items() if k not in {"new_password", "confirm_password"}}
    before = rows(system)
    assert _post(browser, action, others, broken) == 400
    assert rows(system) == before
    assert is_password(system, PASSWORD)


def test_a_percent_sign_that_was_typed_is_text(small: System):
    browser = stranger(small).get(mailed(small))
    assert SUCCESS in choose(browser, "Xq%ff%fe#Nodi77").text
    small.deliver()
    assert is_password(small, "Xq%ff%fe#Nodi77")
    assert not is_password(small, NEW)
