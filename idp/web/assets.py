"""Files of themes, served before Flask is asked: their names hold a hash, so they never change."""

import gzip
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from idp.theming import Asset
from idp.web.constants import Wsgi, is_known

_FOR_EVER = "public, max-age=31536000, immutable"  # a year (RFC 8246)
_PACKED = frozenset({"image/svg+xml", "text/javascript; charset=utf-8", "image/x-icon"})
# A picture that somebody opens by itself is a document: nothing in it may run or be fetched.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...]
    etag: str


class StaticFiles:
    """Every file that this process has served, whatever it serves now.

    A page that was sent before a reload may ask for its files after it.
    """

    def __init__(self) -> None:
        self._answers: dict[str, tuple[_Answer, _Answer | None]] = {}

    def add(self, assets: Mapping[str, Asset]) -> None:
        """Serve these, too."""
        for address, asset in assets.items():
            if address not in self._answers:
                self._answers[address] = (_plain(asset), _packed(asset))

    def find(self, path: str) -> tuple[_Answer, _Answer | None] | None:
        """Return the file as it is, and compressed where that is worth it."""
        return self._answers.get(path)


class AssetAnswers:
    """WSGI middleware that answers GET and HEAD of static files from memory."""

    def __init__(self, inner: Wsgi, files: StaticFiles, headers: Mapping[str, str]) -> None:
        self._inner, self._files = inner, files
        self._headers = tuple({**headers, "Content-Security-Policy": _POLICY}.items())

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        found = self._files.find(environ["PATH_INFO"])
        if found is None:
            return self._inner(environ, start_response)
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            headers = [("Allow", "GET, HEAD"), ("Cache-Control", "no-store"), *self._headers]
            start_response("405 Method Not Allowed", headers)
            return [b""]
        answer = _chosen(*found, environ.get("HTTP_ACCEPT_ENCODING", ""))
        if is_known(environ, answer.etag):
            start_response("304 Not Modified", [*self._cached(answer), *self._headers])
            return [b""]
        start_response("200 OK", [*self._cached(answer), *answer.headers, *self._headers])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    def _cached(self, answer: _Answer) -> tuple[tuple[str, str], ...]:
        return (
            ("ETag", answer.etag),
            ("Cache-Control", _FOR_EVER),
            ("Vary", "Accept-Encoding"),
        )


def _chosen(plain: _Answer, packed: _Answer | None, accepted: str) -> _Answer:
    if packed is not None and parse_accept_header(accepted, Accept)["gzip"]:
        return packed
    return plain


def _plain(asset: Asset) -> _Answer:
    return _answer(asset.body, ("Content-Type", asset.content_type))


def _packed(asset: Asset) -> _Answer | None:
    if asset.content_type not in _PACKED:
        return None  # pictures and fonts are compressed by their own formats
    body = gzip.compress(asset.body, mtime=0)
    kind = ("Content-Type", asset.content_type)
    return _answer(body, kind, ("Content-Encoding", "gzip"))


def _answer(body: bytes, *headers: tuple[str, str]) -> _Answer:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return _Answer(body, (*headers, ("Content-Length", str(len(body)))), etag)
