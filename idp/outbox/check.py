"""One letter at once, or a greeting only, for whoever asks whether mail leaves at all."""

import secrets
from dataclasses import dataclass
from typing import Protocol

from typing_extensions import override

from idp.model.errors import ProbeshError
from idp.model.letter import RenderedLetter
from idp.outbox.delivery import DeliveryFailed, Fault, Post

_SENTENCES = {
    Fault.DIAL: "The mail server cannot be reached",
    Fault.TLS: "The mail server offers no TLS that can be trusted",
    Fault.LOGIN: "The mail server refused the login",
    Fault.SENDER: "The mail server refused the sender address",
    Fault.LATER: "The mail server asks to try again later",
    Fault.REFUSED: "The letter was refused",
}


class Line(Protocol):
    """A way to a mail server that can be tried without a letter."""

    def greet(self) -> None: ...


@dataclass(eq=False)
class MailRefused(ProbeshError):
    """The letter did not leave; the message is one sentence that tells at which step."""

    fault: Fault
    sentence: str

    @override
    def __str__(self) -> str:
        return self.sentence


def send_now(post: Post, rendered: RenderedLetter, to: str, *, now: int) -> str:
    """Send a letter past the outbox and return its id. `now`: seconds since 1970 UTC.

    Raises MailRefused.
    """
    letter_id = f"check-{secrets.token_hex(8)}"
    try:
        post.send(rendered, to=to, letter_id=letter_id, now=now)
    except DeliveryFailed as failure:
        raise MailRefused(failure.fault, _sentence(failure)) from None
    return letter_id


def check_line(line: Line) -> None:
    """Reach the mail server and log in there, without a letter. Raises MailRefused."""
    try:
        line.greet()
    except DeliveryFailed as failure:
        raise MailRefused(failure.fault, _sentence(failure)) from None


def _sentence(failure: DeliveryFailed) -> str:
    # What a server says to a login stays unread: some repeat what they were given.
    words = failure.words if failure.fault is not Fault.LOGIN else ""
    told = f"{failure.answer}: {words}" if words else failure.answer
    return f"{_SENTENCES[failure.fault]} ({told})."
