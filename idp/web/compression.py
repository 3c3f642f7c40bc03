"""Compression of pages by the program itself: the login page is one small answer on a slow line."""

import gzip

from flask import Request, Response

_WORTH = 512  # bytes; less than a packet gains nothing


def compress(request: Request, response: Response) -> Response:
    """Gzip an HTML answer for a browser that takes it.

    No page repeats a secret beside what a caller chose: sealed values and form tokens are fresh in
    each answer, so their lengths tell nothing (BREACH).
    """
    if response.mimetype != "text/html" or response.direct_passthrough:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or "Content-Encoding" in response.headers:
        return response
    body = response.get_data()
    if len(body) < _WORTH:
        return response
    response.set_data(gzip.compress(body, compresslevel=6, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response
