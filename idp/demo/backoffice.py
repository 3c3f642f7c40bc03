"""The sample relying party: Flask and Authlib's client, which know the provider by its issuer only.

Discovery, PKCE S256, state, nonce, `iss` (RFC 9207) and the ID token are checked; whatever goes
wrong ends on a calm page with a way on, never in a loop of redirects.
"""

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast
from urllib.parse import quote, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth, OAuthError
from flask import Flask, Response, redirect, render_template, request, session
from joserfc.errors import JoseError
from werkzeug.wrappers import Response as BaseResponse

from idp.demo.pages import prepare, serve
from idp.demo.sessions import MemorySession, MemorySessions

SCOPES = "openid profile email offline_access"
DHAKA = timezone(timedelta(hours=6))
LAST_TIME = 253_402_000_000  # the year 9999; a later claim is shown as its number
TIME_CLAIMS = frozenset({"auth_time", "exp", "iat", "updated_at"})
PROVIDER_TIMEOUT = 10  # seconds
# Whatever a provider can do to us: refuse, sign wrongly, be away, or answer nonsense, on which
# Authlib stumbles in one of the last five ways.
PROVIDER_FAULTS = (
    AuthlibBaseError,
    JoseError,
    requests.RequestException,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
)

Answer = str | tuple[str, int] | BaseResponse
Clock = Callable[[], float]


