"""Address buckets, in memory and on a real Redis, and when Redis goes away."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from redis import Redis

from idp.stores import buckets as module
from idp.stores.buckets import Buckets
from tests.servers import free_port, running_redis

RATES = {"anonymous": "3/minute", "reset": "1/hour"}


@pytest.fixture(params=["memory", "redis"])
def url(request: pytest.FixtureRequest) -> str:
    """Return the address of the buckets' storage, once for each kind."""
    if request.param == "memory":
        return ""
    address: str = request.getfixturevalue("redis_url")
    return address


def test_a_full_bucket_tells_how_long_to_wait(url: str) -> None:
    made = Buckets(url, RATES)
    assert [made.hit("anonymous", "192.0.2.1", factor=1) for _ in range(3)] == [None] * 3
    wait = made.hit("anonymous", "192.0.2.1", factor=1)
    assert wait is not None
    assert 1 <= wait <= 60


def test_addresses_and_buckets_are_counted_apart(url: str) -> None:
    made = Buckets(url, RATES)
    assert made.hit("reset", "192.0.2.1", factor=1) is None
    assert made.hit("reset", "192.0.2.1", factor=1) is not None
    assert made.hit("reset", "2001:db8::/64", factor=1) is None
    assert made.hit("anonymous", "192.0.2.1", factor=1) is None


def test_a_factor_widens_the_bucket(url: str) -> None:
    made = Buckets(url, RATES)
    answers = [made.hit("reset", "10.0.0.0", factor=5) for _ in range(6)]
    assert answers[:5] == [None] * 5
    assert answers[5] is not None


def test_whether_a_bucket_is_full_is_told_without_counting(url: str) -> None:
    made = Buckets(url, RATES)
    assert [made.is_full("reset", "192.0.2.1", factor=1) for _ in range(3)] == [False] * 3
    assert made.hit("reset", "192.0.2.1", factor=1) is None
    assert made.is_full("reset", "192.0.2.1", factor=1)
    assert not made.is_full("reset", "192.0.2.1", factor=2)


def test_a_window_ends(url: str) -> None:
    made = Buckets(url, {"quick": "1/second"})
    made.hit("quick", "a", factor=1)
    assert made.hit("quick", "a", factor=1) == 1
    time.sleep(1.1)
    assert made.hit("quick", "a", factor=1) is None


def test_a_wait_makes_sense_even_by_a_clock_that_stands_elsewhere(url: str) -> None:
    for clock in (lambda: 0, lambda: 2**40):
        made = Buckets(url, {"reset": "1/hour"}, clock=clock)
        made.hit("reset", "a", factor=1)
        wait = made.hit("reset", "a", factor=1)
        assert wait is not None
        assert 1 <= wait <= 3600


@pytest.mark.parametrize("rate", ["often", "", "3", "3/"])
def test_a_rate_that_cannot_be_read_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="couldn't parse rate limit string"):
        Buckets("", {"anonymous": rate})


def test_a_hit_is_one_command_on_redis(redis_url: str) -> None:
    made = Buckets(redis_url, {"wide": "1000/minute"})
    made.hit("wide", "a", factor=1)  # connects and loads the script
    with Redis.from_url(redis_url) as client:
        client.config_resetstat()
        for _ in range(50):
            made.hit("wide", "a", factor=1)
        stats = client.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): told["calls"] for name, told in stats.items()}
    # INCRBY runs inside the script: no round trip of its own.
    assert calls == {"evalsha": 50, "incrby": 50, "config|resetstat": 1}


def test_nodes_share_their_buckets_on_redis(redis_url: str) -> None:
    nodes = [Buckets(redis_url, RATES) for _ in range(2)]
    assert [node.hit("anonymous", "a", factor=1) for node in (*nodes, nodes[0])] == [None] * 3
    assert nodes[1].hit("anonymous", "a", factor=1) is not None


def test_everything_on_redis_ends_by_itself(redis_url: str) -> None:
    Buckets(redis_url, RATES).hit("anonymous", "a", factor=1)
    with Redis.from_url(redis_url) as client:
        keys = list(client.scan_iter())
        assert keys
        assert all(key.startswith(b"probesh:") and 0 < client.ttl(key) <= 60 for key in keys)


class Restless(threading.Timer):
    """A timer that is over at once, and others get their turn while the next one replaces it."""

    def __init__(self, _: float, function: Callable[[], None]) -> None:
        super().__init__(0, function)

    def __del__(self) -> None:
        time.sleep(0.001)


@pytest.mark.race
def test_requests_that_come_together_are_all_counted_and_none_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever comes when the memory has rested starts to sweep it: only one may."""
    monkeypatch.setattr(threading, "Timer", Restless)
    threads, rounds = 8, 50
    made = Buckets("", {"wide": f"{threads * rounds}/hour"})
    together = threading.Barrier(threads)

    def visit(_: int) -> list[int | None]:
        together.wait(10)
        return [made.hit("wide", "a", factor=1) for _ in range(rounds)]

    with ThreadPoolExecutor(threads) as pool:
        answers = [answer for one in pool.map(visit, range(threads)) for answer in one]
    assert answers == [None] * threads * rounds
    assert made.hit("wide", "a", factor=1) is not None


def test_without_redis_the_process_counts_for_itself_at_once() -> None:
    made = Buckets(f"redis://127.0.0.1:{free_port()}", RATES)
    started = time.monotonic()
    answers = [made.hit("anonymous", "a", factor=1) for _ in range(4)]
    assert answers[:3] == [None] * 3
    assert answers[3] is not None
    assert time.monotonic() - started < 1


def test_a_redis_that_hangs_delays_one_request_only() -> None:
    with hanging_server() as port:
        made = Buckets(f"redis://127.0.0.1:{port}", {"wide": "1000/minute"})
        started = time.monotonic()
        for _ in range(50):
            assert made.hit("wide", "a", factor=1) is None
        assert time.monotonic() - started < 1.5


def test_redis_is_asked_again_after_the_break(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setattr(module, "_BREAK", 0.2)
    made = Buckets(f"redis://127.0.0.1:{port}", RATES)
    assert made.hit("anonymous", "a", factor=1) is None
    with running_redis(port) as url, Redis.from_url(url) as client:
        made.hit("anonymous", "a", factor=1)
        assert client.dbsize() == 0  # still in the break
        time.sleep(0.25)
        made.hit("anonymous", "a", factor=1)
        made.hit("anonymous", "a", factor=1)
        assert [client.get(key) for key in client.scan_iter()] == [b"2"]


def test_a_redis_that_restarts_is_no_failure() -> None:
    port = free_port()
    with running_redis(port) as url:
        made = Buckets(url, RATES)
        made.hit("anonymous", "a", factor=1)
    with running_redis(port) as url, Redis.from_url(url) as client:
        made.hit("anonymous", "a", factor=1)
        assert client.dbsize() == 1


@contextmanager
def hanging_server() -> Iterator[int]:
    """Accept connections and never say a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]
