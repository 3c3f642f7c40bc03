"""The sample relying party, in two looks: its pages, and the receiver of back-channel logouts.

Whatever goes wrong ends on a calm page with a way on, never in a loop of redirects.
"""

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast
from urllib.parse import quote, urlsplit

from authlib.integrations.flask_client import OAuthError
from flask import Flask, Response, jsonify, redirect, render_template, request, session
from werkzeug.wrappers import Response as BaseResponse

from idp.demo.logout_tokens import LogoutTokens, RefusedLogoutTokenError
from idp.demo.pages import CONTENT_SECURITY_POLICY, prepare, serve
from idp.demo.protocol import PROVIDER_FAULTS, Protocol, authlib_client
from idp.demo.sessions import MemorySession, MemorySessions
from idp.demo.settings import BACKOFFICE, LOOKS, Clock, Settings

DHAKA = timezone(timedelta(hours=6))
LAST_TIME = 253_402_000_000  # the year 9999; a later claim is shown as its number
TIME_CLAIMS = frozenset({"auth_time", "exp", "iat", "updated_at"})

Answer = str | tuple[str, int] | BaseResponse


class RelyingParty:
    """The pages."""

    def __init__(self, protocol: Protocol, clock: Clock) -> None:
        self.settings = protocol.settings
        self.protocol = protocol
        self.clock = clock

    def home(self) -> Answer:
        """Show who is there, or go straight to the provider."""
        if "person" in session:
            return render_template("home.html", **self._home_view(session))
        try:
            return self.protocol.to_login()
        except PROVIDER_FAULTS as error:
            return _problem("away", type(error).__name__, 503)

    def callback(self) -> Answer:
        """Take the authorization response (RFC 6749 4.1.2, OIDC Core 3.1.2.5)."""
        state = request.args.get("state", "")
        if not self.protocol.has_begun(state):
            return _unknown_state()
        try:
            token, person = self.protocol.take_answer(state)
        except OAuthError as error:
            return _problem("refused", error.error, 400)
        except PROVIDER_FAULTS as error:
            return _problem("refused", type(error).__name__, 502)
        _remember(token, person)
        return redirect("/", 303)

    def refresh(self) -> Answer:
        """Spend the refresh token for new tokens."""
        if "token" not in session:
            return _problem("ended", "no session", 400)
        if not _is_own_form():
            return _problem("form", "400 Bad Request", 400)
        try:
            token = self.protocol.refreshed(session["token"])
        except OAuthError as error:
            session.clear()
            return _problem("ended", error.error, 400)
        except PROVIDER_FAULTS as error:
            return _problem("away", type(error).__name__, 502)
        session.update(token=token, id_token=token["id_token"], notice="refreshed")
        return redirect("/", 303)

    def logout(self) -> Answer:
        """End this site's session and ask the provider to end its own (RP-Initiated Logout 2)."""
        id_token, csrf = session.get("id_token"), session.get("csrf")
        if not id_token:
            return redirect("/bye", 303)
        if not _is_own_form():
            return _problem("form", "400 Bad Request", 400)
        session.clear()
        # Who presses twice, or comes back from a provider that was away, can ask again.
        session.update(id_token=id_token, csrf=csrf)
        try:
            return self.protocol.to_logout(id_token)
        except PROVIDER_FAULTS as error:
            return _problem("half", type(error).__name__, 502, csrf=csrf)

    def bye(self) -> Answer:
        """Be where the provider sends people after a logout (RP-Initiated Logout 3)."""
        if "person" in session:
            return redirect("/", 303)
        if not self.protocol.take_logout_answer():
            return render_template("problem.html", kind="nobody")
        session.clear()
        return render_template("problem.html", kind="bye")

    def forget(self) -> Answer:
        """Forget this site's session; the provider's own goes on."""
        if not _is_own_form():
            return _problem("form", "400 Bad Request", 400)
        session.clear()
        return redirect("/forgotten", 303)

    def forgotten(self) -> Answer:
        """Tell that the session is forgotten, with a way back in."""
        return render_template("problem.html", kind="forgotten")

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


class BackChannel:
    """Where the provider tells, without a browser, that a session has ended."""

    def __init__(self, tokens: LogoutTokens, sessions: MemorySessions) -> None:
        self.tokens = tokens
        self.sessions = sessions

    def logout(self) -> tuple[Response, int]:
        """Answer a back-channel logout request (Back-Channel Logout 2.5 to 2.8)."""
        try:
            logged_out = self.tokens.accept(request.form.get("logout_token", ""))
        except RefusedLogoutTokenError as error:
            return _refused(str(error))
        except PROVIDER_FAULTS as error:
            return _refused(type(error).__name__)
        self.sessions.end(sub=logged_out.sub, sid=logged_out.sid)
        return Response(), 200


def _refused(reason: str) -> tuple[Response, int]:
    return jsonify(error="invalid_request", error_description=reason), 400


