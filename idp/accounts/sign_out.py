"""Signing out: sessions end, and every client that has one of its own is promised a notice."""

from collections.abc import Iterable
from dataclasses import dataclass

from idp.model.letter import Letter
from idp.model.tokens import digest, new_id
from idp.settings.clients import Client
from idp.stores.ports import EndedGrant, Work

KIND = "logout"
_WORTH_TELLING = 24 * 3600  # seconds: by then the client's own session has ended by itself


@dataclass(frozen=True, slots=True)
class Cause:
    """Why sessions end: the reference of the conversation, and the batch to ask after."""

    reference: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True)
class SignOut:
    """Ends user sessions with their grants (OpenID Connect Back-Channel Logout 1.0, 2.5).

    `notified` are the clients that take notices.
    """

    notified: frozenset[str]

    @classmethod
    def of(cls, clients: Iterable[Client]) -> "SignOut":
        """Return the signing out that tells those clients which are on and say where to."""
        takers = (client for client in clients if client.enabled and client.backchannel_logout_uri)
        return cls(frozenset(client.client_id for client in takers))

    def end(self, work: Work, sid: str, cause: Cause, *, now: int) -> None:
        """End one session."""
        self._promise(work, work.user_sessions.end(sid, now=now), cause, now)

    def end_all(
        self, work: Work, user_id: str, cause: Cause, *, now: int, keep: str | None = None
    ) -> None:
        """End all sessions of a user, except the one of the cookie `keep`."""
        kept = digest(keep) if keep else None
        ended = work.user_sessions.end_all_of_user(user_id, now=now, keep=kept)
        self._promise(work, ended, cause, now)

    def _promise(self, work: Work, ended: Iterable[EndedGrant], cause: Cause, now: int) -> None:
        for grant in ended:
            if grant.client_id in self.notified:
                work.outbox.add(_notice(grant, cause, now))


def _notice(grant: EndedGrant, cause: Cause, now: int) -> Letter:
    return Letter(
        id=new_id(),
        kind=KIND,
        to=grant.client_id,
        lane="notice",
        batch=cause.batch,
        locale="",
        reference=cause.reference,
        facts={"sid": grant.sid, "sub": grant.user_id},
        created_at=now,
        expires_at=now + _WORTH_TELLING,
    )
