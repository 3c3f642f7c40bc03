"""The public page for developers of relying parties, and the check of a pasted request.

Both keep nothing. A client that is not open for checks gets the same answer as one nobody knows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Blueprint, Response, request

from idp.model.page import Message, Page
from idp.oidc import protocol
from idp.oidc.provider import OpenIDProvider
from idp.oidc.request_check import PastedRequest, examine
from idp.settings import Settings
from idp.signin.answers import Cookies, ShowPage
from idp.web.pages import Pages

PAGE: Final = protocol.DEVELOPERS
CHECK: Final = f"{PAGE}/check"
_ENDPOINTS: Final = (
    *("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"),
    *("end_session_endpoint", "revocation_endpoint", "introspection_endpoint"),
)
_UNITS: Final = ((86_400, "dev.time.d"), (3_600, "dev.time.h"), (60, "dev.time.m"))
CLAIMS: Final[Mapping[str, tuple[str, ...]]] = {
    "openid": ("sub", "auth_time", "acr", "amr", "sid", "nonce"),
    "profile": ("name", "name#bn", "office", "updated_at"),
    "email": ("email", "email_verified"),
    "offline_access": (),
}


def _parameter(name: str) -> Message:
    return Message("dev.e.parameter", {"name": name})


# Every code that an answer of ours can carry, and every reason of our own error page.
ERRORS: Final[Mapping[str, Message]] = {
    "invalid_request": Message("dev.e.request"),
    "invalid_client": Message("dev.e.client"),
    "invalid_grant": Message("dev.e.grant"),
    "invalid_scope": Message("dev.e.scope", {"scope": "openid"}),
    "invalid_token": Message("dev.e.token"),
    "insufficient_scope": Message("dev.e.insufficient", {"scope": "openid"}),
    "access_denied": Message("dev.e.denied", {"key": "required_roles"}),
    "unauthorized_client": Message("dev.e.unauthorized", {"key": "grants"}),
    "unsupported_grant_type": Message(
        "dev.e.only", {"value": "authorization_code, refresh_token, client_credentials"}
    ),
    "unsupported_response_type": Message("dev.e.only", {"value": "response_type=code"}),
    "unsupported_token_type": Message("dev.e.revoke"),
    "login_required": Message("dev.e.login", {"value": "prompt=none"}),
    "request_not_supported": _parameter("request"),
    "request_uri_not_supported": _parameter("request_uri"),
    "registration_not_supported": _parameter("registration"),
    "server_error": Message("dev.e.server"),
    "temporarily_unavailable": Message("dev.e.later"),
    "unknown_client": Message("dev.e.unknown"),
    "disabled_client": Message("dev.e.disabled"),
    "unregistered_redirect_uri": Message("dev.e.uri"),
    "missing_client_id": Message("dev.e.missing", {"name": "client_id"}),
    "missing_redirect_uri": Message("dev.e.missing", {"name": "redirect_uri"}),
    "repeated_client_id": Message("dev.e.repeated", {"name": "client_id"}),
    "repeated_redirect_uri": Message("dev.e.repeated", {"name": "redirect_uri"}),
}


@dataclass(frozen=True, kw_only=True)
class Developers:
    """The routes; `facts` is what the page tells of this provider."""

    pages: Pages
    provider: OpenIDProvider
    endpoints: tuple[str, ...]  # of authorization, the proper one first
    facts: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, settings: Settings, provider: OpenIDProvider, pages: Pages) -> "Developers":
        metadata = json.loads(provider.discovery.body)
        return cls(
            pages=pages,
            provider=provider,
            endpoints=authorization_endpoints(settings),
            facts={
                "discovery": settings.issuer + protocol.DISCOVERY,
                "endpoints": tuple((name, metadata[name]) for name in _ENDPOINTS),
                "scopes": tuple(scopes_of(settings).items()),
                "lifetimes": _lifetimes(settings, provider),
                "errors": tuple(ERRORS.items()),
            },
        )

    def blueprint(self) -> Blueprint:
        routes = Blueprint("developers", __name__)
        routes.before_request(self.pages.limit)
        routes.add_url_rule(PAGE, view_func=self.show, methods=["GET"])
        routes.add_url_rule(CHECK, view_func=self.begin, methods=["GET"])
        routes.add_url_rule(CHECK, view_func=self.check, methods=["POST"])
        return routes

    def show(self) -> Response:
        return self._answer(
            Page("developers", {**self.facts, "check": self._path(CHECK), "url": ""})
        )

    def begin(self) -> Response:
        return self._answer(self._page(""))

    def check(self) -> Response:
        """Tell what is wrong with a pasted request; its language switch brings it along."""
        self.pages.check_form()
        language = request.form.get("language", "")
        if language not in self.pages.sign_in.showing.rules.locales:
            language = ""
        url = request.form.get("url", request.form.get("pasted", ""))
        return self._answer(self._judged(url), language, form=CHECK, fields={"pasted": url})

    def _judged(self, url: str) -> Page:
        if not url.strip():
            return self._page("", Message("dev.check.empty", field="url"))
        asked = PastedRequest.of(url)
        if asked is None:
            return self._page(url, Message("dev.check.url", field="url"))
        client = self.provider.client(asked.client_id)
        if client is None or not client.test:
            return self._page(url, Message("dev.check.closed", field="url"))
        known = tuple(scope for scope, _ in self.facts["scopes"])
        found = examine(asked, client, endpoints=self.endpoints, scopes=known)
        mistakes = tuple(one for one in found if one.is_error)
        tips = tuple(one for one in found if not one.is_error)
        notice = None if mistakes else Message("dev.check.good")
        return self._page(url, mistakes=mistakes, tips=tips, notice=notice)

    def _page(
        self, url: str, *errors: Message, notice: Message | None = None, **found: Any
    ) -> Page:
        view = {"url": url, "check": self._path(CHECK), "home": self._path(PAGE)}
        return Page("request_check", {**view, "mistakes": (), "tips": (), **found}, errors, notice)

    def _answer(self, page: Page, language: str = "", **around: Any) -> Response:
        browser = self.pages.reader.read(request)
        return self.pages.renderer.response(
            ShowPage(
                page=page,
                locale=language or self.pages.locale(browser),
                reference="",
                cookies=Cookies(language=language or None),
                **around,
            )
        )

    def _path(self, path: str) -> str:
        return f"{self.pages.renderer.base}{path}"


def authorization_endpoints(settings: Settings) -> tuple[str, ...]:
    """Return the addresses at which an authorization request is taken, the proper one first."""
    proper = settings.issuer + protocol.AUTHORIZE
    if not settings.aliases.keycloak_realm:
        return (proper,)
    return (proper, f"{settings.issuer}/protocol/openid-connect/auth")


def scopes_of(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the claims that each scope opens, those of the configuration included."""
    own = {name: tuple(scope.claims) for name, scope in settings.scopes.items()}
    names = dict.fromkeys((*CLAIMS, *own))
    return {name: (*CLAIMS.get(name, ()), *own.get(name, ())) for name in names}


def _lifetimes(settings: Settings, provider: OpenIDProvider) -> tuple[tuple[Message, Message], ...]:
    tokens, session = settings.tokens, settings.session
    refresh = Message("dev.life.refresh", {"scope": "offline_access"})
    return (
        (Message("dev.life.code"), _duration(tokens.code)),
        (Message("dev.life.access"), _duration(tokens.access)),
        (Message("dev.life.id"), _duration(provider.settings.id_token_lifetime)),
        (refresh, _duration(tokens.refresh)),
        (Message("dev.life.idle"), _duration(session.idle)),
        (Message("dev.life.max"), _duration(session.max)),
    )


def _duration(seconds: int) -> Message:
    """Tell a duration in its largest whole unit."""
    for unit, key in _UNITS:
        if seconds % unit == 0 and seconds:
            return Message(key, {"n": seconds // unit})
    return Message("dev.time.s", {"s": seconds})
