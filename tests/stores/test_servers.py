"""The tests' own world: loopback and Unix sockets, nothing beyond; asyncio lives in it."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

from tests import servers


@pytest.mark.parametrize("address", ["192.0.2.1", "8.8.8.8"])
def test_nobody_beyond_this_machine_can_be_reached(address: str) -> None:
    with (
        socket.socket() as client,
        pytest.warns(UserWarning, match="tried to use"),
        pytest.raises(SocketConnectBlockedError),
    ):
        client.connect((address, 80))


def test_loopback_and_unix_sockets_can_be_reached(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
        socket.create_connection(("localhost", server.getsockname()[1])).close()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


def test_asyncio_serves_and_connects() -> None:
    async def talk() -> bytes:
        async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello")
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            told = await reader.read()
            writer.close()
            await writer.wait_closed()
        return told

    with ThreadPoolExecutor(1) as apart:  # the browser's driver may have a loop of its own here
        assert apart.submit(lambda: asyncio.run(talk())).result() == b"hello"


def test_a_missing_package_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_POSTGRESQL", Path("/nowhere"))
    with pytest.raises(pytest.exit.Exception, match=r"apt-get install postgresql$"):
        servers._require_postgresql()
    monkeypatch.setenv("PATH", "/nowhere")
    with (
        pytest.raises(pytest.exit.Exception, match=r"apt-get install redis-server$"),
        servers.running_redis(),
    ):
        pass
