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
    """Answer that a counter waits; one that is closed until it is cleared is told as an hour."""
    seconds = _HOUR if blocked.until is None else blocked.until - now
    return must_wait(seconds, now=now, user_typed=user_typed)


def not_yet(seconds: int, key: str) -> Message:
    """Say when a letter may be sent again: in the words of `key` below a minute."""
    if seconds < MINUTE:
        return Message(key, {"s": max(1, seconds)})
    return Message("sent.wait.m", {"n": whole_minutes(seconds)})
