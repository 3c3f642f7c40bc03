"""The error tree.

ProbeshError
├── RequestRefused           an authorization request that may not be answered at its client
├── ProtocolError            a standard error for a program (RFC 6749 5.2, RFC 6750 3)
│   └── AuthorizationError   the same, sent back to a proven redirect URI (RFC 6749 4.1.2.1)
├── AlreadySpent             somebody else was faster; the loser changes nothing
├── Busy                     no place to hash a password now
├── TooMany                  an address has come too often
├── Closed                   an administrator has closed the service for a while
├── StoreUnavailable         the database does not answer
└── SettingsRefused          the configuration is wrong (settings/diagnostics.py tells where)
"""

from dataclasses import dataclass, field

from idp.model.request import ReplyTo


class ProbeshError(Exception):
    """The root: everything that this program raises on purpose."""


@dataclass(eq=False)
class RequestRefused(ProbeshError):
    """The client or its redirect URI is not proven: a page of ours, never a redirect.

    RFC 6749 4.1.2.1. `details` are facts for the developer of the relying party, shown folded;
    they hold no secret. `registered` are the client's redirect URIs, for the log; a page shows them
    only while the client `is_test`.
    """

    reason: str
    details: dict[str, str] = field(default_factory=dict)
    registered: tuple[str, ...] = ()
    is_test: bool = False


@dataclass(eq=False)
class ProtocolError(ProbeshError):
    """An error for a program: `error` is a registered code, `description` printable ASCII."""

    error: str
    description: str
    status: int = 400


@dataclass(eq=False)
class AuthorizationError(ProtocolError):
    """An error that goes back to the client: its redirect URI is proven."""

    reply_to: ReplyTo = field(kw_only=True)


class AlreadySpent(ProbeshError):
    """A conditional statement met a row that somebody else had spent, taken or moved."""


@dataclass(eq=False)
class Busy(ProbeshError):
    """All places for password hashes are taken; try again after `retry_after` seconds."""

    retry_after: int


@dataclass(eq=False)
class TooMany(ProbeshError):
    """A network's window is full; try again after `retry_after` seconds."""

    retry_after: int


@dataclass(eq=False)
class Closed(ProbeshError):
    """The service is closed until a moment (seconds since 1970 UTC), `retry_after` seconds away."""

    until: int
    retry_after: int


class StoreUnavailable(ProbeshError):
    """The database cannot be reached or answers too late; nothing was changed."""


class SettingsRefused(ProbeshError):
    """The configuration is refused; the message is one line a mistake, each with its place."""
