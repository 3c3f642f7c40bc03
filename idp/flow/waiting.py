"""Waits, told as people understand them: seconds up to a minute, then whole minutes."""

from idp.flow.outcomes import Throttled
from idp.model.page import Message
from idp.theming.digits import whole_minutes

_MINUTE = 60  # seconds


def must_wait(seconds: int, *, now: int, user_typed: str) -> Throttled:
    """Answer that nothing is judged for so many seconds."""
    left = max(1, seconds)
    error = Message("err.rate.s", {"s": left})
    if left >= _MINUTE:
        error = Message("err.rate", {"n": whole_minutes(left)})
    return Throttled(until=now + left, error=error, user_typed=user_typed)
