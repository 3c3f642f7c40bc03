"""Revocation (RFC 7009): a client hands a token back, and everything of its grant ends."""

from typing import Any

from authlib.consts import default_json_headers
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint

from idp.model.tokens import digest
from idp.oidc.clients import RegisteredClient
from idp.oidc.errors import TokenTypeRefused
from idp.oidc.issuance import grant_id_of
from idp.oidc.keys import InvalidToken
from idp.stores.ports import Work


class Revocation(RevocationEndpoint):
    """Own tokens end their grant. Unknown and foreign ones get the same 200, and no effect."""

    def create_endpoint_response(self, request: Any) -> tuple[int, dict[str, Any], Any]:
        """Revoke. Raises InvalidRequestError without a token; token_type_hint is only a hint."""
        client = self.authenticate_endpoint_client(request)
        token = request.form.get("token")
        if token is None:
            raise InvalidRequestError("The token is missing.")
        self._revoke(token, client)
        return 200, {}, default_json_headers

    def _revoke(self, token: str, client: RegisteredClient) -> None:
        now = self.server.clock()
        try:
            claims = self.server.tokens.read_access_token(token)
        except InvalidToken:
            with self.server.stores.write() as work:
                _end_by_refresh_token(work, token, client, now)
            return
        if claims["client_id"] != client.client_id:
            return
        grant_id = grant_id_of(claims)
        if grant_id is None:
            raise TokenTypeRefused
        with self.server.stores.write() as work:
            work.grants.end(grant_id, now=now)


def _end_by_refresh_token(work: Work, token: str, client: RegisteredClient, now: int) -> None:
    found = work.refresh_tokens.find_live(digest(token), now=now)
    if found is None:
        # One that was rotated is handed back as little as it is used again.
        work.refresh_tokens.end_grant_if_rotated(digest(token), client_id=client.client_id, now=now)
    elif found[0].client_id == client.client_id:
        work.grants.end(found[0].id, now=now)
