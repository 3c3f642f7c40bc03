"""Mail addresses on the wire: the one form that may stand in an envelope and in a header."""

import re
import unicodedata
from dataclasses import dataclass, field

from typing_extensions import override

from idp.model.errors import ProbeshError

LONGEST_ADDRESS = 254  # RFC 5321 4.5.3.1.3: a path of 256 octets with its angle brackets
LONGEST_LOCAL_PART = 64  # RFC 5321 4.5.3.1.1

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_NOT_IN_A_HEADER = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, surrogates, U+2028, U+2029


@dataclass(eq=False)
class UnusableAddress(ProbeshError):
    """An address that no envelope of ours will carry; the message does not repeat it."""

    reason: str

    @override
    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the letters come from: a display name (may be empty) and a mailbox on the wire."""

    name: str
    address: str = field(kw_only=True)


def is_one_line(text: str) -> bool:
    """Tell whether `text` may stand in a header: no control character, no line separator."""
    return not any(unicodedata.category(character) in _NOT_IN_A_HEADER for character in text)


def check_mailbox(address: str) -> str:
    """Return one mailbox as it goes over the wire, its domain as A-labels (RFC 5891).

    Only a dot-atom of ASCII before the @ is accepted (RFC 5322 3.2.3): no quoted local part, no
    display name, no list, no domain literal, so that one string is always one mailbox.

    Raises UnusableAddress.
    """
    if not is_one_line(address):
        raise UnusableAddress("the address holds a control character")
    local_part, at, domain = address.rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local_part):
        raise UnusableAddress("the part before the @ is not a plain name")
    wire = f"{local_part}@{check_domain(domain)}"
    if len(local_part) > LONGEST_LOCAL_PART or len(wire) > LONGEST_ADDRESS:
        raise UnusableAddress("the address is too long")
    return wire


def check_domain(domain: str) -> str:
    """Return a domain as A-labels (RFC 5891). Raises UnusableAddress."""
    try:
        wire = domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise UnusableAddress("the domain is not a host name") from None
    if not _DOMAIN.fullmatch(wire):
        raise UnusableAddress("the domain is not a host name")
    return wire


def parse_sender(sender: str) -> Sender:
    """Read `mailbox` or `display name <mailbox>`. Raises UnusableAddress."""
    if not is_one_line(sender):
        raise UnusableAddress("the sender holds a control character")
    named = _NAMED.fullmatch(sender.strip())
    if named is None:
        return Sender("", address=check_mailbox(sender.strip()))
    name = named["name"].strip().strip('"')
    return Sender(name, address=check_mailbox(named["address"].strip()))
