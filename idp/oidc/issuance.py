"""What tokens say: access tokens (RFC 9068), ID tokens (OIDC Core 2) and the answer around them.

Logout tokens (OpenID Connect Back-Channel Logout 1.0, 2.4) too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from idp.model.grant import Grant
from idp.model.tokens import new_id
from idp.model.user import User
from idp.oidc import keycloak_claims
from idp.oidc.clients import RegisteredClient
from idp.oidc.keys import (
    ACCESS_TOKEN,
    ID_TOKEN,
    LOGOUT_TOKEN,
    InvalidToken,
    KeySet,
    token_hash,
)
from idp.oidc.protocol import LOGOUT_EVENT, ProtocolSettings

_NOTICE_LIFETIME: Final = 120  # seconds: Back-Channel Logout 4 advises at most two minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """What a code or a refresh token was worth, once it was spent or found to be live."""

    grant: Grant
    user: User
    scope: tuple[str, ...]  # what is issued now; at most the grant's
    nonce: str | None = None
    refresh_token: str | None = field(default=None, repr=False)
    now: int

    # Authlib asks for these.

    def get_redirect_uri(self) -> str:
        return self.grant.redirect_uri

    def get_scope(self) -> str:
        return " ".join(self.grant.scope)

    def check_client(self, client: RegisteredClient) -> bool:
        return self.grant.client_id == client.client_id


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Writes tokens and reads them again."""

    settings: ProtocolSettings
    keys: KeySet = field(repr=False)

    def token_response(self, client: RegisteredClient, redeemed: Redeemed) -> dict[str, Any]:
        """Return the body of a token response (RFC 6749 5.1, OIDC Core 3.1.3.3)."""
        grant, now = redeemed.grant, redeemed.now
        expires_in = min(self.settings.access_lifetime, grant.expires_at - now)
        claims = {
            **keycloak_claims.access_claims(client, redeemed.user, grant, redeemed.scope),
            **self._access_claims(client, redeemed.scope, now=now, expires_in=expires_in),
            "sub": grant.user_id,
            "jti": f"{grant.id}.{new_id()}",
            "auth_time": grant.auth_time,
            "acr": grant.acr,
            "sid": grant.sid,
        }
        access_token = self._signed_access_token(claims)
        answer = self._answer(access_token, redeemed.scope, expires_in)
        if "openid" in redeemed.scope:
            answer["id_token"] = self._id_token(client, redeemed, access_token)
        if redeemed.refresh_token is not None:
            answer["refresh_token"] = redeemed.refresh_token
        return answer | keycloak_claims.answer_facts(client, grant, now=now)

    def client_token_response(
        self, client: RegisteredClient, scope: Sequence[str], *, now: int
    ) -> dict[str, Any]:
        """Return the answer to a client that acts for itself (RFC 6749 4.4.3)."""
        expires_in = self.settings.access_lifetime
        claims = {
            **keycloak_claims.own_access_claims(client),
            **self._access_claims(client, scope, now=now, expires_in=expires_in),
            "sub": client.client_id,
            "jti": new_id(),
        }
        return self._answer(self._signed_access_token(claims), scope, expires_in)

    def logout_token(self, client: RegisteredClient, *, sub: str, sid: str, now: int) -> str:
        """Return the token that tells a client of a session's end (Back-Channel Logout 2.4).

        It has no nonce, so that nobody can take it for an ID token.
        """
        claims = {
            "iss": self.settings.issuer,
            "aud": client.client_id,
            "iat": now,
            "exp": now + _NOTICE_LIFETIME,
            "jti": new_id(),
            "sub": sub,
            "sid": sid,
            "events": {LOGOUT_EVENT: {}},
        }
        return self.keys.sign(claims, alg=self._id_token_alg(client), typ=LOGOUT_TOKEN)

    def new_refresh_token(self, client: RegisteredClient, grant: Grant, *, now: int) -> str:
        """Return a fresh refresh token, to be stored as its digest."""
        return keycloak_claims.new_refresh_token(
            client, grant, issuer=self.settings.issuer, now=now
        )

    def read_access_token(self, token: str) -> dict[str, Any]:
        """Return the claims of an access token of ours, expired or not. Raises InvalidToken."""
        claims = self.keys.verify(token, typ=ACCESS_TOKEN)
        if claims["iss"] != self.settings.issuer:
            raise InvalidToken
        return claims

    def _access_claims(
        self, client: RegisteredClient, scope: Sequence[str], *, now: int, expires_in: int
    ) -> dict[str, Any]:
        return {
            "iss": self.settings.issuer,
            "aud": self._audience(client, scope),
            "client_id": client.client_id,
            "scope": " ".join(scope),
            "iat": now,
            "exp": now + expires_in,
        }

    def _audience(self, client: RegisteredClient, scope: Sequence[str]) -> str | list[str]:
        audience = client.record.access_token_audience
        if audience is None:
            return self.settings.issuer
        # The userinfo endpoint is the issuer's own protected resource.
        return [audience, self.settings.issuer] if "openid" in scope else audience

    def _id_token(self, client: RegisteredClient, redeemed: Redeemed, access_token: str) -> str:
        grant, now = redeemed.grant, redeemed.now
        claims: dict[str, Any] = {
            **keycloak_claims.id_token_claims(client, redeemed.user, grant, redeemed.scope),
            "iss": self.settings.issuer,
            "sub": grant.user_id,
            "aud": client.client_id,
            "exp": now + self.settings.id_token_lifetime,
            "iat": now,
            "auth_time": grant.auth_time,
            "acr": grant.acr,
            "amr": list(grant.amr),
            "sid": grant.sid,
            "at_hash": token_hash(access_token),
        }
        if redeemed.nonce is not None:
            claims["nonce"] = redeemed.nonce
        return self.keys.sign(claims, alg=self._id_token_alg(client), typ=ID_TOKEN)

    def _id_token_alg(self, client: RegisteredClient) -> str:
        return client.record.id_token_alg or self.settings.id_token_alg

    def _signed_access_token(self, claims: Mapping[str, Any]) -> str:
        return self.keys.sign(claims, alg=self.settings.access_token_alg, typ=ACCESS_TOKEN)

    @staticmethod
    def _answer(access_token: str, scope: Sequence[str], expires_in: int) -> dict[str, Any]:
        told = {"scope": " ".join(scope)} if scope else {}
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": expires_in,
            **told,
        }


def is_live(claims: Mapping[str, Any], *, now: int) -> bool:
    """Tell whether the token's time has not run out (RFC 7519 4.1.4)."""
    return bool(now < claims["exp"])


def audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return whom the token is for (RFC 7519 4.1.3): one name or several."""
    aud = claims["aud"]
    return (aud,) if isinstance(aud, str) else tuple(aud)


def grant_id_of(claims: Mapping[str, Any]) -> str | None:
    """Return the grant that an access token hangs on; None: a client's own token."""
    grant_id, dot, _ = str(claims["jti"]).partition(".")
    return grant_id if dot else None
