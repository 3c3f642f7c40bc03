"""The pages' routes: the authorization endpoint, the conversation after it, and the way out."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import unquote_to_bytes, urlencode

from flask import Blueprint, Request, Response, abort, request
from werkzeug.datastructures import MultiDict

from idp.model.errors import TooMany
from idp.oidc.parameters import parse_pairs
from idp.signin.answers import Answer, Browser, Submission
from idp.signin.conversation import SignIn
from idp.signin.logout import CONFIRM, LogOut
from idp.web.browser import BrowserReader
from idp.web.closure import Closure
from idp.web.forms import FormTokens, read_submission
from idp.web.rendering import Renderer, see_other

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,65}")  # of a mailed link
# Control characters but tab and line ends, lone surrogates, and U+FFFD where bytes were no UTF-8.
_UNTYPED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


@dataclass(frozen=True, kw_only=True)
class Pages:
    """What the routes of the conversation need."""

    sign_in: SignIn
    log_out: LogOut
    reader: BrowserReader
    renderer: Renderer
    tokens: FormTokens
    origin: str  # of the issuer
    closure: Closure
    wait_of: Callable[[str], int | None]  # address -> seconds, when its window is full
    ring: Callable[[], None]  # wakes the worker: a letter may have been promised

    def blueprint(self) -> Blueprint:
        pages = Blueprint("pages", __name__)
        pages.before_request(self.limit)
        pages.add_url_rule("/authorize", view_func=self.authorize, methods=["GET", "POST"])
        pages.add_url_rule("/signin", view_func=self.resume_sealed, methods=["POST"])
        pages.add_url_rule("/signin", view_func=self.unknown, methods=["GET"])
        pages.add_url_rule("/signin/<handle>", view_func=self.show, methods=["GET"])
        pages.add_url_rule("/signin/<handle>", view_func=self.resume, methods=["POST"])
        pages.add_url_rule("/reset", view_func=self.ask_for_link, methods=["GET"])
        pages.add_url_rule("/reset/<secret>", view_func=self.take_link, methods=["GET"])
        pages.add_url_rule("/update-password", view_func=self.open_link, methods=["GET"])
        pages.add_url_rule("/logout", view_func=self.begin_logout, methods=["GET", "POST"])
        pages.add_url_rule("/logout/confirm", view_func=self.confirm_logout, methods=["POST"])
        pages.add_url_rule("/logout/<batch>", view_func=self.logged_out, methods=["GET"])
        return pages

    def authorize(self) -> Response:
        """Answer an authorization request by GET or POST (OIDC Core 3.1.2.1)."""
        parameters = _parameters()
        if self._comes_without_cookies():
            return _as_get(parameters)
        browser = self.reader.read(request)
        return self.renderer.response(self.sign_in.begin(parameters, browser))

    def resume_sealed(self) -> Response:
        browser = self.reader.read(request)
        self.check_form()
        sealed = request.form.get("conversation", "")
        submission = self._submission(browser, sealed)
        return self._ringing(self.sign_in.resume_sealed(sealed, submission, browser))

    def unknown(self) -> Response:
        """Answer an address bar: the page that was posted here cannot be asked for again."""
        return self.renderer.response(self.sign_in.unknown(self.reader.read(request)))

    def show(self, handle: str) -> Response:
        return self.renderer.response(self.sign_in.show(handle, self.reader.read(request)))

    def resume(self, handle: str) -> Response:
        browser = self.reader.read(request)
        self.check_form()
        submission = self._submission(browser, handle)
        return self._ringing(self.sign_in.resume(handle, submission, browser))

    def ask_for_link(self) -> Response:
        """Show the reset to somebody who comes from a mail, not from a client."""
        client_id = request.args.get("client_id", "")
        answer = self.sign_in.recovery.ask(client_id, self.reader.read(request), self._wished())
        return self.renderer.response(answer)

    def take_link(self, secret: str) -> Response:
        """Take the secret of a mailed link out of the address at once; nothing is used up."""
        facts: dict[str, object] = {"opened": self.sign_in.clock()}
        if self._letter():
            facts["ui_locales"] = self._letter()
        response = see_other(f"{self.renderer.base}/update-password?{urlencode(facts)}")
        _, cookies = self.reader.read(request).keyed()
        self.reader.jar.set(response, replace(cookies, link=_readable_secret(secret)))
        return response

    def open_link(self) -> Response:
        opened_at = request.args.get("opened", 0, type=int)
        browser = self.reader.read(request)
        answer = self.sign_in.recovery.open(browser, opened_at=opened_at, letter=self._letter())
        return self.renderer.response(answer)

    def begin_logout(self) -> Response:
        """Answer a logout request by GET or POST (RP-Initiated Logout 1.0, 2)."""
        if request.method == "HEAD":  # whoever only looks does not log anybody out
            return Response()
        parameters = _parameters()
        if self._comes_without_cookies():
            return _as_get(parameters)
        return self._ringing(self.log_out.begin(parameters, self.reader.read(request)))

    def confirm_logout(self) -> Response:
        browser = self.reader.read(request)
        self.check_form()
        submission = self._submission(browser, CONFIRM)
        pairs = list(request.form.items(multi=True))
        return self._ringing(self.log_out.confirm(pairs, submission, browser))

    def logged_out(self, batch: str) -> Response:
        client_id = request.args.get("client_id", "")
        answer = self.log_out.done(batch, client_id, self.reader.read(request), self._wished())
        return self.renderer.response(answer)

    def _submission(self, browser: Browser, conversation: str) -> Submission:
        return read_submission(
            request, self.tokens, browser_key=browser.key, conversation=conversation
        )

    def _ringing(self, answer: Answer) -> Response:
        """Answer what may have promised a letter or a notice."""
        self.ring()
        return self.renderer.response(answer)

    def _comes_without_cookies(self) -> bool:
        """Tell whether another site sent this POST.

        SameSite=Lax then kept our cookies back, so the browser may well be logged in: a GET of the
        same request brings them along.
        """
        return request.method == "POST" and not self.reader.jar.has_any(request)

    def locale(self, browser: Browser) -> str:
        """Return the language of a page outside any conversation."""
        return self.sign_in.showing.locale(browser, self._wished())

    def _wished(self) -> tuple[str, ...]:
        return self.sign_in.showing.wished(list(request.args.items(multi=True)))

    def _letter(self) -> str:
        """Return the language of the letter whose link this is; "" if the link tells none."""
        return next(iter(self._wished()), "")

    def limit(self) -> None:
        """Let an address wait whose window is full. Raises TooMany."""
        seconds = self.wait_of(self.reader.read(request).address)
        if seconds is not None:
            raise TooMany(seconds)

    def check_form(self) -> None:
        """Refuse a form of another site, with a field twice, or with characters nobody types."""
        if is_foreign(request, self.origin):
            abort(403)
        if not _is_utf8(request.get_data()):
            abort(400)
        if _has_repeated(request.form) or _has_controls(request.form):
            abort(400)


def _parameters() -> list[tuple[str, str]]:
    return parse_pairs(request.get_data() if request.method == "POST" else request.query_string)


def _as_get(parameters: list[tuple[str, str]]) -> Response:
    query = urlencode(parameters, errors="surrogateescape")
    return see_other(f"{request.script_root}{request.path}?{query}")


def _readable_secret(text: str) -> str:
    """Return what of a link's last part may be its secret: mail programs add dots and brackets."""
    found = _SECRET.match(text)
    return found[0] if found else "-"


def is_foreign(incoming: Request, origin: str) -> bool:
    """Tell whether a POST comes from another origin.

    A browser that sends neither header leaves the answer to the form's token; `null` is refused.
    """
    site = incoming.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        return True
    claimed = incoming.headers.get("Origin")
    return claimed is not None and claimed != origin


def _is_utf8(form: bytes) -> bool:
    """Tell whether a posted form is text; the parser would keep other bytes as `%FF`, typed."""
    try:
        unquote_to_bytes(form).decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_repeated(form: MultiDict[str, str]) -> bool:
    return any(len(form.getlist(name)) > 1 for name in form)


def _has_controls(form: MultiDict[str, str]) -> bool:
    return any(_UNTYPED.search(name) or _UNTYPED.search(value) for name, value in form.items())
