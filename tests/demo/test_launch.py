"""The launcher with a stand-in for the `idp` command: a real process on real ports."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from idp.demo import launch
from idp.demo.configuration import NotReadyError, Ports
from idp.demo.processes import check_ports, is_free

VARIABLES = ("IDP_PORT", "BACKOFFICE_PORT", "MAILBOX_PORT", "IDP_SMTP_PORT")
STAND_IN = """#!{python}
import pathlib, sys, tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer

here = pathlib.Path(__file__).parent
config, command = sys.argv[2], sys.argv[3:]
with (here / "calls").open("a") as calls:
    calls.write(" ".join(command[:3]) + "|")
    calls.write("\\n" if command == ["run"] else sys.stdin.read().rstrip() + "\\n")
if (here / "refuses").exists() and command == ["init"]:
    sys.exit("the database is away")
if command[:2] == ["user", "add"] and (here / "has_users").exists():
    sys.exit("A user with the e-mail address x exists.")
if command == ["run"]:
    if (here / "dies").exists():
        sys.exit("no memory left")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

    port = tomllib.loads(pathlib.Path(config).read_text())["listen"]["port"]
    HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    numbers = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return numbers


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> Ports:
    numbers = free_ports(4)
    for variable, number in zip(VARIABLES, numbers, strict=True):
        monkeypatch.setenv(variable, str(number))
    return Ports(*numbers)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `bin` folder with this Python and an `idp` that tells what it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    (folder / "idp").write_text(STAND_IN.format(python=sys.executable))
    for file in folder.iterdir():
        file.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    return folder


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    kept = {name: signal.getsignal(name) for name in names}
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)


def status(port: int, path: str = "/") -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def stop_when_up(ports: Ports, seen: dict[str, int]) -> threading.Thread:
    """Look at each part once all answer, then send this process SIGTERM."""

    def watch() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                seen["backoffice"] = status(ports.backoffice)
                seen["mailbox"] = status(ports.mailbox, "/api/v1/messages")
                seen["provider"] = status(ports.provider)
                time.sleep(0.5)
                break
            except OSError:
                time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def is_all_free(ports: Ports) -> bool:
    return all(
        is_free(getattr(ports, part)) for part in ("provider", "backoffice", "mailbox", "smtp")
    )


@pytest.mark.usefixtures("stand_in")
def test_everything_starts_tells_its_addresses_and_stops_without_a_trace(
    ports: Ports, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    seen: dict[str, int] = {}
    watcher = stop_when_up(ports, seen)
    code = launch.main(["--var", str(tmp_path / "var")])
    watcher.join()
    told = capfd.readouterr()
    assert code == 0
    # The stand-in has no discovery document, so the backoffice cannot go on: 503, never a 500.
    assert seen == {"provider": 200, "mailbox": 200, "backoffice": 503}
    assert f"http://127.0.0.1:{ports.backoffice}/" in told.out
    assert "office@example.gov.bd" in told.out
    assert told.err == ""
    assert is_all_free(ports)
    logs = {file.stem: file.read_text() for file in (tmp_path / "var" / "log").iterdir()}
    assert set(logs) == {"provider", "backoffice", "mailbox"}
    assert "Traceback" not in logs["backoffice"] + logs["mailbox"]


def test_sample_users_are_made_with_the_password_on_stdin_only(
    stand_in: Path, tmp_path: Path
) -> None:
    launch.prepare_provider(tmp_path / "idp.toml")
    calls = (stand_in / "calls").read_text().splitlines()
    assert calls == [
        "init|",
        f"user add office@example.gov.bd|{launch.SAMPLE_PASSWORD}",
        f"user add closed@example.gov.bd|{launch.SAMPLE_PASSWORD}",
        "user disable closed@example.gov.bd|",
        "user add new@example.gov.bd|",
    ]


def test_users_who_exist_are_left_as_they_are(stand_in: Path, tmp_path: Path) -> None:
    (stand_in / "has_users").touch()
    launch.prepare_provider(tmp_path / "idp.toml")
    assert "disable" not in (stand_in / "calls").read_text()


@pytest.mark.usefixtures("ports")
def test_a_command_that_fails_is_told_with_its_own_words(
    stand_in: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (stand_in / "refuses").touch()
    assert launch.main(["--var", str(tmp_path / "var")]) == 1
    assert capfd.readouterr().err == "idp init failed: the database is away\n"


def test_a_part_that_dies_is_named_and_the_rest_is_stopped(
    ports: Ports, stand_in: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (stand_in / "dies").touch()
    assert launch.main(["--var", str(tmp_path / "var")]) == 1
    told = capfd.readouterr().err
    assert told.startswith("The provider has stopped (exit 1")
    assert "no memory left" in told
    assert is_all_free(ports)


def test_a_taken_port_is_told_in_one_line_before_anything_starts(
    ports: Ports, stand_in: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", ports.mailbox)):
        assert launch.main(["--var", str(tmp_path / "var")]) == 1
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    assert f"Port {ports.mailbox} (mailbox) is taken" in told
    assert "MAILBOX_PORT=" in told
    assert not (stand_in / "calls").exists()
    assert not (tmp_path / "var").exists()


def test_a_port_is_free_again_right_after_a_connection_closed(ports: Ports) -> None:
    with socket.create_server(("127.0.0.1", ports.provider)) as server:
        with pytest.raises(NotReadyError):
            check_ports(ports)
        client = socket.create_connection(("127.0.0.1", ports.provider))
        accepted, _ = server.accept()
        accepted.close()
        client.close()
    check_ports(ports)


def test_the_module_runs_as_a_program_and_tells_a_wrong_port(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "idp.demo", "--var", str(tmp_path)],
        env={**os.environ, "IDP_PORT": "lots"},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "IDP_PORT is no port number: 'lots'.\n"
