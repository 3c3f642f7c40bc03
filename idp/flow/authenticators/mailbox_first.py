"""The mailbox-first step: a mailed code before the password, when strangers have had their tries.

Nothing is proven here, not even that the user ID is somebody's: nobody's takes the same way, with
the same rows and a letter that never leaves, and none of its codes is right. docs/decisions/018.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from idp.accounts import user_id
from idp.accounts.throttle import Throttle
from idp.flow.codes import Codes, Recipient, at_the_limit, wrong_code
from idp.flow.effects import Effect, GiveBack, HoldVersion, SpendChallenge
from idp.flow.outcomes import Challenge, Outcome, Refused, Succeeded
from idp.flow.step import Scene
from idp.model.letter import GHOST
from idp.model.page import Message, Page
from idp.model.user import User


@dataclass(frozen=True)
class MailboxFirst:
    """Proves access to the mailbox of the user ID that was typed (`amr` "email").

    Its letters and tries are counted apart: whoever comes here holds no password, and must not use
    up what its owner has.
    """

    codes: Codes
    throttle: Throttle
    name: str = "mailbox_first"
    amr: tuple[str, ...] = ("email",)

    def enter(self, scene: Scene) -> Challenge:
        _, to = self._look_up(scene)
        started = self.codes.start(scene, to)
        # No letter for a code that would not be judged.
        return started if self.codes.fault(scene, to) is None else replace(started, effects=())

    def show(self, scene: Scene) -> Page:
        _, to = self._look_up(scene)
        challenge = self.codes.find(scene, to)
        fault = self.codes.fault(scene, to) if challenge is None else None
        view = self.codes.view(scene, challenge, to, fault)
        return Page("first", view, errors=(fault,) if fault else ())

    def submit(self, scene: Scene, form: Mapping[str, str]) -> Outcome:
        user, to = self._look_up(scene)
        found = self.codes.read(scene, form, to)
        if isinstance(found, Challenge):
            return found
        challenge, code = found
        (limit,), now = to.tries, scene.visit.now
        blocked, left = self.codes.reserve(challenge, limit, now=now)
        if blocked is not None:
            return Challenge(errors=(at_the_limit(blocked, now=now),))
        if left is None and not self._is_spent(scene, to):
            return Refused(error=Message("otp.err.locked"))
        # Two clicks: a right code goes on, to find that the first one was faster.
        is_right = self.codes.is_right(challenge, code)
        if user is not None and is_right:
            spend = SpendChallenge(challenge.id, to.limits)
            counted = () if left is None else (GiveBack(limit[0]),)
            effects: tuple[Effect, ...] = (HoldVersion(user), spend, *counted)
            return Succeeded(user=user, amr=self.amr, effects=effects)
        if not left:
            return Refused(error=Message("otp.err.locked"))
        return Challenge(errors=(wrong_code(left),))

    def _is_spent(self, scene: Scene, to: Recipient) -> bool:
        challenge = self.codes.find(scene, to)
        return challenge is not None and challenge.spent_at is not None

    def _look_up(self, scene: Scene) -> tuple[User | None, Recipient]:
        """Return whom a code could prove, and where it goes: a disabled user is nobody here."""
        canonical, typed = user_id.canonical(scene.user_typed), user_id.mailbox(scene.user_typed)
        with self.codes.stores.read() as work:
            found = work.users.find_by_email(canonical)
        to = Recipient(
            self.codes.form_key.mac("ghost", canonical.encode()).hex(),
            typed,
            user_id.masked(typed),  # as typed: how it is stored is nobody's business yet
            self.throttle.first_code_limits(found, canonical),
            (self.throttle.first_try_limit(found, canonical),),
            kind=GHOST,
            resent="first.resent",
            expired="first.expired",
        )
        if found is None:
            return None, to
        to = replace(to, user_id=found.id)
        if not found.enabled:
            return None, to
        return found, replace(to, email=found.email, kind="code")