@dataclass(frozen=True)
class Settings:
    """What an administrator of the provider gives to a relying party."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    base_url: str


class WrongIssuerError(AuthlibBaseError):
    """Discovery or the authorization response names another issuer than ours."""

    error = "wrong_issuer"


class Backoffice:
    """The pages of the backoffice."""

    def __init__(self, settings: Settings, client: Any, clock: Clock) -> None:
        self.settings = settings
        self.client = client
        self.clock = clock

    def home(self) -> Answer:
        """Show who is there, or go straight to the provider."""
        if "person" not in session:
            return self._to_provider()
        return render_template("backoffice.html", **self._home_view(session))

    def callback(self) -> Answer:
        """Take the authorization response (RFC 6749 4.1.2, OIDC Core 3.1.2.5)."""
        state = request.args.get("state", "")
        if not self.client.framework.get_state_data(session, state):
            return self._unknown_state()
        try:
            self._check_response_issuer()
            token = self._fetch_token(state)
            person = self._fetch_person(token)
        except OAuthError as error:
            return _problem("refused", error.error, 400)
        except PROVIDER_FAULTS as error:
            return _problem("refused", type(error).__name__, 502)
        _remember(token, person)
        return redirect("/", 303)

    def refresh(self) -> Answer:
        """Spend the refresh token for new tokens (RFC 6749 6, OIDC Core 12)."""
        if not _is_own_form() or "token" not in session:
            return _problem("form", "400 Bad Request", 400)
        try:
            token = self._refreshed(session["token"])
        except OAuthError as error:
            session.clear()
            return _problem("ended", error.error, 400)
        except PROVIDER_FAULTS as error:
            return _problem("away", type(error).__name__, 502)
        session["token"] = token
        session["notice"] = "refreshed"
        return redirect("/", 303)

    def forget(self) -> Answer:
        """Forget this site's session; the provider's own goes on."""
        if not _is_own_form():
            return _problem("form", "400 Bad Request", 400)
        session.clear()
        return redirect("/forgotten", 303)

    def forgotten(self) -> Answer:
        """Tell that the session is forgotten, with a way back in."""
        return render_template("problem.html", kind="forgotten")

    def _to_provider(self) -> Answer:
        try:
            self._check_metadata()
            answer = self.client.authorize_redirect(f"{self.settings.base_url}/callback")
        except PROVIDER_FAULTS as error:
            return _problem("away", type(error).__name__, 503)
        return cast("BaseResponse", answer)

    def _unknown_state(self) -> Answer:
        if "person" in session:
            session["notice"] = "stale"
            return redirect("/", 303)
        return _problem("stale", "unknown state", 400)

    def _check_metadata(self) -> None:
        """Refuse a discovery document of another issuer (OIDC Discovery 4.3)."""
        metadata = self.client.load_server_metadata()
        if metadata.get("issuer") != self.settings.issuer:
            self.client.server_metadata.pop("_loaded_at")
            raise WrongIssuerError

    def _check_response_issuer(self) -> None:
        """Refuse a response of another issuer (RFC 9207 2.4)."""
        self._check_metadata()
        metadata = self.client.load_server_metadata()
        is_promised = metadata.get("authorization_response_iss_parameter_supported", False)
        found = request.args.get("iss")
        if found != self.settings.issuer and (is_promised or found is not None):
            raise WrongIssuerError

    def _fetch_token(self, state: str) -> dict[str, Any]:
        try:
            token = self.client.authorize_access_token(claims_options=self._claims_options())
        finally:
            # Authlib leaves the state of a refused request behind.
            self.client.framework.clear_state_data(session, state)
        if "userinfo" not in token:
            raise OAuthError("missing_id_token")
        return dict(token)

    def _fetch_person(self, token: Mapping[str, Any]) -> dict[str, Any]:
        """Return the userinfo claims; they must be of the ID token's subject (OIDC Core 5.3.2)."""
        person = dict(self.client.userinfo(token=token))
        if person.get("sub") != token["userinfo"]["sub"]:
            raise OAuthError("wrong_subject")
        return person

    def _refreshed(self, old: Mapping[str, Any]) -> dict[str, Any]:
        token = dict(
            self.client.fetch_access_token(
                grant_type="refresh_token", refresh_token=old.get("refresh_token", "")
            )
        )
        claims = self.client.parse_id_token(
            token, nonce=None, claims_options=self._claims_options()
        )
        if claims and claims["sub"] != old["userinfo"]["sub"]:
            raise OAuthError("wrong_subject")
        return {**old, **token, "userinfo": claims or old["userinfo"]}

    def _claims_options(self) -> dict[str, dict[str, Any]]:
        return {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": self.settings.client_id},
        }

    def _home_view(self, current: Any) -> dict[str, Any]:
        person, token = current["person"], current["token"]
        return {
            "name": person.get("name#bn") or person.get("name") or person.get("email"),
            "person": person,
            "lifetimes": self._lifetimes(token),
            "has_refresh_token": "refresh_token" in token,
            "scope": token.get("scope", ""),
            "id_token": _table(token["userinfo"]),
            "userinfo": _table(person),
            "issuer": self.settings.issuer,
            "client_id": self.settings.client_id,
            "csrf": current["csrf"],
            "notice": current.pop("notice", ""),
        }

    def _lifetimes(self, token: Mapping[str, Any]) -> list[tuple[str, int]]:
        """Return (name, whole minutes left, at least 0) for each token that tells its end."""
        ends = {"access_token": token.get("expires_at"), "id_token": token["userinfo"].get("exp")}
        now = self.clock()
        return [(name, max(0, int(end - now) // 60)) for name, end in ends.items() if end]


def _remember(token: dict[str, Any], person: dict[str, Any]) -> None:
    session.clear()
    session.update(token=token, person=person, csrf=secrets.token_urlsafe(32))
    cast("MemorySession", session).renew()


def _is_own_form() -> bool:
    sent, kept = request.form.get("csrf", ""), session.get("csrf", "")
    return bool(kept) and secrets.compare_digest(sent.encode(), kept.encode())


def _problem(kind: str, fact: str, status: int) -> tuple[str, int]:
    return render_template("problem.html", kind=kind, fact=fact), status


def _table(claims: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, _readable(name, value)) for name, value in sorted(claims.items())]


def _readable(name: str, value: object) -> str:
    if name in TIME_CLAIMS and isinstance(value, int) and 0 < value < LAST_TIME:
        local = datetime.fromtimestamp(value, UTC).astimezone(DHAKA)
        return f"{value} ({local:%Y-%m-%d %H:%M:%S} UTC+6)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def create_app(settings: Settings, clock: Clock = time.time) -> Flask:
    """Put the backoffice together; nothing is asked of the provider before the first visitor."""
    app = prepare(Flask(__name__))
    app.session_interface = MemorySessions()
    app.config["PREFERRED_URL_SCHEME"] = urlsplit(settings.base_url).scheme
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    pages = Backoffice(settings, _client(app, settings), clock)
    app.before_request(lambda: _to_own_address(settings))
    app.add_url_rule("/", "home", pages.home)
    app.add_url_rule("/callback", "callback", pages.callback)
    app.add_url_rule("/refresh", "refresh", pages.refresh, methods=["POST"])
    app.add_url_rule("/forget", "forget", pages.forget, methods=["POST"])
    app.add_url_rule("/forgotten", "forgotten", pages.forgotten)
    return app


def _client(app: Flask, settings: Settings) -> Any:
    return OAuth(app).register(
        "backoffice",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        server_metadata_url=f"{settings.issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": SCOPES,
            "code_challenge_method": "S256",
            "default_timeout": PROVIDER_TIMEOUT,
        },
    )


def _to_own_address(settings: Settings) -> BaseResponse | None:
    """Send `localhost` to our one address: the cookie and the redirect URI belong to it."""
    if request.host == urlsplit(settings.base_url).netloc or request.path == "/callback":
        return None
    if request.method == "GET":
        return redirect(settings.base_url + quote(request.path), 302)
    return Response("wrong host\n", 421, mimetype="text/plain")


def main(arguments: list[str] | None = None) -> int:
    """Serve the backoffice; BACKOFFICE_CLIENT_SECRET is the secret's only way in."""
    environ = os.environ.get
    parser = argparse.ArgumentParser(prog="python -m idp.demo.backoffice")
    port = int(environ("BACKOFFICE_PORT", "9001"))
    parser.add_argument("--issuer", default=environ("BACKOFFICE_ISSUER", "http://127.0.0.1:9000"))
    parser.add_argument("--client-id", default=environ("BACKOFFICE_CLIENT_ID", "backoffice"))
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--base-url", default=environ("BACKOFFICE_BASE_URL"))
    chosen = parser.parse_args(arguments)
    settings = Settings(
        issuer=chosen.issuer,
        client_id=chosen.client_id,
        client_secret=environ("BACKOFFICE_CLIENT_SECRET", ""),
        base_url=chosen.base_url or f"http://127.0.0.1:{chosen.port}",
    )
    serve(create_app(settings), chosen.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
