"""Passwords in the URLs of stores.

They are looked for in the text: where one library sees the end of one, another sees a part of it.
"""

from collections.abc import Callable
from urllib.parse import unquote_plus

_UNESCAPED = frozenset("/?#@")


def check_escaped(url: str) -> None:
    """Raise ValueError for a URL that cannot be read in one way only (RFC 3986 3.2.1)."""
    _, credentials, _ = _parts(url)
    if not _UNESCAPED.isdisjoint(credentials):
        message = "holds an unescaped / ? # or @ before its last @: write it percent-encoded"
        raise ValueError(f"{message} (%2F %3F %23 %40)")


def has_password(url: str) -> bool:
    """Answer whether a password stands in the URL, before its host or in its query."""
    return replace_passwords(url, lambda _: "") != url


def replace_passwords(url: str, replace: Callable[[str], str]) -> str:
    """Return the URL with every password replaced, as it is written, and nothing else changed."""
    scheme, credentials, place = _parts(url)
    user, colon, password = credentials.partition(":")
    shown = f"{scheme}{user}{colon}{replace(password) if password else ''}{place}"
    address, mark, query = shown.partition("?")
    return address + mark + "&".join(_replaced(pair, replace) for pair in query.split("&"))


def _parts(url: str) -> tuple[str, str, str]:
    """Return what is before user name and password, these two, and the rest from the last @ on."""
    scheme, slashes, rest = url.partition("://")
    if rest.startswith("/"):  # a file or a socket: nobody is named
        return scheme + slashes, "", rest
    credentials, at, place = rest.rpartition("@")
    return scheme + slashes, credentials, at + place


def _replaced(pair: str, replace: Callable[[str], str]) -> str:
    name, equals, value = pair.partition("=")
    is_password = value and "password" in unquote_plus(name).lower()
    return f"{name}{equals}{replace(value)}" if is_password else pair
