"""Every letter in every state, with the facts that a letter of its kind is given."""

from collections.abc import Callable

from idp.model.page import Facts
from idp.theming.digits import moment
from idp.theming.states.state import CLIENT, TIMEZONE, USER, LetterState, noise

_ISSUER = "https://sso.example.gov.bd"
_AT = 1_795_014_240  # 2026-11-18 21:04 in Dhaka
_LINK = f"{_ISSUER}/reset/{noise(65)}"
_LONG_USER = f"{'upazila.nirbahi.karjaloy' * 2}@moulvibazar.sreemangal.example.gov.bd"
_LONG_CLIENT = {
    "bn": "ভূমি মন্ত্রণালয়ের ই-নামজারি ও ভূমি উন্নয়ন কর ব্যবস্থাপনা সেবা",
    "en": "E-mutation and land development tax service of the Ministry of Land",
}
_STRANGE_CLIENT = {"bn": "e-Nothi", "en": "ই-নথি"}  # a name in the other language


def _telling(*, client: dict[str, str] | None = None, **more: str | int) -> Callable[[str], Facts]:
    """Return the facts of every letter of a conversation, and those of its kind."""

    def facts(locale: str) -> Facts:
        return {
            "email": USER,
            "url": f"{_ISSUER}/reset?client_id=backoffice",
            "page": f"{_ISSUER}/reset?client_id=backoffice",
            "host": "sso.example.gov.bd",
            "minutes": 30,
            "hours": 24,
            "time": moment(_AT, TIMEZONE, locale),
            "client": (CLIENT if client is None else client).get(locale, ""),
            "ip": "203.0.113.•••",
            "ua": "Chrome, Android",
            **more,
        }

    return facts


def _alone(**more: str | int) -> Callable[[str], Facts]:
    """Return the facts of a letter that nobody's request has caused."""
    page = f"{_ISSUER}/reset"
    return _telling(client={}, **{"url": page, "page": page, "ip": "", "ua": "", **more})


def _long(**more: str | int) -> Callable[[str], Facts]:
    return _telling(client=_LONG_CLIENT, email=_LONG_USER, ip="2001:db8:85a3:•••", **more)


LETTERS = (
    LetterState("reset", "reset", _telling(url=_LINK)),
    LetterState("reset, no application", "reset", _telling(client={}, url=_LINK)),
    LetterState("reset, unknown browser", "reset", _telling(url=_LINK, ua="")),
    LetterState("reset, long names", "reset", _long(url=_LINK)),
    LetterState("code", "code", _telling(code="482913", minutes=10)),
    LetterState("code, unknown place", "code", _telling(code="048291", minutes=1, ip="", ua="")),
    LetterState("code, long names", "code", _long(code="000000", minutes=10)),
    LetterState("changed", "changed", _telling()),
    LetterState("changed, no application", "changed", _telling(client={})),
    LetterState("paused", "paused", _telling()),
    LetterState("paused, no application", "paused", _telling(client={}, ua="")),
    LetterState("new device", "new_device", _telling()),
    LetterState("new device, foreign name", "new_device", _telling(client=_STRANGE_CLIENT)),
    LetterState("new device, long names", "new_device", _long()),
    LetterState("welcome", "welcome", _telling(url=_LINK, ip="", ua="")),
    LetterState("welcome, no application", "welcome", _alone(url=_LINK, hours=1)),
    LetterState("test", "test", _alone()),
)
