"""Address buckets by the `limits` library: in memory, or on Redis where several nodes share them.

State that may vanish: while Redis does not answer, every process counts for itself.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from idp.model.clock import Clock, system_clock

T = TypeVar("T")
_BREAK = 5.0  # seconds for which Redis is left alone after a failure


class Buckets:
    """See `ports.AddressBuckets`. `rates` by bucket, as in `{"anonymous": "300/5minutes"}`."""

    def __init__(
        self, redis_url: str, rates: Mapping[str, str], *, clock: Clock = system_clock
    ) -> None:
        """Prepare the buckets; nothing is connected yet. An empty `redis_url` means memory.

        Raises ValueError for a rate or an address that cannot be read.
        """
        self._rates = {bucket: parse(rate) for bucket, rate in rates.items()}
        self._clock = clock
        self._memory = FixedWindowRateLimiter(MemoryStorage())
        self._one_at_a_time = threading.Lock()
        self._redis = FixedWindowRateLimiter(_redis_storage(redis_url)) if redis_url else None
        self._breaker = _Breaker()

    def hit(self, bucket: str, address: str, *, factor: int) -> int | None:
        """Count one request. Returns None, or the seconds to wait (at least one) if it is full."""

        def count(limiter: FixedWindowRateLimiter, rate: RateLimitItem) -> int | None:
            if limiter.hit(rate, bucket, address):
                return None
            # The window's end is told by the wall clock, which an injected one need not be.
            left = limiter.get_window_stats(rate, bucket, address).reset_time - self._clock()
            return max(1, min(int(left) + 1, rate.get_expiry()))

        return self._ask(count, bucket, factor)

    def is_full(self, bucket: str, address: str, *, factor: int) -> bool:
        """Tell whether the next `hit` would have to wait."""
        return self._ask(
            lambda limiter, rate: not limiter.test(rate, bucket, address), bucket, factor
        )

    def _ask(
        self,
        question: Callable[[FixedWindowRateLimiter, RateLimitItem], T],
        bucket: str,
        factor: int,
    ) -> T:
        """Put a question to Redis, or to this process's memory while Redis does not answer."""
        rate = self._rates[bucket]
        rate = type(rate)(rate.amount * factor, rate.multiples, rate.namespace)
        if self._redis is not None and self._breaker.lets_through():
            try:
                answer = question(self._redis, rate)
            except (RedisError, OSError):
                self._breaker.open()
            else:
                self._breaker.close()
                return answer
        # Two threads that meet in the library's memory start its one timer twice (limits 5.8).
        with self._one_at_a_time:
            return question(self._memory, rate)


class _Breaker:
    """Keeps requests from waiting for a Redis that is known to be away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open_until = 0.0  # 0: closed

    def lets_through(self) -> bool:
        """Tell whether to ask Redis; after a break, one request probes for all others."""
        if not self._open_until:
            return True
        with self._lock:
            if time.monotonic() < self._open_until:
                return False
            self.open()
            return True

    def open(self) -> None:
        self._open_until = time.monotonic() + _BREAK

    def close(self) -> None:
        self._open_until = 0.0


def _redis_storage(url: str) -> RedisStorage:
    # One more try at once mends a connection that Redis closed while it idled in the pool.
    pool = ConnectionPool.from_url(
        url, socket_connect_timeout=0.1, socket_timeout=0.2, retry=Retry(NoBackoff(), 1)
    )
    return RedisStorage(url, connection_pool=pool, key_prefix="probesh")
