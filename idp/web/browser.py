"""The browser as HTTP shows it: its cookies, its address behind trusted proxies, its languages."""

from dataclasses import dataclass

from flask import Request, Response

from idp.accounts import known_browsers
from idp.accounts.addresses import Network, parse_address
from idp.signin.answers import Browser, Cookies

_DAY = 24 * 3600
_LONGEST = 80  # characters of a cookie's value
_LONGEST_AGENT = 256  # characters of a User-Agent: the names that are looked for stand in them


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieJar:
    """Names and attributes of our cookies; the issuer's scheme decides, never the request's."""

    is_https: bool
    session_lifetime: int  # seconds
    link_lifetime: int
    known_lifetime: int = known_browsers.LIFETIME
    language_lifetime: int = 365 * _DAY

    def name(self, noun: str) -> str:
        return f"__Host-probesh_{noun}" if self.is_https else f"probesh_{noun}"

    def set(self, response: Response, cookies: Cookies) -> None:
        """Write the cookies of an answer: HttpOnly, SameSite=Lax, host only."""
        for noun, value, lifetime in (
            ("browser", cookies.key, None),
            ("session", cookies.session, self.session_lifetime),
            ("known", cookies.known, self.known_lifetime),
            ("link", cookies.link, self.link_lifetime),
            ("language", cookies.language, self.language_lifetime),
        ):
            if value is not None:
                response.set_cookie(
                    self.name(noun),
                    value,
                    max_age=lifetime if value else 0,
                    path="/",
                    secure=self.is_https,
                    httponly=True,
                    samesite="Lax",
                )

    def has_any(self, request: Request) -> bool:
        return any(self.name(n) in request.cookies for n in ("browser", "session", "known"))

    def read(self, request: Request, noun: str) -> str | None:
        """Return a cookie's value, or None. One of an impossible length was not set by us."""
        value = request.cookies.get(self.name(noun))
        return value if value and len(value) <= _LONGEST else None


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies whose X-Forwarded-For is believed, and how many of them there are in a row."""

    trusted: tuple[Network, ...]
    hops: int

    def client_address(self, request: Request) -> str:
        """Return the address of the browser; whatever cannot be believed is the peer's own."""
        peer = request.remote_addr or ""
        if not self.trusted or not self.hops or not self._is_trusted(peer):
            return peer
        forwarded = [a.strip() for a in request.headers.get("X-Forwarded-For", "").split(",")]
        claimed = forwarded[-self.hops] if len(forwarded) >= self.hops else ""
        return claimed if parse_address(claimed) is not None else peer

    def _is_trusted(self, peer: str) -> bool:
        address = parse_address(peer)
        return address is not None and any(address in network for network in self.trusted)


@dataclass(frozen=True, slots=True)
class BrowserReader:
    """Reads the browser of a request."""

    jar: CookieJar
    proxies: Proxies

    def read(self, request: Request) -> Browser:
        return Browser(
            key=self.jar.read(request, "browser"),
            session=self.jar.read(request, "session"),
            known=self.jar.read(request, "known"),
            link=self.jar.read(request, "link"),
            saved_language=self.jar.read(request, "language") or "",
            accept_language=request.headers.get("Accept-Language", "")[:256],
            address=self.proxies.client_address(request),
            agent=request.headers.get("User-Agent", "")[:_LONGEST_AGENT],
        )
