"""The required action `update_password` by itself: what it answers to one form."""

from dataclasses import replace
from typing import Any

import pytest

from idp.flow.effects import ChangePassword, ClearCounter, EndOthers, Send, SpendLink
from idp.flow.outcomes import Challenge, Refused, Succeeded
from idp.flow.required_actions.update_password import LINK, OTHER, UpdatePassword
from idp.flow.step import Origin, Scene, Visit
from idp.model.page import Message
from tests.signin.resetting import NEW, USER, pages_of, rows, user
from tests.system import PASSWORD, System

VISIT = Visit("198.51.100.7", "known-cookie", "session-cookie", 1_795_000_000)
FORM = {"new_password": NEW, "confirm_password": NEW, "logout_others": "on"}


@pytest.fixture(name="step")
def _step(small: System) -> UpdatePassword:
    step: UpdatePassword = pages_of(small).sign_in.engine._actions["update_password"]
    return step


@pytest.fixture(name="scene")
def _scene(small: System) -> Scene:
    return Scene(
        session_id="conversation",
        reference="7F3K-2Q",
        locale="bn",
        user_typed=USER,
        user=user(small),
        notes={},
        visit=VISIT,
        origin=Origin("backoffice", None, b"\1" * 32),
    )


def _faults(outcome: object) -> list[tuple[str, str | None]]:
    assert isinstance(outcome, Challenge)
    assert outcome.effects == ()
    return [(error.key, error.field) for error in outcome.errors]


def _kinds(outcome: object) -> list[type]:
    assert isinstance(outcome, Succeeded)
    return [type(effect) for effect in outcome.effects]


def _effect(outcome: Any, kind: type) -> Any:
    return next(effect for effect in outcome.effects if isinstance(effect, kind))


@pytest.mark.parametrize(
    ("new", "confirm", "faults"),
    [
        ("", "", [("err.pw.empty", "new_password")]),
        ("", "x", [("err.pw.empty", "new_password"), ("err.mismatch", "confirm_password")]),
        (NEW, "", [("err.confirm.empty", "confirm_password")]),
        (NEW, f"{NEW}x", [("err.mismatch", "confirm_password")]),
        (NEW, NEW.lower(), [("err.mismatch", "confirm_password")]),
        ("padm", "x", [("err.policy", "new_password"), ("err.mismatch", "confirm_password")]),
        (
            " Office#1a ",
            " Office#1a ",
            [("err.space", "new_password"), ("err.contains", "new_password")],
        ),
        (PASSWORD, PASSWORD, [("err.reuse", "new_password")]),
        (f"{PASSWORD}\u200b", PASSWORD, [("err.reuse", "new_password")]),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    step: UpdatePassword, scene: Scene, new, confirm, faults
):
    outcome = step.submit(scene, {"new_password": new, "confirm_password": confirm})
    assert _faults(outcome) == faults


def test_absent_fields_are_empty_ones(step: UpdatePassword, scene: Scene):
    assert _faults(step.submit(scene, {})) == [("err.pw.empty", "new_password")]


def test_a_new_password_is_stored_and_told_and_others_end_if_checked(
    step: UpdatePassword, scene: Scene
):
    outcome = step.submit(scene, FORM)
    assert _kinds(outcome) == [ChangePassword, EndOthers, Send]
    assert (outcome.amr, outcome.notice) == (("pwd",), Message("upd.done"))
    assert _kinds(step.submit(scene, {**FORM, "logout_others": ""})) == [ChangePassword, Send]
    ended = _effect(outcome, EndOthers)
    assert (ended.session, ended.known_browser) == ("session-cookie", "known-cookie")
    change = _effect(outcome, ChangePassword)
    assert (change.history, change.session_id) == (5, "conversation")
    assert _effect(outcome, Send).letter.to == USER


def test_with_a_link_it_is_spent_before_anything_else(step: UpdatePassword, scene: Scene):
    outcome = step.submit(replace(scene, notes={LINK: "token"}), FORM)
    assert _kinds(outcome) == [SpendLink, ClearCounter, ChangePassword, EndOthers, Send]
    assert _effect(outcome, SpendLink).token_id == "token"


def test_link_and_neighbour_are_remembered_over_errors_and_the_check_mark_as_it_was(
    step: UpdatePassword, scene: Scene
):
    held = {LINK: "token", OTHER: "somebody@example.gov.bd", "said": "{}"}
    scene = replace(scene, notes=held)
    off = step.submit(scene, {"new_password": "abc"})
    assert isinstance(off, Challenge)
    assert off.notes is not None
    assert set(off.notes) == {LINK, OTHER, "others"}
    page = step.show(replace(scene, notes=off.notes))
    assert (page.view["others"], page.view["other"]) == (False, "somebody@example.gov.bd")
    on = step.submit(replace(scene, notes=off.notes), {"logout_others": "on"})
    assert isinstance(on, Challenge)
    assert on.notes == {LINK: "token", OTHER: "somebody@example.gov.bd"}


def test_nobody_and_somebody_switched_off_are_refused(step: UpdatePassword, scene: Scene):
    assert scene.user is not None
    for nobody in (None, replace(scene.user, enabled=False)):
        outcome = step.submit(replace(scene, user=nobody), FORM)
        assert outcome == Refused(error=Message("err.disabled"))


def test_the_rules_of_the_page_are_those_of_the_policy(step: UpdatePassword, scene: Scene):
    page = step.show(scene)
    assert page.view["rules"] == tuple(rule.message for rule in step.policy.rules)
    assert page.view["email"] == USER
    assert page.notice == Message("upd.warn")


def test_the_step_itself_writes_nothing(small: System, step: UpdatePassword, scene: Scene):
    before = rows(small)
    step.enter(scene)
    step.show(scene)
    step.submit(scene, FORM)
    step.submit(scene, {})
    assert rows(small) == before


def test_no_password_or_hash_is_in_what_it_answers_when_that_is_printed(
    step: UpdatePassword, scene: Scene
):
    told = repr(step.submit(scene, FORM))
    assert NEW not in told
    assert "$2b$" not in told
    assert "cookie" not in told
