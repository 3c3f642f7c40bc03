"""A planned closure: until its end nobody is let in, and everybody is told when to come back.

What stays: discovery and keys, so that tokens that are out can be verified; logging out, because
whoever leaves a shared computer cannot come back later; the pages for developers.
"""

from dataclasses import dataclass
from typing import Final

from idp.model.clock import Clock
from idp.model.errors import Closed
from idp.oidc import protocol

_OPEN: Final = (protocol.END_SESSION, protocol.DEVELOPERS, "/language")


@dataclass(frozen=True, slots=True)
class Closure:
    """Whether the service is closed: `until` in seconds since 1970 UTC, None or past: it is not."""

    until: int | None
    timezone: str
    clock: Clock

    def check(self, path: str) -> None:
        """Raise Closed for a path that is not served meanwhile."""
        if self.until is None or path.endswith("/logout") or path.startswith(_OPEN):
            return
        now = self.clock()
        if now < self.until:
            raise Closed(self.until, self.until - now)
