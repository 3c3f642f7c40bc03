"""The gallery as a site on this machine alone: it reads themes, and writes nothing anywhere."""

import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment

from typing_extensions import override
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from idp.admin.gallery.copies import in_forced_colours, in_scheme, that_stays, weigh
from idp.admin.gallery.exhibits import BY_SLUG, EXHIBITS, Exhibit, LetterExhibit
from idp.admin.gallery.showing import STYLE, show
from idp.admin.gallery.sources import source_of
from idp.admin.gallery.switches import NoSuchChoice, Panel, Switches
from idp.admin.theme_shelf import Shelf, Shown
from idp.theming import ThemeRefused
from idp.verdict import mistakes_of

_HOST: Final = "127.0.0.1"
_REFUSED: Final = 422
_OWN: Final = "default-src 'none'; style-src 'self'; frame-src 'self'; img-src data:; "
_OWN_POLICY: Final = _OWN + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_COPY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
)
# Without a sandbox a copy's form would post; with scripts forbidden there, <noscript> shows.
_WITH_SCRIPT: Final = _COPY + "script-src 'self'; sandbox allow-scripts allow-same-origin"
_NO_SCRIPT: Final = _COPY + "script-src 'none'; sandbox allow-same-origin"
_PLACES: Final = Map(
    [
        Rule("/", endpoint="index", methods=["GET"]),
        Rule("/look/<slug>", endpoint="look", methods=["GET"]),
        Rule("/copy/<slug>.html", endpoint="copy", methods=["GET"]),
        Rule("/copy/<slug>.txt", endpoint="text", methods=["GET"]),
        Rule("/copy/<slug>.eml", endpoint="source", methods=["GET"]),
        Rule("/static/<path:name>", endpoint="asset", methods=["GET"]),
        Rule("/gallery.css", endpoint="style", methods=["GET"]),
    ]
)


class _Request(Request):
    # A name of somebody else's that leads here (DNS rebinding) is answered with nothing of ours.
    trusted_hosts: list[str] | None = [_HOST, "localhost"]  # noqa: RUF012 - werkzeug's own type


