"""One form, posted once: no redirect, no cookie, no proxy, no body read, and an end to it all.

On http.client, because requests and urllib3 bound every single read but not their sum, write the
whole URL into their log, and requests reads the body of a redirect that it does not follow.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import SplitResult, quote, urlencode, urlsplit

_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "*/*",
    "Connection": "close",
    "User-Agent": "Probesh",
}
_RESERVED = "/%:@!$&'()*+,;=?[]~"  # RFC 3986 2.2, and what is escaped already


def post_form(uri: str, form: Mapping[str, str], *, context: ssl.SSLContext, timeout: float) -> int:
    """Return the status of the answer of an absolute http or https URI (RFC 9110 9.3.3).

    `timeout`: seconds for the connection to each address of the host, and as much again for
    everything after it. Raises OSError (TimeoutError when it took longer), HTTPException, and
    UnicodeError for a host that has no name in the DNS.
    """
    parts = urlsplit(uri)
    connection = _connection(parts, context)
    address = (connection.host, connection.port)
    with (
        contextlib.closing(connection),
        socket.create_connection(address, timeout) as plain,
        _ending_after(timeout, plain),
    ):
        connection.sock = plain
        if isinstance(connection, HTTPSConnection):
            connection.sock = context.wrap_socket(plain, server_hostname=connection.host)
        connection.request("POST", _target(parts), urlencode(form), _HEADERS)
        with connection.getresponse() as response:
            return response.status


def _connection(parts: SplitResult, context: ssl.SSLContext) -> HTTPConnection:
    # The port is always named: without one, http.client looks for it in an IPv6 address.
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        return HTTPSConnection(host, port or HTTPSConnection.default_port, context=context)
    return HTTPConnection(host, port or HTTPConnection.default_port)


def _target(parts: SplitResult) -> str:
    """Return path and query as they go on the wire (RFC 9112 3.2.1); Bengali ones are escaped."""
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return quote(target, safe=_RESERVED)


@contextlib.contextmanager
def _ending_after(seconds: float, sock: socket.socket) -> Iterator[None]:
    """Cut the conversation after so many seconds; what is in the block then raises TimeoutError.

    A timeout of the socket alone would start anew with every byte that drips.
    """
    twin = sock.dup()  # TLS takes the descriptor of `sock` over
    was_cut = threading.Event()

    def cut() -> None:
        was_cut.set()
        with contextlib.suppress(OSError):  # hung up meanwhile
            twin.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        twin.close()
        if was_cut.is_set():  # whatever the pieces looked like: a cut ends headers too
            raise TimeoutError
