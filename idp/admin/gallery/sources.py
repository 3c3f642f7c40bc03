"""Letters as they would leave: the MIME source that goes over the wire."""

from typing import Final

from idp.model.letter import RenderedLetter
from idp.outbox.mailbox import Sender, parse_sender
from idp.outbox.smtp import Envelope
from idp.settings import Settings
from idp.verdict import mail_settings

_TO: Final = "office@example.gov.bd"
_SENT_AT: Final = 1_795_359_840  # the moment that the fixtures tell


def source_of(rendered: RenderedLetter, settings: Settings) -> bytes:
    """Return the letter's source, with the sender and the domain of the configuration."""
    mail = mail_settings(settings)
    sender = parse_sender(mail.sender)
    envelope = Envelope(
        rendered,
        sender=Sender(sender.name or rendered.brand, address=sender.address),
        to=_TO,
        message_id=f"<gallery@{mail.message_id_domain}>",
        now=_SENT_AT,
    )
    return envelope.as_bytes()
