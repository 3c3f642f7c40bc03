"""The password step: user ID and password on the login page.

Unknown, disabled and password-less users take the same way, work and time as everybody else: one
slot of the throttle, one hash, one answer, and one moment at which it leaves.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from idp.accounts import known_browsers, user_id
from idp.accounts.answer_time import AnswerTime
from idp.accounts.known_browsers import NOBODY
from idp.accounts.passwords import Hasher, is_hashable
from idp.accounts.throttle import Attempt, Closed, Slot, Throttle, is_closed
from idp.flow.effects import ClearCounter, Effect, GiveBack, HoldVersion, Rehash, SendWithin
from idp.flow.notices import notice
from idp.flow.outcomes import Challenge, Outcome, Refused, Succeeded, SwitchTo
from idp.flow.step import Scene
from idp.flow.waiting import must_wait_for
from idp.model.letter import GHOST
from idp.model.page import Message, Page
from idp.model.user import User
from idp.stores.ports import Blocked, Stores

MAILBOX_FIRST = "mailbox_first"  # the step that comes first when strangers have had their tries

_WRONG = Message("err.login", field="password")


@dataclass(frozen=True)
class Password:
    """Proves knowledge of the account's password (`amr` "pwd").

    `has_code`: its flow asks for a mailed code too, which may be asked for first. Whoever has
    proven the mailbox already is asked on a page of its own, and for that account alone.
    """

    stores: Stores
    hasher: Hasher
    throttle: Throttle
    answer_time: AnswerTime
    has_code: bool = True
    name: str = "password"
    amr: tuple[str, ...] = ("pwd",)

    def enter(self, scene: Scene) -> Challenge:
        return Challenge()

    def show(self, scene: Scene) -> Page:
        return Page("password" if scene.user else "login", {"user_id": scene.user_typed})

    def submit(self, scene: Scene, form: Mapping[str, str]) -> Outcome:
        typed = scene.user_typed if scene.user else form.get("userid", "")
        password = form.get("password", "")
        faults = _faults(typed, password)
        if faults:
            return Challenge(errors=faults, user_typed=typed)
        if not is_hashable(password):
            return Challenge(errors=(_WRONG,), user_typed=typed)
        return self._check(scene, typed, password)

    def _check(self, scene: Scene, typed: str, password: str) -> Outcome:
        now = scene.visit.now
        attempt, stored, refusal = self._look_up(scene, typed)
        if refusal is not None:
            return self._unchecked(refusal, typed, now)
        is_known = attempt.known_browser is not None or attempt.is_mailbox_proven
        with self.hasher.gate.place(known_browser=is_known):
            slot = self.throttle.reserve(attempt, now=now)
            if not isinstance(slot, Slot):
                return self._unchecked(slot, typed, now)
            leaves_at = self.answer_time.deadline(password)
            is_right = self.hasher.verify(password, stored)
            user = attempt.user
            if user is None or stored is None or not is_right:
                warning = (self._warning(scene, attempt, typed),) if slot.is_last else ()
                outcome: Outcome = Challenge(errors=(_WRONG,), user_typed=typed, effects=warning)
            elif fault := self._fault(user, attempt, now):
                outcome = Refused(error=fault, user_typed=typed, effects=_forgiven(slot))
            else:
                renewal = self._renewal(user, stored, password)
                effects = (HoldVersion(user), *_forgiven(slot), *renewal)
                outcome = Succeeded(user=user, amr=self.amr, user_typed=typed, effects=effects)
            self.answer_time.keep_until(leaves_at)
        return outcome

    def _unchecked(self, refusal: Blocked | Closed, typed: str, now: int) -> Outcome:
        """Answer an attempt that must not be checked, somebody's and nobody's alike."""
        if isinstance(refusal, Blocked):
            return must_wait_for(refusal, now=now, user_typed=typed)
        if self.has_code:
            return SwitchTo(first=MAILBOX_FIRST, user_typed=typed)
        return must_wait_for(Blocked(refusal.until), now=now, user_typed=typed)

    def _renewal(self, user: User, stored: str, password: str) -> tuple[Effect, ...]:
        """Return what stores today's hash of a password that was just typed right."""
        if not self.hasher.is_outdated(stored):
            return ()
        return (Rehash(user.id, self.hasher.hash(password), stored),)

    def _fault(self, user: User, attempt: Attempt, now: int) -> Message | None:
        """Return why the right password is not enough.

        Wrong codes that have closed the account's counter close the other order of the steps too.
        """
        if not user.enabled:
            return Message("err.disabled")
        if not attempt.is_mailbox_proven:
            return None
        with self.stores.read() as work:
            has_ended = is_closed(work, self.throttle.otp_key(user.id), now=now)
        return Message("otp.err.closed") if has_ended else None

    def _look_up(
        self, scene: Scene, typed: str
    ) -> tuple[Attempt, str | None, Blocked | Closed | None]:
        """Return the attempt, the hash it is checked against, and why it must not be checked."""
        canonical, visit = user_id.canonical(typed), scene.visit
        with self.stores.read() as work:
            self.answer_time.refresh(work, now=visit.now)
            user = scene.user or work.users.find_by_email(canonical)
            # Nobody is looked up just as thoroughly as somebody.
            account = user.id if user else NOBODY
            stored = work.credentials.password_hash(account)
            cookie = visit.known_browser
            is_known = known_browsers.is_known(work, account, cookie, now=visit.now)
            attempt = Attempt(
                user_id_canonical=canonical,
                user=user,
                address=visit.address,
                known_browser=cookie if is_known else None,
                is_mailbox_proven=scene.user is not None,
                has_code=self.has_code,
            )
            return attempt, stored, self.throttle.look(work, attempt, now=visit.now)

    def _warning(self, scene: Scene, attempt: Attempt, typed: str) -> SendWithin:
        """Return what tells the owner; nobody is told by a letter that never leaves."""
        user = attempt.user
        kind = "paused" if user is not None and user.enabled else GHOST
        letter = notice(scene, kind, user.email if user else user_id.mailbox(typed))
        return SendWithin(letter, self.throttle.warning_limit(user, attempt.user_id_canonical))


def _forgiven(slot: Slot) -> tuple[Effect, ...]:
    return (
        *(ClearCounter(key) for key in slot.forgotten),
        *(GiveBack(key) for key in slot.refunded),
    )


def _faults(typed: str, password: str) -> tuple[Message, ...]:
    fault = user_id.fault(typed)
    faults = [Message(fault, field="userid")] if fault else []
    if not password:
        faults.append(Message("err.pw.empty", field="password"))
    return tuple(faults)
