"""The flow engine: the only thing that moves a conversation, sealed or stored.

A step answers with an outcome and its effects; the engine applies outcome and effects in one unit
of work. Endings belong to it: a completed or refused conversation is taken out, so it ends once.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeAlias, TypeVar

from idp.flow.effects import ClearCounter, Effect, GiveBack
from idp.flow.outcomes import Challenge, Refused, Succeeded, SwitchTo, Throttled
from idp.flow.step import Scene, Step, Visit
from idp.model.errors import AlreadySpent
from idp.model.page import Message, Page
from idp.model.sessions import AuthenticationSession
from idp.model.user import User
from idp.stores.ports import Stores, Work

T = TypeVar("T")
Completion: TypeAlias = Callable[[Work, AuthenticationSession, User], T]


def led_by(step: str, flow: str) -> str:
    """Return the name of the flow in which a step comes before the others of `flow`."""
    return f"{step}>{flow}"


@dataclass(frozen=True, slots=True)
class Shown:
    """Nothing is proven yet: the page is the answer, and the session travels sealed in it."""

    session: AuthenticationSession
    page: Page


@dataclass(frozen=True, slots=True)
class Moved:
    """The stored conversation changed; its page is at its handle."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The conversation was refused; the person starts again with this message."""

    error: Message
    user_typed: str


@dataclass(frozen=True, slots=True)
class Completed(Generic[T]):
    """Every step is proven, and the completion ran in the same unit of work."""

    result: T


class Engine:
    """Moves conversations along their flows: flat lists of steps, named in the configuration.

    What is demanded of a user besides, its required actions, follows the last step of the flow.
    """

    def __init__(
        self, flows: Mapping[str, tuple[Step, ...]], actions: Mapping[str, Step], stores: Stores
    ) -> None:
        self._flows = flows
        self._actions = actions
        self._stores = stores

    def has_flow(self, flow: str) -> bool:
        return flow in self._flows

    def has_step(self, session: AuthenticationSession) -> bool:
        """Tell whether the conversation can go on: its step is there, and those before are proven.

        A reload may have changed the flow meanwhile; no step is passed over by changing places.
        """
        if session.flow not in self._flows or session.step >= len(self._path(session)):
            return False
        passed = self._path(session)[: session.step]
        return {method for step in passed for method in step.amr} <= set(session.amr)

    def is_proven(self, flow: str, amr: Iterable[str]) -> bool:
        """Tell whether these methods are all that the steps of a flow ask for."""
        return {method for step in self._flows[flow] for method in step.amr} <= set(amr)

    def show(self, session: AuthenticationSession, visit: Visit) -> Page:
        """Return the page of the step that the conversation stands at. Writes nothing."""
        page = self._step(session).show(self._scene(session, visit))
        return _with_said(page, session.notes)

    def submit(
        self,
        session: AuthenticationSession,
        form: Mapping[str, str],
        visit: Visit,
        complete: Completion[T],
    ) -> Shown | Moved | Ended | Completed[T]:
        """Hand the form to the step and apply its answer.

        Raises AlreadySpent if another tab moved the conversation first: then nothing of this
        answer happens. Raises Busy if no password can be hashed now.
        """
        outcome = self._step(session).submit(self._scene(session, visit), form)
        match outcome:
            case Challenge():
                return self._stay(session, outcome, visit)
            case Throttled():
                return self._wait(session, outcome, visit)
            case SwitchTo():
                return self._switch(session, outcome, visit)
            case Refused():
                self._end(session, outcome, visit)
                return Ended(outcome.error, _or(outcome.user_typed, session.user_typed))
            case Succeeded():
                try:
                    return self._advance(session, outcome, visit, complete)
                except AlreadySpent:
                    self._refund(outcome, visit)
                    raise

    def pass_first(
        self, session: AuthenticationSession, user: User, notes: Mapping[str, str]
    ) -> AuthenticationSession:
        """Move a sealed conversation past its first step, which was proven outside of it.

        Nothing is stored: the step after it hands in the proof again, to be used up.
        """
        return replace(session, step=1, user_id=user.id, notes=notes)

    def take(self, session: AuthenticationSession, visit: Visit) -> None:
        """End a stored conversation without a result: the person starts again."""
        with self._stores.write() as work:
            work.authentication_sessions.take(session.id, version=session.version, now=visit.now)

    def _stay(
        self, session: AuthenticationSession, outcome: Challenge, visit: Visit
    ) -> Shown | Moved:
        kept = session.notes if outcome.notes is None else outcome.notes
        stayed = replace(
            session,
            notes=_say(kept, outcome.errors, outcome.notice),
            user_typed=_or(outcome.user_typed, session.user_typed),
        )
        if session.version or outcome.effects:
            with self._stores.write() as work:
                _apply(work, outcome.effects, visit)
                if session.version:
                    work.authentication_sessions.save(stayed)
        if session.version:
            return Moved()
        return Shown(stayed, self.show(stayed, visit))

    def _wait(
        self, session: AuthenticationSession, outcome: Throttled, visit: Visit
    ) -> Shown | Moved:
        turn = self._stay(
            session, Challenge(errors=(outcome.error,), user_typed=outcome.user_typed), visit
        )
        if isinstance(turn, Moved):
            return turn
        wait = max(1, outcome.until - visit.now)
        return replace(turn, page=replace(turn.page, status=429, retry_after=wait))

    def _switch(
        self, session: AuthenticationSession, outcome: SwitchTo, visit: Visit
    ) -> Shown | Moved:
        """Go on with the same request in another order of its flow, from its first step."""
        other = replace(
            session,
            flow=led_by(outcome.first, session.flow),
            step=0,
            user_typed=outcome.user_typed,
            notes={},
        )
        entered = self._step(other).enter(self._scene(other, visit))
        return self._stay(other, entered, visit)

    def _end(self, session: AuthenticationSession, outcome: Refused, visit: Visit) -> None:
        with self._stores.write() as work:
            _apply(work, outcome.effects, visit)
            if session.version:
                _take(work, session, visit)

    def _advance(
        self,
        session: AuthenticationSession,
        outcome: Succeeded,
        visit: Visit,
        complete: Completion[T],
    ) -> Moved | Completed[T]:
        proven = replace(
            session,
            step=session.step + 1,
            user_id=outcome.user.id,
            user_typed=_or(outcome.user_typed, session.user_typed),
            amr=tuple(dict.fromkeys((*session.amr, *outcome.amr))),
            notes={},
        )
        proven = self._with_actions(proven)
        if proven.step == len(self._path(proven)):
            with self._stores.write() as work:
                _apply(work, outcome.effects, visit)
                _take(work, session, visit)
                return Completed(complete(work, proven, outcome.user))
        entered = self._step(proven).enter(Scene.of(proven, outcome.user, visit))
        waiting = replace(proven, notes=_say(entered.notes or {}, (), outcome.notice))
        with self._stores.write() as work:
            _apply(work, (*outcome.effects, *entered.effects), visit)
            sessions = work.authentication_sessions
            (sessions.save if session.version else sessions.add)(waiting)
        return Moved()

    def _refund(self, outcome: Succeeded, visit: Visit) -> None:
        # The proof was right, only too late: what was counted for it was no failure.
        refunds = tuple(e for e in outcome.effects if isinstance(e, ClearCounter | GiveBack))
        with self._stores.write() as work:
            _apply(work, refunds, visit)

    def _with_actions(self, proven: AuthenticationSession) -> AuthenticationSession:
        """Add what is demanded of the person, once the flow's own steps are proven."""
        steps = self._flows[proven.flow]
        if proven.step != len(steps) or proven.user_id is None:
            return proven
        done = {step.name for step in steps}
        with self._stores.read() as work:
            demanded = work.required_actions.of_user(proven.user_id)
        actions = tuple(a for a in demanded if a in self._actions and a not in done)
        return replace(proven, actions=actions)

    def _path(self, session: AuthenticationSession) -> tuple[Step, ...]:
        actions = (self._actions[name] for name in session.actions if name in self._actions)
        return (*self._flows[session.flow], *actions)

    def _step(self, session: AuthenticationSession) -> Step:
        return self._path(session)[session.step]

    def _scene(self, session: AuthenticationSession, visit: Visit) -> Scene:
        user = None
        if session.user_id is not None:
            with self._stores.read() as work:
                user = work.users.find(session.user_id)
        return Scene.of(session, user, visit)


