import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Give the test runner its signal handlers back."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    kept = {name: signal.getsignal(name) for name in names}
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)
