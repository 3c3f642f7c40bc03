"""What a delivery is: the port that the courier hands a letter to, and how it can fail."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from typing_extensions import override

from idp.model.errors import ProbeshError
from idp.model.letter import RenderedLetter


class Fault(Enum):
    """Why a letter did not leave. The first four are the operator's matter or will pass."""

    DIAL = "no answer"  # cannot connect, too slow, hung up, not in service
    TLS = "no trusted TLS"  # no STARTTLS, wrong or expired certificate, old protocol
    LOGIN = "login refused"
    SENDER = "sender refused"  # our own address, for good
    LATER = "try later"  # 4xx about this letter (RFC 5321 4.2.1)
    REFUSED = "refused"  # 5xx about this letter, or a letter that may not be sent


@dataclass(eq=False)
class DeliveryFailed(ProbeshError):
    """A letter did not leave.

    `answer` is a reply code with its enhanced status (RFC 3463) or a phrase of ours: it never holds
    an address or content. `words` is what the server said; it may name the address and is shown to
    nobody but the administrator who asked.
    """

    fault: Fault
    answer: str
    words: str = field(default="", repr=False)

    @override
    def __str__(self) -> str:
        return f"{self.fault.value} ({self.answer})"


class Post(Protocol):
    """The way out for one letter at a time."""

    @property
    def longest(self) -> int:
        """Seconds after which a delivery has ended, well or badly."""

    def send(self, rendered: RenderedLetter, *, to: str, letter_id: str, now: int) -> None:
        """Hand a letter over. Raises DeliveryFailed; a return means that it was accepted."""
