"""The mailbox-first step: somebody, nobody and a disabled user take the same way."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from idp.accounts.throttle import Attempt, Slot
from idp.flow.authenticators.mailbox_first import MailboxFirst
from idp.flow.codes import derive_code
from idp.flow.effects import GiveBack, HoldVersion, SpendChallenge, StartChallenge
from idp.flow.outcomes import Challenge, Refused, Succeeded
from idp.flow.step import Origin, Scene, Visit
from idp.model.letter import GHOST
from idp.model.page import Message
from tests.signin.resetting import USER, pages_of, try_password, user
from tests.statements import counted
from tests.system import System

NOW = 1_795_000_000
NOBODY, DISABLED = "absent@example.gov.bd", "closed@example.gov.bd"


def _flow(system: System) -> Any:
    return pages_of(system).sign_in.engine._flows["mailbox_first>browser"]


@pytest.fixture(name="step")
def _step(small: System) -> MailboxFirst:
    step: MailboxFirst = _flow(small)[0]
    return step


def _scene(typed: str = USER) -> Scene:
    return Scene(
        session_id="conversation",
        reference="7F3K-2Q",
        locale="bn",
        user_typed=typed,
        user=None,
        notes={},
        visit=Visit("198.51.100.7", None, None, NOW),
        origin=Origin("backoffice", None, b"\1" * 32),
    )


def _entered(small: System, step: MailboxFirst, typed: str = USER) -> tuple[Scene, StartChallenge]:
    entered = step.enter(_scene(typed))
    (effect,) = entered.effects
    assert isinstance(effect, StartChallenge)
    with small.stores.write() as work:
        effect.apply(work, now=NOW)
    return replace(_scene(typed), notes=entered.notes or {}), effect


def _code(step: MailboxFirst, effect: StartChallenge) -> str:
    ring = step.codes.form_key
    return derive_code(ring, effect.challenge.id, ring.newest)


def test_the_other_order_asks_for_the_code_once_and_for_the_password_then(small: System):
    assert [step.name for step in _flow(small)] == ["mailbox_first", "password"]
    flows = pages_of(small).sign_in.engine._flows
    assert "mailbox_first>password_only" not in flows


def test_a_code_goes_to_the_mailbox_that_is_stored_and_the_page_tells_what_was_typed(
    small: System, step: MailboxFirst
):
    scene, effect = _entered(small, step, "mailto:OFFICE@example.gov.bd")
    assert (effect.letter.kind, effect.letter.to) == ("code", USER)
    assert effect.challenge.user_id == user(small).id
    page = step.show(scene)
    assert page.name == "first"
    view = {"masked": "O•••••@example.gov.bd", "is_sent": True, "minutes": 10, "wait": 60}
    assert page.view == view


@pytest.mark.parametrize("typed", [NOBODY, DISABLED])
def test_nobodys_letter_never_leaves_and_its_code_is_wrong(
    small: System, step: MailboxFirst, typed: str
):
    scene, effect = _entered(small, step, typed)
    assert (effect.letter.kind, effect.letter.to) == (GHOST, typed)
    answer = step.submit(scene, {"code": _code(step, effect)})
    assert answer == Challenge(errors=(Message("otp.err.wrong", {"n": 4}, "code"),))


def test_the_right_code_insists_on_the_mailbox_and_is_spent(small: System, step: MailboxFirst):
    scene, effect = _entered(small, step)
    outcome = step.submit(scene, {"code": _code(step, effect)})
    assert isinstance(outcome, Succeeded)
    assert (outcome.user.id, outcome.amr) == (user(small).id, ("email",))
    assert [type(effect) for effect in outcome.effects] == [HoldVersion, SpendChallenge, GiveBack]


def test_a_spent_code_proves_nothing_when_it_is_wrong(small: System, step: MailboxFirst):
    scene, effect = _entered(small, step)
    with small.stores.write() as work:
        work.challenges.spend(effect.challenge.id, now=NOW)
    wrong = f"{(int(_code(step, effect)) + 1) % 10**6:06d}"
    assert step.submit(scene, {"code": wrong}) == Refused(error=Message("otp.err.locked"))


def test_somebody_nobody_and_a_disabled_user_cost_the_same_statements(small: System):
    password, seen = _flow(small)[1], []
    for typed in (USER, NOBODY, DISABLED):
        with small.stores.read() as work:
            found = work.users.find_by_email(typed)
        attempt = Attempt(user_id_canonical=typed, user=found, address="")
        for number in range(100):
            at = replace(attempt, address=f"2001:db8::{number:x}:0:0:0:1")
            assert isinstance(password.throttle.reserve(at, now=NOW), Slot)
        with counted() as statements:
            browser = try_password(small, "wrong", userid=typed)
        assert "আগে মেইলে পাঠানো কোডটি লিখুন" in browser.text
        seen.append(Counter(statements))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0].total() > 5


@pytest.mark.parametrize("changed", [{"user_typed": NOBODY}, {"session_id": "another"}])
def test_a_challenge_of_another_user_id_or_conversation_is_none(
    small: System, step: MailboxFirst, changed: dict[str, str]
):
    scene, effect = _entered(small, step)
    crossed = replace(scene, **changed)  # type: ignore[arg-type]  # both are text
    later = replace(crossed, visit=replace(crossed.visit, now=NOW + 61))
    for form in ({"code": _code(step, effect)}, {"action": "resend"}):
        answer = step.submit(later, form)
        assert isinstance(answer, Challenge)
        assert [error.key for error in answer.errors] == ["first.expired"]
        (renewed,) = answer.effects
        assert isinstance(renewed, StartChallenge)
        assert renewed.challenge.id != effect.challenge.id
        assert step.submit(replace(scene, notes=later.notes), form) != answer


def test_a_user_who_is_disabled_meanwhile_keeps_challenge_and_tries(
    small: System, step: MailboxFirst
):
    scene, effect = _entered(small, step)
    with small.stores.write() as work:
        work.users.set_enabled(user(small).id, enabled=False, now=NOW)
    answer = step.submit(scene, {"code": _code(step, effect)})
    assert answer == Challenge(errors=(Message("otp.err.wrong", {"n": 4}, "code"),))


def test_two_right_clicks_give_one_try_back(small: System, step: MailboxFirst):
    scene, effect = _entered(small, step)
    form = {"code": _code(step, effect)}
    first = step.submit(scene, form)
    with small.stores.write() as work:
        work.challenges.spend(effect.challenge.id, now=NOW)
    second = step.submit(scene, form)
    for outcome, kinds in ((first, [GiveBack]), (second, [])):
        assert isinstance(outcome, Succeeded)
        assert [type(e) for e in outcome.effects] == [HoldVersion, SpendChallenge, *kinds]
