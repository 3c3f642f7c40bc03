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
from idp.accounts.throttle import Throttle
from idp.flow.effects import ClearCounter, Effect, HoldVersion, Rehash
from idp.flow.outcomes import Challenge, Outcome, Refused, Succeeded
from idp.flow.step import Scene
from idp.flow.waiting import must_wait_for
from idp.model.page import Message, Page
from idp.model.user import User
from idp.stores.ports import Stores

_WRONG = Message("err.login", field="password")


@dataclass(frozen=True)
class Password:
    """Proves knowledge of the account's password (`amr` "pwd")."""

    stores: Stores
    hasher: Hasher
    throttle: Throttle
    answer_time: AnswerTime
    name: str = "password"
    amr: tuple[str, ...] = ("pwd",)

    def enter(self, scene: Scene) -> Challenge:
        return Challenge()

    def show(self, scene: Scene) -> Page:
        return Page("login", {"user_id": scene.user_typed})

    def submit(self, scene: Scene, form: Mapping[str, str]) -> Outcome:
        typed, password = form.get("userid", ""), form.get("password", "")
        faults = _faults(typed, password)
        if faults:
            return Challenge(errors=faults, user_typed=typed)
        if not is_hashable(password):
            return Challenge(errors=(_WRONG,), user_typed=typed)
        return self._check(scene, typed, password)

    def _check(self, scene: Scene, typed: str, password: str) -> Outcome:
        visit, canonical = scene.visit, user_id.canonical(typed)
        user, stored, known = self._look_up(canonical, scene)
        with self.hasher.gate.place(known_browser=known):
            version = user.credential_version if user else 0
            blocked = self.throttle.reserve(
                canonical, visit.address, version=version, now=visit.now
            )
            if blocked is not None:
                return must_wait_for(blocked, now=visit.now, user_typed=typed)
            leaves_at = self.answer_time.deadline(password)
            is_right = self.hasher.verify(password, stored)
            if user is None or stored is None or not is_right:
                outcome: Outcome = Challenge(errors=(_WRONG,), user_typed=typed)
            else:
                pair_key = self.throttle.pair_key(canonical, visit.address, version=version)
                renewal = self._renewal(user, stored, password)
                outcome = self._accept(user, typed, (ClearCounter(pair_key),), renewal)
            self.answer_time.keep_until(leaves_at)
        return outcome

    def _renewal(self, user: User, stored: str, password: str) -> tuple[Effect, ...]:
        """Return what stores today's hash of a password that was just typed right."""
        if not user.enabled or not self.hasher.is_outdated(stored):
            return ()
        return (Rehash(user.id, self.hasher.hash(password), stored),)

    def _accept(
        self, user: User, typed: str, clear: tuple[Effect, ...], renewal: tuple[Effect, ...]
    ) -> Outcome:
        if not user.enabled:
            return Refused(error=Message("err.disabled"), user_typed=typed, effects=clear)
        effects = (HoldVersion(user), *clear, *renewal)
        return Succeeded(user=user, amr=self.amr, user_typed=typed, effects=effects)

    def _look_up(self, canonical: str, scene: Scene) -> tuple[User | None, str | None, bool]:
        cookie, now = scene.visit.known_browser, scene.visit.now
        with self.stores.read() as work:
            self.answer_time.refresh(work, now=now)
            user = work.users.find_by_email(canonical)
            # Nobody is looked up just as thoroughly as somebody.
            account = user.id if user else NOBODY
            stored = work.credentials.password_hash(account)
            return user, stored, known_browsers.is_known(work, account, cookie, now=now)


def _faults(typed: str, password: str) -> tuple[Message, ...]:
    fault = user_id.fault(typed)
    faults = [Message(fault, field="userid")] if fault else []
    if not password:
        faults.append(Message("err.pw.empty", field="password"))
    return tuple(faults)
