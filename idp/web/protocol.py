"""The endpoints that programs call: token, userinfo, revocation, introspection, with their CORS."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, request

from idp.oidc.provider import OpenIDProvider

_CORS_PATHS = frozenset({"/token", "/userinfo", "/revoke"})


@dataclass(frozen=True)
class ProtocolEndpoints:
    """Routes to the protocol room; a browser application of a client may call some of them."""

    provider: OpenIDProvider

    def blueprint(self) -> Blueprint:
        endpoints = Blueprint("protocol", __name__)
        routes: tuple[tuple[str, Callable[[], Response], tuple[str, ...]], ...] = (
            ("/token", self.provider.token_endpoint, ("POST",)),
            ("/userinfo", self.provider.userinfo_endpoint, ("GET", "POST")),
            ("/revoke", self.provider.revocation_endpoint, ("POST",)),
            ("/introspect", self.provider.introspection_endpoint, ("POST",)),
        )
        for path, view, methods in routes:
            endpoints.add_url_rule(
                path, path[1:], view, methods=methods, provide_automatic_options=False
            )
        for path in sorted(_CORS_PATHS):
            endpoints.add_url_rule(path, f"{path[1:]}_preflight", _preflight, methods=["OPTIONS"])
        endpoints.after_request(self._allow_origin)
        return endpoints

    def _allow_origin(self, response: Response) -> Response:
        """Allow the origins that clients declare as `web_origins`, never `*` (Fetch 3.2)."""
        origin = request.headers.get("Origin")
        if request.path not in _CORS_PATHS:
            return response
        response.headers.add("Vary", "Origin")
        if origin and self.provider.allowed_origin(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate"
            if request.path == "/token":
                # keycloak-js fetches tokens "with credentials"; no cookie is ever read there.
                response.headers["Access-Control-Allow-Credentials"] = "true"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = "GET, POST"
                response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
                response.headers["Access-Control-Max-Age"] = "600"
        return response


def _preflight() -> Response:
    return Response(status=204)
