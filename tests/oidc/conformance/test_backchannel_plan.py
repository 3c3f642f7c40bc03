"""The back-channel logout plan of the OpenID Foundation's conformance suite, module by module.

One test a module, named after it, against a whole provider and a client's own HTTP server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, cast

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, KeySetSerialization
from typing_extensions import override
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.oidc.conformance.plan import named_after, names_of_tests
from tests.oidc.conformance.suite import BYE, STATE, document, logged_in
from tests.oidc.forgery import read
from tests.servers import free_port
from tests.system import ISSUER, System, start, write_config

MODULES = (
    "backchannel-logout-discovery-endpoint-verification",
    "backchannel-rp-initiated-logout",
)
EVENT = "http://schemas.openid.net/event/backchannel-logout"
HOME = 'home_url = "http://127.0.0.1:9001/"\n'  # a line of backoffice's declaration


class Silent(WSGIRequestHandler):
    @override
    def log(self, type, message, *args):
        """Say nothing."""


@contextmanager
def receiver(port: int) -> Iterator[list[Request]]:
    """Run the client's server; what it is sent is read and answered with 200."""
    received: list[Request] = []

    @Request.application
    def take(request: Request) -> Response:
        assert request.form is not None  # read while the connection is open
        received.append(request)
        return Response("", headers={"Cache-Control": "no-store"})

    server = make_server("127.0.0.1", port, take, request_handler=Silent)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest) -> Iterator[tuple[System, list[Request]]]:
    """Return a provider that tells backoffice of logouts, and what backoffice was sent."""
    folder, database = request.getfixturevalue(f"{request.param}_folder")
    config, port = write_config(folder, database=database), free_port()
    declared = folder / "clients.d" / "all.toml"
    clients = declared.read_text(encoding="utf-8")
    assert clients.count(HOME) == 1
    uri = f'backchannel_logout_uri = "http://127.0.0.1:{port}/backchannel_logout"\n'
    declared.write_text(clients.replace(HOME, HOME + uri), encoding="utf-8")
    system = start(config)
    with receiver(port) as received:
        yield system, received
    system.stores.engine.dispose()


def test_every_module_has_its_test():
    expected = {named_after(module) for module in MODULES}
    assert expected <= names_of_tests(__name__)
    assert names_of_tests(__name__) - expected == {"test_every_module_has_its_test"}


def test_backchannel_logout_discovery_endpoint_verification(system: System):
    metadata = document(system, "/.well-known/openid-configuration")
    assert metadata["end_session_endpoint"] == f"{ISSUER}/logout"
    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True


def test_backchannel_rp_initiated_logout(told: tuple[System, list[Request]]):
    system, received = told
    party = logged_in(system)
    party.end_session(id_token_hint=party.id_token, post_logout_redirect_uri=BYE, state=STATE)
    assert party.browser.left_to.startswith(f"{BYE}?state=")
    assert party.browser.answer == {"state": STATE}
    assert not party.is_logged_in
    assert received == []  # the person has not waited for it
    system.assembly.notifier.deliver_due()
    [notice] = received
    assert (notice.method, notice.path) == ("POST", "/backchannel_logout")
    assert notice.mimetype == "application/x-www-form-urlencoded"
    assert list(notice.form) == ["logout_token"]
    claims = validated(system, notice.form["logout_token"])
    id_token = read(party.id_token)
    assert (claims["sub"], claims["sid"]) == (id_token["sub"], id_token["sid"])
    system.assembly.notifier.deliver_due()
    assert len(received) == 1


def validated(system: System, logout_token: str) -> dict[str, Any]:
    """Validate the logout token as the suite does (Back-Channel Logout 2.6); return its claims."""
    keys = KeySet.import_key_set(cast("KeySetSerialization", document(system, "/jwks")))
    token = jwt.decode(logout_token, keys, algorithms=["RS256"])
    assert token.header["typ"] == "logout+jwt"
    assert token.header["kid"]
    claims: dict[str, Any] = token.claims
    assert set(claims) == {"iss", "aud", "iat", "exp", "jti", "sub", "sid", "events"}
    assert (claims["iss"], claims["aud"]) == (ISSUER, "backoffice")
    assert claims["iat"] == system.clock() < claims["exp"] <= system.clock() + 120
    assert claims["events"] == {EVENT: {}}
    return claims
