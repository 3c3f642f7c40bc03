"""The two sessions: one of a conversation that is going on, one of a person who is logged in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from idp.model.request import AuthorizationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationSession:
    """A conversation between one browser tab and the flow engine.

    Before the first proof it travels sealed in the page and `version` is 0; after it, it is a row
    that is saved with compare-and-swap on `version`. Times are seconds since 1970 UTC.
    """

    id: str  # also the handle in the URL; worthless without the browser key
    reference: str  # "7F3K-21", shown to people and written in every record of this conversation
    browser_digest: bytes  # SHA-256 of the browser key in the cookie
    request: AuthorizationRequest | None  # None: no client waits for an answer
    client_id: str  # the request's, or whose home the person may go on to; "": unknown
    flow: str
    locale: str
    created_at: int
    expires_at: int
    user_typed: str = ""  # the user ID as typed, carried from page to page
    step: int = 0  # index into the flow's steps and then into the actions
    actions: tuple[str, ...] = ()  # required actions, known once the flow's own steps are proven
    user_id: str | None = None  # known once something is proven
    amr: tuple[str, ...] = ()  # RFC 8176 values of the steps that succeeded
    notes: Mapping[str, str] = field(default_factory=dict)  # the current step's own
    version: int = 0
    taken_at: int | None = None  # ended: completed, refused or restarted


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSession:
    """A person who is logged in in one browser. Clients see `sid`; `digest` is of the cookie."""

    sid: str
    digest: bytes
    user_id: str
    amr: tuple[str, ...]
    auth_time: int
    created_at: int
    last_seen_at: int
    expires_at: int  # absolute limit; the idle limit is judged by accounts/user_sessions.py
    ended_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A mailed code that waits for its answer. The code itself is derived, never stored."""

    id: str
    authentication_session_id: str
    user_id: str
    key_version: int
    created_at: int
    expires_at: int
    tries: int = 0
    sends: int = 1
    last_sent_at: int = 0
    spent_at: int | None = None
