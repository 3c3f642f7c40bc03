"""Ports and requests for tests that start the demonstration's programs."""

import os
import signal
import threading
import time
from http.client import HTTPConnection

from tests.servers import free_port


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody listens on, each another."""
    return [free_port() for _ in range(count)]


def status(port: int, path: str = "/") -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def look_then_stop(port: int, path: str, seen: list[int]) -> threading.Thread:
    """Note the status of a page of this process's server once it answers, then send SIGTERM."""

    def watch() -> None:
        deadline = time.monotonic() + 10
        while not seen and time.monotonic() < deadline:
            try:
                seen.append(status(port, path))
            except OSError:
                time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread
