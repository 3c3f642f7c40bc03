"""The five minutes of a new administrator, literally: from an empty folder to a login."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from idp.demo import mailbox
from idp.demo.letters import Letterbox
from tests.servers import free_port
from tests.system import PASSWORD
from tests.walks.people import USER, log_in, send_code
from tests.walks.processes import ENVIRON, IDP, PATIENCE, answers, running, wait_for_code

pytestmark = pytest.mark.browser

APPLICATION = Path(__file__).with_name("sample_application.py")
FIVE_MINUTES = 300  # seconds


@dataclass
class Administrator:
    """Somebody at a terminal in an empty folder, with a watch."""

    folder: Path
    times: list[tuple[str, float]] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name != "IDP_CONFIG"} | ENVIRON

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Note how long the block takes."""
        began = time.monotonic()
        yield
        self.times.append((name, time.monotonic() - began))

    def idp(self, *arguments: str, typed: str = "") -> str:
        """Run `idp` in the folder and return what it says."""
        with self.step(f"idp {' '.join(arguments[:2])}"):
            done = subprocess.run(
                [*IDP, *arguments],
                cwd=self.folder,
                env=self.environ,
                input=typed,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
            )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    def report(self) -> str:
        lines = [f"{name:<40}{seconds:>6.1f} s" for name, seconds in self.times]
        total = sum(seconds for _, seconds in self.times)
        return "\n".join(["", *lines, f"{'together':<40}{total:>6.1f} s"])


def test_from_an_empty_folder_to_a_login(
    tmp_path: Path, page: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    administrator, letterbox = Administrator(tmp_path), Letterbox()
    assert list(tmp_path.iterdir()) == []
    issuer, application = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    smtp_port = free_port()

    told = administrator.idp(
        "init", "--development", "--issuer", issuer, "--mail-port", str(smtp_port)
    )
    assert "Next:" in told
    with contextlib.ExitStack() as street:
        street.enter_context(mailbox.receiving(letterbox, smtp_port))
        with administrator.step("idp run"):
            street.enter_context(_provider(administrator, issuer))
        snippet = _environment(_declare(administrator, application))
        administrator.idp("reload")
        administrator.idp("user", "add", USER, "--password-stdin", typed=f"{PASSWORD}\n")
        with administrator.step("the application"):
            street.enter_context(_application(tmp_path, application, snippet))
        with administrator.step("a login"):
            page.goto(application)
            log_in(page)
            send_code(page, wait_for_code(letterbox, 0))
            expect(page.get_by_role("heading")).to_have_text(f"Welcome, {USER}")
        assert "last used" in administrator.idp("client", "show", "backoffice")

    with capsys.disabled():
        print(administrator.report())  # noqa: T201 - how long it took is what this test is for
    assert sum(seconds for _, seconds in administrator.times) < FIVE_MINUTES
    assert snippet["OIDC_CLIENT_SECRET"] not in _everything_in(tmp_path)


def _declare(administrator: Administrator, application: str) -> str:
    return administrator.idp(
        "client",
        "new",
        "backoffice",
        *("--name-bn", "ব্যাকঅফিস", "--name-en", "Back office"),
        *("--owner", "ops@example.gov.bd", "--home-url", f"{application}/"),
        *("--redirect-uri", f"{application}/callback"),
    )


def _environment(told: str) -> dict[str, str]:
    """Return what somebody copies from the screen into the application's environment."""
    return dict(line.split("=", 1) for line in told.splitlines() if line.startswith("OIDC_"))


def _provider(administrator: Administrator, issuer: str):
    return running(
        [*IDP, "run"],
        output=administrator.folder / "run.log",
        until=answers(f"{issuer}/.well-known/openid-configuration"),
        environ=administrator.environ,
        folder=administrator.folder,
    )


def _application(folder: Path, address: str, snippet: dict[str, str]):
    port = address.rpartition(":")[2]
    return running(
        [sys.executable, str(APPLICATION), port],
        output=folder / "application.log",
        until=_listens(int(port)),
        environ=snippet,
    )


def _listens(port: int):
    def ask() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return ask


def _everything_in(folder: Path) -> str:
    files = (file for file in folder.rglob("*") if file.is_file())
    return "".join(file.read_bytes().decode(errors="replace") for file in files)
