"""The required action `update_password` by itself: what it answers to one form."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from typing_extensions import override

from idp.accounts.hash_gate import HashGate
from idp.accounts.passwords import Hasher
from idp.accounts.throttle import Attempt, Slot
from idp.flow.effects import ChangePassword, EndOthers, Send, SpendLink
from idp.flow.outcomes import Challenge, Refused, Succeeded, Throttled
from idp.flow.required_actions.update_password import LINK, OTHER, UpdatePassword
from idp.flow.step import Origin, Scene, Visit
from idp.model.page import Message
from idp.model.tokens import digest
from idp.model.user import User
from idp.stores.ports import Blocked
from tests.signin.resetting import NEW, USER, pages_of, rows, user, written
from tests.system import PASSWORD, System

VISIT = Visit("198.51.100.7", "known-cookie", "session-cookie", 1_795_000_000)
BOTH_EMPTY = [("err.pw.empty", "new_password"), ("err.confirm.empty", "confirm_password")]
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


def user_of(scene: Scene) -> User:
    assert scene.user is not None
    return scene.user


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
        ("", "", BOTH_EMPTY),
        ("", "x", [("err.pw.empty", "new_password"), ("err.mismatch", "confirm_password")]),
        (NEW, "", [("err.confirm.empty", "confirm_password")]),
        (NEW, f"{NEW}x", [("err.mismatch", "confirm_password")]),
        (NEW, NEW.lower(), [("err.mismatch", "confirm_password")]),
        ("padm", "x", [("err.policy", "new_password"), ("err.mismatch", "confirm_password")]),
        (
            " Office#1a ",
            " Office#1a ",
            [(f"err.{key}", "new_password") for key in ("space", "common", "contains")],
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
    assert _faults(step.submit(scene, {})) == BOTH_EMPTY


def test_a_new_password_is_stored_and_told_and_others_end_if_checked(
    step: UpdatePassword, scene: Scene
):
    outcome = step.submit(scene, FORM)
    assert isinstance(outcome, Succeeded)
    assert _kinds(outcome) == [ChangePassword, EndOthers, Send]
    assert (outcome.amr, outcome.notice) == (("pwd",), Message("upd.done"))
    assert _kinds(step.submit(scene, {**FORM, "logout_others": ""})) == [ChangePassword, Send]
    ended = _effect(outcome, EndOthers)
    assert (ended.session, ended.known_browser) == ("session-cookie", "known-cookie")
    change = _effect(outcome, ChangePassword)
    assert (change.history, change.session_id) == (5, "conversation")
    letter = _effect(outcome, Send).letter
    assert (letter.kind, letter.to) == ("changed", USER)
    assert letter.facts == {"client": "backoffice", **scene.visit.whereabouts}


def test_with_a_link_it_is_spent_before_anything_else(step: UpdatePassword, scene: Scene):
    outcome = step.submit(replace(scene, notes={LINK: "token"}), FORM)
    assert _kinds(outcome) == [SpendLink, ChangePassword, EndOthers, Send]
    owner, throttle = user_of(scene), step.throttle
    otp_key, forgotten = throttle.otp_key(owner.id), throttle.keys_of_password(owner.id)
    assert _effect(outcome, SpendLink) == SpendLink("token", owner.id, otp_key, forgotten)


def test_a_new_password_ends_the_waits_of_the_old_one_at_every_address(
    small: System, step: UpdatePassword, scene: Scene
):
    def attempt(address: str) -> Attempt:
        with small.stores.read() as work:
            owner = work.users.find(user_of(scene).id)
        return Attempt(user_id_canonical=USER, user=owner, address=address)

    addresses = (VISIT.address, "203.0.113.9")
    for address in addresses:
        for _ in range(5):
            step.throttle.reserve(attempt(address), now=VISIT.now)
        assert isinstance(step.throttle.reserve(attempt(address), now=VISIT.now), Blocked)
    outcome = step.submit(scene, FORM)
    with small.stores.write() as work:
        _effect(outcome, ChangePassword).apply(work, now=VISIT.now)
    for address in addresses:
        assert isinstance(step.throttle.reserve(attempt(address), now=VISIT.now), Slot)


class WatchedGate(HashGate):
    """Notes who asks for a turn, and that nobody asks for one within another."""

    def __init__(self) -> None:
        super().__init__(threads=8)
        self.turns: list[bool] = []

    @override
    @contextmanager
    def place(self, *, known_browser: bool) -> Iterator[None]:
        assert self._holder is None
        self.turns.append(known_browser)
        with super().place(known_browser=known_browser):
            yield


def _watched(step: UpdatePassword) -> tuple[UpdatePassword, list[bool]]:
    gate = WatchedGate()
    return replace(step, hasher=Hasher(step.hasher._pepper, 4, gate)), gate.turns


def _use_earlier(system: System, step: UpdatePassword, *passwords: str) -> None:
    for version, password in enumerate(passwords, start=user(system).credential_version):
        tagged_hash = step.hasher.hash(password)
        with system.stores.write() as work:
            work.credentials.set_password(
                user(system).id, tagged_hash, version=version, keep=9, now=VISIT.now
            )


@pytest.mark.parametrize("again", ["Boat#One71", "Boat#Two72", "Boat#Three73", PASSWORD])
def test_every_earlier_password_is_compared_in_a_turn_of_its_own_whichever_fits(
    small: System, step: UpdatePassword, scene: Scene, again: str
):
    _use_earlier(small, step, "Boat#One71", "Boat#Two72", "Boat#Three73")
    watched, turns = _watched(step)
    form = {"new_password": again, "confirm_password": again}
    assert _faults(watched.submit(scene, form)) == [("err.reuse", "new_password")]
    assert turns == [False] * 4
    assert isinstance(watched.submit(scene, FORM), Succeeded)
    assert turns == [False] * 9  # four once more, and the new one is hashed


def test_no_more_earlier_passwords_are_compared_than_the_policy_says(
    small: System, step: UpdatePassword, scene: Scene
):
    passwords = [f"Boat#Nodi{number}7" for number in range(6)]
    _use_earlier(small, step, *passwords)
    for again in passwords[1:]:
        form = {"new_password": again, "confirm_password": again}
        assert _faults(step.submit(scene, form)) == [("err.reuse", "new_password")]
    old = {"new_password": passwords[0], "confirm_password": passwords[0]}
    assert isinstance(step.submit(scene, old), Succeeded)


@pytest.mark.parametrize(
    ("owner", "cookie", "is_known"),
    [
        (USER, "known-cookie", True),
        (USER, "another", False),
        ("new@example.gov.bd",) * 2 + (False,),
    ],
)
def test_only_a_browser_that_is_known_to_the_account_gets_a_known_ones_turns(
    small: System, step: UpdatePassword, scene: Scene, owner: str, cookie: str, is_known: bool
):
    remembered = cookie if owner == USER else "known-cookie"
    with small.stores.write() as work:
        work.known_browsers.remember(
            user(small, owner).id, digest(remembered), keep=9, now=VISIT.now
        )
    watched, turns = _watched(step)
    watched.submit(scene, FORM)
    assert turns == [is_known] * 2


def test_ten_new_passwords_are_compared_in_a_quarter_of_an_hour(step: UpdatePassword, scene: Scene):
    again = {"new_password": PASSWORD, "confirm_password": PASSWORD}
    for _ in range(10):
        assert _faults(step.submit(scene, again)) == [("err.reuse", "new_password")]
    watched, turns = _watched(step)
    waits = watched.submit(scene, FORM)
    assert isinstance(waits, Throttled)
    assert waits.until == VISIT.now + 900
    assert waits.error == Message("err.rate", {"n": 15})
    assert turns == []  # it costs no hash
    assert _faults(step.submit(scene, {"new_password": "abc", "confirm_password": "abc"}))
    later = replace(scene, visit=replace(VISIT, now=VISIT.now + 900))
    assert isinstance(step.submit(later, FORM), Succeeded)


def test_what_the_policy_refuses_is_not_counted(step: UpdatePassword, scene: Scene):
    for _ in range(20):
        assert _faults(step.submit(scene, {"new_password": "abc", "confirm_password": "abc"}))
    assert isinstance(step.submit(scene, FORM), Succeeded)


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
    assert page.view["rules"] == step.policy.rules
    assert page.view["email"] == USER
    assert page.notice == Message("upd.warn")


def test_the_step_itself_writes_nothing_but_the_count_of_what_it_compares(
    small: System, step: UpdatePassword, scene: Scene
):
    before = rows(small)
    step.enter(scene)
    step.show(scene)
    step.submit(scene, {})
    assert rows(small) == before
    step.submit(scene, FORM)
    assert written(before, rows(small)) == Counter(counters=1)


def test_no_password_or_hash_is_in_what_it_answers_when_that_is_printed(
    step: UpdatePassword, scene: Scene
):
    told = repr(step.submit(scene, FORM))
    assert NEW not in told
    assert "$2b$" not in told
    assert "cookie" not in told
