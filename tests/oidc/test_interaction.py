from typing import Any

import pytest

from idp.model.errors import AuthorizationError
from tests.oidc.conftest import House
from tests.oidc.relying_party import authorization_pairs


def reason(house: House, session=None, *, later: int = 0, **changes: str) -> str | None:
    asked = house.provider.check_request(authorization_pairs(**changes))
    return house.provider.reason_to_ask(asked, session, now=house.clock() + later)


def test_without_a_session_somebody_is_asked(house: House):
    assert reason(house) == "no_session"


def test_a_good_session_answers_for_itself(house: House):
    assert reason(house, house.log_in()) is None


@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
def test_a_prompt_asks_again(house: House, prompt: str):
    assert reason(house, house.log_in(), prompt=prompt) == "login_prompted"


def test_consent_was_the_administrators(house: House):
    assert reason(house, house.log_in(), prompt="consent") is None


@pytest.mark.parametrize(
    ("max_age", "later", "expected"),
    [
        *(("0", 0, "max_age"), ("0", 5, "max_age"), ("1", 1, None), ("1", 2, "max_age")),
        *(("10000", 600, None), ("600", 600, None), ("600", 601, "max_age")),
    ],
)
def test_max_age_counts_from_the_login(house: House, max_age: str, later: int, expected: str):
    assert reason(house, house.log_in(), later=later, max_age=max_age) == expected


def test_a_hint_at_somebody_else_asks_and_never_switches(house: House):
    session = house.log_in()
    own = house.tokens(session)["id_token"]
    assert reason(house, session, id_token_hint=own) is None
    assert reason(house, session, id_token_hint="foreign") == "other_subject"


def test_a_login_hint_is_only_a_hint(house: House):
    assert reason(house, house.log_in(), login_hint="somebody@else.example") is None


@pytest.mark.parametrize("changes", [{"id_token_hint": "foreign"}, {"max_age": "0"}])
def test_prompt_none_is_told_that_a_login_is_needed(house: House, changes: dict[str, Any]):
    with pytest.raises(AuthorizationError) as caught:
        reason(house, house.log_in(), prompt="none", **changes)
    assert caught.value.error == "login_required"
    assert caught.value.reply_to.state == "af0ifjsldkj"


def test_prompt_none_without_a_session_needs_a_login(house: House):
    with pytest.raises(AuthorizationError) as caught:
        reason(house, prompt="none")
    assert caught.value.error == "login_required"


def test_prompt_none_with_a_session_is_answered(house: House):
    assert reason(house, house.log_in(), prompt="none") is None
