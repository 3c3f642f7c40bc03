"""The grants of the token endpoint: what each of them spends, in one unit of work (RFC 6749 4-6).

Authlib orders the steps (client, grant type, code, answer); the single use, the proof key and the
tokens are ours. A refusal that must leave a trace (a burnt code, an ended grant) is raised after
the unit of work is committed, one that must not (too much scope) inside it, which rolls it back.
"""

from typing import Any, Final, Protocol

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidScopeError, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
)
from authlib.oauth2.rfc7636.challenge import CODE_VERIFIER_PATTERN, compare_s256_code_challenge

from idp.model.clock import Clock
from idp.model.grant import Grant
from idp.model.tokens import digest
from idp.model.user import User
from idp.oidc.clients import RegisteredClient
from idp.oidc.issuance import Redeemed, TokenIssuer
from idp.oidc.parameters import words
from idp.oidc.protocol import OPENID_SCOPES
from idp.stores.ports import Stores, Work

_BAD_CODE: Final = "The code is unknown, used, expired or of another client."
_BAD_REFRESH_TOKEN: Final = "The refresh_token is unknown, used, expired or of another client."  # noqa: S105


class Till(Protocol):
    """What the grants need of the server that they belong to."""

    stores: Stores
    tokens: TokenIssuer
    clock: Clock


class CodeGrant(AuthorizationCodeGrant):
    """authorization_code (RFC 6749 4.1.3, OIDC Core 3.1.3): the code is claimed once, for good."""

    server: Till

    def query_authorization_code(self, code: str, client: RegisteredClient) -> Redeemed:
        """Spend the code. Raises InvalidGrantError; a replay has ended the grant by then."""
        now = self.server.clock()
        with self.server.stores.write() as work:
            outcome = self._redeem(work, code, client, now)
        if isinstance(outcome, str):
            raise InvalidGrantError(outcome)
        return outcome

    def authenticate_user(self, authorization_code: Redeemed) -> User:
        return authorization_code.user

    def generate_token(self, **_: object) -> dict[str, Any]:
        return self.server.tokens.token_response(self.client, self.request.authorization_code)

    def delete_authorization_code(self, authorization_code: Redeemed) -> None:
        """Do nothing: it was spent when it was read."""

    def _redeem(self, work: Work, code: str, client: RegisteredClient, now: int) -> Redeemed | str:
        claimed = work.grants.claim_code(digest(code), client_id=client.client_id, now=now)
        if claimed is None:
            work.grants.end_if_code_spent(digest(code), now=now)
            return _BAD_CODE
        grant, user = claimed
        scope = client.allowed(grant.scope)
        mistake = self._mistake(grant, now) or _lost(client, grant, user, scope)
        if mistake:
            work.grants.end(grant.id, now=now)
            return mistake
        token = None
        if client.check_grant_type("refresh_token"):
            token = _new_refresh_token(self.server.tokens, work, client, grant, now=now)
        return Redeemed(
            grant=grant,
            user=user,
            scope=scope,
            nonce=grant.nonce,
            refresh_token=token,
            now=now,
        )

    def _mistake(self, grant: Grant, now: int) -> str | None:
        if grant.expires_at <= now:
            return "The login has ended."
        if self.request.form.get("redirect_uri") != grant.redirect_uri:
            return "The redirect_uri is not that of the authorization request."
        if not is_verifier_of(grant.code_challenge, self.request.form.get("code_verifier")):
            return "The code_verifier does not match."
        return None