def _remember(token: dict[str, Any], person: dict[str, Any]) -> None:
    claims = token["userinfo"]
    session.clear()
    session.update(token=token, person=person, csrf=secrets.token_urlsafe(32))
    session.update(id_token=token["id_token"], sub=claims["sub"], sid=claims.get("sid", ""))
    cast("MemorySession", session).renew()


def _unknown_state() -> Answer:
    if "person" in session:
        session["notice"] = "stale"
        return redirect("/", 303)
    return _problem("stale", "unknown state", 400)


def _is_own_form() -> bool:
    sent, kept = request.form.get("csrf", ""), session.get("csrf", "")
    return bool(kept) and secrets.compare_digest(sent.encode(), kept.encode())


def _problem(kind: str, fact: str, status: int, **view: Any) -> tuple[str, int]:
    return render_template("problem.html", kind=kind, fact=fact, **view), status


def _table(claims: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, _readable(name, value)) for name, value in sorted(claims.items())]


def _readable(name: str, value: object) -> str:
    if name in TIME_CLAIMS and isinstance(value, int) and 0 < value < LAST_TIME:
        local = datetime.fromtimestamp(value, UTC).astimezone(DHAKA)
        return f"{value} ({local:%Y-%m-%d %H:%M:%S} UTC+6)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def create_app(settings: Settings, clock: Clock = time.time) -> Flask:
    """Put the site together; nothing is asked of the provider before the first visitor."""
    app = prepare(Flask(__name__))
    sessions = MemorySessions(settings.look.cookie)
    app.session_interface = sessions
    app.config["PREFERRED_URL_SCHEME"] = urlsplit(settings.base_url).scheme
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.jinja_env.globals["look"] = settings.look
    protocol = Protocol(settings, authlib_client(app, settings))
    app.before_request(lambda: _to_own_address(settings))
    app.after_request(lambda response: _let_forms_lead_to_the_provider(response, settings))
    _add_pages(app, RelyingParty(protocol, clock))
    back_channel = BackChannel(LogoutTokens(protocol, clock), sessions)
    app.add_url_rule(
        "/backchannel-logout", "backchannel_logout", back_channel.logout, methods=["POST"]
    )
    return app


def _add_pages(app: Flask, pages: RelyingParty) -> None:
    app.add_url_rule("/", "home", pages.home)
    app.add_url_rule("/callback", "callback", pages.callback)
    app.add_url_rule("/refresh", "refresh", pages.refresh, methods=["POST"])
    app.add_url_rule("/logout", "logout", pages.logout, methods=["POST"])
    app.add_url_rule("/bye", "bye", pages.bye)
    app.add_url_rule("/forget", "forget", pages.forget, methods=["POST"])
    app.add_url_rule("/forgotten", "forgotten", pages.forgotten)


def _let_forms_lead_to_the_provider(response: Response, settings: Settings) -> Response:
    """Chromium holds `form-action` against the redirect that follows a form, too: the logout."""
    url = urlsplit(settings.issuer)
    provider = f"form-action 'self' {url.scheme}://{url.netloc}"
    policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", provider)
    response.headers["Content-Security-Policy"] = policy
    return response


def _to_own_address(settings: Settings) -> BaseResponse | None:
    """Send `localhost` to our one address: the cookie and the redirect URI belong to it."""
    if request.host == urlsplit(settings.base_url).netloc or request.path == "/callback":
        return None
    if request.method == "GET":
        return redirect(settings.base_url + quote(request.path), 302)
    return Response("wrong host\n", 421, mimetype="text/plain")


def read_settings(arguments: list[str] | None, environ: Mapping[str, str]) -> tuple[Settings, int]:
    """Return settings and port; the secret comes by the look's `…_CLIENT_SECRET` only."""
    parser = argparse.ArgumentParser(prog="python -m idp.demo.relying_party")
    parser.add_argument("--look", choices=LOOKS, default=BACKOFFICE.key)
    for option in ("--issuer", "--client-id", "--port", "--base-url"):
        parser.add_argument(option, type=int if option == "--port" else str)
    chosen = parser.parse_args(arguments)
    look = LOOKS[chosen.look]

    def variable(name: str, default: str) -> str:
        return environ.get(look.variable(name), default)

    port = chosen.port or int(variable("PORT", str(look.port)))
    settings = Settings(
        issuer=chosen.issuer or variable("ISSUER", "http://127.0.0.1:9000"),
        client_id=chosen.client_id or variable("CLIENT_ID", look.key),
        client_secret=variable("CLIENT_SECRET", ""),
        base_url=chosen.base_url or variable("BASE_URL", f"http://127.0.0.1:{port}"),
        look=look,
    )
    return settings, port


def main(arguments: list[str] | None = None) -> int:
    """Serve one look of the relying party until SIGINT or SIGTERM."""
    settings, port = read_settings(arguments, os.environ)
    serve(create_app(settings), port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
