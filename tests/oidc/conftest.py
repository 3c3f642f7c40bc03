"""One small Flask application that mounts the protocol on SQLite, and who calls it."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp.model.sessions import UserSession
from idp.model.tokens import digest, new_secret
from idp.model.user import User
from idp.oidc.key_schedule import KeySchedule
from idp.oidc.keys import KeySet, make_keys
from idp.oidc.protocol import INTROSPECT, REVOKE, TOKEN, USERINFO, ProtocolSettings
from idp.oidc.provider import OpenIDProvider
from idp.oidc.responses import AuthorizationResponse
from idp.settings.clients import Client
from idp.stores.sql import SqlStores, open_engine
from tests.fakes import FakeClock
from tests.oidc.relying_party import (
    ISSUER,
    KEK,
    OFFICER,
    VERIFIER,
    authorization_pairs,
    basic,
    clients,
)


@pytest.fixture(scope="session")
def template(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database with its schema and signing keys, to be copied."""
    path = tmp_path_factory.mktemp("oidc") / "template.sqlite"
    shutil.copyfile(_sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    make_keys(SqlStores(engine), KEK, FakeClock())
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def keys(template: Path) -> KeySet:
    engine = open_engine(f"sqlite:///{template}")
    loaded = KeySet.load(SqlStores(engine), KEK, KeySchedule(), FakeClock()())
    engine.dispose()
    return loaded


@pytest.fixture
def stores(template: Path, tmp_path: Path) -> Iterator[SqlStores]:
    path = tmp_path / "idp.sqlite"
    shutil.copy(template, path)
    engine = open_engine(f"sqlite:///{path}")
    opened = SqlStores(engine)
    with opened.write() as work:
        work.users.add(OFFICER)
    yield opened
    engine.dispose()


@dataclass
class House:
    """The provider in an application, the person in front of it, and what clients send."""

    provider: OpenIDProvider
    stores: SqlStores
    clock: FakeClock
    keys: KeySet
    app: Flask
    officer: User = field(default=OFFICER)

    @property
    def browser(self) -> FlaskClient:
        """A client of its own for every request: tests call from many threads."""
        return self.app.test_client()

    def log_in(self, *, user: User = OFFICER, lifetime: int = 36_000) -> UserSession:
        now = self.clock()
        session = UserSession(
            sid=new_secret(),
            digest=digest(new_secret()),
            user_id=user.id,
            amr=("pwd", "email"),
            auth_time=now,
            created_at=now,
            last_seen_at=now,
            expires_at=now + lifetime,
        )
        with self.stores.write() as work:
            work.user_sessions.add(session)
        return session

    def authorize(
        self, session: UserSession | None = None, **changes: Any
    ) -> AuthorizationResponse:
        asked = self.provider.check_request(authorization_pairs(**changes))
        session = session or self.log_in()
        with self.stores.write() as work:
            return self.provider.answer(work, asked, session, now=self.clock())

    def code(self, session: UserSession | None = None, **changes: Any) -> str:
        return dict(self.authorize(session, **changes).fields)["code"]

    def redeem(self, code: str, *, headers: Any = None, **changes: Any) -> TestResponse:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": "https://backoffice.example/cb",
            "code_verifier": VERIFIER,
        }
        return self.token({**form, **changes}, headers=headers)

    def token(self, form: Mapping[str, Any], *, headers: Any = None) -> TestResponse:
        return self.post(TOKEN, form, headers=headers)

    def post(self, path: str, form: Mapping[str, Any], *, headers: Any = None) -> TestResponse:
        sent = {name: value for name, value in form.items() if value is not None}
        given = basic("backoffice", "backoffice-secret") if headers is None else headers
        return self.browser.post(path, data=sent, headers=given)

    def tokens(self, session: UserSession | None = None, **changes: Any) -> dict[str, Any]:
        answer = self.redeem(self.code(session, **changes))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.get_json()
        return body

    def public_tokens(self) -> dict[str, Any]:
        """Tokens of the single-page application, which has no secret."""
        uri = "https://spa.example/cb"
        code = self.code(client_id="spa", redirect_uri=uri)
        answer = self.redeem(code, redirect_uri=uri, client_id="spa", headers={})
        body: dict[str, Any] = answer.get_json()
        return body

    def refresh_public(self, token: str, **changes: Any) -> TestResponse:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "spa"}
        return self.token({**form, **changes}, headers={})

    def refresh(self, token: str, *, headers: Any = None, **changes: Any) -> TestResponse:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.token({**form, **changes}, headers=headers)

    def userinfo(self, access_token: str) -> TestResponse:
        return self.browser.get(USERINFO, headers={"Authorization": f"Bearer {access_token}"})

    def introspect(self, token: str, *, headers: Any = None, **changes: Any) -> dict[str, Any]:
        body: dict[str, Any] = self.post(
            INTROSPECT, {"token": token, **changes}, headers=headers
        ).get_json()
        return body

    def revoke(self, token: str, *, headers: Any = None, **changes: Any) -> TestResponse:
        return self.post(REVOKE, {"token": token, **changes}, headers=headers)

    def claims(self, token: str, typ: str = "JWT") -> dict[str, Any]:
        return self.keys.verify(token, typ=typ)


MakeHouse = Callable[..., House]


@pytest.fixture
def make_house(stores: SqlStores, keys: KeySet, clock: FakeClock) -> MakeHouse:
    """Open the same stores with other clients or settings, as after a change of the files."""

    def make(records: dict[str, Client] | None = None, **settings: Any) -> House:
        provider = OpenIDProvider(
            ProtocolSettings(issuer=ISSUER, **settings),
            clients() if records is None else records,
            stores=stores,
            keys=keys,
            clock=clock,
        )
        return House(provider, stores, clock, keys, mount(provider))

    return make


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()


def mount(provider: OpenIDProvider) -> Flask:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.testing = True
    every = ["GET", "POST"]
    app.add_url_rule(TOKEN, view_func=provider.token_endpoint, methods=every)
    app.add_url_rule(USERINFO, view_func=provider.userinfo_endpoint, methods=every)
    app.add_url_rule(REVOKE, view_func=provider.revocation_endpoint, methods=every)
    app.add_url_rule(INTROSPECT, view_func=provider.introspection_endpoint, methods=every)
    return app
