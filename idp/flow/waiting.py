"""Waits, told as people understand them: seconds up to a minute, then whole minutes."""

from idp.flow.outcomes import Throttled
from idp.model.page import Message
from idp.stores.ports import Blocked
from idp.theming.digits import whole_minutes

_MINUTE = 60  # seconds
_HOUR = 3600


def must_wait(seconds: int, *, now: int, user_typed: str) -> Throttled:
    """Answer that nothing is judged for so many seconds."""
    left = max(1, seconds)
    error = Message("err.rate.s", {"s": left})
    if left >= _MINUTE:
        error = Message("err.rate", {"n": whole_minutes(left)})
    return Throttled(until=now + left, error=error, user_typed=user_typed)


def must_wait_for(blocked: Blocked, *, now: int, user_typed: str) -> Throttled:
    """Answer that a counter waits; one that is closed until it is cleared is told as an hour."""
    seconds = _HOUR if blocked.until is None else blocked.until - now
    return must_wait(seconds, now=now, user_typed=user_typed)
