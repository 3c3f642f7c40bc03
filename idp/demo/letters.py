"""Received letters: read leniently (broken MIME is shown as far as it goes) and kept in memory."""

import re
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import TypeVar

KEEP = 500
# What the standard library's parser raises on hostile headers, charsets and nesting.
BROKEN = (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError)
HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)

T = TypeVar("T")


@dataclass(frozen=True)
class Address:
    """A mailbox as a header names it."""

    name: str
    address: str


@dataclass(frozen=True)
class Letter:
    """One received letter; `created` is when it arrived, `date` what its header says."""

    id: str
    sender: Address
    recipients: tuple[Address, ...]
    subject: str
    created: datetime
    date: datetime
    text: str = field(repr=False)
    html: str = field(repr=False)
    source: str = field(repr=False)


def read_letter(raw: bytes, created: datetime) -> Letter:
    """Read a letter from its bytes; whatever cannot be read is empty, never an error."""
    message = _tolerant(lambda: message_from_bytes(raw, policy=policy.default), EmailMessage())
    senders = _addresses(message, "From")
    return Letter(
        id=secrets.token_urlsafe(16),
        sender=senders[0] if senders else Address("", ""),
        recipients=_addresses(message, "To"),
        subject=_header(message, "Subject"),
        created=created,
        date=_date(message) or created,
        text=_body(message, "plain"),
        html=_body(message, "html"),
        source=raw.decode("utf-8", "replace"),
    )


def with_links_outside(html: str) -> str:
    """Make a letter's links open in a tab of their own: its frame shows nothing but letters."""
    base = '<base target="_blank">'
    if HEAD.search(html):
        return HEAD.sub(lambda head: head.group() + base, html, count=1)
    return base + html


def _tolerant(read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except BROKEN:
        return otherwise


def _header(message: EmailMessage, name: str) -> str:
    return _tolerant(lambda: str(message.get(name, "")), "")


def _addresses(message: EmailMessage, name: str) -> tuple[Address, ...]:
    nobody: list[tuple[str, str]] = []
    # From the source: the standard library puts a blank between the encoded words of a long name,
    # which RFC 2047 6.2 joins.
    sources = [_text(v) for key, v in message.raw_items() if key.lower() == name.lower()]
    pairs = _tolerant(lambda: getaddresses(sources), nobody)
    return tuple(Address(_words(shown), address) for shown, address in pairs if address)


def _text(source: object) -> str:
    """Return a header with the bytes that it came as."""
    return str(source).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _words(encoded: str) -> str:
    return _tolerant(lambda: str(make_header(decode_header(encoded))), encoded)


def _date(message: EmailMessage) -> datetime | None:
    date = _tolerant(lambda: parsedate_to_datetime(str(message["Date"])), None)
    return date.replace(tzinfo=UTC) if date and date.tzinfo is None else date


def _body(message: EmailMessage, kind: str) -> str:
    return _tolerant(lambda: _first_part(message, f"text/{kind}"), "")


def _first_part(message: EmailMessage, content_type: str) -> str:
    for part in message.walk():
        if part.get_content_type() == content_type:
            return _decoded(part)
    return ""


def _decoded(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset() or "utf-8"
    return _tolerant(lambda: raw.decode(charset, "replace"), raw.decode("utf-8", "replace"))


class Letterbox:
    """The last `KEEP` letters, newest first; safe to use from the SMTP and the web threads."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque(maxlen=KEEP)
        self._lock = threading.Lock()

    def put(self, letter: Letter) -> None:
        """Keep a letter; the oldest makes room."""
        with self._lock:
            self._letters.appendleft(letter)

    def all(self) -> tuple[Letter, ...]:
        """Return the letters, newest first."""
        with self._lock:
            return tuple(self._letters)

    def find(self, letter_id: str) -> Letter | None:
        """Return the letter with this id."""
        return next((letter for letter in self.all() if letter.id == letter_id), None)
