"""A server of every state in every theme and language, under the headers that people get.

`/<theme>/<language>/<state>` is a page; `?script=off` forbids every script on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from idp.theming import SUBMIT_HASH, Theme, load_themes
from idp.theming.states import STATES, State
from idp.web.headers import SecurityHeaders
from tests.theming.samples import LOCALES, ROOT, Help

THEMES = ("portal", "base", "ministry")
BY_NAME: Mapping[str, State] = {state.name: state for state in STATES}


def load_shipped() -> dict[str, Theme]:
    return {
        name: load_themes(ROOT, name, locales=LOCALES, support=Help(), default=THEMES[0])
        for name in THEMES
    }


@dataclass(frozen=True)
class Stand:
    """The application: pages of the list, and the files that they ask for."""

    themes: Mapping[str, Theme]
    origin: str

    def address(self, state: str, locale: str, theme: str, *, has_script: bool = True) -> str:
        off = "" if has_script else "?script=off"
        return f"{self.origin}/{theme}/{locale}/{quote(state)}{off}"

    def __call__(self, environ, start_response):
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        for theme in self.themes.values():
            if asset := theme.assets.get(request.path):
                kept = {"Cache-Control": "public, max-age=31536000, immutable"}
                return Response(asset.body, content_type=asset.content_type, headers=kept)
        try:
            name, locale, state = request.path.strip("/").split("/")
            return self._page(self.themes[name], locale, BY_NAME[state], request)
        except (ValueError, KeyError):
            return NotFound().get_response(environ=request.environ)

    def _page(self, theme: Theme, locale: str, state: State, request: Request) -> Response:
        headers = SecurityHeaders(
            issuer=self.origin,
            style_hashes=theme.style_hashes,
            script_hash=SUBMIT_HASH,
            has_fonts=theme.has_fonts,
        ).everywhere()
        policy = headers["Content-Security-Policy"]
        if request.args.get("script") == "off":
            policy = f"{policy}, script-src 'none'"
        return Response(
            theme.page(state.page_in(locale), state.frame(locale)),
            content_type="text/html; charset=utf-8",
            headers={**headers, "Content-Security-Policy": policy},
        )
