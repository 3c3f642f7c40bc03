"""What a step may answer: a closed set of frozen values, each with the effects that go with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from idp.flow.effects import Effect
from idp.model.page import Message
from idp.model.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The person has something to do on this step's page. None leaves what was there before."""

    errors: tuple[Message, ...] = ()
    notice: Message | None = None
    notes: Mapping[str, str] | None = None
    user_typed: str | None = None
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    """Nothing was checked: the person must wait until `until` (seconds since 1970 UTC)."""

    until: int
    error: Message
    user_typed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """The step is proven. `amr` are its authentication methods (RFC 8176)."""

    user: User
    amr: tuple[str, ...]
    user_typed: str | None = None
    notice: Message | None = None  # said on the next step's page
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The conversation ends here and starts again from its first step, with this message."""

    error: Message
    user_typed: str | None = None
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchTo:
    """Nothing was checked: the steps go on in the order in which the step `first` comes first."""

    first: str
    user_typed: str


Outcome: TypeAlias = Challenge | Throttled | Succeeded | Refused | SwitchTo
