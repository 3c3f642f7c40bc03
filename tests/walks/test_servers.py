"""The same walk over HTTP under both servers, two processes each: what nodes share is in SQL."""

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from idp.demo import mailbox
from idp.demo.letters import Letterbox
from tests.servers import free_port
from tests.system import CALLBACK, PASSWORD, SECRET, VERIFIER, authorize_url, write_config
from tests.walks.processes import (
    DISCOVERY,
    HttpBrowser,
    Program,
    answers,
    codes_in,
    idp_run,
    running,
    wait_for_code,
)

USER = "office@example.gov.bd"
WORKERS = 2
SCOPE = "openid profile email offline_access"
CHATTY = '[logging]\nlevel = "debug"'  # whatever would be logged at all is looked through


@dataclass
class Served:
    """A server of the test's choice, the letters that came, and what may not be in its log."""

    issuer: str
    letterbox: Letterbox
    program: Program
    secrets: list[str]

    def log_in(self, browser: HttpBrowser) -> dict[str, str]:
        """Walk from the authorization request to the code; return the answer to the client."""
        seen = len(codes_in(self.letterbox))
        browser.get(self.issuer + authorize_url(scope=SCOPE))
        browser.press(userid=USER, password=f"{PASSWORD}-wrong")
        browser.press(userid=USER, password=PASSWORD)
        code = wait_for_code(self.letterbox, seen)
        answer = browser.press(code=code).answer
        self.secrets += [code, answer["code"], *browser.cookies.values()]
        return answer

    def redeem(self, code: str) -> dict[str, Any]:
        """Spend the code; return the tokens."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        tokens = self.post("/token", {**form, "code_verifier": VERIFIER})
        self.secrets += [tokens["access_token"], tokens["id_token"], tokens["refresh_token"]]
        return tokens

    def post(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        answer = requests.post(self.issuer + path, form, auth=("backoffice", SECRET), timeout=15)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def userinfo(self, access_token: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}"}
        answer = requests.get(f"{self.issuer}/userinfo", headers=headers, timeout=15)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def _granian(config: Path, port: int) -> list[str]:
    return idp_run(config, port, workers=WORKERS)


def _gunicorn(_config: Path, port: int) -> list[str]:
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(WORKERS), "--worker-class", "gthread", "--threads", "4"]
    return [*command, "--log-level", "debug"]


SERVERS = {"granian": _granian, "gunicorn": _gunicorn}


@contextlib.contextmanager
def _serving(server: str, folder: Path, database: str) -> Iterator[Served]:
    port, smtp_port, letterbox = free_port(), free_port(), Letterbox()
    issuer = f"http://127.0.0.1:{port}"
    config = write_config(
        folder, database=database, smtp_port=smtp_port, more=CHATTY, issuer=issuer
    )
    with (
        mailbox.receiving(letterbox, smtp_port),
        running(
            SERVERS[server](config, port),
            output=folder / "server.log",
            until=partial(_is_whole, server, answers(issuer + DISCOVERY), folder / "server.log"),
            environ={"IDP_CONFIG": str(config)},
        ) as program,
    ):
        secrets = [PASSWORD, f"{PASSWORD}-wrong", SECRET, VERIFIER]
        secrets += [file.read_text().strip() for file in (folder / "secrets").iterdir()]
        yield Served(issuer, letterbox, program, secrets)


def _is_whole(server: str, is_up: Callable[[], bool], log: Path) -> bool:
    """Tell whether it answers with every process; granian's may not be stopped before."""
    return is_up() and (server != "granian" or log.read_text().count("Started worker-") == WORKERS)


def _told_in(log: str, secrets: list[str]) -> list[str]:
    """Return the secrets that stand in a log as words of their own."""
    return [s for s in secrets if s and re.search(rf"(?<!\w){re.escape(s)}(?!\w)", log)]


@pytest.mark.parametrize(
    ("server", "database"),
    [("granian", "sqlite"), ("granian", "postgresql"), ("gunicorn", "sqlite")],
)
def test_two_processes_walk_one_login_keep_silent_and_stop(
    request: pytest.FixtureRequest, server: str, database: str
):
    folder, url = request.getfixturevalue(f"{database}_folder")
    with _serving(server, folder, url) as served:
        with HttpBrowser(home=(served.issuer,)) as browser:
            answer = served.log_in(browser)
            assert (answer["state"], answer["iss"]) == ("a-state", served.issuer)
            tokens = served.redeem(answer["code"])
            person = served.userinfo(tokens["access_token"])
            assert (person["email"], person["office"]) == (USER, "উপজেলা")

            # Each new connection may reach the other process: it knows the session, too.
            for _ in range(4):
                again = browser.get(served.issuer + authorize_url(prompt="none")).answer
                assert "code" in again
                served.secrets.append(again["code"])
        refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        served.secrets.append(served.post("/token", refresh)["access_token"])

        assert served.program.stop() == 0
        log = served.program.log
        assert "refused to gracefully stop" not in log
        assert "Traceback" not in log
        assert len(log.splitlines()) >= WORKERS
        assert _told_in(log, served.secrets) == []


def test_a_secret_in_a_log_would_be_found():
    assert _told_in("INFO idp: code=123456, port 19000", ["123456", "9000"]) == ["123456"]


def test_browsers_that_take_turns_each_end_at_their_own_request(sqlite_folder):
    with _serving("granian", *sqlite_folder) as served, contextlib.ExitStack() as doors:
        browsers = [doors.enter_context(HttpBrowser(home=(served.issuer,))) for _ in range(4)]
        for number, browser in enumerate(browsers):
            browser.get(served.issuer + authorize_url(state=f"state-{number}"))
        codes = []
        for browser in browsers:
            seen = len(codes_in(served.letterbox))
            browser.press(userid=USER, password=PASSWORD)
            codes.append(wait_for_code(served.letterbox, seen))
        for number, (browser, code) in enumerate(zip(browsers, codes, strict=True)):
            assert browser.press(code=code).answer["state"] == f"state-{number}"
        assert len({browser.cookies["probesh_session"] for browser in browsers}) == len(browsers)
