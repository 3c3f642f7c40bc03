"""Where a row's time goes: a sampling profile on the process's own CPU timer."""

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from tests.bench.harness import Row, call

_EVERY = 0.001  # CPU seconds between two samples
_HOUSE = str(Path(__file__).parents[2])
_PACKAGES = "/site-packages/"


@dataclass
class Samples:
    """How often each place was met: at the top of the stack, or anywhere in it."""

    total: int = 0
    at_top: Counter[str] = field(default_factory=Counter)
    within: Counter[str] = field(default_factory=Counter)

    def take(self, _signal: int, frame: FrameType | None) -> None:
        self.total += 1
        seen: set[str] = set()
        top = True
        while frame is not None:
            package = _package_of(frame.f_code.co_filename)
            if top:
                self.at_top[package] += 1
                top = False
            seen.add(f"{package} {frame.f_code.co_qualname}")
            frame = frame.f_back
        self.within.update(seen)


def sample(row: Row, calls: int) -> Samples:
    """Return the samples of so many calls; preparing them is not sampled."""
    samples = Samples()
    for _ in range(max(1, calls // 50)):
        requests = row.prepare(50)
        with _sampling(samples):
            for request in requests:
                call(row.wsgi, request)
    return samples


@contextmanager
def _sampling(samples: Samples) -> Iterator[None]:
    before = signal.signal(signal.SIGPROF, samples.take)
    signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _package_of(filename: str) -> str:
    """Return `idp.web`, `sqlalchemy` or, for anything of Python's own, the module's name."""
    path = filename.removesuffix(".py")
    if _PACKAGES in path:
        return path.rpartition(_PACKAGES)[2].split("/")[0]
    if path.startswith(_HOUSE):
        return ".".join(path.removeprefix(f"{_HOUSE}/").split("/")[:2])
    return Path(path).parent.name if "/" in path and path.endswith("__init__") else Path(path).name
