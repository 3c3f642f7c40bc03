"""Errors of the endpoints that programs call, in Authlib's tongue (RFC 6749 5.2, RFC 6750 3)."""

from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError

from idp.model.errors import ProtocolError
from idp.oidc.protocol import DEVELOPERS


def error_uri(issuer: str, error: str) -> str:
    """Return the page about an error code (RFC 6749 4.1.2.1 and 5.2, RFC 6750 3)."""
    return f"{issuer}{DEVELOPERS}#{error}"


class ClientRefused(InvalidClientError):
    """Client authentication failed: one answer whatever the reason."""

    def __init__(self) -> None:
        super().__init__(status_code=401, description="Client authentication failed.")

    def get_headers(self) -> list[tuple[str, str]]:
        plain = OAuth2Error.get_headers(self)
        return [*plain, ("WWW-Authenticate", 'Basic realm="Probesh", charset="UTF-8"')]


class MethodRefused(OAuth2Error):
    """Only POST is served here."""

    error = "invalid_request"
    description = "This endpoint is called by POST."
    status_code = 405

    def get_headers(self) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("Allow", "POST")]


class UnknownGrantType(OAuth2Error):
    """Authlib's own would echo the received value, whatever characters it has."""

    error = "unsupported_grant_type"
    description = "The grant_type is not supported."


class TokenTypeRefused(OAuth2Error):
    """A token that cannot be revoked (RFC 7009 2.2.1); Authlib's own answers 401."""

    error = "unsupported_token_type"
    description = "This token cannot be revoked. It expires by itself."


class BearerRefused(ProtocolError):
    """A protected resource was called without a good token (RFC 6750 3)."""

    def challenge(self, issuer: str) -> str:
        """Return the value of WWW-Authenticate; without a token there is no error to tell."""
        if not self.error:
            return 'Bearer realm="Probesh"'
        told = f'error="{self.error}", error_description="{self.description}"'
        told += f', error_uri="{error_uri(issuer, self.error)}"'
        needed = ', scope="openid"' if self.error == "insufficient_scope" else ""
        return f'Bearer realm="Probesh", {told}{needed}'

    @property
    def body(self) -> dict[str, Any]:
        if not self.error:
            return {}
        return {"error": self.error, "error_description": self.description}
