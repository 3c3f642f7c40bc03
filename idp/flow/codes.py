"""Mailed codes: six digits, derived from a challenge and a key, never stored.

Here is what every step does alike that mails one: whom it believes, and what it counts, is its own.
"""

import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from idp.accounts.throttle import Limit, Limits, longest_wait
from idp.flow.effects import ResendChallenge, StartChallenge
from idp.flow.outcomes import Challenge
from idp.flow.step import Scene
from idp.flow.waiting import seconds_left
from idp.model import sessions
from idp.model.keyring import Keyring
from idp.model.letter import Letter
from idp.model.page import Message
from idp.model.tokens import new_id
from idp.stores.ports import Blocked, Stores
from idp.theming.digits import whole_minutes

CHALLENGE = "challenge"  # the note that names it

_SENDS = 3  # letters a challenge
_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whose code it is, where it goes, and how many may go there."""

    user_id: str
    email: str
    masked: str  # as the page tells it
    limits: Limits
    tries: Limits = ()  # while one of these waits no code is judged, and none is sent
    kind: str = "code"  # of the letter
    resent: str = "otp.resent"  # what is said when it was sent again
    expired: str = "otp.err.expired"  # what is said when another one is on its way


@dataclass(frozen=True)
class Codes:
    """Starts challenges, sends their codes again and compares. Times are in seconds."""

    stores: Stores
    form_key: Keyring
    lifetime: int
    resend_after: int
    tries: int

    def start(self, scene: Scene, to: Recipient) -> Challenge:
        """Answer with a new challenge, if the recipient's limits have room for its letter."""
        now = scene.visit.now
        challenge = sessions.Challenge(
            id=new_id(),
            authentication_session_id=scene.session_id,
            user_id=to.user_id,
            key_version=self.form_key.newest,
            created_at=now,
            expires_at=now + self.lifetime,
            last_sent_at=now,
        )
        effect = StartChallenge(challenge, _letter(scene, challenge, to), to.limits)
        return Challenge(notes={CHALLENGE: challenge.id}, effects=(effect,))

    def read(
        self, scene: Scene, form: Mapping[str, str], to: Recipient
    ) -> tuple[sessions.Challenge, str] | Challenge:
        """Return a challenge and the six digits to be judged, or the answer if there are none."""
        challenge = self.find(scene, to)
        if form.get("action") == "resend":
            return self._resend(scene, challenge, to)
        code = read_code(form.get("code", ""))
        if isinstance(code, Message):
            return Challenge(errors=(code,))
        if challenge is None or challenge.expires_at <= scene.visit.now:
            return self._renew(scene, challenge, to)
        return challenge, code

    def _renew(
        self, scene: Scene, challenge: sessions.Challenge | None, to: Recipient
    ) -> Challenge:
        """Answer a code that is worth nothing any more: another is on its way, or has to wait."""
        full = self.fault(scene, to)
        if full is not None:
            # The page of a letter that still has to wait tells it itself, and for how long.
            return Challenge(errors=(full,) if challenge else ())
        started = self.start(scene, to)
        expired = Message(to.expired, field="code")
        return Challenge(errors=(expired,), notes=started.notes, effects=started.effects)

    def _resend(
        self, scene: Scene, challenge: sessions.Challenge | None, to: Recipient
    ) -> Challenge:
        """Answer the button: the same code once more, and a new one only when that has expired."""
        now = scene.visit.now
        if challenge is None or challenge.expires_at <= now:
            return self._renew(scene, challenge, to)
        if now < challenge.last_sent_at + self.resend_after:
            return Challenge(notice=Message("resend.early"))
        if challenge.sends >= _SENDS:
            left = whole_minutes(challenge.expires_at - now)
            return Challenge(errors=(Message("otp.limit", {"n": left}),))
        full = self.fault(scene, to)
        if full is not None:
            return Challenge(errors=(full,))
        again = ResendChallenge(
            challenge.id,
            _letter(scene, challenge, to),
            limit=_SENDS,
            not_after=now - self.resend_after,
            limits=to.limits,
        )
        return Challenge(notice=Message(to.resent, {"masked": to.masked}), effects=(again,))

    def view(
        self,
        scene: Scene,
        challenge: sessions.Challenge | None,
        to: Recipient,
        fault: Message | None,
    ) -> Mapping[str, object]:
        """Return what the page tells of a challenge; None: its letter has to wait."""
        now = scene.visit.now
        left = challenge.expires_at - now if challenge else self.lifetime
        sent_at = challenge.last_sent_at if challenge else now - self.resend_after
        return {
            "masked": to.masked,
            "is_sent": challenge is not None and fault is None,
            "minutes": whole_minutes(max(0, left)),
            "wait": max(0, sent_at + self.resend_after - now),
        }

    def fault(self, scene: Scene, to: Recipient) -> Message | None:
        """Return why no letter can go to the recipient now."""
        now = scene.visit.now
        with self.stores.read() as work:
            full = longest_wait(work, (*to.limits, *to.tries), now=now)
        return None if full is None else at_the_limit(full, now=now)

    def find(self, scene: Scene, to: Recipient) -> sessions.Challenge | None:
        """Return the challenge of this conversation and recipient; None: its letter had to wait.

        Whatever a note says, a code that was mailed to one user is worth nothing to another.
        """
        with self.stores.read() as work:
            found = work.challenges.find(scene.notes.get(CHALLENGE, ""))
        if found is None or found.authentication_session_id != scene.session_id:
            return None
        return found if found.user_id == to.user_id else None

    def reserve(
        self, challenge: sessions.Challenge, limit: Limit, *, now: int
    ) -> tuple[Blocked | None, int | None]:
        """Count one wrong code beforehand, in a short unit of work of its own.

        Return the wait of `limit`, in which nothing is judged, and the tries that are left; None:
        the challenge has none. Parallel guesses can never evaluate more than the tries there are.
        """
        key, schedule = limit
        with self.stores.write() as work:
            blocked = work.counters.blocked(key, now=now)
            if blocked is not None:
                return blocked, None
            left = work.challenges.reserve_try(challenge.id, limit=self.tries, now=now)
            if left is not None:
                blocked = work.counters.reserve(key, schedule, now=now)
            return blocked, left

    def is_right(self, challenge: sessions.Challenge, code: str) -> bool:
        if challenge.key_version not in self.form_key.versions:
            return False
        expected = derive_code(self.form_key, challenge.id, challenge.key_version)
        return hmac.compare_digest(expected, code)


