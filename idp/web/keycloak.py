"""The addresses at which Keycloak's clients look for our endpoints, and the frames they load.

Each is the endpoint itself under another name, rewritten in front of everything else; only what
Keycloak has and we have not is answered here (docs/decisions/013-keycloak-compatibility.md).
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Request, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from idp.oidc import protocol
from idp.oidc.parameters import parse_pairs
from idp.oidc.provider import OpenIDProvider
from idp.web.constants import Wsgi
from idp.web.headers import SecurityHeaders
from idp.web.pages import Pages

_BASE: Final = "/protocol/openid-connect"
LOGOUT: Final = f"{_BASE}/logout"
ALIASES: Final[Mapping[str, str]] = {
    f"{_BASE}/auth": protocol.AUTHORIZE,
    f"{_BASE}/token": protocol.TOKEN,
    f"{_BASE}/token/introspect": protocol.INTROSPECT,
    f"{_BASE}/userinfo": protocol.USERINFO,
    f"{_BASE}/revoke": protocol.REVOKE,
    f"{_BASE}/certs": protocol.JWKS,
}
_MAX_AGE: Final = 300  # seconds that a browser may keep a frame: as long as discovery

# keycloak-js asks this frame whether the browser keeps cookies of ours inside other sites' pages.
# Ours are SameSite=Lax, so it does not; told so, keycloak-js leaves frames alone and redirects.
_UNSUPPORTED: Final = 'parent.postMessage("unsupported","*")'
# Adapters that do not ask first load this one instead, and ask it whether the login has changed:
# "CLIENT SESSION". Nobody can know here. Somebody without a session is sent to look ("changed"),
# somebody with one keeps the tokens until they expire.
_NOBODY_KNOWS: Final = (
    'addEventListener("message",e=>e.source&&e.source.postMessage('
    '/ ./.test(e.data)?"unchanged":"changed",e.origin==="null"?"*":e.origin))'
)
_SCRIPTS: Final[Mapping[str, str]] = {
    f"{_BASE}/3p-cookies/step1.html": _UNSUPPORTED,
    f"{_BASE}/3p-cookies/step2.html": _UNSUPPORTED,
    f"{_BASE}/login-status-iframe.html": _NOBODY_KNOWS,
}


@dataclass(frozen=True, slots=True)
class _Frame:
    body: bytes
    headers: tuple[tuple[str, str], ...]


class KeycloakAliases:
    """WSGI middleware: answers the frames from memory, lets everything else in by our own names."""

    def __init__(
        self, inner: Wsgi, *, web_origins: Iterable[str], headers: SecurityHeaders
    ) -> None:
        self._inner = inner
        self._frames = {
            path: _frame(script, tuple(sorted(web_origins)), headers)
            for path, script in _SCRIPTS.items()
        }

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        frame = self._frames.get(path)
        if frame is not None and method in {"GET", "HEAD"}:
            start_response("200 OK", list(frame.headers))
            return [b"" if method == "HEAD" else frame.body]
        if path in ALIASES:
            environ["PATH_INFO"] = ALIASES[path]
        elif path == LOGOUT and method != "POST":
            environ["PATH_INFO"] = protocol.END_SESSION
        return self._inner(environ, start_response)


@dataclass(frozen=True)
class KeycloakLogout:
    """A logout by POST, which may be a program's: it sends the refresh token and no browser."""

    pages: Pages
    provider: OpenIDProvider

    def blueprint(self) -> Blueprint:
        logout = Blueprint("keycloak", __name__)
        logout.add_url_rule(
            LOGOUT, view_func=self.log_out, methods=["POST"], provide_automatic_options=False
        )
        return logout

    def log_out(self) -> Response:
        """End the login of the refresh token; without one it is a browser's logout request."""
        if not is_programs(request):
            self.pages.limit()
            return self.pages.begin_logout()
        response = self.provider.logout_endpoint(self.pages.log_out.end_login)
        self.pages.ring()
        return response


def is_programs(incoming: Request) -> bool:
    """Tell whether a request is a program's logout: it sends what browsers never do."""
    if incoming.path != LOGOUT or incoming.method != "POST":
        return False
    try:
        return any(name == "refresh_token" for name, _ in parse_pairs(incoming.get_data()))
    except RequestEntityTooLarge:
        return True


def _frame(script: str, web_origins: tuple[str, ...], headers: SecurityHeaders) -> _Frame:
    """Return a page that only these origins may frame, and that may do nothing but its script."""
    ancestors = " ".join(web_origins) or "'none'"
    body = f"<!doctype html><title>Probesh</title><script>{script}</script>".encode()
    script_hash = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src 'sha256-{script_hash}'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {ancestors}",
        )
    )
    facts = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(body)),
        "Cache-Control": f"public, max-age={_MAX_AGE}",
        **headers.framed(policy),
    }
    return _Frame(body, tuple(facts.items()))
