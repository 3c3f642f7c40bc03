"""Introspection (RFC 7662): a client asks what a token is worth, if it is any of its business."""

from collections.abc import Mapping
from typing import Any

from authlib.consts import default_json_headers
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from idp.model.tokens import digest
from idp.oidc import keycloak_claims
from idp.oidc.clients import RegisteredClient
from idp.oidc.errors import ClientRefused
from idp.oidc.issuance import audiences, grant_id_of, is_live
from idp.oidc.keys import InvalidToken

_INACTIVE: dict[str, Any] = {"active": False}
_TOLD = ("iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti", "auth_time", "acr")


class Introspection(IntrospectionEndpoint):
    """Answers the client that a token was issued to and those it is meant for; others: inactive."""

    def create_endpoint_response(self, request: Any) -> tuple[int, dict[str, Any], Any]:
        """Introspect. Raises ClientRefused for public clients: anybody could be one."""
        client = self.authenticate_endpoint_client(request)
        if client.is_public:
            raise ClientRefused
        token = request.form.get("token")
        if token is None:
            raise InvalidRequestError("The token is missing.")
        return 200, self._describe(token, client), default_json_headers

    def _describe(self, token: str, client: RegisteredClient) -> dict[str, Any]:
        try:
            claims = self.server.tokens.read_access_token(token)
        except InvalidToken:
            return self._describe_refresh_token(token, client)
        concerned = (claims["client_id"], *audiences(claims))
        if client.client_id not in concerned or not self._is_good(claims):
            return _INACTIVE
        told = {name: claims[name] for name in _TOLD if name in claims}
        told |= keycloak_claims.introspection_claims(claims)
        return {"active": True, "token_type": "Bearer", **told}

    def _is_good(self, claims: Mapping[str, Any]) -> bool:
        if not is_live(claims, now=self.server.clock()):
            return False
        issued_to = self.server.clients.get(claims["client_id"])
        if issued_to is None:
            return False
        grant_id = grant_id_of(claims)
        if grant_id is None:
            return True
        with self.server.stores.read() as work:
            found = work.grants.find_live(grant_id)
        return found is not None and issued_to.keeps(*found)

    def _describe_refresh_token(self, token: str, client: RegisteredClient) -> dict[str, Any]:
        now = self.server.clock()
        with self.server.stores.read() as work:
            found = work.refresh_tokens.find_live(digest(token), now=now)
        if found is None or found[0].client_id != client.client_id or not client.keeps(*found):
            return _INACTIVE
        grant, _ = found
        return {
            "active": True,
            "iss": self.server.tokens.settings.issuer,
            "sub": grant.user_id,
            "client_id": grant.client_id,
            "scope": " ".join(client.allowed(grant.scope)),
            "exp": grant.expires_at,
        }
