"""The engine with steps of straw, on both databases: outcomes, effects and units of work."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from idp.flow.effects import ClearCounter, GiveBack, HoldVersion
from idp.flow.engine import Completed, Ended, Engine, Moved, Shown
from idp.flow.outcomes import Challenge, Outcome, Refused, Succeeded, SwitchTo, Throttled
from idp.flow.step import Scene, Visit
from idp.model.errors import AlreadySpent
from idp.model.page import Message, Page
from idp.model.request import AuthorizationRequest
from idp.model.sessions import AuthenticationSession
from idp.model.user import User
from idp.stores.ports import Schedule, Stores

USER = User(id="u-1", email="office@example.gov.bd", email_canonical="office@example.gov.bd")
SCHEDULE = Schedule(window=0, pauses=((1, 600),))
VISIT = Visit("198.51.100.7", None, None, 1_000)
SEALED = AuthenticationSession(
    id="conversation",
    reference="7F3K-2Q",
    browser_digest=b"\1" * 32,
    request=AuthorizationRequest(client_id="c", redirect_uri="https://c/", scope=("openid",)),
    client_id="c",
    flow="browser",
    locale="bn",
    created_at=1_000,
    expires_at=2_800,
)


@dataclass(frozen=True)
class Count:
    """An effect that can be counted in the database."""

    key: bytes = b"counted" * 4 + b"...."

    def apply(self, work, *, now: int) -> None:
        work.counters.reserve(self.key, SCHEDULE, now=now)


@dataclass(frozen=True)
class Fail:
    """An effect that finds its thing spent."""

    def apply(self, _work, *, now: int) -> None:
        raise AlreadySpent


@dataclass
class Straw:
    """A step that answers what it is told to."""

    name: str
    amr: tuple[str, ...] = ()
    answers: list[Outcome] = field(default_factory=list)
    entered: Challenge = field(default_factory=Challenge)
    scenes: list[Scene] = field(default_factory=list)

    def enter(self, scene: Scene) -> Challenge:
        self.scenes.append(scene)
        return self.entered

    def show(self, scene: Scene) -> Page:
        return Page(self.name, {"typed": scene.user_typed})

    def submit(self, scene: Scene, form: Mapping[str, str]) -> Outcome:
        self.scenes.append(scene)
        return self.answers.pop(0)


@pytest.fixture
def engine_of(stores: Stores):
    with stores.write() as work:
        work.users.add(USER)
    return lambda *steps, **actions: Engine({"browser": steps}, actions, stores)


def _find(stores: Stores) -> AuthenticationSession:
    with stores.read() as work:
        found = work.authentication_sessions.find(SEALED.id)
    assert found is not None
    return found


def _is_stored(stores: Stores) -> bool:
    with stores.read() as work:
        return work.authentication_sessions.find(SEALED.id) is not None


def _counted(stores: Stores) -> bool:
    with stores.read() as work:
        return work.counters.blocked(Count().key, now=1_000) is not None


def _complete(_work, session, user):
    return f"{user.id} by {'+'.join(session.amr)}"


def test_before_a_proof_nothing_is_stored_and_the_page_is_the_answer(stores, engine_of):
    error = Message("err.login", field="userid")
    engine = engine_of(Straw("login", answers=[Challenge(errors=(error,), user_typed="a@b.bd")]))
    turn = engine.submit(SEALED, {}, VISIT, _complete)
    assert isinstance(turn, Shown)
    assert turn.page.errors == (error,)
    assert turn.page.view == {"typed": "a@b.bd"}
    assert turn.session.user_typed == "a@b.bd"
    assert engine.show(turn.session, VISIT).errors == (error,)  # said again when asked again
    assert not _is_stored(stores)


def test_the_first_proof_stores_the_conversation_with_everything_that_goes_with_it(
    stores, engine_of
):
    second = Straw("code", entered=Challenge(notes={"challenge": "7"}, effects=(Count(),)))
    engine = engine_of(Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))]), second)
    assert isinstance(engine.submit(SEALED, {}, VISIT, _complete), Moved)
    stored = _find(stores)
    assert (stored.step, stored.user_id, stored.amr) == (1, "u-1", ("pwd",))
    assert stored.notes == {"challenge": "7"}
    assert second.scenes[0].user == USER
    assert _counted(stores)


def test_a_second_first_proof_of_the_same_seal_changes_nothing(stores, engine_of):
    proof = Succeeded(user=USER, amr=("pwd",))
    engine = engine_of(
        Straw("login", answers=[proof, replace(proof, effects=(Count(),))]), Straw("code")
    )
    engine.submit(SEALED, {}, VISIT, _complete)
    with pytest.raises(AlreadySpent):
        engine.submit(SEALED, {}, VISIT, _complete)
    assert not _counted(stores)


def test_the_last_proof_completes_in_the_same_unit_of_work(stores, engine_of):
    engine = engine_of(
        Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))]),
        Straw("code", answers=[Succeeded(user=USER, amr=("email",), effects=(Count(),))]),
    )
    engine.submit(SEALED, {}, VISIT, _complete)
    turn = engine.submit(_find(stores), {}, VISIT, _complete)
    assert turn == Completed("u-1 by pwd+email")
    assert _find(stores).taken_at == 1_000
    assert _counted(stores)


@pytest.mark.parametrize("effects", [(Count(), Fail()), (Fail(), Count())])
def test_an_effect_that_finds_its_thing_spent_undoes_all_the_others(stores, engine_of, effects):
    engine = engine_of(
        Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))]),
        Straw("code", answers=[Succeeded(user=USER, amr=("email",), effects=effects)]),
    )
    engine.submit(SEALED, {}, VISIT, _complete)
    with pytest.raises(AlreadySpent):
        engine.submit(_find(stores), {}, VISIT, _complete)
    assert _find(stores).taken_at is None
    assert not _counted(stores)


def test_a_completion_that_fails_leaves_the_conversation_where_it_was(stores, engine_of):
    def fail(*_everything):
        raise AlreadySpent

    engine = engine_of(
        Straw("login", answers=[Succeeded(user=USER, amr=("pwd",), effects=(Count(),))])
    )
    with pytest.raises(AlreadySpent):
        engine.submit(SEALED, {}, VISIT, fail)
    assert not _is_stored(stores)
    assert not _counted(stores)


def test_who_moves_a_conversation_second_does_not_move_it(stores, engine_of):
    engine = engine_of(
        Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))]),
        Straw(
            "code",
            answers=[Challenge(notes={"n": "1"}), Challenge(notes={"n": "2"}, effects=(Count(),))],
        ),
    )
    engine.submit(SEALED, {}, VISIT, _complete)
    old = _find(stores)
    engine.submit(old, {}, VISIT, _complete)
    with pytest.raises(AlreadySpent):
        engine.submit(old, {}, VISIT, _complete)
    assert _find(stores).notes == {"n": "1"}
    assert not _counted(stores)


def test_what_was_said_last_is_shown_again_until_something_else_is_said(stores, engine_of):
    wrong = Challenge(errors=(Message("otp.err.wrong", {"n": 4}, "code"),))
    sent = Challenge(notice=Message("otp.resent", {"masked": "o@x"}))
    engine = engine_of(
        Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))]),
        Straw("code", answers=[wrong, sent, Challenge()]),
    )
    engine.submit(SEALED, {}, VISIT, _complete)
    for expected in ((wrong.errors, None), ((), sent.notice), ((), None)):
        engine.submit(_find(stores), {}, VISIT, _complete)
        page = engine.show(_find(stores), VISIT)
        assert (page.errors, page.notice) == expected


def test_a_refusal_ends_a_stored_conversation_once_with_its_effects(stores, engine_of):
    refused = Refused(error=Message("otp.err.locked"), effects=(Count(),))
    engine = engine_of(
        Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))]),
        Straw("code", answers=[refused, refused]),
    )
    engine.submit(SEALED, {}, VISIT, _complete)
    stored = _find(stores)
    assert engine.submit(stored, {}, VISIT, _complete) == Ended(refused.error, "")
    assert _find(stores).taken_at == 1_000
    with pytest.raises(AlreadySpent):
        engine.submit(stored, {}, VISIT, _complete)


def test_a_refusal_before_a_proof_leaves_the_seal_usable_and_keeps_its_effects(stores, engine_of):
    refused = Refused(error=Message("err.disabled"), user_typed="a@b.bd", effects=(Count(),))
    engine = engine_of(Straw("login", answers=[refused, refused]))
    for _ in range(2):
        turn = engine.submit(SEALED, {}, VISIT, _complete)
        assert turn == Ended(refused.error, "a@b.bd")
    assert not _is_stored(stores)
    assert _counted(stores)


@pytest.mark.parametrize("refund", [ClearCounter(Count().key), GiveBack(Count().key)])
def test_a_late_proof_is_no_failure_what_was_counted_for_it_is_forgotten(stores, engine_of, refund):
    proof = Succeeded(user=USER, amr=("pwd",), effects=(refund,))
    engine = engine_of(Straw("login", answers=[proof, proof]), Straw("code"))
    engine.submit(SEALED, {}, VISIT, _complete)
    with stores.write() as work:
        Count().apply(work, now=1_000)
    with pytest.raises(AlreadySpent):
        engine.submit(SEALED, {}, VISIT, _complete)
    assert not _counted(stores)


def test_a_step_before_a_proof_may_have_effects_too(stores, engine_of):
    engine = engine_of(Straw("login", answers=[Challenge(effects=(Count(),))]))
    assert isinstance(engine.submit(SEALED, {}, VISIT, _complete), Shown)
    assert _counted(stores)


def test_a_flow_is_proven_by_all_the_methods_of_its_steps_and_by_more(engine_of):
    engine = engine_of(Straw("login", amr=("pwd",)), Straw("code", amr=("email",)))
    assert engine.is_proven("browser", ("email", "pwd", "hwk"))
    assert not engine.is_proven("browser", ("pwd",))
    assert engine.has_step(replace(SEALED, step=1, amr=("pwd",)))
    assert not engine.has_step(replace(SEALED, step=2, amr=("pwd", "email")))
    assert not engine.has_step(replace(SEALED, flow="gone"))


def test_a_flow_whose_steps_changed_places_passes_none_of_them_over(engine_of):
    proven = replace(SEALED, step=1, amr=("pwd",))
    assert engine_of(Straw("login", amr=("pwd",)), Straw("code", amr=("email",))).has_step(proven)
    # Its step would be the password again, and the code would never be asked for.
    swapped = engine_of(Straw("code", amr=("email",)), Straw("login", amr=("pwd",)))
    assert not swapped.has_step(proven)


def test_a_wait_is_told_with_its_seconds_and_checks_nothing(engine_of):
    wait = Throttled(until=1_042, error=Message("err.rate.s", {"s": 42}), user_typed="a@b.bd")
    engine = engine_of(Straw("login", answers=[wait]))
    turn = engine.submit(SEALED, {}, VISIT, _complete)
    assert (turn.page.status, turn.page.retry_after) == (429, 42)
    assert turn.page.errors == (wait.error,)


def test_a_wait_in_a_stored_conversation_is_kept_with_it(stores, engine_of):
    wait = Throttled(until=1_042, error=Message("err.rate.s", {"s": 42}))
    engine = engine_of(
        Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))]), Straw("code", answers=[wait])
    )
    engine.submit(SEALED, {}, VISIT, _complete)
    assert isinstance(engine.submit(_find(stores), {}, VISIT, _complete), Moved)
    assert engine.show(_find(stores), VISIT).errors == (wait.error,)


def _demand(stores: Stores, *actions: str) -> None:
    with stores.write() as work:
        for action in actions:
            work.required_actions.require(USER.id, action, now=1_000)


def test_what_is_demanded_of_a_person_follows_the_last_step_and_then_it_completes(
    stores, engine_of
):
    _demand(stores, "tidy")
    tidy = Straw("tidy", answers=[Succeeded(user=USER, amr=())])
    engine = engine_of(Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))]), tidy=tidy)
    assert isinstance(engine.submit(SEALED, {}, VISIT, _complete), Moved)
    stored = _find(stores)
    assert (stored.step, stored.actions, stored.taken_at) == (1, ("tidy",), None)
    assert tidy.scenes[0].user == USER
    assert engine.show(stored, VISIT).name == "tidy"
    assert engine.submit(stored, {}, VISIT, _complete) == Completed("u-1 by pwd")


def test_an_action_that_is_done_as_a_step_or_is_not_built_is_not_demanded(stores, engine_of):
    _demand(stores, "login", "from-another-version")
    login = Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))])
    engine = engine_of(login, login=login)
    assert engine.submit(SEALED, {}, VISIT, _complete) == Completed("u-1 by pwd")


def test_actions_are_looked_for_only_after_the_last_step(stores, engine_of):
    _demand(stores, "tidy")
    engine = engine_of(
        Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))]),
        Straw("code"),
        tidy=Straw("tidy"),
    )
    engine.submit(SEALED, {}, VISIT, _complete)
    assert _find(stores).actions == ()


def test_an_action_that_is_built_no_more_leaves_no_step_to_show(engine_of):
    engine = engine_of(Straw("login"), tidy=Straw("tidy"))
    assert engine.has_step(replace(SEALED, step=1, actions=("tidy",)))
    assert not engine.has_step(replace(SEALED, step=1, actions=("gone",)))


def test_a_first_step_that_was_proven_outside_stores_nothing(stores, engine_of):
    second = Straw("second")
    engine = engine_of(Straw("first"), second)
    passed = engine.pass_first(SEALED, USER, {"link": "7"})
    assert (passed.step, passed.user_id, passed.notes) == (1, "u-1", {"link": "7"})
    assert engine.show(passed, VISIT).name == "second"
    assert not _is_stored(stores)


def test_a_sealed_conversation_that_ends_at_its_last_step_is_used_up_by_its_row(stores, engine_of):
    proof = Succeeded(user=USER, amr=("pwd",))
    engine = engine_of(Straw("first"), Straw("second", answers=[proof, proof]))
    passed = engine.pass_first(SEALED, USER, {})
    assert engine.submit(passed, {}, VISIT, _complete) == Completed("u-1 by pwd")
    assert _find(stores).taken_at == 1_000
    with pytest.raises(AlreadySpent):
        engine.submit(passed, {}, VISIT, _complete)


def test_a_conversation_that_is_taken_can_be_taken_by_nobody_else(stores, engine_of):
    engine = engine_of(Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))]), Straw("code"))
    engine.submit(SEALED, {}, VISIT, _complete)
    stored = _find(stores)
    engine.take(stored, VISIT)
    assert _find(stores).taken_at == 1_000
    with pytest.raises(AlreadySpent):
        engine.take(stored, VISIT)


def test_a_proof_does_not_count_once_password_or_mailbox_are_others(stores, engine_of):
    proof = Succeeded(user=USER, amr=("pwd",), effects=(HoldVersion(USER),))
    engine = engine_of(Straw("login", answers=[proof]), Straw("code"))
    with stores.write() as work:
        work.users.set_email(USER.id, "moved@example.gov.bd", "moved@example.gov.bd", now=1_000)
    with pytest.raises(AlreadySpent):
        engine.submit(SEALED, {}, VISIT, _complete)
    assert not _is_stored(stores)


def test_a_message_within_a_message_is_kept_with_the_conversation(stores, engine_of):
    error = Message("err.policy", {"list": (Message("policy.len", {"n": 8}),)}, "new_password")
    engine = engine_of(
        Straw("login", answers=[Succeeded(user=USER, amr=("pwd",))]),
        Straw("code", answers=[Challenge(errors=(error,))]),
    )
    engine.submit(SEALED, {}, VISIT, _complete)
    engine.submit(_find(stores), {}, VISIT, _complete)
    assert engine.show(_find(stores), VISIT).errors == (error,)


def test_a_conversation_goes_on_in_another_order_of_its_flow_and_stays_sealed(stores, engine_of):
    switch = SwitchTo(first="lead", user_typed="a@b.bd")
    login = Straw("login", amr=("pwd",), answers=[switch, switch])
    lead = Straw(
        "lead",
        amr=("email",),
        entered=Challenge(notes={"challenge": "7"}, effects=(Count(),)),
        answers=[Succeeded(user=USER, amr=("email",))],
    )
    engine_of()
    flows = {"browser": (login, Straw("code", amr=("email",))), "lead>browser": (lead, login)}
    engine = Engine(flows, {}, stores)
    turn = engine.submit(SEALED, {}, VISIT, _complete)
    assert isinstance(turn, Shown)
    assert (turn.session.flow, turn.session.step, turn.session.version) == ("lead>browser", 0, 0)
    assert (turn.session.user_typed, turn.session.notes) == ("a@b.bd", {"challenge": "7"})
    assert (turn.session.request, turn.session.id) == (SEALED.request, SEALED.id)
    assert (turn.page.name, turn.page.status) == ("lead", 200)
    assert _counted(stores)
    assert not _is_stored(stores)
    login.answers[:] = [Succeeded(user=USER, amr=("pwd",))]
    assert isinstance(engine.submit(turn.session, {}, VISIT, _complete), Moved)
    assert engine.has_step(_find(stores))
    assert engine.submit(_find(stores), {}, VISIT, _complete) == Completed("u-1 by email+pwd")
    assert engine.is_proven("browser", ("email", "pwd"))
