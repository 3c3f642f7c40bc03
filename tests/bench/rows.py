"""What the bench measures: the rows of the table, with the requests that each of them sends."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from idp.accounts.hash_gate import HashGate
from idp.accounts.passwords import Hasher
from tests.bench.harness import Environ, Row, call, environ
from tests.bench.leavers import Leavers, cookies
from tests.browser import Browser
from tests.signin.leaving import declare
from tests.system import (
    CALLBACK,
    ISSUER,
    PASSWORD,
    SECRET,
    VERIFIER,
    System,
    authorize_url,
    furnish,
    log_in,
    start,
    write_config,
)

_BASIC = {"Authorization": "Basic " + base64.b64encode(f"backoffice:{SECRET}".encode()).decode()}
_APP_CALLBACK = "http://127.0.0.1:9005/callback"
_USER = "office@example.gov.bd"
_DATABASE = "sqlite:///idp.sqlite"


def furnished(folder: Path) -> System:
    """Return a provider on a fresh SQLite database whose ID tokens are signed with ES256."""
    furnish(folder, _DATABASE)
    return with_id_token(folder, "ES256")


def with_id_token(folder: Path, alg: str) -> System:
    config = write_config(folder, database=_DATABASE, more=f'[keys]\nid_token = "{alg}"')
    # One client that wants to be told of a logout; nobody delivers while the bench measures.
    declare(folder, {"backoffice": 'backchannel_logout_uri = "http://127.0.0.1:9001/bcl"'})
    return start(config)


class Requests:
    """Makes requests to one provider; a person is logged in in its browser."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.wsgi = system.assembly.wsgi
        self._cookies = {"Cookie": cookies(log_in(system))}
        self._lasting = self._redeemed(self.codes(1)[0])

    # Each of these makes `count` requests that no request before them was like.

    def authorize(self, count: int, client_id: str = "backoffice") -> list[Environ]:
        url = authorize_url(client_id=client_id)
        return [environ("GET", url, headers=self._cookies) for _ in range(count)]

    def redeem(self, count: int) -> list[Environ]:
        return self.codes(count)

    def refresh(self, count: int) -> list[Environ]:
        """Refresh at a confidential client, whose token stays."""
        form = {"grant_type": "refresh_token", "refresh_token": self._lasting["refresh_token"]}
        return [environ("POST", "/token", form=form, headers=_BASIC) for _ in range(count)]

    def rotate(self, count: int) -> list[Environ]:
        """Refresh at a public client, whose token is spent."""
        tokens = [self._redeemed(code)["refresh_token"] for code in self.codes(count, "app")]
        form = {"grant_type": "refresh_token", "client_id": "app"}
        return [environ("POST", "/token", form={**form, "refresh_token": t}) for t in tokens]

    def own(self, count: int) -> list[Environ]:
        form = {"grant_type": "client_credentials"}
        return [environ("POST", "/token", form=form, headers=_BASIC) for _ in range(count)]

    def userinfo(self, count: int) -> list[Environ]:
        return [
            environ("GET", "/userinfo", headers={"Authorization": f"Bearer {token}"})
            for token in self._access_tokens(count)
        ]

    def introspect(self, count: int) -> list[Environ]:
        return [
            environ("POST", "/introspect", form={"token": token}, headers=_BASIC)
            for token in self._access_tokens(count)
        ]

    def login_page(self, count: int) -> list[Environ]:
        headers = {"Accept-Encoding": "gzip, deflate, br", "Accept-Language": "bn,en;q=0.5"}
        return [environ("GET", authorize_url(), headers=headers) for _ in range(count)]

    def login(self, count: int) -> list[Environ]:
        return [self._filled(self.system.browser(address="127.0.0.1")) for _ in range(count)]

    def codes(self, count: int, client_id: str = "backoffice") -> list[Environ]:
        """Return token requests, each with a fresh code."""
        answers = [call(self.wsgi, request) for request in self.authorize(count, client_id)]
        codes = [parse_qs(urlsplit(a.headers["Location"]).query)["code"][0] for a in answers]
        form = {"grant_type": "authorization_code", "code_verifier": VERIFIER}
        if client_id == "app":
            form |= {"client_id": "app", "redirect_uri": _APP_CALLBACK}
            return [environ("POST", "/token", form={**form, "code": code}) for code in codes]
        form |= {"redirect_uri": CALLBACK}
        return [
            environ("POST", "/token", form={**form, "code": code}, headers=_BASIC) for code in codes
        ]

    def _access_tokens(self, count: int) -> list[str]:
        return [self._redeemed(code)["access_token"] for code in self.codes(count)]

    def _redeemed(self, token_request: Environ) -> dict[str, str]:
        tokens: dict[str, str] = json.loads(call(self.wsgi, token_request).body)
        return tokens

    def _filled(self, browser: Browser) -> Environ:
        """Return the post of a login page that was just shown to this browser."""
        form = next(
            f for f in browser.get(authorize_url()).forms if ("action", "submit") in f.buttons
        )
        fields = {**form.fields, "userid": _USER, "password": PASSWORD, "action": "submit"}
        headers = {"Cookie": cookies(browser), "Origin": ISSUER}
        return environ("POST", form.action, form=fields, headers=headers)


def rows(folder: Path) -> list[Row]:
    """Return the table's rows, over providers that are made in `folder`."""
    ask = Requests(furnished(folder))
    ask_rsa = Requests(with_id_token(folder, "RS256"))

    def row(name: str, goal: float | None, prepare: Callable[[int], list[Environ]]) -> Row:
        return Row(name=name, goal=goal, wsgi=ask.wsgi, prepare=prepare)

    return [
        row("token, code", 9, ask.redeem),
        Row(
            name="token, code, RS256 ID token", goal=None, wsgi=ask_rsa.wsgi, prepare=ask_rsa.redeem
        ),
        row("token, refresh, confidential client", 9, ask.refresh),
        row("token, refresh, rotated", 9, ask.rotate),
        row("token, client_credentials", 5, ask.own),
        Row(
            name="authorize, live session",
            goal=5,
            wsgi=ask.wsgi,
            prepare=ask.authorize,
            status=303,
        ),
        row("userinfo", 4, ask.userinfo),
        row("introspection", 4.5, ask.introspect),
        row("discovery", 0.9, _constant("/.well-known/openid-configuration")),
        row("JWKS", 0.9, _constant("/jwks")),
        row("login page", 3.5, ask.login_page),
        Row(
            name="login POST without its hash",
            goal=6,
            wsgi=ask.wsgi,
            prepare=ask.login,
            status=303,
            minus=_hash_of(ask.system),
        ),
        *_ways_out(ask.system),
    ]


def _ways_out(system: System) -> list[Row]:
    people, wsgi = Leavers(system), system.assembly.wsgi
    return [
        Row(name="reset POST without its mail", goal=None, wsgi=wsgi, prepare=people.ask_for_link),
        Row(
            name="update POST without its hashes",
            goal=None,
            wsgi=wsgi,
            prepare=people.update,
            status=303,
            minus=people.hashes_of_update(),
        ),
        Row(
            name="logout, one client is told",
            goal=None,
            wsgi=wsgi,
            prepare=people.log_out,
            status=303,
        ),
    ]


def _constant(path: str) -> Callable[[int], list[Environ]]:
    return lambda count: [environ("GET", path) for _ in range(count)]


def _hash_of(system: System) -> Callable[[], object]:
    """Return the hash of one login, alone."""
    assembly = system.assembly
    cost = assembly.settings.password.bcrypt_cost
    hasher = Hasher(assembly.secrets.pepper, cost, HashGate(2))
    tagged_hash = hasher.hash(PASSWORD)
    return lambda: hasher.verify(PASSWORD, tagged_hash)
