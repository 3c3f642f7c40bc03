"""What the demonstration's sites share: response headers, error pages and a quiet server."""

import contextlib
import signal
from types import FrameType
from urllib.parse import urlsplit

from flask import Flask, Response, render_template
from typing_extensions import override
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
LOOPBACK = "127.0.0.1"
BENGALI_DIGITS = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")


def bengali_digits(value: object) -> str:
    """Write a number (or a text with numbers) in Bengali digits."""
    return str(value).translate(BENGALI_DIGITS)


def host_name(host: str) -> str:
    """Return the name part of a Host header, "" when it cannot be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def prepare(app: Flask) -> Flask:
    """Give a site the common headers, the digit filter and a calm page for each HTTP error."""
    app.add_template_filter(bengali_digits)
    app.after_request(_add_headers)
    app.register_error_handler(HTTPException, _show_http_error)
    return app


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _show_http_error(error: HTTPException) -> tuple[str, int]:
    status = error.code or 500
    return render_template("problem.html", fact=f"{status} {error.name}"), status


class QuietHandler(WSGIRequestHandler):
    """Writes no access log: callback addresses carry authorization codes."""

    @override
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def serve(app: Flask, port: int) -> None:
    """Serve on loopback until SIGINT or SIGTERM, then return."""
    server = make_server(LOOPBACK, port, app, threaded=True, request_handler=QuietHandler)
    signal.signal(signal.SIGTERM, _interrupt)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    server.server_close()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
