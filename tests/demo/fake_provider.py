"""A provider that is honest until a `Twist` makes it lie; it checks what a relying party sends."""

import base64
import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.exceptions import BadRequest
from werkzeug.serving import make_server
from werkzeug.wrappers import Response as BaseResponse

from idp.demo.logout_tokens import EVENT
from idp.demo.pages import QuietHandler
from idp.model.clock import system_clock

CLIENT_ID = "backoffice"
CLIENT_SECRET = "idpcs_canary"
SECRETS = {CLIENT_ID: CLIENT_SECRET, "ministry": "idpcs_ministry_canary"}
SUB, SID = "u1", "s1"
ACCESS_TOKEN = "access-token-canary"
REFRESH_TOKEN = "refresh-token-canary"
LIFETIME = 300  # seconds
POLL = 0.02  # seconds
KEY = RSAKey.generate_key(2048, {"kid": "k1"})
STRANGERS_KEY = RSAKey.generate_key(2048, {"kid": "k1"})
NEXT_KEY = RSAKey.generate_key(2048, {"kid": "k2"})


@dataclass(frozen=True)
class Twist:
    """What the provider does wrong; `left_out` names a token or a claim of the ID token."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    response: Mapping[str, str | None] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    userinfo: Any = field(default_factory=dict)
    left_out: str = ""
    token_error: str = ""
    is_garbage: bool = False
    is_signed_by_a_stranger: bool = False


HONEST = Twist()


class FakeProvider:
    """Its endpoints, the twist of the moment and what it has to complain of."""

    def __init__(self) -> None:
        self.issuer = ""
        self.twist = HONEST
        self.key = KEY
        self.refreshes = 0
        self.complaints: list[str] = []
        self.logouts: list[dict[str, str]] = []
        self._numbers = count()
        self._requests: dict[str, dict[str, str]] = {}
        self.app = Flask("fake_provider")
        self.app.add_url_rule("/.well-known/openid-configuration", "discovery", self.discovery)
        self.app.add_url_rule("/jwks", "jwks", self.jwks)
        self.app.add_url_rule("/authorize", "authorize", self.authorize)
        self.app.add_url_rule("/token", "token", self.token, methods=["POST"])
        self.app.add_url_rule("/userinfo", "userinfo", self.userinfo)
        self.app.add_url_rule("/logout", "logout", self.logout)

    def discovery(self) -> dict[str, Any]:
        honest = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/logout",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return honest | dict(self.twist.metadata)

    def jwks(self) -> dict[str, Any]:
        return dict(KeySet([self.key]).as_dict(private=False))

    def authorize(self) -> BaseResponse:
        sent = request.args.to_dict()
        self._expect("PKCE with S256", sent.get("code_challenge_method") == "S256")
        code = f"c{len(self._requests)}"
        self._requests[code] = sent
        honest = {"code": code, "state": sent["state"], "iss": self.issuer}
        answer = honest | dict(self.twist.response)
        query = urlencode({name: value for name, value in answer.items() if value is not None})
        return redirect(f"{sent['redirect_uri']}?{query}")

    def token(self) -> Response | tuple[Response | str, int]:
        who = request.authorization
        is_known = who is not None and SECRETS.get(who.username or "") == who.password
        self._expect("the client's Basic credentials", is_known)
        if self.twist.is_garbage:
            return "<html>", 500
        error = self.twist.token_error or self._grant_error()
        return (jsonify(error=error), 400) if error else jsonify(self._tokens())

    def userinfo(self) -> Any:
        sent = request.headers.get("Authorization")
        self._expect("the access token", sent == f"Bearer {ACCESS_TOKEN}")
        honest = {
            "sub": SUB,
            "name": "Rahima",
            "name#bn": "রহিমা",
            "email": "office@example.gov.bd",
            "email_verified": True,
            "office": "<b>x",
        }
        if not isinstance(self.twist.userinfo, dict):
            return jsonify(self.twist.userinfo)
        return honest | self.twist.userinfo

    def logout(self) -> BaseResponse:
        """Log out without a question, as an honest provider does when the hint is its own."""
        sent = request.args.to_dict()
        self.logouts.append(sent)
        return redirect(f"{sent['post_logout_redirect_uri']}?{urlencode({'state': sent['state']})}")

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        key = STRANGERS_KEY if self.twist.is_signed_by_a_stranger else self.key
        return jwt.encode({"alg": "RS256", "kid": self.key.kid, **header}, claims, key)

    def logout_token(self, *, left_out: str = "", typ: str = "logout+jwt", **changes: Any) -> str:
        """Return a logout token (Back-Channel Logout 2.4), honest but for the changes."""
        now = system_clock()
        honest = {
            "iss": self.issuer,
            "sub": SUB,
            "sid": SID,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": f"j{next(self._numbers)}",
            "events": {EVENT: {}},
        }
        claims = {name: value for name, value in (honest | changes).items() if name != left_out}
        return self.sign({"typ": typ}, claims)

    def _grant_error(self) -> str:
        form = request.form
        if form["grant_type"] == "refresh_token":
            self._expect("the refresh token", form["refresh_token"] == REFRESH_TOKEN)
            self.refreshes += 1
            return ""
        asked = self._requests.get(form.get("code", ""))
        if asked is None:
            return "invalid_grant"
        self._expect("the code verifier", _s256(form["code_verifier"]) == asked["code_challenge"])
        self._expect("the same redirect URI", form["redirect_uri"] == asked["redirect_uri"])
        return ""

    def _tokens(self) -> dict[str, Any]:
        tokens = {
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "refresh_token": REFRESH_TOKEN,
            "id_token": self.sign({"typ": "JWT"}, self._claims()),
            "scope": "openid",
        }
        return self._without(tokens)

    def _claims(self) -> dict[str, Any]:
        now = system_clock()
        honest = {
            "iss": self.issuer,
            "sub": SUB,
            "sid": SID,
            "aud": request.authorization.username if request.authorization else None,
            "exp": now + LIFETIME,
            "iat": now,
            "auth_time": now,
            "amr": ["pwd", "email"],
        }
        asked = self._requests.get(request.form.get("code", ""), {})
        nonce = {"nonce": asked["nonce"]} if "nonce" in asked else {}
        return self._without(honest | nonce | dict(self.twist.claims))

    def _without(self, words: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in words.items() if name != self.twist.left_out}

    def _expect(self, what: str, is_right: bool) -> None:
        if not is_right:
            self.complaints.append(what)
            raise BadRequest(what)


def _s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@contextmanager
def running_fake_provider() -> Iterator[FakeProvider]:
    """Serve a fake provider on a free port of loopback while the block runs."""
    provider = FakeProvider()
    server = make_server("127.0.0.1", 0, provider.app, threaded=True, request_handler=QuietHandler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(POLL,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
