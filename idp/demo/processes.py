"""The demonstration's processes: ports looked at, children started, awaited, watched, stopped."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from idp.demo.configuration import VARIABLES, NotReadyError, Ports

LOOPBACK = "127.0.0.1"
PATIENCE = 60  # seconds until a part must answer
GRACE = 10  # seconds a part may take to stop
PAUSE = 0.1
LAST_WORDS = 15  # lines


def check_ports(ports: Ports) -> None:
    """Raise NotReadyError when somebody listens on one of the ports."""
    for part, variable in VARIABLES.items():
        port = getattr(ports, part)
        if not is_free(port):
            raise NotReadyError(
                f"Port {port} ({part}) is taken; choose another, for example "
                f"{variable}={(port + 100) % 65_536 or 9100} make run."
            )


@contextlib.contextmanager
def alone_in(var: Path) -> Iterator[None]:
    """Hold the data folder while the block runs: two demonstrations would rewrite each other's.

    Raises:
        NotReadyError: another demonstration keeps its data there.

    """
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (var / "in_use").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"Another make run keeps its data in {var}: stop it first."
            raise NotReadyError(message) from error
        yield


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port."""
    with socket.socket() as probe:
        # As servers do: a connection that has just closed does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class Part:
    """One child process and the address that answers once it is up."""

    name: str
    command: Sequence[str]
    port: int
    path: str
    environ: Mapping[str, str]


class Child:
    """A running part; its output goes to a log file, started anew at each start."""

    def __init__(self, part: Part, log_folder: Path) -> None:
        self.part = part
        self.log = log_folder / f"{part.name}.log"
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C reaches the launcher, which stops the parts in order.
            self._process = subprocess.Popen(
                part.command,
                env={**os.environ, **part.environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def is_answering(self) -> bool:
        """Tell whether the part answers its address without a server error."""
        connection = HTTPConnection(LOOPBACK, self.part.port, timeout=2)
        with contextlib.closing(connection):
            try:
                connection.request("GET", self.part.path)
                return connection.getresponse().status < 500  # noqa: PLR2004 (RFC 9110 15.6)
            except (OSError, HTTPException):
                return False

    def check_alive(self) -> None:
        """Raise NotReadyError with the part's last words when it has stopped."""
        code = self._process.poll()
        if code is None:
            return
        with self.log.open(encoding="utf-8", errors="replace") as log:
            words = "".join(deque(log, LAST_WORDS))
        raise NotReadyError(f"The {self.part.name} has stopped (exit {code}, {self.log}):\n{words}")

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    def await_stop(self) -> None:
        """Wait for the end; after `GRACE` seconds end the part and its own children."""
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def await_answers(children: Sequence[Child], is_stopping: Callable[[], bool]) -> None:
    """Return when every child answers, or earlier when `is_stopping`.

    Raises:
        NotReadyError: a child stopped, or did not answer within `PATIENCE` seconds.

    """
    deadline = time.monotonic() + PATIENCE
    waiting = list(children)
    while waiting and not is_stopping():
        for child in children:
            child.check_alive()
        waiting = [child for child in waiting if not child.is_answering()]
        if waiting and time.monotonic() > deadline:
            child = waiting[0]
            raise NotReadyError(f"The {child.part.name} does not answer; see {child.log}.")
        time.sleep(PAUSE)


def stop(children: Sequence[Child]) -> None:
    """Stop all children at once and wait for each."""
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.await_stop()
