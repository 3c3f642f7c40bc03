"""What the checks share: whom they look at, and what they answer."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from dns.resolver import Resolver

from idp.model.clock import Clock, system_clock
from idp.settings import Settings

Verdict: TypeAlias = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw, in one sentence, and what to do about it."""

    verdict: Verdict
    sentence: str
    advice: str = ""


@dataclass(frozen=True)
class Patient:
    """The installation that is looked at. `resolver`: None asks this machine's own."""

    config: Path
    settings: Settings
    clock: Clock = system_clock
    resolver: Resolver | None = field(default=None, repr=False)

    @property
    def is_https(self) -> bool:
        return self.settings.issuer.startswith("https:")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the issuer."""
        parts = urlsplit(self.settings.issuer)
        return parts.hostname or "", parts.port or (443 if self.is_https else 80)


def fine(sentence: str) -> Finding:
    return Finding("ok", sentence)


def warning(sentence: str, advice: str) -> Finding:
    return Finding("warning", sentence, advice)


def failed(sentence: str, advice: str) -> Finding:
    return Finding("failed", sentence, advice)


def counted(number: int, noun: str) -> str:
    """Return the number with its noun: "1 client", "2 clients"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
