"""The e-mail code step: the mailbox of a known person is proven by a mailed code.

It confirms a login; it is not a second factor (docs/decisions/003-honest-assurance.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from idp.accounts.throttle import OTP, Throttle
from idp.accounts.user_id import masked
from idp.flow.codes import Codes, Recipient, wrong_code
from idp.flow.effects import ClearCounter, Effect, HoldVersion, SpendChallenge
from idp.flow.outcomes import Challenge, Outcome, Refused, Succeeded
from idp.flow.step import Scene
from idp.model import sessions
from idp.model.page import Message, Page
from idp.model.user import User
from idp.stores.ports import Blocked
from idp.theming.digits import whole_minutes


@dataclass(frozen=True)
class EmailOtp:
    """Proves access to the account's mailbox (`amr` "email")."""

    codes: Codes
    throttle: Throttle
    name: str = "email_otp"
    amr: tuple[str, ...] = ("email",)

    def enter(self, scene: Scene) -> Challenge:
        return self.codes.start(scene, self._recipient(scene))

    def show(self, scene: Scene) -> Page:
        to = self._recipient(scene)
        challenge = self.codes.find(scene, to)
        fault = self._undelivered(challenge) if challenge else self.codes.fault(scene, to)
        view = self.codes.view(scene, challenge, to, fault)
        return Page("code", view, errors=(fault,) if fault else ())

    def submit(self, scene: Scene, form: Mapping[str, str]) -> Outcome:
        user, now = scene.user, scene.visit.now
        if user is None or not user.enabled:
            return Refused(error=Message("err.disabled"))
        found = self.codes.read(scene, form, self._recipient(scene))
        if isinstance(found, Challenge):
            return found
        challenge, code = found
        limit = self.throttle.otp_key(user.id), OTP
        blocked, left = self.codes.reserve(challenge, limit, now=now)
        if blocked is not None:
            return _paused(blocked, now)
        if left is None:
            return Refused(error=Message("otp.err.locked"))
        if self.codes.is_right(challenge, code):
            return Succeeded(user=user, amr=self.amr, effects=self._effects(user, challenge))
        if not left:
            return Refused(error=Message("otp.err.locked"))
        return Challenge(errors=(wrong_code(left),))

    def _effects(self, user: User, challenge: sessions.Challenge) -> tuple[Effect, ...]:
        return (
            HoldVersion(user),
            SpendChallenge(challenge.id, self.throttle.code_limits(user.id)),
            ClearCounter(self.throttle.otp_key(user.id)),
        )

    def _undelivered(self, challenge: sessions.Challenge) -> Message | None:
        with self.codes.stores.read() as work:
            is_given_up = work.outbox.is_given_up(challenge.id)
        return Message("otp.mailfail") if is_given_up else None

    def _recipient(self, scene: Scene) -> Recipient:
        user_id, email = (scene.user.id, scene.user.email) if scene.user else ("", "")
        return Recipient(user_id, email, masked(email), self.throttle.code_limits(user_id))


def _paused(blocked: Blocked, now: int) -> Challenge | Refused:
    if blocked.until is None:
        # Only a new password opens it: the way there begins on the login page.
        return Refused(error=Message("otp.err.closed"))
    minutes = max(1, whole_minutes(blocked.until - now))
    return Challenge(errors=(Message("otp.err.paused", {"n": minutes}, "code"),))
