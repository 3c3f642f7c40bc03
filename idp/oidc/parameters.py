"""Parameters as they come over the wire: read strictly, judged before anything believes them."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

Pairs: TypeAlias = Sequence[tuple[str, str]]

# Control characters, lone surrogates (bytes that were no UTF-8) and the replacement character.
_UNREADABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
LONGEST_OPAQUE: Final = 2048  # characters of a state or a nonce, which we only give back
_SHOWN: Final = 200  # characters of a value that a page of ours repeats


def parse_pairs(raw: bytes) -> list[tuple[str, str]]:
    """Read `application/x-www-form-urlencoded` bytes, keeping order, repetition and empty values.

    Bytes that are no UTF-8 become lone surrogates, which `is_readable` refuses; nothing raises.
    """
    text = raw.decode("utf-8", "surrogateescape")
    return parse_qsl(text, keep_blank_values=True, errors="surrogateescape")


def is_readable(value: str) -> bool:
    """Tell whether a value is text: UTF-8 without control characters."""
    return _UNREADABLE.search(value) is None


def is_state(value: str) -> bool:
    """Tell whether a `state` can come back to its client as it was."""
    return len(value) <= LONGEST_OPAQUE and is_readable(value)


def repeated(pairs: Pairs) -> frozenset[str]:
    """Return the names that occur more than once, with or without a value (RFC 6749 3.1)."""
    names = [name for name, _ in pairs]
    if len(set(names)) == len(names):  # nearly always, and counting costs
        return frozenset()
    return frozenset(name for name, count in Counter(names).items() if count > 1)


def single_values(pairs: Pairs) -> dict[str, str]:
    """Return the first value of each name; one without a value counts as omitted (RFC 6749 3.1)."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if value:
            values.setdefault(name, value)
    return values


def printable(value: str) -> str:
    """Return the start of a received value, fit to be shown on a page of ours."""
    return _UNREADABLE.sub("?", value[:_SHOWN])


def words(value: str) -> Iterable[str]:
    """Return the members of a space-delimited list, each once, in the order given."""
    return dict.fromkeys(word for word in value.split(" ") if word)


def offered_locales(value: str, offered: Collection[str]) -> tuple[str, ...]:
    """Return which of our languages a list of BCP 47 tags asks for (OIDC Core 3.1.2.1)."""
    languages = (tag.partition("-")[0].lower() for tag in words(value))
    return tuple(dict.fromkeys(tag for tag in languages if tag in offered))
