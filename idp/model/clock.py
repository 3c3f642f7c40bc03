"""Time is an argument: whole seconds since 1970-01-01 UTC, as NumericDate (RFC 7519 2)."""

import time
from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], int]


def system_clock() -> int:
    """Return the current time in whole seconds since 1970-01-01 UTC."""
    return int(time.time())  # noqa: TID251 - the one place where the bare clock is read
