"""Constant answers, discovery and JWKS: prebuilt bytes with an ETag, sent before Flask is asked.

The JWK Set is asked for anew each time: keys may be withdrawn while the rest stays.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from werkzeug.http import parse_etags, unquote_etag

from idp.oidc.discovery import Document

Wsgi: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def is_known(environ: Mapping[str, Any], etag: str) -> bool:
    """Tell whether the asker has what this quoted ETag names (RFC 9110 13.1.2)."""
    known = parse_etags(environ.get("HTTP_IF_NONE_MATCH"))
    return known.contains_weak(unquote_etag(etag)[0] or "")


class ConstantAnswers:
    """WSGI middleware that answers GET and HEAD of some paths from memory."""

    def __init__(
        self,
        inner: Wsgi,
        documents: Mapping[str, Callable[[], Document]],
        *,
        allowed_origin: Callable[[str], bool],
        headers: Mapping[str, str],
    ) -> None:
        self._inner = inner
        self._documents = documents
        self._allowed_origin = allowed_origin
        self._headers = tuple(headers.items())

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        built = self._documents.get(environ["PATH_INFO"])
        if built is None:
            return self._inner(environ, start_response)
        document = built()
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            headers = [("Allow", "GET, HEAD"), ("Cache-Control", "no-store"), *self._headers]
            start_response("405 Method Not Allowed", headers)
            return [b""]
        headers = [
            ("ETag", document.etag),
            ("Cache-Control", f"public, max-age={document.max_age}"),
            ("Vary", "Origin"),
            *self._headers,
        ]
        origin = environ.get("HTTP_ORIGIN")
        if origin and self._allowed_origin(origin):
            headers.append(("Access-Control-Allow-Origin", origin))
        if is_known(environ, document.etag):
            start_response("304 Not Modified", headers)
            return [b""]
        size = str(len(document.body))
        headers += [("Content-Type", document.content_type), ("Content-Length", size)]
        start_response("200 OK", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else document.body]
