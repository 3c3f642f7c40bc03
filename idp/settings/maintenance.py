"""A planned closure, as an administrator declares it."""

import datetime as dt
import math
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from idp.settings.values import Section, told_as

_MOMENT = "a time with its offset like 2026-11-23T18:00:00+06:00"
_LAST_YEAR = 2099  # a year after it is a slip of the pen: everybody would be locked out for good


def _to_moment(value: object) -> object:
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        raise ValueError(f"must be {_MOMENT}, without quotes")
    if value.year > _LAST_YEAR:
        raise ValueError(f"must be before the year {_LAST_YEAR + 1}")
    return value


Moment: TypeAlias = Annotated[
    dt.datetime, BeforeValidator(_to_moment), told_as(_MOMENT, format="date-time")
]


class Maintenance(Section):
    """A planned closure: what people and applications are told until it is over."""

    until: Moment | None = Field(
        default=None,
        description="Until then nobody can log in and no token is given; logging out still works. "
        "Left out, or past: open.",
        examples=["2026-11-23T18:00:00+06:00"],
    )

    @property
    def closed_until(self) -> int | None:
        """The end in seconds since 1970 UTC, or None."""
        return None if self.until is None else math.ceil(self.until.timestamp())
