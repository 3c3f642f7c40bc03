"""What a step wants done, as frozen values that the engine applies in its one unit of work.

An effect that may happen only once raises AlreadySpent when somebody else was faster; then
nothing of the whole unit of work happens.
"""

from dataclasses import dataclass, field
from typing import Protocol

from idp.accounts.credentials import change_password
from idp.accounts.sign_out import Cause, SignOut
from idp.accounts.throttle import Limit, Limits, is_closed, take_slots
from idp.model.action_token import ActionToken
from idp.model.errors import AlreadySpent
from idp.model.letter import Letter
from idp.model.sessions import Challenge
from idp.model.tokens import digest
from idp.model.user import User
from idp.stores.ports import Work


class Effect(Protocol):
    """One change, applied inside the engine's unit of work at `now` (seconds since 1970 UTC)."""

    def apply(self, work: Work, *, now: int) -> None: ...


@dataclass(frozen=True, slots=True)
class StartChallenge:
    """Store a challenge and promise its letter, as long as its account has not had enough.

    Over a limit nothing is written: a code page without its challenge says so.
    """

    challenge: Challenge
    letter: Letter
    limits: Limits

    def apply(self, work: Work, *, now: int) -> None:
        if take_slots(work, self.limits, now=now):
            work.challenges.add(self.challenge)
            work.outbox.add(self.letter)


@dataclass(frozen=True, slots=True)
class ResendChallenge:
    """Promise the same code once more, if the last letter is old enough and sends are left."""

    challenge_id: str
    letter: Letter
    limit: int
    not_after: int
    limits: Limits

    def apply(self, work: Work, *, now: int) -> None:
        is_reserved = work.challenges.reserve_send(
            self.challenge_id, limit=self.limit, not_after=self.not_after, now=now
        )
        if not (is_reserved and take_slots(work, self.limits, now=now)):
            raise AlreadySpent
        work.outbox.add(self.letter)


@dataclass(frozen=True, slots=True)
class SpendChallenge:
    """Mark the challenge answered: the second right answer finds it spent.

    A code that was typed right was no flood: its letter leaves the limits, for an office with one
    mailbox needs many a day.
    """

    challenge_id: str
    limits: Limits

    def apply(self, work: Work, *, now: int) -> None:
        work.challenges.spend(self.challenge_id, now=now)
        for key, _ in self.limits:
            work.counters.refund(key)


@dataclass(frozen=True, slots=True)
class ClearCounter:
    """Forget the failures of a key: its owner has just proven himself."""

    key: bytes

    def apply(self, work: Work, *, now: int) -> None:
        work.counters.clear(self.key)


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Give back one slot of a key that stays: what was counted beforehand was no failure."""

    key: bytes

    def apply(self, work: Work, *, now: int) -> None:
        work.counters.refund(self.key)


@dataclass(frozen=True, slots=True)
class Rehash:
    """Store the same password under today's scheme, pepper and cost."""

    user_id: str
    tagged_hash: str = field(repr=False)
    old: str = field(repr=False)

    def apply(self, work: Work, *, now: int) -> None:
        work.credentials.rehash(self.user_id, self.tagged_hash, old=self.old)


@dataclass(frozen=True, slots=True)
class HoldVersion:
    """Insist that password and mailbox are still those that were proven."""

    user: User

    def apply(self, work: Work, *, now: int) -> None:
        if not work.credentials.holds_version(self.user.id, self.user.credential_version):
            raise AlreadySpent


@dataclass(frozen=True, slots=True)
class OfferLink:
    """Store an action token and promise its letter, as long as its address has not had enough.

    Over a limit nothing is written but counters: who asks sees no difference, and who floods a
    mailbox cannot push out the link that its owner waits for.
    """

    token: ActionToken
    letter: Letter
    limits: Limits
    most_live: int

    def apply(self, work: Work, *, now: int) -> None:
        token = self.token
        live = work.action_tokens.live_of_user(token.user_id, token.credential_version, now=now)
        if live >= self.most_live or not take_slots(work, self.limits, now=now):
            return
        work.action_tokens.add(token)
        work.outbox.add(self.letter)


@dataclass(frozen=True, slots=True)
class SpendLink:
    """Use up the link that was opened: of two that post at once, one wins.

    It has proven the mailbox: a counter of wrong codes that was closed for good is open again, and
    what was counted for the old password is forgotten, but for what strangers may do a day: whoever
    knew it must not have used up the codes of the new one.
    """

    token_id: str
    user_id: str
    otp_key: bytes
    forgotten: tuple[bytes, ...]

    def apply(self, work: Work, *, now: int) -> None:
        work.action_tokens.spend(self.token_id, now=now)
        work.users.verify_email(self.user_id)
        for key in self.forgotten:
            work.counters.clear(key)
        if is_closed(work, self.otp_key, now=now):
            work.counters.clear(self.otp_key)


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Store the new password; logins that the old one began end, but for this conversation."""

    user: User
    tagged_hash: str = field(repr=False)
    history: int
    session_id: str

    def apply(self, work: Work, *, now: int) -> None:
        change_password(
            work,
            self.user,
            self.tagged_hash,
            history=self.history,
            now=now,
            goes_on=self.session_id,
        )


@dataclass(frozen=True, slots=True)
class EndOthers:
    """End the user's other sessions and forget the other browsers; these two cookies stay."""

    sign_out: SignOut
    user_id: str
    reference: str
    session: str | None = field(repr=False)
    known_browser: str | None = field(repr=False)

    def apply(self, work: Work, *, now: int) -> None:
        cause = Cause(self.reference)
        self.sign_out.end_all(work, self.user_id, cause, now=now, keep=self.session)
        keep = digest(self.known_browser) if self.known_browser else None
        work.known_browsers.forget_all(self.user_id, keep=keep)


@dataclass(frozen=True, slots=True)
class Send:
    """Promise a letter."""

    letter: Letter

    def apply(self, work: Work, *, now: int) -> None:
        work.outbox.add(self.letter)


@dataclass(frozen=True, slots=True)
class SendWithin:
    """Promise a letter unless its limit is reached: a flood of causes is told once."""

    letter: Letter
    limit: Limit

    def apply(self, work: Work, *, now: int) -> None:
        if take_slots(work, (self.limit,), now=now):
            work.outbox.add(self.letter)
