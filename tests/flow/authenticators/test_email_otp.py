"""The e-mail code step: what a right code does, how often one may be tried and sent."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from idp.flow.authenticators.email_otp import EmailOtp
from idp.flow.codes import derive_code
from idp.flow.effects import (
    ClearCounter,
    HoldVersion,
    ResendChallenge,
    SpendChallenge,
    StartChallenge,
)
from idp.flow.outcomes import Challenge, Succeeded
from idp.flow.step import Origin, Scene, Visit
from idp.model.errors import AlreadySpent
from idp.model.page import Message
from tests.signin.resetting import USER, pages_of, user
from tests.system import PASSWORD, System, authorize_url

NOW = 1_795_000_000


@pytest.fixture(name="step")
def _step(small: System) -> EmailOtp:
    step: EmailOtp = pages_of(small).sign_in.engine._flows["browser"][1]
    return step


@pytest.fixture(name="scene")
def _scene(small: System, step: EmailOtp) -> Scene:
    """Return a conversation whose code is on its way."""
    scene = Scene(
        session_id="conversation",
        reference="7F3K-2Q",
        locale="bn",
        user_typed=USER,
        user=user(small),
        notes={},
        visit=Visit("198.51.100.7", None, None, NOW),
        origin=Origin("backoffice", None, b"\1" * 32),
    )
    entered = step.enter(scene)
    with small.stores.write() as work:
        for effect in entered.effects:
            effect.apply(work, now=NOW)
    return replace(scene, notes=entered.notes or {})


def _answer(step: EmailOtp, scene: Scene) -> Succeeded:
    code = derive_code(step.codes.form_key, scene.notes["challenge"], step.codes.form_key.newest)
    outcome = step.submit(scene, {"code": code})
    assert isinstance(outcome, Succeeded)
    return outcome


def test_the_right_code_insists_on_the_mailbox_before_it_is_spent(
    small: System, step: EmailOtp, scene: Scene
):
    outcome = _answer(step, scene)
    assert [type(effect) for effect in outcome.effects] == [
        HoldVersion,
        SpendChallenge,
        ClearCounter,
    ]
    with small.stores.write() as work:
        work.users.set_email(user(small).id, "n@x.gov.bd", "n@x.gov.bd", now=NOW)
        with pytest.raises(AlreadySpent):
            outcome.effects[0].apply(work, now=NOW)


def test_a_letter_with_a_code_names_the_client_first_and_when_it_goes_again(
    step: EmailOtp, scene: Scene
):
    later = replace(scene, visit=replace(scene.visit, now=NOW + 60))
    letters = []
    for outcome in (step.enter(scene), step.submit(later, {"action": "resend"})):
        assert isinstance(outcome, Challenge)
        (effect,) = outcome.effects
        assert isinstance(effect, StartChallenge | ResendChallenge)
        letters.append(effect.letter)
    assert [(letter.to, letter.facts["client"]) for letter in letters] == [(USER, "backoffice")] * 2


@pytest.mark.parametrize("wait", [0, 59])
def test_the_button_to_send_again_sends_nothing_before_its_time(
    step: EmailOtp, scene: Scene, wait: int
):
    early = replace(scene, visit=replace(scene.visit, now=NOW + wait))
    told = Message("resend.early")
    assert step.submit(early, {"action": "resend"}) == Challenge(notice=told)
    assert step.show(early).view["wait"] == 60 - wait


@pytest.mark.race
def test_of_twenty_guesses_at_once_at_most_five_are_compared(system: System):
    """Nineteen wrong codes and the right one: whoever comes sixth is not even looked at."""
    browser = system.browser().get(authorize_url())
    browser.press("submit", userid="office@example.gov.bd", password=PASSWORD)
    right = system.code()
    guesses = [f"{(int(right) + n) % 10**6:06d}" for n in range(1, 20)]
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)

    def guess(code: str) -> None:
        other = system.browser()
        key = browser.cookie("probesh_browser")
        other.take_cookie("probesh_browser", key)
        other.post(form.action, {**form.fields, "code": code, "action": "submit"})

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(guess, secrets.SystemRandom().sample(guesses, len(guesses))))
    with system.stores.engine.connect() as connection:
        tries = connection.exec_driver_sql("SELECT tries FROM challenges").scalar_one()
        failures = connection.exec_driver_sql("SELECT max(failures) FROM counters").scalar_one()
    assert tries == 5
    assert failures <= 5
    browser.press("submit", code=right)
    assert not browser.left_to


@pytest.mark.race
def test_the_right_code_at_once_from_many_windows_logs_in_once(system: System):
    browser = system.browser().get(authorize_url())
    browser.press("submit", userid="office@example.gov.bd", password=PASSWORD)
    right = system.code()
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)

    def send(_: int) -> bool:
        other = system.browser()
        key = browser.cookie("probesh_browser")
        other.take_cookie("probesh_browser", key)
        other.post(form.action, {**form.fields, "code": right, "action": "submit"})
        return bool(other.left_to)

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(send, range(5))) == 1
    with system.stores.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM user_sessions").scalar_one() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM grants").scalar_one() == 1
