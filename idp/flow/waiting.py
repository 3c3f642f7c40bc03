"""Waits, told as people understand them: seconds up to a minute, then whole minutes."""

from idp.flow.outcomes import Throttled
from idp.model.page import Message
from idp.stores.ports import Blocked
from idp.theming.digits import MINUTE, whole_minutes

_HOUR = 3600  # seconds


def too_often(seconds: int) -> Message:
    """Say how long somebody waits who came too often: in seconds below a minute."""
    if seconds < MINUTE:
        return Message("err.rate.s", {"s": max(1, seconds)})
    return Message("err.rate", {"n": whole_minutes(seconds)})


def must_wait(seconds: int, *, now: int, user_typed: str) -> Throttled:
    """Answer that nothing is judged for so many seconds."""
    left = max(1, seconds)
    return Throttled(until=now + left, error=too_often(left), user_typed=user_typed)


def must_wait_for(blocked: Blocked, *, now: int, user_typed: str) -> Throttled:
    """Answer that a counter waits."""
    return must_wait(seconds_left(blocked, now=now), now=now, user_typed=user_typed)


def seconds_left(blocked: Blocked, *, now: int) -> int:
    """Return how long a counter waits; one that only somebody can open is told as an hour."""
    return _HOUR if blocked.until is None else blocked.until - now
