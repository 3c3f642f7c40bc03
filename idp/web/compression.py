"""Compression of pages by the program itself: the login page is one small answer on a slow line."""

import zlib
from functools import lru_cache
from typing import Any

from flask import Request, Response

_WORTH = 512  # bytes; less than a packet gains nothing
_LEVEL = 6
_GZIP = 16 + 13  # zlib's name for a gzip frame with a window of 8 KiB; a page is hardly larger
_MEMORY = 7  # small tables: larger ones cost more to set up than they save in a page
_HEAD_ENDS = b"</style>"
_HEADS = 16  # begun compressions, 100 KiB each


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
    response.headers.add("Vary", "Accept-Encoding")
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
    compressed: bytes = begun + following.compress(end + rest) + following.flush()
    return compressed


@lru_cache(maxsize=_HEADS)
def _begun(head: bytes) -> tuple[bytes, Any]:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP, _MEMORY)
    return compressor.compress(head), compressor
