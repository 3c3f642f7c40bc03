"""What goes wrong, as an answer: a page for people with its next step, JSON for programs."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from idp.flow.waiting import too_often
from idp.model.errors import Busy, Closed, ProtocolError, StoreUnavailable, TooMany
from idp.model.page import Facts, Page
from idp.model.sessions import AuthenticationSession
from idp.model.tokens import new_reference
from idp.oidc.errors import error_uri
from idp.oidc.keys import NoSigningKey
from idp.signin.answers import Browser, ShowPage
from idp.theming import next_time
from idp.web.keycloak import is_programs
from idp.web.pages import Pages

_PROGRAMS: Final = frozenset({"/token", "/userinfo", "/revoke", "/introspect"})
# Key of the title; the key of the text has `body` in its place.
_TITLES: Final[Mapping[int, str]] = {
    403: "e403.form.title",
    404: "e404.title",
    405: "e405.title",
    413: "e413.title",
    414: "e413.title",
    429: "e429.title",
    500: "e500.title",
    503: "e503.title",
}
_PASSING: Final = frozenset({429, 500, 503})  # what is over in a while
_STANDARD: Final = {500: "server_error", 503: "temporarily_unavailable"}
_STORE_RETRY: Final = 5  # seconds
_NO_FACTS: Final[Facts] = {}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """What a request ended in. `may_look`: the store can be asked for its conversation."""

    status: int
    reference: str = ""
    retry_after: int | None = None
    closed_until: int | None = None
    may_look: bool = True


@dataclass(frozen=True)
class Errors:
    """The handlers of everything that a request may end in."""

    pages: Pages

    def register(self, site: Flask) -> None:
        site.register_error_handler(HTTPException, self.on_http)
        site.register_error_handler(Busy, self.on_busy)
        site.register_error_handler(TooMany, self.on_too_many)
        site.register_error_handler(Closed, self.on_closed)
        site.register_error_handler(StoreUnavailable, self.on_store)
        site.register_error_handler(NoSigningKey, self.on_no_key)
        site.register_error_handler(ProtocolError, self.on_protocol)
        site.register_error_handler(Exception, self.on_anything)

    def on_http(self, error: HTTPException) -> Response:
        methods = getattr(error, "valid_methods", None)
        response = self._answer(_Fault(status=error.code or 500))
        if methods:
            response.headers["Allow"] = ", ".join(sorted(methods))
        return response

    def on_busy(self, busy: Busy) -> Response:
        return self._answer(_Fault(status=503, retry_after=busy.retry_after))

    def on_too_many(self, too_many: TooMany) -> Response:
        return self._answer(_Fault(status=429, retry_after=too_many.retry_after))

    def on_closed(self, closed: Closed) -> Response:
        return self._answer(
            _Fault(status=503, retry_after=closed.retry_after, closed_until=closed.until)
        )

    def on_store(self, _: StoreUnavailable) -> Response:
        _log.error("the database does not answer")
        return self._answer(_Fault(status=503, retry_after=_STORE_RETRY, may_look=False))

    def on_no_key(self, error: NoSigningKey) -> Response:
        _log.error("a token was refused: %s", error)
        return self._answer(_Fault(status=503, retry_after=_STORE_RETRY))

    def on_protocol(self, error: ProtocolError) -> Response:
        response = _as_json(error.error, error.description, self.pages.renderer.issuer)
        response.status_code = error.status
        return response

    def on_anything(self, error: Exception) -> Response:
        """Say that it happened and where, never with what: the last resort."""
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else "?"
        reference = new_reference()
        _log.error("%s unexpected %s at %s", reference, type(error).__name__, place)
        try:
            return self._answer(_Fault(status=500, reference=reference, may_look=False))
        except Exception as again:  # noqa: BLE001 - Flask would log it with what it was about
            _log.error("%s no page for it: %s", reference, type(again).__name__)
            return Response(f"500 {reference}", status=500, content_type="text/plain")

    def _answer(self, fault: _Fault) -> Response:
        if request.path in _PROGRAMS or is_programs(request):
            return _standard(fault, self.pages.renderer.issuer)
        browser = self.pages.reader.read(request)
        session = self._interrupted(fault, browser)
        locale = (
            self.pages.renderer.spoken(session.locale, session.client_id)
            if session
            else self.pages.locale(browser)
        )
        view = {**self._words(fault, locale), **self._next_step(fault, session)}
        page = Page("error", view, status=fault.status, retry_after=fault.retry_after)
        if session is not None:
            answer = self.pages.sign_in.showing.page_of(session, page, browser)
        else:
            client_id = request.args.get("client_id", "")
            answer = ShowPage(
                page=page, locale=locale, reference=new_reference(), client_id=client_id
            )
        answer = replace(answer, reference=fault.reference or answer.reference)
        return self.pages.renderer.response(answer)

    def _interrupted(self, fault: _Fault, browser: Browser) -> AuthenticationSession | None:
        """Return the conversation in which it happened, so that the next step goes on with it."""
        handle = (request.view_args or {}).get("handle", "")
        if handle and not fault.may_look:
            return None
        try:
            sealed = request.form.get("conversation", "")
        except HTTPException:  # it is the form itself that cannot be read
            sealed = ""
        try:
            return self.pages.sign_in.interrupted(sealed, handle, browser)
        except StoreUnavailable:
            return None

    def _words(self, fault: _Fault, locale: str) -> dict[str, object]:
        title = _TITLES.get(fault.status, "e400.title")
        body, facts = title.replace("title", "body"), _NO_FACTS
        if fault.status == 429:  # noqa: PLR2004 - as HTTP numbers them
            told = too_often(fault.retry_after or 0)
            body, facts = told.key, told.facts
        elif fault.closed_until is not None:
            end, zone = fault.closed_until, self.pages.closure.timezone
            now = end - (fault.retry_after or 0)
            facts = {"time": next_time(end, now=now, timezone=zone, locale=locale)}
        elif fault.status == 503:  # noqa: PLR2004
            body = "e503.soon"
        return {"title": title, "body": body, "facts": facts}

    def _next_step(self, fault: _Fault, session: AuthenticationSession | None) -> dict[str, object]:
        """Return the one thing that helps now: go on, ask again, the log-in page, or home."""
        base = self.pages.renderer.base
        is_passing = fault.status in _PASSING
        if session is not None:
            words = "e.again" if is_passing else "btn.back"
            return {"next": words, "to": f"{base}/signin/{session.id}" if session.version else None}
        if is_passing and request.method in {"GET", "HEAD"}:
            return {"next": "e.again", "to": ""}  # this very address, without repeating it
        return {"next": "e.login" if fault.status == 404 else "btn.back", "to": None}  # noqa: PLR2004


def _standard(fault: _Fault, issuer: str) -> Response:
    """Return an error of RFC 6749 5.2's shape."""
    error = _STANDARD.get(fault.status, "invalid_request")
    reference = fault.reference or new_reference()
    response = _as_json(error, f"HTTP {fault.status}, reference {reference}", issuer)
    response.status_code = fault.status
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def _as_json(error: str, description: str, issuer: str) -> Response:
    uri = error_uri(issuer, error)
    return jsonify(error=error, error_description=description, error_uri=uri)
