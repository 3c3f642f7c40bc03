"""Letters: facts that wait in the outbox until a courier renders and delivers them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from idp.model.action_token import ActionToken
from idp.model.tokens import new_id

Lane: TypeAlias = Literal["mail", "notice"]
GHOST = "none"  # the kind of a letter to an unknown user: the same row, and nothing leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One promise of a mail or of a logout notice. No secret is in it: it is derived on delivery.

    Each lane has a courier of its own: a client that does not answer delays no mail.
    """

    id: str
    kind: str  # "code", "reset", …: its templates; "logout": a notice; "none": a ghost's
    to: str  # one mailbox; of a notice, the client
    lane: Lane = "mail"
    batch: str = ""  # what it is asked after by: the log-out that promised it
    locale: str  # of the page that asked
    reference: str  # of the conversation
    facts: Mapping[str, str | int] = field(default_factory=dict)
    created_at: int
    expires_at: int  # after this a delivery helps nobody: it is dropped
    attempts: int = 0


def link_letter(
    token: ActionToken,
    key_version: int,
    *,
    kind: str,
    to: str,
    locale: str,
    where: Mapping[str, str],
) -> Letter:
    """Return the letter that carries the link of an action token; `where` it was asked for."""
    return Letter(
        id=new_id(),
        kind=kind,
        to=to,
        locale=locale,
        reference=token.reference,
        facts={
            "token": token.id,
            "key_version": key_version,
            "client": token.client_id,
            **where,
        },
        created_at=token.created_at,
        expires_at=token.expires_at,
    )


@dataclass(frozen=True, slots=True)
class RenderedLetter:
    """A letter as it leaves: subject, text and HTML in one language."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    brand: str = ""  # who writes, in the language of the letter
