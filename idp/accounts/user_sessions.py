"""User sessions: when one is still good, and what a new authentication makes of the old one."""

from dataclasses import dataclass, replace

from idp.accounts.sign_out import Cause, SignOut
from idp.model.errors import AlreadySpent
from idp.model.sessions import UserSession
from idp.model.tokens import digest, new_id, new_secret
from idp.model.user import User
from idp.stores.ports import Work

_TOUCH_EVERY = 60  # seconds: a page view need not be a write


@dataclass(frozen=True, slots=True)
class UserSessionRules:
    """Limits in seconds: `idle` since a session was last seen, `maximum` since authentication."""

    idle: int
    maximum: int
    sign_out: SignOut

    def find_good(
        self, work: Work, cookie: str | None, *, now: int, hold: bool = False
    ) -> tuple[UserSession, User] | None:
        """Return the live session of a cookie and its enabled user; None if either is missing.

        Whoever gives something out in the session must `hold` it: a logout then waits, and ends
        what was given too.
        """
        if not cookie:
            return None
        found = work.user_sessions.find_with_user(digest(cookie), hold=hold)
        if found is None:
            return None
        session, user = found
        return found if user.enabled and self.is_live(session, now=now) else None

    def is_live(self, session: UserSession, *, now: int) -> bool:
        """Tell whether a session has neither ended nor reached one of its limits."""
        return (
            session.ended_at is None
            and now < session.expires_at
            and now < session.last_seen_at + self.idle
        )

    def start(
        self,
        work: Work,
        user: User,
        *,
        amr: tuple[str, ...],
        now: int,
        replaces: UserSession | None,
    ) -> tuple[str, UserSession]:
        """Store the session of an authentication that just succeeded; return its cookie as well.

        The cookie is new every time. A live session of the same user keeps its `sid`, so what was
        granted in it lives on; a session of anybody else in this browser ends.
        """
        cookie = new_secret()
        fresh = UserSession(
            sid=new_id(),
            digest=digest(cookie),
            user_id=user.id,
            amr=amr,
            auth_time=now,
            created_at=now,
            last_seen_at=now,
            expires_at=now + self.maximum,
        )
        return cookie, self._renewed(work, fresh, replaces) or _added(work, fresh)

    def renew_cookie(self, work: Work, session: UserSession) -> str:
        """Give a session a new cookie and return it: the old one is dead.

        Raises AlreadySpent if another tab was faster.
        """
        cookie = new_secret()
        work.user_sessions.renew(replace(session, digest=digest(cookie)), old_digest=session.digest)
        return cookie

    def touch(self, work: Work, session: UserSession, *, now: int) -> None:
        """Note that a session is in use, at most once a minute."""
        if now - session.last_seen_at >= _TOUCH_EVERY:
            work.user_sessions.touch(session.sid, now=now)

    def _renewed(
        self, work: Work, fresh: UserSession, old: UserSession | None
    ) -> UserSession | None:
        """Put `fresh` in the place of a live session of the same user; end any other old one."""
        if old is None:
            return None
        if old.user_id != fresh.user_id or not self.is_live(old, now=fresh.auth_time):
            self.sign_out.end(work, old.sid, Cause(), now=fresh.auth_time)
            return None
        renewed = replace(fresh, sid=old.sid, created_at=old.created_at)
        try:
            work.user_sessions.renew(renewed, old_digest=old.digest)
        except AlreadySpent:  # another tab of this browser was faster: its session is not ours
            return None
        return renewed


def _added(work: Work, session: UserSession) -> UserSession:
    work.user_sessions.add(session)
    return session