class Gallery:
    """The site as a WSGI application; `first` is the theme that it begins with."""

    def __init__(self, shelf: Shelf, first: str) -> None:
        self._shelf = shelf
        self._first = first
        self._rooms: Mapping[str, Callable[..., Response]] = {
            "index": self._index,
            "look": self._look,
            "copy": self._copy,
            "text": self._text,
            "source": self._source,
            "asset": self._asset,
            "style": self._style,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = self._answer(_Request(environ))
        response.headers.setdefault("Content-Security-Policy", _OWN_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response(environ, start_response)

    def _answer(self, request: _Request) -> Response:
        try:
            _ = request.host  # judged when it is read
            endpoint, values = _PLACES.bind_to_environ(request.environ).match()
            return self._rooms[endpoint](request, **values)
        except NoSuchChoice as error:
            why = f"The gallery has no such choice of “{error}”."
            return _page("lost", NotFound.code, why=why)
        except HTTPException as error:
            return _page("lost", error.code or NotFound.code, why=error.description)

    def _panel(self) -> Panel:
        return Panel(self._shelf.names, self._shelf.languages, self._first)

    def _shown(
        self, request: _Request, make: Callable[[Shown, Switches, Panel], Response]
    ) -> Response:
        """Answer with what `make` makes of the theme that was chosen, or with why it is refused."""
        panel = self._panel()
        switches = panel.read(request.args)
        try:
            shown = self._shelf.take(switches.theme, is_long=switches.words == "long")
        except ThemeRefused as refused:
            facts = {
                "switches": _of(switches),
                "panel": panel,
                "mistakes": mistakes_of(refused),
            }
            return _page("refused", _REFUSED, **facts)
        return make(shown, switches, panel)

    def _index(self, request: _Request) -> Response:
        def make(shown: Shown, switches: Switches, panel: Panel) -> Response:
            rows = [_row(one, shown, switches.language) for one in EXHIBITS]
            return _page(
                "index", rows=rows, switches=_of(switches), panel=panel, lowest=shown.lowest
            )

        return self._shown(request, make)

    def _look(self, request: _Request, slug: str) -> Response:
        exhibit = _exhibit(slug)

        def make(shown: Shown, switches: Switches, panel: Panel) -> Response:
            place = EXHIBITS.index(exhibit)
            return _page(
                "look",
                exhibit=exhibit,
                before=EXHIBITS[place - 1] if place else None,
                after=EXHIBITS[place + 1] if place + 1 < len(EXHIBITS) else None,
                switches=_of(switches),
                panel=panel,
                lowest=shown.lowest,
                weight=weigh(exhibit.html(shown.theme, switches.language)),
                **self._of_letter(exhibit, shown, switches.language),
            )

        return self._shown(request, make)

    def _of_letter(self, exhibit: Exhibit, shown: Shown, language: str) -> dict[str, Any]:
        if not isinstance(exhibit, LetterExhibit):
            return {"letter": None, "source": ""}
        letter = exhibit.letter(shown.theme, language)
        source = source_of(letter, self._shelf.settings).decode("ascii")
        return {"letter": letter, "source": source}

    def _copy(self, request: _Request, slug: str) -> Response:
        exhibit = _exhibit(slug)

        def make(shown: Shown, switches: Switches, _: Panel) -> Response:
            html = exhibit.html(shown.theme, switches.language)
            html = in_scheme(that_stays(html), "dark" if switches.colours == "dark" else "light")
            if switches.colours == "forced":
                html = in_forced_colours(html)
            policy = _NO_SCRIPT if switches.script == "off" else _WITH_SCRIPT
            return Response(html, mimetype="text/html", headers={"Content-Security-Policy": policy})

        return self._shown(request, make)

    def _text(self, request: _Request, slug: str) -> Response:
        exhibit = _letter(slug)

        def make(shown: Shown, switches: Switches, _: Panel) -> Response:
            return _plain(exhibit.letter(shown.theme, switches.language).text.encode())

        return self._shown(request, make)

    def _source(self, request: _Request, slug: str) -> Response:
        exhibit = _letter(slug)

        def make(shown: Shown, switches: Switches, _: Panel) -> Response:
            letter = exhibit.letter(shown.theme, switches.language)
            return _plain(source_of(letter, self._shelf.settings))

        return self._shown(request, make)

    def _asset(self, request: _Request, name: str) -> Response:
        asset = self._shelf.asset(f"/static/{name}")
        if asset is None:
            raise NotFound
        return Response(asset.body, content_type=asset.content_type)

    def _style(self, _: _Request) -> Response:
        return Response(STYLE, mimetype="text/css")


def _exhibit(slug: str) -> Exhibit:
    if slug not in BY_SLUG:
        raise NotFound
    return BY_SLUG[slug]


def _letter(slug: str) -> LetterExhibit:
    exhibit = _exhibit(slug)
    if not isinstance(exhibit, LetterExhibit):
        raise NotFound
    return exhibit


def _row(exhibit: Exhibit, shown: Shown, language: str) -> dict[str, Any]:
    weight = weigh(exhibit.html(shown.theme, language))
    told = {"page": exhibit.page, "state": exhibit.state, "slug": exhibit.slug}
    return {**told, **weight.facts()}


def _of(switches: Switches) -> dict[str, str]:
    return {**asdict(switches), "query": switches.query}


def _page(template: str, status: int = 200, **facts: Any) -> Response:
    return Response(show(template, **facts), status, mimetype="text/html")


def _plain(octets: bytes) -> Response:
    return Response(octets, mimetype="text/plain")


class _Quiet(WSGIRequestHandler):
    """A handler that tells the terminal nothing of each request."""

    @override
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class Listener:
    """A gallery that listens on 127.0.0.1; port 0 takes any that is free. Raises OSError."""

    def __init__(self, gallery: Gallery, port: int) -> None:
        self._socket = socket.create_server((_HOST, port))
        self.port: int = self._socket.getsockname()[1]
        self._server = make_server(
            _HOST,
            self.port,
            gallery,
            threaded=True,
            request_handler=_Quiet,
            fd=self._socket.fileno(),
        )

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self.port}/"

    def serve(self) -> None:
        """Serve until Ctrl-C, or until `stop` in another thread."""
        try:
            self._server.serve_forever()
        finally:
            self._socket.close()

    def stop(self) -> None:
        self._server.shutdown()
