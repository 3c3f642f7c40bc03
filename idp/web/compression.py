"""Compression of pages by the program itself: the login page is one small answer on a slow line."""

import zlib
from functools import lru_cache
from typing import Any

from flask import Request, Response

_WORTH = 512  # bytes; less than a packet gains nothing
_GZIP = 31  # zlib's name for a window of 32 KiB in a gzip frame
_HEAD_ENDS = b"</style>"
_HEADS = 8  # begun compressions, each a quarter of a MiB


def compress(request: Request, response: Response) -> Response:
    """Gzip an HTML answer for a browser that takes it.

    No page repeats a secret beside what a caller chose: sealed values and form tokens are fresh in
    each answer, so their lengths tell nothing (BREACH).
    """
    if response.mimetype != "text/html" or response.direct_passthrough:
        return response
    body = response.get_data()
    if len(body) < _WORTH:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or "Content-Encoding" in response.headers:
        return response
    response.set_data(_gzip(body))
    response.headers["Content-Encoding"] = "gzip"
    return response


def _gzip(body: bytes) -> bytes:
    """Compress a page; its head, half of it and the same each time, was compressed before."""
    head, end, rest = body.partition(_HEAD_ENDS)
    begun, compressor = _begun(head)
    following = compressor.copy()
    return begun + following.compress(end + rest) + following.flush()


@lru_cache(maxsize=_HEADS)
def _begun(head: bytes) -> tuple[bytes, Any]:
    compressor = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    return compressor.compress(head), compressor
