"""`idp run`: a real server process, from its first word to Ctrl-C."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from idp.settings import make_secrets
from tests.cli.conftest import Idp
from tests.servers import free_port

ROOT = Path(__file__).parents[2]
DISCOVERY = "/.well-known/openid-configuration"


@contextmanager
def _running(config: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server in a process of its own and stop it as Ctrl-C does."""
    log = config.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", "from idp.cli import main; main()", "run", *options],
            env={**os.environ, "IDP_CONFIG": config.name, "PYTHONPATH": str(ROOT)},
            cwd=config.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


def _connect(port: int) -> HTTPConnection:
    deadline = time.monotonic() + 20
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.connect()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)
        else:
            return connection


def test_the_server_answers_refuses_huge_headers_and_stops_cleanly(
    installed: Idp, config: Path
) -> None:
    assert installed("config", "check").exit_code == 0
    port = free_port()
    with _running(config, "--port", str(port), "--workers", "1", "--json") as process:
        connection = _connect(port)
        connection.request("GET", DISCOVERY)
        answer = connection.getresponse()
        assert answer.status == 200
        assert json.loads(answer.read())["issuer"] == "http://127.0.0.1:9000"
        connection.close()

        connection = _connect(port)
        connection.request("GET", DISCOVERY, headers={"X-Long": "x" * 40_000})
        assert connection.getresponse().status == 431
        connection.close()
    assert process.returncode == 0
    log = config.with_suffix(".log").read_text()
    first = json.loads(log.splitlines()[0])
    assert first == {
        "ok": True,
        "issuer": "http://127.0.0.1:9000",
        "host": "127.0.0.1",
        "port": port,
    }
    assert "Traceback" not in log


def test_a_port_that_is_taken_is_one_sentence(installed: Idp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = installed("run", "--port", str(port))
    assert answer.exit_code == 1
    assert answer.stderr == f"Cannot listen on 127.0.0.1:{port}: Address already in use.\n"


def test_a_host_that_is_not_ours_is_one_sentence(installed: Idp) -> None:
    answer = installed("run", "--host", "192.0.2.1", "--port", str(free_port()))
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Cannot listen on 192.0.2.1:")


@pytest.mark.parametrize("name", ["pepper", "key_encryption_key", "form_key"])
def test_a_server_without_its_secrets_does_not_start(
    installed: Idp, config: Path, name: str
) -> None:
    (config.parent / "secrets" / name).unlink()
    answer = installed("run", "--port", str(free_port()))
    assert answer.exit_code == 2
    assert answer.stderr.endswith(
        f"{name} is missing: restore it from the backup, or run idp init for a new installation.\n"
    )


def test_a_server_without_signing_keys_does_not_start(idp: Idp, config: Path) -> None:
    make_secrets(config.parent / "secrets")
    answer = idp("run", "--port", str(free_port()))
    assert (answer.exit_code, answer.stderr) == (2, "There are no signing keys: run idp init.\n")


FORKING = """
import os, signal, time
from pathlib import Path
from idp.cli import run
from idp.settings import load

class Server:
    def __init__(self, *target, **options): signal.signal(signal.SIGTERM, lambda *_: None)
    def on_startup(self, hook): pass
    def serve(self):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.write(writing, b"!")
            time.sleep(30)
            os._exit(0)
        os.read(reading, 1)
        os.kill(child, signal.SIGTERM)
        print(os.WTERMSIG(os.waitpid(child, 0)[1]))

run.Granian = Server
run._serve(load(Path({config!r}), {{}}), ("127.0.0.1", 1), 1, None)
"""


def test_a_worker_that_is_told_to_stop_while_it_starts_hears_it(config: Path) -> None:
    code = FORKING.format(config=str(config))
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(int(signal.SIGTERM))
