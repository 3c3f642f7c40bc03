"""What a delivery is: what the courier hands a letter to, and how it can fail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeAlias

from typing_extensions import override

from idp.model.errors import ProbeshError
from idp.model.letter import Letter, RenderedLetter

# Delivers one letter of a kind; a return means that it was accepted. Raises DeliveryFailed, and
# KeyError when the key version that the letter names is gone.
Delivery: TypeAlias = Callable[[Letter], None]


class Fault(Enum):
    """Why a letter did not leave. The first four are the operator's matter or will pass."""

    DIAL = "no answer"  # cannot connect, too slow, hung up, not in service
    TLS = "no trusted TLS"  # no STARTTLS, wrong or expired certificate, old protocol
    LOGIN = "login refused"
    SENDER = "sender refused"  # our own address, for good
    LATER = "try later"  # 4xx about this mail (RFC 5321 4.2.1); a client's 5xx
    REFUSED = "refused"  # 5xx about this mail, a client's 4xx, or what may not be sent at all


@dataclass(eq=False)
class DeliveryFailed(ProbeshError):
    """A letter did not leave.

    `answer` is a reply code with its enhanced status (RFC 3463) or a phrase of ours: it never holds
    an address or content. `words` is what the server said; it may name the address and is shown to
    nobody but the administrator who asked. `not_before` (seconds since 1970 UTC) is when the next
    attempt makes sense; 0: whenever the courier likes.
    """

    fault: Fault
    answer: str
    words: str = field(default="", repr=False)
    not_before: int = 0

    @override
    def __str__(self) -> str:
        return f"{self.fault.value} ({self.answer})"


class Post(Protocol):
    """The way out for one mail at a time."""

    @property
    def longest(self) -> int:
        """Seconds after which a delivery has ended, well or badly."""

    def send(self, rendered: RenderedLetter, *, to: str, letter_id: str, now: int) -> None:
        """Hand a letter over. Raises DeliveryFailed; a return means that it was accepted."""
