"""The e-mail code: how it is derived, how it is read, how often it may be tried."""

import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.flow.authenticators.email_otp import EmailOtp, derive_code, read_code
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
from idp.model.keyring import Keyring
from idp.model.page import Message
from tests.signin.resetting import USER, pages_of, user
from tests.system import PASSWORD, System, authorize_url

NOW = 1_795_000_000
RING = Keyring({1: b"\1" * 32, 2: b"\2" * 32})


def test_a_code_belongs_to_its_challenge_and_key_version():
    codes = {derive_code(RING, c, v) for c in ("a", "b", "c") for v in (1, 2)}
    assert len(codes) == 6
    assert derive_code(RING, "a", 1) == derive_code(RING, "a", 1)
    with pytest.raises(KeyError):
        derive_code(RING, "a", 3)


def test_codes_are_uniform_with_leading_zeros():
    """A chi-square over the first two digits of 100,000 codes (99 degrees of freedom)."""
    counts = Counter(derive_code(RING, str(number), 2)[:2] for number in range(100_000))
    assert len(counts) == 100
    chi_square = sum((count - 1_000) ** 2 / 1_000 for count in counts.values())
    assert chi_square < 160  # p < 0.0001
    assert all(len(derive_code(RING, str(n), 1)) == 6 for n in range(100))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("482913", "482913"),
        (" 482 913\n", "482913"),
        ("482-913", "482913"),
        ("482.913", "482913"),
        ("৪৮২৯১৩", "482913"),
        ("٤٨٢٩١٣", "482913"),
        ("৪৮২ 913", "482913"),
        ("\u200b482913\u200d\ufeff", "482913"),
        ("আপনার লগইন কোড: ৪৮২৯১৩", "482913"),
        ("Your log-in code: 482913. It works for 10 minutes.", "482913"),
        ("000042", "000042"),
    ],
)
def test_a_code_is_read_however_it_is_written(typed: str, read: str):
    assert read_code(typed) == read


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", "otp.err.empty"),
        (" \u200b ", "otp.err.empty"),
        ("12345", "otp.err.len"),
        ("1234567", "otp.err.len"),
        ("abcdef", "otp.err.chars"),
        ("12345a", "otp.err.chars"),
        ("code 123456 or 654321", "otp.err.chars"),
        ("call 01555090301", "otp.err.chars"),
        ("½½½½½½", "otp.err.chars"),
        ("1²3456", "otp.err.chars"),
    ],
)
def test_what_is_no_code_is_told_apart(typed: str, fault: str):
    answer = read_code(typed)
    assert isinstance(answer, Message)
    assert answer.key == fault


@given(st.text(max_size=60))
def test_reading_never_fails_and_answers_six_digits_or_a_message(typed: str):
    answer = read_code(typed)
    assert isinstance(answer, Message) or (len(answer) == 6 and answer.isascii())


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
    code = derive_code(step.form_key, scene.notes["challenge"], step.form_key.newest)
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
def test_the_button_to_send_again_does_nothing_before_its_time(
    step: EmailOtp, scene: Scene, wait: int
):
    early = replace(scene, visit=replace(scene.visit, now=NOW + wait))
    assert step.submit(early, {"action": "resend"}) == Challenge()


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
