"""Known browsers: a cookie of a completed login tells the owner's browser from a stranger's."""

from idp.model.tokens import digest, new_secret
from idp.stores.ports import Work

LIFETIME = 90 * 24 * 3600  # seconds since it was last seen at a completed login
NOBODY = "00000000-0000-0000-0000-000000000000"  # looked up as thoroughly as somebody
MOST = 10  # an account; office mailboxes are shared


def is_known(work: Work, user_id: str, cookie: str | None, now: int) -> bool:
    """Tell whether this account has completed a login in this browser within LIFETIME."""
    if not cookie:
        return False
    return work.known_browsers.is_known(user_id, digest(cookie), not_before=now - LIFETIME)


def is_new(work: Work, user_id: str, cookie: str | None, now: int) -> bool:
    """Tell whether somebody who has logged in before does so in a browser that is not known.

    Asked before the login is stored. The very first login of an account is nothing new to tell.
    """
    if is_known(work, user_id, cookie, now):
        return False
    return work.known_browsers.has_any(user_id) or work.user_sessions.has_any_of_user(user_id)


def remember(work: Work, user_id: str, now: int, *, cookie: str | None = None) -> str:
    """Remember the browser of a completed login; return its cookie, to be set for LIFETIME.

    A `cookie` that is known already is kept, so that one busy browser does not push out the other
    nine; any other is replaced, as it might be planted.
    """
    kept = cookie if cookie and is_known(work, user_id, cookie, now) else new_secret()
    work.known_browsers.remember(user_id, digest(kept), keep=MOST, now=now)
    return kept
