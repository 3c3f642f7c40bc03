"""A look at a client's own entry: common mistakes, and whether its addresses answer at all.

Reaching an address means a TCP connection and, for https, a TLS handshake with a certificate that
this machine trusts; nothing is asked of it.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from idp.settings.clients import Client

_TIMEOUT: Final = 3.0  # seconds for each address
_SOON: Final = 30 * 24 * 3600  # seconds; a secret that ends so soon is worth a word

Reach: TypeAlias = Callable[[str], str]  # an address -> "" or what is wrong with it


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence about a key of a client's entry. `is_error`: nobody can log in like this."""

    key: str
    sentence: str
    is_error: bool = False


def look_over(client: Client, *, is_production: bool, now: int) -> tuple[Remark, ...]:
    """Return what is wrong or unwise in a client's entry, the worst first."""
    remarks = [
        *_about_logging_in(client, now),
        *_about_redirect_uris(client),
        *_about_tokens(client),
        *_about_browsers(client),
        *_about_the_end(client),
    ]
    if client.test and is_production:
        remarks.append(Remark("test", "Anybody may read its redirect URIs; set it to false."))
    return tuple(sorted(remarks, key=lambda remark: not remark.is_error))


def knock(client: Client, reach: Reach | None = None) -> tuple[Remark, ...]:
    """Return which of its addresses do not answer; they are warnings, for a network may differ."""
    reach = reach or reached
    addresses = {
        "home_url": client.home_url,
        "initiate_login_uri": client.initiate_login_uri,
        "backchannel_logout_uri": client.backchannel_logout_uri,
    }
    wrong = ((key, address, reach(address)) for key, address in addresses.items() if address)
    return tuple(Remark(key, f"{address}: {what}.") for key, address, what in wrong if what)


def reached(address: str) -> str:
    """Connect to an http(s) address and say what went wrong; "" when it answers."""
    parts = urlsplit(address)
    is_https = parts.scheme == "https"
    place = (parts.hostname or "", parts.port or (443 if is_https else 80))
    try:
        with socket.create_connection(place, _TIMEOUT) as connection:
            if is_https:
                context = ssl.create_default_context()
                context.wrap_socket(connection, server_hostname=place[0]).close()
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not trusted ({error.verify_message})"
    except ssl.SSLError:
        return "it does not speak TLS"
    except (socket.gaierror, ValueError):  # the latter: no name of a host at all
        return "its name is not known here"
    except TimeoutError:
        return f"it does not answer within {_TIMEOUT:.0f} seconds"
    except OSError as error:
        return f"it cannot be reached ({error.strerror or type(error).__name__})"
    return ""


def _about_logging_in(client: Client, now: int) -> Iterator[Remark]:
    if not client.enabled:
        yield Remark("enabled", "The client is disabled: nobody can log in there.", is_error=True)
    if "authorization_code" in client.grants and not client.redirect_uris:
        yield Remark("redirect_uris", "There is none, so nobody can log in there.", is_error=True)
    if client.is_public:
        return
    if not any(secret.is_live(now) for secret in client.secrets):
        yield Remark("secrets", "No secret is live: run idp client rotate.", is_error=True)
    elif not any(secret.is_live(now + _SOON) for secret in client.secrets):
        yield Remark("secrets", "Its last secret ends within 30 days: run idp client rotate.")


def _about_redirect_uris(client: Client) -> Iterator[Remark]:
    hosts = {urlsplit(uri).hostname for uri in client.redirect_uris}
    if {"localhost", "127.0.0.1"} <= hosts:
        yield Remark("redirect_uris", "localhost and 127.0.0.1 are two addresses; choose one.")
    for uri in client.redirect_uris:
        if "?" in uri:
            yield Remark("redirect_uris", f"{uri} has a query, which some libraries leave out.")
        if client.home_url and uri.rstrip("/") == client.home_url.rstrip("/"):
            yield Remark("redirect_uris", f"{uri} is the home page; give the callback its own.")
    home = urlsplit(client.home_url or "").hostname
    if home and hosts and home not in hosts:
        yield Remark("home_url", f"It is at {home}, but people come back to another host.")


def _about_tokens(client: Client) -> Iterator[Remark]:
    may_refresh = "refresh_token" in client.grants
    if "openid" not in client.scopes and client.redirect_uris:
        yield Remark("scopes", "Without openid every request is refused.", is_error=True)
    if "offline_access" in client.scopes and not may_refresh:
        yield Remark("grants", "offline_access has no effect without refresh_token.")
    if client.pkce == "optional":
        yield Remark("pkce", 'It should be "required": every maintained library can do it.')


def _about_browsers(client: Client) -> Iterator[Remark]:
    if not client.is_public:
        return
    origins = {"{0.scheme}://{0.netloc}".format(urlsplit(uri)) for uri in client.redirect_uris}
    for origin in sorted(origins - set(client.web_origins)):
        yield Remark("web_origins", f"A page at {origin} may not fetch tokens: add it if one does.")


def _about_the_end(client: Client) -> Iterator[Remark]:
    if not client.redirect_uris:
        return
    if not client.post_logout_redirect_uris:
        yield Remark("post_logout_redirect_uris", "After a logout people stay at the provider.")
    if not client.backchannel_logout_uri and not client.is_public:
        told = "The application is not told when a login ends elsewhere."
        yield Remark("backchannel_logout_uri", told)
