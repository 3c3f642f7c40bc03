"""Pages and messages: what a step wants to be shown, in names and facts, not in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Facts: TypeAlias = Mapping[str, "str | int | tuple[Message, ...]"]  # messages are said as a list


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence by the key of its catalogue entry; `field` is the form field that it is about."""

    key: str
    facts: Facts = field(default_factory=dict)
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of `theming/states/` in one of its states."""

    name: str
    view: Mapping[str, object] = field(default_factory=dict, repr=False)
    errors: tuple[Message, ...] = ()
    notice: Message | None = None
    status: int = 200
    retry_after: int | None = None  # seconds, for 429 and 503
