"""The userinfo endpoint (OIDC Core 5.3): claims about the person, by scope, for a live token."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from authlib.oauth2 import OAuth2Error
from flask import Request, Response, json

from idp.model.clock import Clock
from idp.model.grant import Grant
from idp.model.user import User
from idp.oidc import keycloak_claims
from idp.oidc.attribute_claims import AttributeClaims
from idp.oidc.clients import RegisteredClient
from idp.oidc.errors import BearerRefused
from idp.oidc.issuance import TokenIssuer, audiences, grant_id_of, is_live
from idp.oidc.keys import InvalidToken
from idp.oidc.parameters import parse_pairs
from idp.oidc.server import FORM, require_form
from idp.stores.ports import Stores

_NO_TOKEN = BearerRefused("", "", 401)
_BAD_TOKEN = BearerRefused(
    "invalid_token", "The access token is expired, revoked or not one of ours.", 401
)
_QUERY_TOKEN = BearerRefused("invalid_token", "A token in the URI is not accepted.", 401)
_TWO_TOKENS = BearerRefused("invalid_request", "The token is there more than once.", 400)
_BAD_FORM = BearerRefused("invalid_request", "The body is not a readable form.", 400)
_NO_OPENID = BearerRefused("insufficient_scope", "The token was not issued for openid.", 403)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInfo:
    """Answers GET and POST; the token comes in the header or, by POST, in the body (RFC 6750 2)."""

    clients: Mapping[str, RegisteredClient] = field(repr=False)
    stores: Stores
    tokens: TokenIssuer
    clock: Clock
    attribute_claims: AttributeClaims

    def answer(self, request: Request) -> Response:
        """Answer with claims, or as RFC 6750 3 says."""
        try:
            body = self._claims(_require_token(request))
        except BearerRefused as refusal:
            response = _json(refusal.body, refusal.status)
            response.headers["WWW-Authenticate"] = refusal.challenge(self.tokens.settings.issuer)
            return response
        return _json(body, 200)

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            claims = self.tokens.read_access_token(token)
        except InvalidToken as error:
            raise _refusal(_BAD_TOKEN) from error
        client = self.clients.get(claims["client_id"])
        if client is None or not is_live(claims, now=self.clock()):
            raise _refusal(_BAD_TOKEN)
        scope = client.allowed(claims["scope"].split())
        grant_id = grant_id_of(claims)
        if "openid" not in scope or grant_id is None:
            raise _refusal(_NO_OPENID)
        if self.tokens.settings.issuer not in audiences(claims):
            raise _refusal(_BAD_TOKEN)
        grant, user = self._require_live(grant_id, client)
        # A mailed code that was typed in is the proof that the mailbox is the user's.
        verified = replace(user, email_verified=user.email_verified or "email" in grant.amr)
        compatible = keycloak_claims.userinfo_claims(client, user, grant, scope)
        # An attribute may say better than the account what OIDC Core 5.1 calls a claim.
        return {**compatible, **claims_of(verified, scope), **self.attribute_claims.of(user, scope)}

    def _require_live(self, grant_id: str, client: RegisteredClient) -> tuple[Grant, User]:
        with self.stores.read() as work:
            found = work.grants.find_live(grant_id)
        if found is None or not client.keeps(*found):
            raise _refusal(_BAD_TOKEN)
        return found


def claims_of(user: User, scope: tuple[str, ...]) -> dict[str, Any]:
    """Return the claims that `scope` opens (OIDC Core 5.4); those without a value are left out."""
    claims: dict[str, Any] = {}
    if "profile" in scope:
        claims |= {
            "name": user.name_en or user.name_bn,
            "name#bn": user.name_bn,
            "office": user.office,
            "locale": user.locale,
            "updated_at": user.updated_at,
        }
    if "email" in scope:
        claims |= {"email": user.email, "email_verified": user.email_verified}
    return {"sub": user.id, **{name: value for name, value in claims.items() if value != ""}}


def _require_token(request: Request) -> str:
    if any(name == "access_token" for name, _ in parse_pairs(request.query_string)):
        raise _refusal(_QUERY_TOKEN)
    given = [token for token in (_in_header(request), _in_body(request)) if token is not None]
    if not given:
        raise _refusal(_NO_TOKEN)
    if len(given) > 1:
        raise _refusal(_TWO_TOKENS)
    return given[0]


def _in_header(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _in_body(request: Request) -> str | None:
    if request.method != "POST" or not request.content_length:
        return None
    if request.mimetype != FORM:  # RFC 6750 2.2: any other body carries no token
        return None
    try:
        return require_form(request).get("access_token")
    except OAuth2Error as error:
        raise _refusal(_BAD_FORM, status=error.status_code) from error


def _refusal(known: BearerRefused, *, status: int | None = None) -> BearerRefused:
    # An exception that is raised twice would carry both tracebacks.
    return BearerRefused(known.error, known.description, status or known.status)


def _json(body: Mapping[str, Any], status: int) -> Response:
    response = Response(json.dumps(body), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
