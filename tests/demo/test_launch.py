"""The launcher with a stand-in for the `idp` command: a real process on real ports."""

import os
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from idp.demo import launch, processes
from idp.demo.configuration import VARIABLES, NotReadyError, Ports
from idp.demo.processes import Child, Part, alone_in, await_answers, check_ports, is_free
from tests.demo.stand import free_ports, status

STAND_IN = """#!{python}
import json, pathlib, sys, tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer

here = pathlib.Path(__file__).parent
config, command = sys.argv[2], [word for word in sys.argv[3:] if word != "--json"]
with (here / "calls").open("a") as calls:
    calls.write(" ".join(command[:3] + [w for w in command if w == "--temporary"]) + "|")
    calls.write("\\n" if command == ["run"] else sys.stdin.read().rstrip() + "\\n")


def refuse(error):
    print(json.dumps(dict(ok=False, error=error)))
    sys.exit(1)


if (here / "crashes").exists():
    sys.exit("Killed")
if (here / "refuses").exists() and command == ["init"]:
    refuse("The database is away.")
if command[:2] == ["user", "add"] and (here / "has_users").exists():
    refuse("A user with the e-mail address x exists.")
if command[:2] == ["user", "add"] and (here / "is_busy").exists():
    refuse("Too many passwords.")
if command == ["run"]:
    if (here / "dies").exists():
        sys.exit("no memory left")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

    port = tomllib.loads(pathlib.Path(config).read_text())["listen"]["port"]
    HTTPServer(("127.0.0.1", port), Handler).serve_forever()
made = ["database"] if (here / "has_no_database").exists() else []
print(json.dumps(dict(ok=True, made=made)))
"""


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> Ports:
    numbers = free_ports(len(VARIABLES))
    for variable, number in zip(VARIABLES.values(), numbers, strict=True):
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


def stop_when_up(ports: Ports, seen: dict[str, int]) -> threading.Thread:
    """Look at each part once all answer, then send this process SIGTERM."""

    def watch() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                seen["backoffice"] = status(ports.backoffice)
                seen["ministry"] = status(ports.ministry)
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
    return all(is_free(getattr(ports, part)) for part in VARIABLES)


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
    # The stand-in has no discovery document, so the sites cannot go on: 503, never a 500.
    assert seen == {"provider": 200, "mailbox": 200, "backoffice": 503, "ministry": 503}
    assert f"http://127.0.0.1:{ports.backoffice}/" in told.out
    assert f"http://127.0.0.1:{ports.ministry}/" in told.out
    assert "office@example.gov.bd" in told.out
    assert "first login: must set a new password" in told.out
    assert told.err == ""
    assert is_all_free(ports)
    logs = {file.stem: file.read_text() for file in (tmp_path / "var" / "log").iterdir()}
    assert set(logs) == {"provider", "backoffice", "ministry", "mailbox"}
    assert "Traceback" not in logs["backoffice"] + logs["ministry"] + logs["mailbox"]


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
        f"user add new@example.gov.bd --temporary|{launch.SAMPLE_PASSWORD}",
    ]


def test_known_users_are_not_asked_for_again_unless_the_database_is_another(
    stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commands() -> int:
        (stand_in / "calls").unlink(missing_ok=True)
        launch.prepare_provider(tmp_path / "idp.toml")
        return len((stand_in / "calls").read_text().splitlines())

    assert [commands(), commands()] == [5, 1]
    monkeypatch.setenv("IDP_DB_URL", "postgresql://canary@127.0.0.1/idp")
    assert [commands(), commands()] == [5, 1]
    (stand_in / "has_no_database").touch()
    assert commands() == 5
    assert "canary" not in (tmp_path / "sample_users").read_text()


def test_users_who_exist_are_left_as_they_are(stand_in: Path, tmp_path: Path) -> None:
    (stand_in / "has_users").touch()
    launch.prepare_provider(tmp_path / "idp.toml")
    assert "disable" not in (stand_in / "calls").read_text()


def test_each_site_gets_its_own_secret_by_its_environment_only(tmp_path: Path) -> None:
    started = {part.name: part for part in launch.parts(tmp_path / "idp.toml", tmp_path, Ports())}
    secrets = [
        started["backoffice"].environ["BACKOFFICE_CLIENT_SECRET"],
        started["ministry"].environ["MINISTRY_CLIENT_SECRET"],
    ]
    assert len(set(secrets)) == 2
    for part in started.values():
        assert not any(secret in " ".join(part.command) for secret in secrets)
        assert len(part.environ) == (part.name in {"backoffice", "ministry"})


@pytest.mark.usefixtures("ports")
@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("refuses", "idp init: The database is away.\n"),
        ("crashes", "idp init: Killed\n"),
        ("is_busy", "idp user add: Too many passwords.\n"),
    ],
)
def test_a_command_that_fails_is_told_with_its_own_words(
    stand_in: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], state: str, told: str
) -> None:
    (stand_in / state).touch()
    assert launch.main(["--var", str(tmp_path / "var")]) == 1
    assert capfd.readouterr().err == told


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


def a_child(tmp_path: Path, ports: Ports, script: str) -> Child:
    part = Part("sleeper", [sys.executable, "-c", script], ports.provider, "/", {})
    return Child(part, tmp_path)


def test_a_part_that_does_not_stop_is_ended_with_its_children(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    script = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(grandchild.pid, flush=True)
time.sleep(60)
"""
    child = a_child(tmp_path, ports, script)
    while not child.log.read_text().endswith("\n"):
        time.sleep(0.02)
    processes.stop([child])
    with pytest.raises(NotReadyError, match="exit -9"):
        child.check_alive()
    assert has_ended(int(child.log.read_text()))


def has_ended(process_id: int) -> bool:
    """Wait until a process that is not our child is gone (or unburied, in a container)."""
    state = Path(f"/proc/{process_id}/stat")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if state.read_text().split()[2] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def test_a_part_that_never_answers_is_told(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.2)
    child = a_child(tmp_path, ports, "import time; time.sleep(60)")
    try:
        with pytest.raises(NotReadyError, match="The sleeper does not answer"):
            await_answers([child], lambda: False)
        await_answers([child], lambda: True)
    finally:
        processes.stop([child])


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


def test_the_programs_exit_code_is_that_of_the_launcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["idp.demo", "--var", str(tmp_path)])
    monkeypatch.setenv("IDP_PORT", "lots")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("idp.demo", run_name="__main__")
    assert ended.value.code == 1
    assert "IDP_PORT" in capfd.readouterr().err


@pytest.mark.usefixtures("stand_in")
def test_a_wish_to_stop_before_all_answer_is_followed_without_the_table(
    ports: Ports, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stopping = launch.Stopping()
    stopping.is_asked = True
    launch.run(tmp_path / "var", stopping)
    assert capfd.readouterr().out == ""
    assert is_all_free(ports)


@pytest.mark.usefixtures("ports")
def test_a_second_demonstration_leaves_the_running_ones_configuration_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config" / "idp.toml"
    config.parent.mkdir()
    config.write_text("the running one's")
    with alone_in(tmp_path):
        assert launch.main(["--var", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert told == f"Another make run keeps its data in {tmp_path}: stop it first.\n"
    assert config.read_text() == "the running one's"
    with alone_in(tmp_path):
        pass
