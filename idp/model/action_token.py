"""Action tokens: what a mailed link stands for. The link's secret is derived, never stored."""

from dataclasses import dataclass

from idp.model.request import AuthorizationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionToken:
    """A promise that whoever opens the mailed link may set a new password, once.

    It is bound to its user, to that user's credential version and to the client; a ghost's names
    nobody. Times are seconds since 1970 UTC.
    """

    id: str
    reference: str  # of the conversation that asked
    user_id: str
    credential_version: int  # a later change of password or mailbox makes the link worthless
    user_typed: str  # the user ID as it was typed
    client_id: str  # "" when nobody said where the person came from
    request: AuthorizationRequest | None  # answered only in the browser that asked
    browser_digest: bytes  # SHA-256 of the asking browser's key; of an invitation empty
    created_at: int
    expires_at: int
    used_at: int | None = None

    @property
    def is_invitation(self) -> bool:
        """Tell whether an administrator sent it: no browser asked."""
        return not self.browser_digest
