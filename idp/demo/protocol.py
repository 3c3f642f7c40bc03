"""A relying party's talk with its provider, by Authlib's client: login, refresh and the way out.

Discovery, PKCE S256, state, nonce, `iss` (RFC 9207) and the ID token are checked.
"""

from collections.abc import Mapping
from typing import Any, cast

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth, OAuthError
from flask import Flask, request, session
from joserfc.errors import JoseError
from werkzeug.wrappers import Response

from idp.demo.settings import Settings

SCOPES = "openid profile email offline_access"
PROVIDER_TIMEOUT = 10  # seconds
# Whatever a provider can do to us: refuse, sign wrongly, be away, or answer nonsense, on which
# Authlib stumbles in one of the last five ways.
PROVIDER_FAULTS = (
    AuthlibBaseError,
    JoseError,
    requests.RequestException,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
)


class WrongIssuerError(AuthlibBaseError):
    """Discovery or the authorization response names another issuer than ours."""

    error = "wrong_issuer"


def authlib_client(app: Flask, settings: Settings) -> Any:
    """Return Authlib's client, which asks nothing of the provider before it must."""
    return OAuth(app).register(
        settings.look.key,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        server_metadata_url=f"{settings.issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": SCOPES,
            "code_challenge_method": "S256",
            "default_timeout": PROVIDER_TIMEOUT,
        },
    )


class Protocol:
    """The requests of this browser's login and logout; each may raise one of PROVIDER_FAULTS."""

    def __init__(self, settings: Settings, client: Any) -> None:
        self.settings = settings
        self.client = client

    def to_login(self) -> Response:
        """Return the authorization request as a redirect (OIDC Core 3.1.2.1)."""
        self.checked_metadata()
        return cast(
            "Response", self.client.authorize_redirect(f"{self.settings.base_url}/callback")
        )

    def has_begun(self, state: str) -> bool:
        """Tell whether this browser waits for the answer to a login with this state."""
        return "redirect_uri" in (self.client.framework.get_state_data(session, state) or {})

    def take_answer(self, state: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return tokens and userinfo for the authorization response (OIDC Core 3.1.2.5)."""
        self._check_response_issuer()
        token = self._fetch_token(state)
        return token, self._fetch_person(token)

    def refreshed(self, old: Mapping[str, Any]) -> dict[str, Any]:
        """Return the tokens that the refresh token brings (RFC 6749 6, OIDC Core 12)."""
        token = dict(
            self.client.fetch_access_token(
                grant_type="refresh_token", refresh_token=old.get("refresh_token", "")
            )
        )
        claims = self.client.parse_id_token(
            token, nonce=None, claims_options=self._claims_options()
        )
        if claims and claims["sub"] != old["userinfo"]["sub"]:
            raise OAuthError("wrong_subject")
        return {**old, **token, "userinfo": claims or old["userinfo"]}

    def to_logout(self, id_token: str) -> Response:
        """Return the logout request as a redirect (OIDC RP-Initiated Logout 2)."""
        self.checked_metadata()
        answer = cast(
            "Response",
            self.client.logout_redirect(
                f"{self.settings.base_url}/bye", id_token, client_id=self.settings.client_id
            ),
        )
        answer.status_code = 303  # the logout request follows a form
        return answer

    def take_logout_answer(self) -> bool:
        """Tell whether the provider answers a logout that this browser asked for (its state)."""
        try:
            return "post_logout_redirect_uri" in self.client.validate_logout_response()
        except OAuthError:
            return False

    def checked_metadata(self) -> Mapping[str, Any]:
        """Return the discovery document; refuse another issuer's (OIDC Discovery 4.3)."""
        metadata: Mapping[str, Any] = self.client.load_server_metadata()
        if metadata.get("issuer") != self.settings.issuer:
            self.client.server_metadata.pop("_loaded_at")
            raise WrongIssuerError
        return metadata

    def _check_response_issuer(self) -> None:
        """Refuse a response of another issuer (RFC 9207 2.4)."""
        metadata = self.checked_metadata()
        is_promised = metadata.get("authorization_response_iss_parameter_supported", False)
        found = request.args.get("iss")
        if found != self.settings.issuer and (is_promised or found is not None):
            raise WrongIssuerError

    def _fetch_token(self, state: str) -> dict[str, Any]:
        try:
            token = self.client.authorize_access_token(claims_options=self._claims_options())
        finally:
            # Authlib leaves the state of a refused request behind.
            self.client.framework.clear_state_data(session, state)
        if "userinfo" not in token:
            raise OAuthError("missing_id_token")
        return dict(token)

    def _fetch_person(self, token: Mapping[str, Any]) -> dict[str, Any]:
        """Return the userinfo claims; they must be of the ID token's subject (OIDC Core 5.3.2)."""
        person = dict(self.client.userinfo(token=token))
        if person.get("sub") != token["userinfo"]["sub"]:
            raise OAuthError("wrong_subject")
        return person

    def _claims_options(self) -> dict[str, dict[str, Any]]:
        return {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": self.settings.client_id},
        }
