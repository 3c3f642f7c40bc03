"""Clients as the protocol sees them: the records of the configuration, ready for Authlib."""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from authlib.oauth2.rfc6749 import ClientMixin

from idp.model.grant import Grant
from idp.model.tokens import digest
from idp.model.user import User
from idp.settings.clients import Client, ClientSecret

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

    @property
    def is_keycloak_style(self) -> bool:
        """Whether it was written for Keycloak and is served as there (decision 013)."""
        return self.record.claims_style == "keycloak"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.record.grants

    def admits(self, user: User) -> bool:
        """Tell whether a person has one of the roles that the client asks for, if it asks for any.

        Roles of the realm count, and those that the person has at this very client.
        """
        wanted = self.record.required_roles
        if not wanted:
            return True
        roles = json.loads(user.roles)
        own = roles.get("clients", {}).get(self.client_id, ())
        return not {*roles.get("realm", ()), *own}.isdisjoint(wanted)

    def keeps(self, grant: Grant, user: User) -> bool:
        """Tell whether a grant was given at an address that the client still has, to who still may.

        An address that leaves its file takes along what went out there; so does a role.
        """
        return grant.redirect_uri in self.record.redirect_uris and self.admits(user)

    def allowed(self, scope: Iterable[str]) -> tuple[str, ...]:
        """Return what of `scope` the client may still have: its file may have changed since."""
        return tuple(s for s in scope if s in self.record.scopes)


def find_secret(client: RegisteredClient | None, secret: str, *, now: int) -> ClientSecret | None:
    """Return the live one of `client` that `secret` is; costs the same for an unknown client."""
    presented = digest(secret)
    live = [s for s in client.record.secrets if s.is_live(now)] if client else []
    # A list, not a generator: every secret is compared, whichever fits.
    digests = [s.digest for s in live] or _NO_SECRETS
    matches = [hmac.compare_digest(stored, presented) for stored in digests]
    return next((s for s, fits in zip(live, matches, strict=False) if fits), None)


def register(records: Mapping[str, Client]) -> dict[str, RegisteredClient]:
    """Return the enabled clients by id; a disabled one is, to the protocol, unknown."""
    return {name: RegisteredClient(r) for name, r in records.items() if r.enabled}
