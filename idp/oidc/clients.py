"""Clients as the protocol sees them: the records of the configuration, ready for Authlib."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from authlib.oauth2.rfc6749 import ClientMixin

from idp.model.tokens import digest
from idp.settings.clients import Client

# Compared for clients that are unknown or have no secret: they must cost what a known one costs.
_NO_SECRETS = (bytes(32),)


@dataclass(frozen=True, slots=True)
class RegisteredClient(ClientMixin):
    """A client's record with what Authlib asks of one."""

    record: Client

    @property
    def client_id(self) -> str:
        return self.record.client_id

    @property
    def is_public(self) -> bool:
        return self.record.is_public

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.record.grants

    def allowed(self, scope: Iterable[str]) -> tuple[str, ...]:
        """Return what of `scope` the client may still have: its file may have changed since."""
        return tuple(s for s in scope if s in self.record.scopes)


def is_secret_of(client: RegisteredClient | None, secret: str, *, now: int) -> bool:
    """Tell whether `secret` is a live one of `client`; costs the same for an unknown client."""
    presented = digest(secret)
    live = [s.digest for s in client.record.secrets if s.is_live(now)] if client else []
    # A list, not a generator: every secret is compared, whichever fits.
    matches = [hmac.compare_digest(stored, presented) for stored in live or _NO_SECRETS]
    return any(matches)


def register(records: Mapping[str, Client]) -> dict[str, RegisteredClient]:
    """Return the enabled clients by id; a disabled one is, to the protocol, unknown."""
    return {name: RegisteredClient(r) for name, r in records.items() if r.enabled}
