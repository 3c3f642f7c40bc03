"""The one script of a theme in one language: its words and its table of signs are put in at load.

It is small, deferred and never needed. No theme brings a script of its own.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from idp.theming.catalogues import Catalogue
from idp.theming.digits import bengali_digits

SOURCE = "script.js"
CATEGORIES = ("Nd", "P", "S")  # what rules of a password ask for
# What an old browser can tell apart: Latin, danda, Bengali, punctuation, currency, letterlike signs
# and arrows.
COVERED = (
    range(0x250),
    range(0x964, 0x966),
    range(0x980, 0xA00),
    range(0x2000, 0x2070),
    range(0x20A0, 0x20D0),
    range(0x2100, 0x2200),
)
LONGEST = 1024  # code points; a longer password is judged as it is
_MANY = 7_777_777  # a count that no sentence holds, to find where it is written
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def compile_script(chain: tuple[Path, ...], catalogue: Catalogue) -> str:
    """Return the script of a chain of themes with its words in it."""
    source = (chain[-1] / SOURCE).read_text("utf-8")
    values = {"WORDS": _words(catalogue), "TABLE": table()}
    short = _shortened(_COMMENT.sub("", source))
    return re.sub(
        r"\b(WORDS|TABLE)\b",
        lambda found: json.dumps(values[found[1]], ensure_ascii=False, separators=(",", ":")),
        short,
        count=2,
    )


def _shortened(source: str) -> str:
    """Drop what is surely not needed: indentation, empty lines, spaces around punctuation.

    Lines stay lines, so no semicolon is missed; a line with a text or a pattern is only stripped.
    """
    lines = filter(None, (line.strip() for line in source.splitlines()))
    return "\n".join(
        line if re.search("[\"'/]", line) else re.sub(r" ?([=<>+*(){},;:?|&!-]+) ?", r"\1", line)
        for line in lines
    )


def _words(words: Catalogue) -> Mapping[str, object]:
    def say(*keys: str) -> tuple[str, ...]:
        return tuple(words.plain(key, {}) for key in keys)

    def named(show: str, hide: str) -> tuple[tuple[str, str, str], ...]:
        shorts = say("password.show.short", "password.hide.short")
        pairs = zip(say(show, hide), shorts, strict=True)
        return tuple(
            name.partition(short) if short in name else ("", name, "") for name, short in pairs
        )

    return {
        "digits": bengali_digits("0123456789") if words.locale == "bn" else "0123456789",
        "longest": LONGEST,
        "reveal": {
            "password": named("password.show", "password.hide"),
            "new_password": named("upd.show1", "upd.hide1"),
            "confirm_password": named("upd.show2", "upd.hide2"),
        },
        "caps": words.plain("warn.caps", {}),
        "keyboard": words.plain("warn.bnkeyboard", {}),
        "bengali": words.plain("upd.bnwarn", {}),
        "met": say("policy.unmet", "policy.met"),
        "live": words.plain("policy.live", {"met": "{met}", "total": "{total}"}),
        "seconds": _counted(words, "otp.wait", "s"),
        "minutes": _counted(words, "sent.wait.m", "n"),
        "wait": words.plain("btn.wait", {}),
    }


def _counted(words: Catalogue, key: str, fact: str) -> tuple[str, str]:
    """Return a counted sentence for one, and for more with `{}` in the place of the count."""
    many = words.plain(key, {fact: _MANY})
    for written in (str(_MANY), bengali_digits(_MANY)):
        many = many.replace(written, "{}")
    return words.plain(key, {fact: 1}), many


def table() -> Mapping[str, str]:
    """Return the ranges of each category for browsers that do not know categories.

    Each range says how far it is from the end of the one before and how long it is, in base 36;
    one character alone says no length.
    """
    return {category: " ".join(_ranges(category)) for category in CATEGORIES}


def _ranges(category: str) -> Iterator[str]:
    end = 0
    for start, length in _runs(point for part in COVERED for point in part if _is(point, category)):
        yield _base_36(start - end) + (f".{_base_36(length)}" if length > 1 else "")
        end = start + length


def _is(point: int, category: str) -> bool:
    return unicodedata.category(chr(point)).startswith(category)


def _runs(points: Iterable[int]) -> Iterator[tuple[int, int]]:
    for _, run in groupby(enumerate(points), lambda pair: pair[1] - pair[0]):
        members = [point for _, point in run]
        yield members[0], len(members)


def _base_36(number: int) -> str:
    high, low = divmod(number, 36)
    return (_base_36(high) if high else "") + _BASE_36[low]