class RotatingRefreshGrant(RefreshTokenGrant):
    """refresh_token (RFC 6749 6): rotated for public clients, bound to confidential ones.

    A rotated token that comes again ends its grant (RFC 9700 4.14.2).
    """

    server: Till

    def authenticate_refresh_token(self, refresh_token: str) -> Redeemed:
        """Find or spend the token. Raises InvalidGrantError or InvalidScopeError."""
        now = self.server.clock()
        if self.client.is_public:
            with self.server.stores.write() as work:
                redeemed = self._rotate(work, refresh_token, now)
        else:
            with self.server.stores.read() as work:
                redeemed = self._find(work, refresh_token, now)
        if redeemed is None:
            raise InvalidGrantError(_BAD_REFRESH_TOKEN)
        return redeemed

    def authenticate_user(self, refresh_token: Redeemed) -> User:
        return refresh_token.user

    def generate_token(self, **_: object) -> dict[str, Any]:
        return self.server.tokens.token_response(self.client, self.request.refresh_token)

    def revoke_old_credential(self, refresh_token: Redeemed) -> None:
        """Do nothing: it was rotated when it was read, or stays."""

    def _rotate(self, work: Work, token: str, now: int) -> Redeemed | None:
        client_id = self.client.client_id
        found = work.refresh_tokens.rotate(digest(token), client_id=client_id, now=now)
        if found is None:
            work.refresh_tokens.end_grant_if_rotated(digest(token), client_id=client_id, now=now)
            return None
        grant, user = found
        if not self.client.keeps(grant, user):
            work.grants.end(grant.id, now=now)
            return None
        scope = self._narrowed(grant)
        successor = _new_refresh_token(self.server.tokens, work, self.client, grant, now=now)
        return Redeemed(grant=grant, user=user, scope=scope, refresh_token=successor, now=now)

    def _find(self, work: Work, token: str, now: int) -> Redeemed | None:
        found = work.refresh_tokens.find_live(digest(token), now=now)
        if found is None:
            return None
        grant, user = found
        if grant.client_id != self.client.client_id or not self.client.keeps(grant, user):
            return None
        # Clients of Keycloak replace what they have by what they are given, be it nothing.
        again = token if self.client.is_keycloak_style else None
        scope = self._narrowed(grant)
        return Redeemed(grant=grant, user=user, scope=scope, refresh_token=again, now=now)

    def _narrowed(self, grant: Grant) -> tuple[str, ...]:
        wanted = tuple(words(self.request.form.get("scope", ""))) or grant.scope
        if not set(wanted) <= set(grant.scope):
            raise InvalidScopeError("The scope is more than was granted.")
        scope: tuple[str, ...] = self.client.allowed(wanted)
        if not scope:
            raise InvalidScopeError("The client may have none of this scope any more.")
        return scope


class OwnTokenGrant(ClientCredentialsGrant):
    """client_credentials (RFC 6749 4.4): nothing is stored, nobody is logged in."""

    server: Till

    def validate_token_request(self) -> None:
        super().validate_token_request()
        if self.client.is_public:
            raise UnauthorizedClientError("A public client has no credentials.")
        own = _own_scopes(self.client)
        wanted = tuple(words(self.request.form.get("scope", "")))
        if self.client.is_keycloak_style:  # clients of Keycloak ask for openid even here
            wanted = tuple(s for s in wanted if s not in OPENID_SCOPES)
        wanted = wanted or own
        if not set(wanted) <= set(own):
            raise InvalidScopeError("The scope holds one that the client may not ask for.")
        self.request.scope = wanted

    def generate_token(self, **_: object) -> dict[str, Any]:
        now = self.server.clock()
        return self.server.tokens.client_token_response(self.client, self.request.scope, now=now)


def is_verifier_of(challenge: str | None, verifier: str | None) -> bool:
    """Tell whether the verifier is the challenge's (RFC 7636 4.6); none is right only for none."""
    if challenge is None or verifier is None:
        return challenge is verifier
    return bool(
        CODE_VERIFIER_PATTERN.fullmatch(verifier)
        and compare_s256_code_challenge(verifier, challenge)
    )


def _lost(client: RegisteredClient, grant: Grant, user: User, scope: tuple[str, ...]) -> str | None:
    """Say what the client's file, or the person, has lost since the grant was given."""
    if not client.keeps(grant, user):
        return "The client lost its redirect_uri, or the person the role for it."
    return None if scope else "The client lost its scope."


def _new_refresh_token(
    tokens: TokenIssuer, work: Work, client: RegisteredClient, grant: Grant, *, now: int
) -> str:
    token = tokens.new_refresh_token(client, grant, now=now)
    work.refresh_tokens.add(digest(token), grant.id, expires_at=grant.expires_at, now=now)
    return token


def _own_scopes(client: RegisteredClient) -> tuple[str, ...]:
    return tuple(s for s in client.record.scopes if s not in OPENID_SCOPES)
