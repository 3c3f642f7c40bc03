import ssl
import time
from collections.abc import Callable
from http.client import HTTPException

import pytest
from werkzeug.wrappers import Response

from idp.outbox.form_post import post_form
from idp.outbox.tls import verified_context
from tests.outbox.clients import Client, dripping, hang, saying, serving, under_tls
from tests.outbox.servers import dead_port, serve_raw, server_context

FORM = {"logout_token": "head.body+/=.tail"}
SOON = 2.0  # seconds; with a limit of 0.3 s, and two slow processors


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def post(ca_file) -> Callable[..., int]:
    context = verified_context(str(ca_file), whose="the ca_file")

    def send(uri: str, timeout: float = 5) -> int:
        return post_form(uri, FORM, context=context, timeout=timeout)

    return send


def test_a_form_is_posted_and_nothing_else(client, post):
    with serving(client) as port:
        assert post(f"http://127.0.0.1:{port}/bcl") == 200
    [asked] = client.asked
    assert (asked.method, asked.full_path) == ("POST", "/bcl?")
    assert asked.get_data() == b"logout_token=head.body%2B%2F%3D.tail"
    assert asked.content_type == "application/x-www-form-urlencoded"
    assert asked.host == f"127.0.0.1:{port}"
    assert {name.lower() for name in asked.headers.keys()} == {  # noqa: SIM118 - not a mapping
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    }


@pytest.mark.parametrize(
    ("given", "arrives"),
    [
        ("", "/"),
        ("?key=1", "/?key=1"),
        ("/a/b?x=1&y=%20", "/a/b?x=1&y=%20"),
        ("/a//b;c=d/@", "/a//b;c=d/@"),
        ("/বাহির", "/%E0%A6%AC%E0%A6%BE%E0%A6%B9%E0%A6%BF%E0%A6%B0"),
    ],
)
def test_path_and_query_arrive_as_registered(given, arrives, client, post):
    with serving(client) as port:
        post(f"http://127.0.0.1:{port}{given}")
    assert client.asked[0].environ["REQUEST_URI"] == arrives


def test_a_host_name_and_an_ipv6_address_are_reached(client, post):
    with serving(client) as port:
        assert post(f"http://localhost:{port}/") == 200
    with pytest.raises(OSError, match=r"refused|not available|unreachable"):
        post(f"http://[::1]:{dead_port()}/")


def test_no_redirect_is_followed_and_its_body_is_not_read(client, post):
    with serving(client) as port:
        location = f"Location: http://127.0.0.1:{port}/".encode()
        answer = b"HTTP/1.1 307 Temporary Redirect\r\n%s\r\n\r\n" % location
        with serve_raw(dripping(answer)) as redirecting:
            began = time.monotonic()
            assert post(f"http://127.0.0.1:{redirecting}/") == 307
            assert time.monotonic() - began < SOON
    assert client.asked == []


def test_no_cookie_comes_back(client, post):
    client.answers.append(Response(status=200, headers={"Set-Cookie": "a=b; Path=/"}))
    with serving(client) as port:
        post(f"http://127.0.0.1:{port}/")
        post(f"http://127.0.0.1:{port}/")
    assert [dict(asked.cookies) for asked in client.asked] == [{}, {}]


def test_a_proxy_of_the_environment_is_not_asked(client, post, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{dead_port()}")
    with serving(client) as port:
        assert post(f"http://127.0.0.1:{port}/") == 200


def test_a_body_without_end_is_not_waited_for(post):
    with serve_raw(dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096)) as port:
        began = time.monotonic()
        assert post(f"http://127.0.0.1:{port}/") == 200
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize(
    "talk",
    [
        hang,
        dripping(b"HTTP/1.1 2"),
        dripping(b"HTTP/1.1 200 OK\r\nX: "),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silence", "status", "header", "headers", "continue"],
)
def test_an_answer_that_never_ends_is_cut(talk, post):
    with serve_raw(talk) as port:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            post(f"http://127.0.0.1:{port}/", timeout=0.3)
        assert time.monotonic() - began < SOON


@pytest.mark.parametrize(
    "talk", [hang, dripping(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")], ids=["silence", "drops"]
)
def test_a_handshake_that_never_ends_is_cut(talk, post):
    with serve_raw(talk) as port:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            post(f"https://127.0.0.1:{port}/", timeout=0.3)
        assert time.monotonic() - began < SOON


def test_an_answer_under_tls_that_never_ends_is_cut(authority, post):
    context = server_context(authority.issue_cert("127.0.0.1"))
    with serve_raw(under_tls(context, dripping(b"HTTP/1.1 200 OK\r\nX: "))) as port:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            post(f"https://127.0.0.1:{port}/", timeout=0.5)
        assert time.monotonic() - began < SOON


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200,
    ],
    ids=["nothing", "ssh", "no status", "too many headers"],
)
def test_what_is_no_http_is_an_error(words, post):
    with serve_raw(saying(words)) as port, pytest.raises((HTTPException, OSError)):
        post(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.test"])
def test_a_host_that_no_dns_can_hold_is_an_error(host, post):
    with pytest.raises(UnicodeError):
        post(f"http://{host}/")


def test_a_verified_certificate_is_spoken_to(client, authority, post):
    context = server_context(authority.issue_cert("127.0.0.1", "localhost"))
    with serving(client, context) as port:
        assert post(f"https://127.0.0.1:{port}/bcl") == 200
        assert post(f"https://localhost:{port}/bcl") == 200
    assert {asked.scheme for asked in client.asked} == {"https"}


def test_another_s_certificate_is_not(client, authority, post):
    context = server_context(authority.issue_cert("ministry.example.org"))
    with serving(client, context) as port, pytest.raises(ssl.SSLCertVerificationError):
        post(f"https://127.0.0.1:{port}/bcl")
    assert client.asked == []
