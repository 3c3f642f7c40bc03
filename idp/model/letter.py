"""Letters: facts that wait in the outbox until the courier renders and delivers them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One promise of a mail. No secret is in it: codes are derived on delivery."""

    id: str
    kind: str  # name of its templates: "code"
    to: str  # one mailbox
    locale: str  # of the page that asked
    reference: str  # of the conversation
    facts: Mapping[str, str | int] = field(default_factory=dict)
    created_at: int
    expires_at: int  # after this a delivery helps nobody: it is dropped
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class RenderedLetter:
    """A letter as it leaves: subject, text and HTML in one language."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
