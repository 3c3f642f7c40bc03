"""What goes wrong, as an answer: a page for people, standard JSON for programs."""

import logging
from dataclasses import dataclass

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from idp.model.errors import Busy, ProtocolError, StoreUnavailable, TooMany
from idp.model.tokens import new_reference
from idp.oidc.errors import error_uri
from idp.oidc.keys import NoSigningKey
from idp.signin.conversation import ForgedForm
from idp.web.pages import Pages

_PROGRAMS = frozenset({"/token", "/userinfo", "/revoke", "/introspect"})
_PAGES = {404: "e404", 429: "e429", 500: "e500", 503: "e503"}
_STANDARD = {500: "server_error", 503: "temporarily_unavailable"}
_STORE_RETRY = 5  # seconds

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Errors:
    """The handlers of everything that a request may end in."""

    pages: Pages

    def register(self, site: Flask) -> None:
        site.register_error_handler(HTTPException, self.on_http)
        site.register_error_handler(ForgedForm, self.on_forged)
        site.register_error_handler(Busy, self.on_busy)
        site.register_error_handler(TooMany, self.on_too_many)
        site.register_error_handler(StoreUnavailable, self.on_store)
        site.register_error_handler(NoSigningKey, self.on_no_key)
        site.register_error_handler(ProtocolError, self.on_protocol)
        site.register_error_handler(Exception, self.on_anything)

    def on_http(self, error: HTTPException) -> Response:
        methods = getattr(error, "valid_methods", None)
        response = self._answer(error.code or 500)
        if methods:
            response.headers["Allow"] = ", ".join(sorted(methods))
        return response

    def on_forged(self, _: ForgedForm) -> Response:
        return self._answer(403)

    def on_busy(self, busy: Busy) -> Response:
        return self._answer(503, retry_after=busy.retry_after)

    def on_too_many(self, too_many: TooMany) -> Response:
        return self._answer(429, retry_after=too_many.retry_after)

    def on_store(self, _: StoreUnavailable) -> Response:
        _log.error("the database does not answer")
        return self._answer(503, retry_after=_STORE_RETRY)

    def on_no_key(self, error: NoSigningKey) -> Response:
        _log.error("a token was refused: %s", error)
        return self._answer(503, retry_after=_STORE_RETRY)

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
        return self._answer(500, reference=reference)

    def _answer(
        self, status: int, *, reference: str = "", retry_after: int | None = None
    ) -> Response:
        reference = reference or new_reference()
        if request.path in _PROGRAMS:
            return _standard(status, reference, retry_after, self.pages.renderer.issuer)
        return self.pages.renderer.error(
            _PAGES.get(status, "e400"),
            status,
            locale=self.pages.locale(self.pages.reader.read(request)),
            reference=reference,
            retry_after=retry_after,
        )


def _standard(status: int, reference: str, retry_after: int | None, issuer: str) -> Response:
    """Return an error of RFC 6749 5.2's shape."""
    error = _STANDARD.get(status, "invalid_request")
    response = _as_json(error, f"HTTP {status}, reference {reference}", issuer)
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _as_json(error: str, description: str, issuer: str) -> Response:
    uri = error_uri(issuer, error)
    return jsonify(error=error, error_description=description, error_uri=uri)
