"""What a step is, and what it gets to see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from idp.accounts.whereabouts import whereabouts
from idp.flow.outcomes import Challenge, Outcome
from idp.model.page import Page
from idp.model.request import AuthorizationRequest
from idp.model.sessions import AuthenticationSession
from idp.model.user import User


@dataclass(frozen=True, slots=True)
class Visit:
    """The circumstances of one request: where it comes from, what its browser holds, and when."""

    address: str
    known_browser: str | None = field(repr=False)  # cookie of an earlier login
    session: str | None = field(repr=False)  # cookie of somebody who is logged in
    now: int
    agent: str = field(default="", repr=False)  # what the browser calls itself

    @property
    def whereabouts(self) -> dict[str, str]:
        """The facts of a letter that tell its reader where this request came from."""
        return whereabouts(self.address, self.agent)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a conversation came from: a step hands it on, and reads nothing in it."""

    client_id: str
    request: AuthorizationRequest | None
    browser_digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a step sees of a conversation. What its client asked for is none of its business."""

    session_id: str
    reference: str
    locale: str
    user_typed: str
    user: User | None
    notes: Mapping[str, str]
    visit: Visit
    origin: Origin

    @property
    def can_return(self) -> bool:
        """Tell whether a login waits that the person can go back to."""
        return self.origin.request is not None

    @classmethod
    def of(cls, session: AuthenticationSession, user: User | None, visit: Visit) -> "Scene":
        return cls(
            session_id=session.id,
            reference=session.reference,
            locale=session.locale,
            user_typed=session.user_typed,
            user=user,
            notes=session.notes,
            visit=visit,
            origin=Origin(session.client_id, session.request, session.browser_digest),
        )


class Step(Protocol):
    """One step of a flow. It opens no unit of work; what it wants done, it answers as effects."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""

    @property
    def amr(self) -> tuple[str, ...]:
        """The authentication methods that it proves (RFC 8176)."""

    def enter(self, scene: Scene) -> Challenge:
        """Begin, once, when the steps before it are done."""

    def show(self, scene: Scene) -> Page:
        """Return its page as it stands now, changing nothing."""

    def submit(self, scene: Scene, form: Mapping[str, str]) -> Outcome:
        """Judge what the person sent."""
