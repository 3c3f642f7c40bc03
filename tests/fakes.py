"""Fakes for the clock; everything else in these tests is real."""


class FakeClock:
    """A clock that stands still until it is moved (seconds since 1970 UTC)."""

    def __init__(self, now: int = 1_795_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: int) -> None:
        self.now += seconds
