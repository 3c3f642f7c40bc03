"""A production issuer behind Debian's nginx, with the very configuration that we recommend."""

import contextlib
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest
import requests
import trustme

from idp.cli import run
from idp.demo import mailbox
from idp.demo.letters import Letterbox
from tests.servers import free_port
from tests.system import PASSWORD, SECRET, VERIFIER, authorize_url, write_config
from tests.walks.processes import (
    DISCOVERY,
    IDP,
    ROOT,
    HttpBrowser,
    Program,
    answers,
    idp_run,
    running,
    wait_for_code,
)

NGINX = "/usr/sbin/nginx"
SITE = ROOT / "config/deploy/nginx.conf"
USER = "office@example.gov.bd"
CALLBACK = "https://backoffice.example.gov.bd/callback"
LIMIT = 300  # requests of one address in five minutes, before anything is proven
MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
PROXY = '[proxy]\ntrusted = ["127.0.0.1/32"]\nhops = 1'


@dataclass
class Portal:
    """The provider on `port`, nginx before it, and the authority that its certificate is of."""

    issuer: str
    port: int
    tls_port: int
    plain_port: int
    authority: str
    letterbox: Letterbox
    folder: Path
    provider: Program

    def browser(self, **headers: str) -> HttpBrowser:
        return HttpBrowser(home=(self.issuer,), verify=self.authority, headers=headers)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(
            self.issuer + path,
            headers=headers,
            verify=self.authority,
            timeout=15,
            allow_redirects=False,
        )

    def raw(self, request: bytes, *, server_name: str | None = "localhost") -> ssl.SSLSocket:
        """Open a TLS connection and send the beginning of a request."""
        context = ssl.create_default_context(cafile=self.authority)
        context.check_hostname = server_name is not None
        plain = socket.create_connection(("127.0.0.1", self.tls_port), timeout=15)
        try:
            connection = context.wrap_socket(plain, server_hostname=server_name)
        except OSError:
            plain.close()
            raise
        connection.sendall(request)
        return connection


def _site(portal_host: str, ports: dict[str, int], folder: Path) -> str:
    """Return the recommended site with this test's name, ports and paths in the places of ours."""
    text = SITE.read_text(encoding="utf-8")
    text = re.sub(r"\n *listen \[::\].*", "", text)  # a machine of tests may have no IPv6
    places = {
        "server_name sso.example.gov.bd": "server_name localhost",
        "sso.example.gov.bd": portal_host,
        "127.0.0.1:9000": f"127.0.0.1:{ports['provider']}",
        "listen 443 ": f"listen 127.0.0.1:{ports['tls']} ",
        "listen 80;": f"listen 127.0.0.1:{ports['plain']};",
        "/etc/probesh/tls": str(folder),
        "/var/log/nginx": str(folder),
    }
    for ours, theirs in places.items():
        assert ours in text, f"{SITE} lacks {ours!r}"
        text = text.replace(ours, theirs)
    return text


def _write_certificate(folder: Path) -> str:
    authority, file = trustme.CA(), folder / "authority.pem"
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(folder / "privkey.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "fullchain.pem", append=True)
    authority.cert_pem.write_to_path(file)
    return str(file)


def _write_production(folder: Path, database: str, issuer: str, smtp_port: int) -> Path:
    """Write a configuration that an administrator could have written: https everywhere."""
    config = write_config(folder, database=database, smtp_port=smtp_port, more=PROXY, issuer=issuer)
    text = config.read_text(encoding="utf-8")
    for ours, theirs in {
        'mode = "development"': 'mode = "production"',
        "bcrypt_cost = 4": "bcrypt_cost = 10",
        "factor = 100": "factor = 1",
    }.items():
        assert ours in text
        text = text.replace(ours, theirs)
    config.write_text(text, encoding="utf-8")
    clients = folder / "clients.d" / "all.toml"
    text = re.sub(r"http://127.0.0.1:\d+", "https://backoffice.example.gov.bd", clients.read_text())
    clients.write_text(text, encoding="utf-8")
    return config


@pytest.fixture
def portal(sqlite_folder: tuple[Path, str], tmp_path: Path) -> Iterator[Portal]:
    """Run the provider and nginx as they run in production, on this machine's ports."""
    ports = {name: free_port() for name in ("provider", "tls", "plain", "smtp")}
    host = f"localhost:{ports['tls']}"
    issuer, letterbox = f"https://{host}", Letterbox()
    config = _write_production(*sqlite_folder, issuer, ports["smtp"])
    front = tmp_path / "nginx"
    front.mkdir()
    authority = _write_certificate(front)
    (front / "site.conf").write_text(_site(host, ports, front), encoding="utf-8")
    (front / "nginx.conf").write_text(MAIN.format(folder=front), encoding="utf-8")
    command: list[str | Path] = [
        NGINX,
        "-p",
        front,
        "-c",
        front / "nginx.conf",
        "-e",
        front / "nginx.log",
    ]
    with contextlib.ExitStack() as doors:
        doors.enter_context(mailbox.receiving(letterbox, ports["smtp"]))
        command_line = idp_run(config, ports["provider"], workers=1)
        up = answers(f"http://127.0.0.1:{ports['provider']}{DISCOVERY}")
        provider = doors.enter_context(running(command_line, output=front / "idp.log", until=up))
        up = answers(f"{issuer}{DISCOVERY}", verify=authority)
        doors.enter_context(running(command, output=front / "out.log", until=up))
        yield Portal(
            issuer,
            ports["provider"],
            ports["tls"],
            ports["plain"],
            authority,
            letterbox,
            front,
            provider,
        )


def _request_url(portal: Portal, **changes: str) -> str:
    return portal.issuer + authorize_url(redirect_uri=CALLBACK, **changes)


def test_a_person_logs_in_over_tls_with_cookies_that_stay_with_this_host(portal: Portal):
    with portal.browser() as browser:
        browser.get(_request_url(portal))
        _check_headers(browser.page)
        _check_cookies(browser.page)
        browser.press(userid=USER, password=PASSWORD)
        browser.press(code=wait_for_code(portal.letterbox, 0))
        answer = browser.answer
        assert browser.left_to.startswith(f"{CALLBACK}?")
        assert answer["iss"] == portal.issuer
        assert browser.cookies.keys() >= {"__Host-probesh_browser", "__Host-probesh_session"}
        for cookie in browser.session.cookies:
            assert cookie.name.startswith("__Host-")
            assert cookie.secure
            assert cookie.path == "/"
            assert not cookie.domain_specified
        _redeem(portal, answer["code"])
    # Neither log tells what went through: no query, no code, no password.
    logs = "".join(file.read_text() for file in portal.folder.glob("*.log"))
    assert " GET /authorize " in logs
    for secret in (
        answer["code"],
        "a-state",
        PASSWORD,
        SECRET,
        VERIFIER,
        *browser.cookies.values(),
    ):
        assert secret not in logs


def _check_headers(page: requests.Response) -> None:
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https:;" in policy
    assert "http:" not in policy.replace("https:", "")
    assert "nginx/" not in page.headers["Server"]
    for name in ("Content-Security-Policy", "X-Frame-Options", "Referrer-Policy"):
        assert "," not in page.headers[name], f"{name} is there twice"


def _check_cookies(page: requests.Response) -> None:
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-probesh_browser=")
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert attribute in cookie
    assert "Domain" not in cookie


def _redeem(portal: Portal, code: str) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    tokens = requests.post(
        f"{portal.issuer}/token",
        form,
        auth=("backoffice", SECRET),
        verify=portal.authority,
        timeout=15,
    ).json()
    person = portal.get("/userinfo", Authorization=f"Bearer {tokens['access_token']}")
    assert person.json()["email"] == USER


def test_every_endpoint_that_discovery_names_is_https_and_compressed_by_the_program(portal: Portal):
    metadata = portal.get(DISCOVERY).json()
    assert metadata["issuer"] == portal.issuer
    endpoints = [value for name, value in metadata.items() if name.endswith("_endpoint")]
    assert len(endpoints) >= 4
    for url in (*endpoints, metadata["jwks_uri"]):
        assert url.startswith(f"{portal.issuer}/")
    login = portal.get(authorize_url(redirect_uri=CALLBACK))
    assert login.headers["Content-Encoding"] == "gzip"


def test_plain_http_and_foreign_names_lead_nowhere_but_here(portal: Portal):
    plain = requests.get(
        f"http://localhost:{portal.plain_port}/authorize?a=b", timeout=15, allow_redirects=False
    )
    assert plain.status_code == 301
    assert plain.headers["Location"] == f"{portal.issuer}/authorize?a=b"
    for name in ("sso.evil.example", None):
        with pytest.raises(ssl.SSLError):
            portal.raw(b"", server_name=name)
    foreign = b"GET /authorize HTTP/1.1\r\nHost: sso.evil.example\r\nConnection: close\r\n\r\n"
    with portal.raw(foreign) as connection:
        assert b"200" not in connection.recv(4096)[:20]


def test_what_a_browser_claims_about_its_address_is_forgotten(portal: Portal):
    """Through nginx a claim is replaced; directly, only the trusted proxy's word counts."""
    with contextlib.closing(_direct(portal, "127.0.0.1")) as proxy:
        assert _asked_until_it_must_wait(portal, proxy) is None  # each address has its own limit
    with contextlib.closing(_direct(portal, "127.0.0.2")) as stranger:
        assert _asked_until_it_must_wait(portal, stranger) == LIMIT
    with contextlib.closing(_through_nginx(portal)) as browser:
        assert _asked_until_it_must_wait(portal, browser) == LIMIT


def _asked_until_it_must_wait(portal: Portal, connection: HTTPConnection) -> int | None:
    """Return how many requests were answered, each of which claims another address."""
    for count in range(LIMIT + 20):
        claim = f"2001:db8:{count:x}::1"
        headers = {"Host": portal.issuer.removeprefix("https://"), "X-Forwarded-For": claim}
        connection.request("GET", "/authorize", headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status == 429:
            return count
    return None


def _direct(portal: Portal, source: str) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", portal.port, timeout=15, source_address=(source, 0))


def _through_nginx(portal: Portal) -> HTTPConnection:
    context = ssl.create_default_context(cafile=portal.authority)
    return HTTPSConnection("localhost", portal.tls_port, timeout=15, context=context)


def test_sixty_four_slow_bodies_stop_nobody_else(portal: Portal):
    head = (
        b"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\ngrant_type="
    )
    with contextlib.ExitStack() as doors:
        slow = [doors.enter_context(portal.raw(head)) for _ in range(64)]
        began = time.monotonic()
        with ThreadPoolExecutor(8) as others:
            path = authorize_url(redirect_uri=CALLBACK)
            found = list(others.map(lambda _: portal.get(path).status_code, range(24)))
        took = time.monotonic() - began
        for connection in slow:
            connection.sendall(b"x")  # they are all still being waited for
    assert found == [200] * 24
    assert took < 5


def test_nginx_leaves_an_idle_connection_before_the_provider_closes_it():
    upstream = SITE.read_text(encoding="utf-8").partition("}")[0]
    found = re.search(r"keepalive_timeout (\d+)s;", upstream)
    assert found
    assert int(found[1]) * 1000 < run._HEADER_TIMEOUT


def test_the_unit_starts_commands_that_exist():
    unit = (SITE.parent / "probesh.service").read_text(encoding="utf-8")
    commands = re.findall(r"^Exec\w+=\S+/bin/idp (.+)$", unit, re.MULTILINE)
    assert commands == ["config check", "run"]
    for command in commands:
        subprocess.run([*IDP, *command.split(), "--help"], check=True, capture_output=True)
    main = "/etc/probesh/idp.toml"
    for file in ("probesh.service", "README.md"):
        assert main in (SITE.parent / file).read_text(encoding="utf-8")
