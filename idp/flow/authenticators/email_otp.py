"""The e-mail code step: six digits by mail, derived from the challenge and a key, never stored.

It confirms a login; it is not a second factor (docs/decisions/003-honest-assurance.md).
"""

import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from idp.accounts.throttle import Throttle
from idp.accounts.user_id import masked
from idp.flow.effects import (
    ClearCounter,
    HoldVersion,
    ResendChallenge,
    SpendChallenge,
    StartChallenge,
)
from idp.flow.outcomes import Challenge, Outcome, Refused, Succeeded
from idp.flow.step import Scene
from idp.model import sessions
from idp.model.keyring import Keyring
from idp.model.letter import Letter
from idp.model.page import Message, Page
from idp.model.tokens import new_id
from idp.stores.ports import Blocked, Stores
from idp.theming.digits import whole_minutes

_SENDS = 3  # letters a challenge
_CODE_LENGTH = 6


def derive_code(form_key: Keyring, challenge_id: str, key_version: int) -> str:
    """Return the six digits of a challenge.

    Raises KeyError when the key version has left the ring: the code is void.
    """
    mac = form_key.mac("email-otp", challenge_id.encode(), version=key_version)
    return f"{int.from_bytes(mac[:16]) % 10**_CODE_LENGTH:0{_CODE_LENGTH}d}"


@dataclass(frozen=True)
class EmailOtp:
    """Proves access to the account's mailbox (`amr` "email"). Times are in seconds."""

    stores: Stores
    throttle: Throttle
    form_key: Keyring
    lifetime: int
    resend_after: int
    tries: int
    name: str = "email_otp"
    amr: tuple[str, ...] = ("email",)

    def enter(self, scene: Scene) -> Challenge:
        challenge = self._new_challenge(scene)
        return Challenge(
            notes={"challenge": challenge.id},
            effects=(StartChallenge(challenge, self._letter(scene, challenge)),),
        )

    def show(self, scene: Scene) -> Page:
        challenge, now = self._challenge(scene), scene.visit.now
        wait = max(0, challenge.last_sent_at + self.resend_after - now)
        view = {
            "masked": masked(_user_email(scene)),
            "minutes": whole_minutes(max(0, challenge.expires_at - now)),
            "wait": wait,
        }
        return Page("code", view)

    def submit(self, scene: Scene, form: Mapping[str, str]) -> Outcome:
        challenge = self._challenge(scene)
        if form.get("action") == "resend":
            return self._resend(scene, challenge)
        code = read_code(form.get("code", ""))
        if isinstance(code, Message):
            return Challenge(errors=(code,))
        return self._check(scene, challenge, code)

    def _check(self, scene: Scene, challenge: sessions.Challenge, code: str) -> Outcome:
        now, user = scene.visit.now, scene.user
        if user is None or not user.enabled:
            return Refused(error=Message("err.disabled"))
        if challenge.expires_at <= now:
            return self._renew(scene)
        otp_key = self.throttle.otp_key(user.id)
        blocked, left = self._reserve(challenge, otp_key, now)
        if blocked is not None:
            return _paused(blocked, now)
        if left is None:
            return Refused(error=Message("otp.err.locked"))
        if self._is_right(challenge, code):
            return Succeeded(
                user=user,
                amr=self.amr,
                effects=(HoldVersion(user), SpendChallenge(challenge.id), ClearCounter(otp_key)),
            )
        if not left:
            return Refused(error=Message("otp.err.locked"))
        return Challenge(errors=(Message("otp.err.wrong", {"n": left}, "code"),))

    def _reserve(
        self, challenge: sessions.Challenge, otp_key: bytes, now: int
    ) -> tuple[Blocked | None, int | None]:
        # Both counts are taken before the code is compared, in a short unit of work of their own:
        # parallel guesses can never evaluate more than the tries there are.
        with self.stores.write() as work:
            blocked = work.counters.blocked(otp_key, now=now)
            if blocked is not None:
                return blocked, None
            left = work.challenges.reserve_try(challenge.id, limit=self.tries, now=now)
            if left is not None:
                blocked = self.throttle.count_otp(work, otp_key, now=now)
            return blocked, left

    def _is_right(self, challenge: sessions.Challenge, code: str) -> bool:
        if challenge.key_version not in self.form_key.versions:
            return False
        expected = derive_code(self.form_key, challenge.id, challenge.key_version)
        return hmac.compare_digest(expected, code)

    def _renew(self, scene: Scene) -> Challenge:
        entered = self.enter(scene)
        return Challenge(
            errors=(Message("otp.err.expired", field="code"),),
            notes=entered.notes,
            effects=entered.effects,
        )

    def _resend(self, scene: Scene, challenge: sessions.Challenge) -> Challenge:
        now = scene.visit.now
        if challenge.expires_at <= now:
            return self._renew(scene)
        if challenge.sends >= _SENDS:
            left = whole_minutes(challenge.expires_at - now)
            return Challenge(errors=(Message("otp.limit", {"n": left}),))
        resend = ResendChallenge(
            challenge.id,
            self._letter(scene, challenge),
            limit=_SENDS,
            not_after=now - self.resend_after,
        )
        if challenge.last_sent_at > resend.not_after:
            return Challenge()
        notice = Message("otp.resent", {"masked": masked(_user_email(scene))})
        return Challenge(notice=notice, effects=(resend,))

    def _challenge(self, scene: Scene) -> sessions.Challenge:
        with self.stores.read() as work:
            challenge = work.challenges.find(scene.notes["challenge"])
        if challenge is None:
            # Rows outlive their conversations by a day; a missing one was deleted by hand.
            return self._new_challenge(scene, lifetime=0)
        return challenge

    def _new_challenge(self, scene: Scene, *, lifetime: int | None = None) -> sessions.Challenge:
        now = scene.visit.now
        return sessions.Challenge(
            id=new_id(),
            authentication_session_id=scene.session_id,
            user_id=scene.user.id if scene.user else "",
            key_version=self.form_key.newest,
            created_at=now,
            expires_at=now + (self.lifetime if lifetime is None else lifetime),
            last_sent_at=now,
        )

    def _letter(self, scene: Scene, challenge: sessions.Challenge) -> Letter:
        return Letter(
            id=new_id(),
            kind="code",
            to=_user_email(scene),
            locale=scene.locale,
            reference=scene.reference,
            facts={
                "challenge": challenge.id,
                "key_version": challenge.key_version,
                "client": scene.origin.client_id,
            },
            created_at=scene.visit.now,
            expires_at=challenge.expires_at,
        )


