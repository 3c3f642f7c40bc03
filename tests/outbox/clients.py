"""Clients that take logout notices: a real HTTP server, and sockets that break the rules."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response


@dataclass
class Client:
    """A WSGI application that remembers what it was asked, and answers as told, then 200."""

    answers: list[Response] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data()
        self.asked.append(request)
        answer = self.answers.pop(0) if self.answers else Response(status=200)
        return answer(environ, start_response)


class _Quiet(WSGIRequestHandler):
    @override
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving(client: Client, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run a client's server on a free port of 127.0.0.1 and yield the port."""
    server = make_server(
        "127.0.0.1", 0, client, threaded=True, request_handler=_Quiet, ssl_context=context
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def hang(client: socket.socket) -> None:
    """Take everything and never answer."""
    while client.recv(65536):
        pass


def saying(words: bytes) -> Callable[[socket.socket], None]:
    """Answer a request with these bytes and hang up."""

    def talk(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(words)

    return talk


def dripping(first: bytes, drop: bytes = b"x") -> Callable[[socket.socket], None]:
    """Answer with these bytes, and then drop by drop for as long as anybody listens."""

    def talk(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(first)
        for _ in range(500):  # ten seconds
            client.sendall(drop)
            time.sleep(0.02)

    return talk


def under_tls(
    context: ssl.SSLContext, talk: Callable[[socket.socket], None]
) -> Callable[[socket.socket], None]:
    """Talk so after shaking hands."""

    def talk_under_tls(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as tls:
            talk(tls)

    return talk_under_tls
