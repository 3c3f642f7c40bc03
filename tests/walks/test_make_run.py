"""What `make run` starts, as a person and a script meet it: from the table to Ctrl-C and back."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from idp.demo import launch
from idp.demo.configuration import NotReadyError
from tests.servers import PostgreSQL, free_port
from tests.system import PASSWORD
from tests.walks.processes import PATIENCE, HttpBrowser, Program, code_of, running

USER = "office@example.gov.bd"
PORTS = ("IDP_PORT", "BACKOFFICE_PORT", "MINISTRY_PORT", "MAILBOX_PORT", "IDP_SMTP_PORT")
SITES = PORTS[1:3]


@dataclass
class Demonstration:
    """The folder and the ports that `python -m idp.demo` is given, at each start the same."""

    var: Path
    ports: dict[str, str]
    database: str = ""

    @property
    def environ(self) -> dict[str, str]:
        return self.ports | ({"IDP_DB_URL": self.database} if self.database else {})

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "idp.demo", "--var", str(self.var)]

    def address(self, port: str) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"

    @contextlib.contextmanager
    def running(self) -> Iterator[Program]:
        """Start it, wait for its table, and end it by Ctrl-C."""
        told = self.var.with_suffix(".out")

        def has_told() -> bool:
            return "Stop with Ctrl-C" in told.read_text(encoding="utf-8")

        with running(self.command, output=told, until=has_told, environ=self.environ) as program:
            yield program
            assert program.stop(signal.SIGINT) == 0

    def browser(self) -> HttpBrowser:
        return HttpBrowser(home=tuple(self.address(port) for port in PORTS[:3]))

    def letters(self) -> list[dict[str, str]]:
        """Return the letters as Mailpit's list call tells them."""
        found = requests.get(f"{self.address('MAILBOX_PORT')}/api/v1/messages", timeout=10).json()
        letters: list[dict[str, str]] = found["messages"]
        return letters

    def code(self) -> str:
        """Wait for a letter; read its code as a script would."""
        deadline = time.monotonic() + PATIENCE
        while not (letters := self.letters()):
            assert time.monotonic() < deadline, "no letter came"
            time.sleep(0.05)
        address = f"{self.address('MAILBOX_PORT')}/api/v1/message/{letters[0]['ID']}"
        letter = requests.get(address, timeout=10).json()
        assert letter["To"] == [{"Name": "", "Address": USER}]
        return code_of(letter["Text"])

    def log_in(self, browser: HttpBrowser) -> None:
        """Open the backoffice and come back to it as somebody."""
        browser.get(self.address("BACKOFFICE_PORT"))
        browser.press(userid=USER, password=PASSWORD)
        browser.press(code=self.code())
        self.check_logged_in(browser)

    def check_logged_in(self, browser: HttpBrowser, site: str = "BACKOFFICE_PORT") -> None:
        assert browser.page.url == f"{self.address(site)}/"
        assert USER in browser.text
        assert "রহিমা খাতুন" in browser.text


@pytest.fixture
def demonstration(tmp_path: Path) -> Demonstration:
    return Demonstration(tmp_path / "var", {name: str(free_port()) for name in PORTS})


def test_one_command_starts_everything_and_a_restart_keeps_who_is_logged_in(
    demonstration: Demonstration,
):
    with demonstration.browser() as browser:
        with demonstration.running() as program:
            for port in PORTS[:4]:
                assert demonstration.address(port) in program.log
            for email in (USER, "closed@example.gov.bd", "new@example.gov.bd"):
                assert email in program.log
            demonstration.log_in(browser)
        kept = _client_secrets(demonstration)
        _check_logs(demonstration, [PASSWORD, *kept.values(), *browser.cookies.values()])

        with demonstration.running():  # the same data: users, keys, session, client secrets
            assert demonstration.letters() == []  # but letters are not kept
            browser.get(demonstration.address("BACKOFFICE_PORT"))
            demonstration.check_logged_in(browser)
            assert _client_secrets(demonstration) == kept
    _check_logs(demonstration, list(browser.cookies.values()))
    assert all(_is_free(int(port)) for port in demonstration.ports.values())


def test_on_postgresql_the_second_site_asks_nothing_and_a_logout_there_ends_both(
    demonstration: Demonstration, postgresql: PostgreSQL
):
    name = postgresql.create()
    demonstration.database = postgresql.url(name)
    with demonstration.running(), demonstration.browser() as browser:
        demonstration.log_in(browser)
        letters = len(demonstration.letters())
        _pass_to_the_ministry(demonstration, browser)
        _leave_both(demonstration, browser)
        assert len(demonstration.letters()) == letters
    _check_logs(demonstration, [PASSWORD, *_client_secrets(demonstration).values()])
    assert not list(demonstration.var.glob("*.sqlite"))
    assert demonstration.database not in _configuration(demonstration)  # read where it is used
    postgresql.drop(name)


def test_a_taken_port_is_one_line(demonstration: Demonstration):
    port = int(demonstration.ports["BACKOFFICE_PORT"])
    with socket.create_server(("127.0.0.1", port)):
        done = subprocess.run(
            demonstration.command,
            env={**os.environ, **demonstration.environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Port {port} (backoffice) is taken; ")
    assert done.stderr.count("\n") == 1
    assert not demonstration.var.exists()


def test_an_environment_without_the_command_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(NotReadyError, match="idp is missing: start with make run"):
        launch.prepare_provider(tmp_path / "idp.toml")


def _configuration(demonstration: Demonstration) -> str:
    return "".join(file.read_text() for file in (demonstration.var / "config").rglob("*.toml"))


def _client_secrets(demonstration: Demonstration) -> dict[str, str]:
    files = (demonstration.var / "config").glob("*_secret")
    kept = {file.name: file.read_text().strip() for file in files}
    assert set(kept) == {"backoffice_secret", "ministry_secret"}
    return kept


def _pass_to_the_ministry(demonstration: Demonstration, browser: HttpBrowser) -> None:
    browser.get(demonstration.address("MINISTRY_PORT"))
    demonstration.check_logged_in(browser, "MINISTRY_PORT")
    assert "মন্ত্রণালয়ের অ্যাপ" in browser.text
    assert {"backoffice_session", "ministry_session"} <= set(browser.cookies)


def _leave_both(demonstration: Demonstration, browser: HttpBrowser) -> None:
    """Log out at the ministry, whose page is the last one."""
    browser.press("logout")
    assert browser.page.url.startswith(f"{demonstration.address('MINISTRY_PORT')}/bye?state=")
    assert "আপনি লগআউট করেছেন" in browser.text
    for site in SITES:
        _wait_until_asked_to_log_in(demonstration, browser, site)


def _wait_until_asked_to_log_in(
    demonstration: Demonstration, browser: HttpBrowser, site: str
) -> None:
    """Open a site until it leads to the login page; its session ends by the back channel."""
    provider = demonstration.address("IDP_PORT")
    deadline = time.monotonic() + PATIENCE
    while not browser.get(demonstration.address(site)).page.url.startswith(provider):
        assert time.monotonic() < deadline, f"{site} still knows who is there: {browser.text}"
        time.sleep(0.05)
    assert any("password" in form.fields for form in browser.forms), browser.text


def _check_logs(demonstration: Demonstration, secrets: list[str]) -> None:
    """Look through the parts' logs, which each start begins anew."""
    log = "".join(file.read_text() for file in (demonstration.var / "log").iterdir())
    assert "Started worker-1" in log
    assert "Traceback" not in log
    assert [secret for secret in secrets if secret in log] == []


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0