def _user_email(scene: Scene) -> str:
    return scene.user.email if scene.user else ""


def _paused(blocked: Blocked, now: int) -> Challenge | Refused:
    if blocked.until is None:
        # Only a new password opens it: the way there begins on the login page.
        return Refused(error=Message("otp.err.closed"))
    minutes = max(1, whole_minutes(blocked.until - now))
    return Challenge(errors=(Message("otp.err.paused", {"n": minutes}, "code"),))


def read_code(text: str) -> str | Message:
    """Return the six ASCII digits in what a person typed or pasted, or what is wrong with it.

    Digits of any script count; spaces, hyphens, dots and invisible characters do not. A pasted
    sentence is fine if exactly one run of six digits is in it.
    """
    digits = "".join(_ascii_digit(c) for c in text if unicodedata.category(c) != "Cf")
    bare = re.sub(r"[\s.\-‐-―]", "", digits)
    if not bare:
        return Message("otp.err.empty", field="code")
    if not re.fullmatch(r"[0-9]+", bare):
        runs = re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", digits)
        return runs[0] if len(runs) == 1 else Message("otp.err.chars", field="code")
    if len(bare) != _CODE_LENGTH:
        return Message("otp.err.len", {"n": len(bare)}, "code")
    return bare


def _ascii_digit(character: str) -> str:
    return str(unicodedata.digit(character)) if character.isdecimal() else character
