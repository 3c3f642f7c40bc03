"""What is unwise in a client's entry, and whether its addresses answer."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import trustme

from idp.admin import client_check
from idp.admin.client_check import knock, look_over, reached
from idp.settings.clients import Client
from tests.servers import free_port

NOW = 1_790_000_000
TODAY = dt.datetime.fromtimestamp(NOW, dt.UTC).date()
BASE = "https://app.example.gov.bd"
GOOD = {
    "client_id": "app",
    "name": {"bn": "অ্যাপ", "en": "App"},
    "owner": "ops@example.gov.bd",
    "home_url": f"{BASE}/",
    "secrets": ({"hash": "sha256:" + "0" * 64},),
    "redirect_uris": (f"{BASE}/cb",),
    "post_logout_redirect_uris": (f"{BASE}/bye",),
    "backchannel_logout_uri": f"{BASE}/bcl",
}


def remarks(**changes: object) -> list[tuple[str, bool]]:
    client = Client.model_validate({**GOOD, **changes})
    return [(one.key, one.is_error) for one in look_over(client, is_production=True, now=NOW)]


def secret(days: int) -> tuple[dict[str, object], ...]:
    return ({"hash": "sha256:" + "0" * 64, "expires": TODAY + dt.timedelta(days=days)},)


def test_nothing_is_said_about_a_good_entry():
    assert remarks() == []


@pytest.mark.parametrize(
    ("changes", "key", "is_error"),
    [
        ({"enabled": False}, "enabled", True),
        ({"redirect_uris": ()}, "redirect_uris", True),
        ({"secrets": ()}, "secrets", True),
        ({"secrets": secret(-1)}, "secrets", True),
        ({"secrets": secret(29)}, "secrets", False),
        ({"scopes": ("profile",)}, "scopes", True),
        ({"scopes": ("openid", "offline_access")}, "grants", False),
        ({"pkce": "optional"}, "pkce", False),
        ({"redirect_uris": (f"{BASE}/cb?x=1",)}, "redirect_uris", False),
        ({"redirect_uris": (BASE,)}, "redirect_uris", False),
        ({"home_url": "https://other.example.gov.bd/"}, "home_url", False),
        ({"post_logout_redirect_uris": ()}, "post_logout_redirect_uris", False),
        ({"backchannel_logout_uri": None}, "backchannel_logout_uri", False),
        ({"auth": "none", "secrets": ()}, "web_origins", False),
        ({"test": True}, "test", False),
    ],
)
def test_each_slip_is_named_by_its_key(changes, key, is_error):
    assert (key, is_error) in remarks(**changes)


def test_a_live_secret_and_a_complete_browser_client_are_left_alone():
    assert remarks(secrets=secret(31)) == []
    public = {"auth": "none", "secrets": (), "web_origins": (BASE,)}
    assert remarks(**public, backchannel_logout_uri=None) == []


def test_two_names_of_this_machine_are_told_apart():
    both = ("http://localhost:9000/cb", "http://127.0.0.1:9000/cb")
    found = remarks(redirect_uris=both, home_url="http://localhost:9000/")
    assert ("redirect_uris", False) in found


def test_the_worst_stands_first():
    found = remarks(pkce="optional", enabled=False)
    assert found[0] == ("enabled", True)


def test_only_the_addresses_that_do_not_answer_are_told():
    client = Client.model_validate(GOOD)
    asked: list[str] = []

    def reach(address: str) -> str:
        asked.append(address)
        return "it sleeps" if address.endswith("/bcl") else ""

    [one] = knock(client, reach)
    assert (one.key, one.sentence, one.is_error) == (
        "backchannel_logout_uri", f"{BASE}/bcl: it sleeps.", False,
    )  # fmt: skip
    assert asked == [f"{BASE}/", f"{BASE}/bcl"]


@contextmanager
def _listening(context: ssl.SSLContext | None = None) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def answer() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    if context is None:
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    else:
                        context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_an_address_answers_when_a_connection_can_be_made():
    with _listening() as port:
        assert reached(f"http://127.0.0.1:{port}/") == ""


def test_a_closed_port_is_told():
    assert reached(f"http://127.0.0.1:{free_port()}/").startswith("it cannot be reached (")


def test_a_certificate_that_nobody_trusts_is_told():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with _listening(context) as port:
        assert reached(f"https://127.0.0.1:{port}/").startswith("its certificate is not trusted")


def test_a_server_that_speaks_no_tls_is_told():
    with _listening() as port:
        assert reached(f"https://127.0.0.1:{port}/") == "it does not speak TLS"


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client_check, "_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = reached(f"https://127.0.0.1:{silent.getsockname()[1]}/")
    assert told.startswith("it does not answer within")


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", ".example"])
def test_a_host_that_no_name_can_be_is_a_sentence_too(host: str):
    for scheme in ("http", "https"):
        assert reached(f"{scheme}://{host}/") == "its name is not known here"