def derive_code(form_key: Keyring, challenge_id: str, key_version: int) -> str:
    """Return the six digits of a challenge.

    Raises KeyError when the key version has left the ring: the code is void.
    """
    mac = form_key.mac("email-otp", challenge_id.encode(), version=key_version)
    return f"{int.from_bytes(mac[:16]) % 10**_LENGTH:0{_LENGTH}d}"


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
    if len(bare) != _LENGTH:
        return Message("otp.err.len", {"n": len(bare)}, "code")
    return bare


def at_the_limit(full: Blocked, *, now: int) -> Message:
    """Tell when the next code can be sent."""
    return Message("otp.limit", {"n": max(1, whole_minutes(seconds_left(full, now=now)))})


def wrong_code(left: int) -> Message:
    """Tell how many tries are left after a wrong code."""
    return Message("otp.err.wrong", {"n": left}, "code")


def _ascii_digit(character: str) -> str:
    return str(unicodedata.digit(character)) if character.isdecimal() else character


def _letter(scene: Scene, challenge: sessions.Challenge, to: Recipient) -> Letter:
    return Letter(
        id=new_id(),
        kind=to.kind,
        to=to.email,
        batch=challenge.id,
        locale=scene.locale,
        reference=scene.reference,
        facts={
            "challenge": challenge.id,
            "key_version": challenge.key_version,
            "client": scene.origin.client_id,
            **scene.visit.whereabouts,
        },
        created_at=scene.visit.now,
        expires_at=challenge.expires_at,
    )
