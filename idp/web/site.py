"""The Flask application: which routes there are, and what every request and answer passes."""

from typing import Protocol
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, request

from idp.web.compression import compress
from idp.web.errors import Errors
from idp.web.headers import SecurityHeaders
from idp.web.pages import Pages
from idp.web.protocol import ProtocolEndpoints

_MOST = 64 * 1024  # bytes of a body or a query; nothing that people or clients send is larger
_MOST_FIELDS = 200


class Routes(Protocol):
    """A part of the application that has routes of its own."""

    def blueprint(self) -> Blueprint: ...


def create_site(
    pages: Pages, endpoints: ProtocolEndpoints, headers: SecurityHeaders, *more: Routes
) -> Flask:
    """Return the web application over the rooms that it is given."""
    site = Flask("idp", static_folder=None, template_folder=None)
    site.config.update(
        MAX_CONTENT_LENGTH=_MOST, MAX_FORM_MEMORY_SIZE=_MOST, MAX_FORM_PARTS=_MOST_FIELDS
    )
    site.url_map.strict_slashes = True
    site.url_map.merge_slashes = False
    host = urlsplit(pages.origin).netloc

    @site.before_request
    def check_size_host_and_hours() -> None:
        if len(request.query_string) > _MOST:
            abort(414)
        if request.host != host:
            # Nothing is built from Host; a name that is not ours is somebody else's trick.
            abort(400)
        pages.closure.check(request.path)

    @site.after_request
    def finish(response: Response) -> Response:
        if request.path.startswith("/reset/"):  # the address holds a secret, whatever the answer
            response.headers["Referrer-Policy"] = "no-referrer"
        return headers.apply(compress(request, response))

    parts: tuple[Routes, ...] = (pages, endpoints, *more)
    for part in parts:
        site.register_blueprint(part.blueprint())
    Errors(pages).register(site)
    return site
