"""Authlib's authorization server, fed with our clients, our requests and our grants.

Each endpoint is one method that answers a Flask request. An error of the protocol becomes JSON;
anything unexpected stays an exception.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload, OAuth2Request
from flask import Request, Response, request
from werkzeug.exceptions import HTTPException

from idp.model.clock import Clock
from idp.model.grant import Grant
from idp.model.tokens import digest
from idp.oidc.client_authentication import authenticate, presented_client_id
from idp.oidc.clients import RegisteredClient
from idp.oidc.errors import ClientRefused, MethodRefused, UnknownGrantType, error_uri
from idp.oidc.grants import CodeGrant, OwnTokenGrant, RotatingRefreshGrant
from idp.oidc.introspection import Introspection
from idp.oidc.issuance import TokenIssuer
from idp.oidc.parameters import is_readable, parse_pairs, repeated, single_values
from idp.oidc.revocation import Revocation
from idp.oidc.secret_uses import SecretUses
from idp.stores.ports import Stores

FORM: Final = "application/x-www-form-urlencoded"
_GRANTS: Final = (CodeGrant, RotatingRefreshGrant, OwnTokenGrant)
_GRANT_TYPES: Final = frozenset(grant.GRANT_TYPE for grant in _GRANTS)

_LONGEST_LOGGED: Final = 100  # characters of a client_id, which anybody can make up
_log = logging.getLogger(__name__)

# At level DEBUG Authlib writes whole token responses into the log.
logging.getLogger("authlib").setLevel(logging.INFO)


class FormRequest(OAuth2Request):
    """A request whose parameters stand in its body, each once."""

    def __init__(self, form: Mapping[str, str], *, authorization: str | None) -> None:
        # Authlib judges the transport by this URI. The issuer's scheme was judged when the
        # configuration was read; what a proxy makes of it between is nobody's business here.
        super().__init__("POST", "https://localhost/", headers={"Authorization": authorization})
        self.payload = BasicOAuth2Payload(form)

    @property
    def form(self) -> Mapping[str, str]:
        return self.payload.data


class ProtocolServer(AuthorizationServer):
    """The endpoints that programs call: token, revocation, introspection."""

    def __init__(
        self,
        clients: Mapping[str, RegisteredClient],
        *,
        stores: Stores,
        tokens: TokenIssuer,
        clock: Clock,
    ) -> None:
        super().__init__()
        self.clients = clients
        self.stores = stores
        self.tokens = tokens
        self.clock = clock
        self.secret_uses = SecretUses(stores)
        for grant in _GRANTS:
            self.register_grant(grant)
        for endpoint in (Revocation, Introspection):
            self.register_endpoint(endpoint)

    def token_endpoint(self) -> Response:
        """Answer a token request (RFC 6749 3.2)."""
        return self._answered(self.create_token_response)

    def revocation_endpoint(self) -> Response:
        """Answer a revocation request (RFC 7009 2)."""
        return self._answered(lambda: self.create_endpoint_response(Revocation.ENDPOINT_NAME))

    def introspection_endpoint(self) -> Response:
        """Answer an introspection request (RFC 7662 2)."""
        return self._answered(lambda: self.create_endpoint_response(Introspection.ENDPOINT_NAME))

    def logout_endpoint(self, end: Callable[[Grant], None]) -> Response:
        """Answer a client that ends a login by its refresh token, as Keycloak's clients do."""
        return self._answered(lambda: self._ended(end))

    def create_oauth2_request(self, request: object) -> FormRequest:
        return _form_request()

    def authenticate_client(
        self, request: FormRequest, methods: object, endpoint: str = "token"
    ) -> RegisteredClient:
        now = self.clock()
        client, request.auth_method = authenticate(
            self.clients,
            authorization=request.headers["Authorization"],
            form=request.form,
            now=now,
            note=partial(self.secret_uses.note, now=now),
        )
        return client

    def get_token_grant(self, request: FormRequest) -> Any:
        if request.payload.grant_type is None:
            raise InvalidRequestError("The grant_type is missing.")
        if request.payload.grant_type not in _GRANT_TYPES:
            raise UnknownGrantType
        return super().get_token_grant(request)

    def save_token(self, token: object, request: object) -> None:
        """Do nothing: the grants have stored what there is to store."""

    def handle_error_response(self, request: object, error: OAuth2Error) -> Response:
        """Answer an error; a client that could not prove itself is named in the log."""
        if error.error == ClientRefused.error:
            asked = _form_request()
            name = presented_client_id(asked.headers["Authorization"], asked.form)
            _log.warning("invalid_client client_id=%r", name[:_LONGEST_LOGGED])
        answer: Response = super().handle_error_response(request, error)
        return answer

    def get_error_uri(self, request: object, error: OAuth2Error) -> str:
        """Return where the error is explained (RFC 6749 5.2)."""
        return error_uri(self.tokens.settings.issuer, error.error)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Do nothing: nobody listens."""

    def _ended(self, end: Callable[[Grant], None]) -> Response:
        asked = _form_request()
        client = self.authenticate_client(asked, ())
        if not client.is_keycloak_style:  # a refresh token ends a login nowhere else
            raise UnauthorizedClientError("The client may not end a login by its refresh token.")
        with self.stores.read() as work:
            token = digest(asked.form.get("refresh_token", ""))
            found = work.refresh_tokens.find_live(token, now=self.clock())
        if found is None or found[0].client_id != client.client_id:
            raise InvalidGrantError("The refresh_token is unknown, used, expired or of another.")
        end(found[0])
        return Response(status=204)

    def _answered(self, answer: Callable[[], Response]) -> Response:
        try:
            return answer()
        except OAuth2Error as error:
            return self.handle_error_response(None, error)


def _form_request() -> FormRequest:
    if request.method != "POST":
        raise MethodRefused
    if request.query_string:
        raise InvalidRequestError("Parameters stand in the body, not in the URI.")
    form = require_form(request)
    return FormRequest(form, authorization=request.headers.get("Authorization"))


def require_form(received: Request) -> dict[str, str]:
    """Return the parameters of a form body, those without a value left out.

    Raises InvalidRequestError for other media types, repeated or unreadable parameters and a body
    that is too long (RFC 6749 3.2).
    """
    if received.mimetype != FORM:
        raise InvalidRequestError("The body must be application/x-www-form-urlencoded.")
    try:
        pairs = parse_pairs(received.get_data())
    except HTTPException as refusal:
        raise InvalidRequestError("The body is too long.", status_code=refusal.code) from refusal
    if repeated(pairs):
        raise InvalidRequestError("A parameter is there more than once.")
    if not all(is_readable(name) and is_readable(value) for name, value in pairs):
        raise InvalidRequestError("A parameter is not readable text.")
    return single_values(pairs)
