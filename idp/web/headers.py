"""Headers on every answer, whatever it is: content security, no sniffing, no storing."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from flask import Response

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class SecurityHeaders:
    """The headers of this issuer. Style and script are named by their hashes (CSP 3 8)."""

    issuer: str
    style_hashes: tuple[str, ...]  # one a theme
    script_hash: str  # of the one inline script; all others are files of ours
    has_fonts: bool = False  # does a theme bring a font

    def everywhere(self) -> Mapping[str, str]:
        """Return the headers that every answer bears."""
        transport = {"Strict-Transport-Security": f"max-age={_YEAR}"} if self._is_https else {}
        return {**_EVERYWHERE, **transport, "Content-Security-Policy": self._policy()}

    def framed(self, policy: str) -> Mapping[str, str]:
        """Return the headers of a page that others may frame, as far as its own `policy` says."""
        headers = {**self.everywhere(), "Content-Security-Policy": policy}
        del headers["X-Frame-Options"]  # it knows no list of origins
        return headers

    def apply(self, response: Response) -> Response:
        """Set them, and `no-store` wherever nothing else was decided."""
        decided = {name.lower() for name, _ in response.headers}
        for key, name, value in self._applied:
            if key not in decided:
                response.headers.add(name, value)
        return response

    @cached_property
    def _applied(self) -> tuple[tuple[str, str, str], ...]:
        headers = {**self.everywhere(), "Cache-Control": "no-store"}
        return tuple((name.lower(), name, value) for name, value in headers.items())

    @property
    def _is_https(self) -> bool:
        return self.issuer.startswith("https:")

    def _policy(self) -> str:
        # Chromium applies form-action to the whole chain of redirects after a form, so naming the
        # relying party's origin would strand people at its second hop (docs/decisions/004-csp.md).
        loopback = "" if self._is_https else " http:"
        files = _files_of(self.issuer)
        return "; ".join(
            (
                "default-src 'none'",
                f"style-src {' '.join(self.style_hashes)}",
                f"script-src {files} {self.script_hash}",
                f"img-src {files} data:",
                *((f"font-src {files}",) if self.has_fonts else ()),
                f"form-action 'self' https:{loopback}",
                "base-uri 'none'",
                "frame-ancestors 'none'",
                "object-src 'none'",
            )
        )


def _files_of(issuer: str) -> str:
    """Return the folder of our files as a source: nothing else of the origin may run on a page.

    An address in numbers other than 127.0.0.1 matches no source (CSP 3 6.7.2.8): there it is all
    of the origin.
    """
    host = urlsplit(issuer).hostname or ""
    return f"{issuer}/static/" if host == "127.0.0.1" or not _is_address(host) else "'self'"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
