"""What makes one sample relying party another: its look, and what the provider gave to it."""

from collections.abc import Callable
from dataclasses import dataclass, field

Clock = Callable[[], float]  # seconds since 1970 UTC


@dataclass(frozen=True)
class Look:
    """A site of its own: name, colours (by `key`, in demo.css), usual port, cookie, variables."""

    key: str
    name: str
    port: int

    @property
    def cookie(self) -> str:
        """Return a name of its own: browsers share cookies between the ports of one address."""
        return f"{self.key}_session"

    def variable(self, name: str) -> str:
        """Return the name of an environment variable of this look."""
        return f"{self.key.upper()}_{name}"


BACKOFFICE = Look("backoffice", "ব্যাকঅফিস", 9001)
MINISTRY = Look("ministry", "মন্ত্রণালয়ের অ্যাপ", 9002)
LOOKS = {look.key: look for look in (BACKOFFICE, MINISTRY)}


@dataclass(frozen=True)
class Settings:
    """What an administrator of the provider gives to a relying party."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    base_url: str
    look: Look = BACKOFFICE
