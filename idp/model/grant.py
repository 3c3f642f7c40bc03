"""The grant: what one authorization gave to one client. Everything issued hangs on it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One authorization of a client by a person. Ending it kills all that it issued.

    Its authorization code and its refresh tokens are stored as SHA-256 digests only; its access
    tokens name it in their `jti` as `<grant id>.<random>`. Times are seconds since 1970 UTC.
    """

    id: str
    client_id: str
    user_id: str
    sid: str
    redirect_uri: str
    scope: tuple[str, ...]
    nonce: str | None
    code_challenge: str | None
    auth_time: int
    amr: tuple[str, ...]
    acr: str
    created_at: int
    expires_at: int  # of its refresh tokens, however often they are used
    ended_at: int | None = None