def _take(work: Work, session: AuthenticationSession, visit: Visit) -> None:
    sessions = work.authentication_sessions
    if session.version:
        sessions.take(session.id, version=session.version, now=visit.now)
    else:
        # A reset, or a flow of one step: the seal's id is used up by the row that it never had.
        sessions.add(replace(session, taken_at=visit.now))


# Always before the conversation's own row: a change of password locks its user first and then that
# user's conversations, and two orders would wait for each other in a circle.
def _apply(work: Work, effects: tuple[Effect, ...], visit: Visit) -> None:
    for effect in effects:
        effect.apply(work, now=visit.now)


def _or(new: str | None, old: str) -> str:
    return old if new is None else new


# What was said last is kept with the notes, so that the answer to a POST can be a redirect and a
# refresh neither repeats the try nor loses the message.
_SAID = "said"


def _say(
    notes: Mapping[str, str], errors: tuple[Message, ...], notice: Message | None
) -> dict[str, str]:
    rest = unsaid(notes)
    if not errors and notice is None:
        return rest
    said = {"errors": [asdict(e) for e in errors], "notice": notice and asdict(notice)}
    return {**rest, _SAID: json.dumps(said)}


def saying(
    session: AuthenticationSession, error: Message | None, notice: Message | None
) -> AuthenticationSession:
    """Return a conversation whose page says this, in whatever language it is shown."""
    return replace(session, notes=_say(session.notes, (error,) if error else (), notice))


def unsaid(notes: Mapping[str, str]) -> dict[str, str]:
    """Return the notes of the steps alone."""
    return {name: note for name, note in notes.items() if name != _SAID}


def _with_said(page: Page, notes: Mapping[str, str]) -> Page:
    if _SAID not in notes:
        return page
    said, standing = json.loads(notes[_SAID]), {error.key for error in page.errors}
    errors = [error for error in map(_message, said["errors"]) if error.key not in standing]
    # What stands in the way now is told first; a good word from before may be true no more.
    notice = _message(said["notice"]) if said["notice"] and not standing else page.notice
    return replace(page, errors=(*page.errors, *errors), notice=notice)


def _message(fields: Mapping[str, Any]) -> Message:
    facts = {
        name: tuple(_message(inner) for inner in fact) if isinstance(fact, list) else fact
        for name, fact in fields["facts"].items()
    }
    return Message(fields["key"], facts, fields["field"])
