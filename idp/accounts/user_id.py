"""The user ID: an e-mail address as people type it, its canonical form, and what may be wrong."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache

import idna

LONGEST = 254  # RFC 5321 4.5.3.1.3, less the angle brackets
_LONGEST_LOCAL = 64  # RFC 5321 4.5.3.1.1
_LONGEST_TYPED = 1024  # beyond it, text is refused as it is: normalising can take quadratic time
_DOTS = "•••••"

_BENGALI = re.compile(r"[\u0980-\u09ff]")
_PREFIX = re.compile(r"\A(?:<|mailto:)+", re.IGNORECASE)
_EDGES = " \t\r\n"
# dot-atom of RFC 5322 3.2.3: quoted local parts, lists of mailboxes and control characters have no
# place in it.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# At least two labels, the last not a number: `name@example` and `name@10.0.0.1` are slips.
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
_DOMAINS_KEPT = 4096  # of mailboxes: thousands of people share a few


class UserIdFault(StrEnum):
    """What is wrong with a typed user ID, by the key of its sentence."""

    EMPTY = "err.userid.empty"
    SCRIPT = "err.userid.script"  # the keyboard is switched to Bengali
    FORMAT = "err.userid.format"


def canonical(typed: str) -> str:
    """Return the form under which a user ID is stored once and compared. Never raises.

    Two spellings of one mailbox have one canonical form: width, case, invisible characters, spaces,
    `mailto:`, `<…>` and U-label against A-label (RFC 5890 2.3.2.1) make no difference.
    """
    return mailbox(typed).lower()


def mailbox(typed: str) -> str:
    """Return the address that mail goes to: as typed, undecorated, its domain in A-labels."""
    tidy = _tidy(typed)
    local, at, domain = tidy.rpartition("@")
    return f"{local}@{_a_labels(domain)}" if at else tidy


def plain_mailbox(typed: str) -> str | None:
    """Return `mailbox(typed)` of an address that needs no tidying, a hundred thousand a second.

    None: it needs some, or has a fault.
    """
    local, _, domain = typed.rpartition("@")
    address = f"{local}@{domain.lower()}"
    return address if typed.isascii() and _is_address(address) else None


def fault(typed: str) -> UserIdFault | None:
    """Return what is wrong with a typed user ID; None when it can be somebody's."""
    tidy = _tidy(typed)
    if not tidy:
        return UserIdFault.EMPTY
    if _BENGALI.search(tidy):
        return UserIdFault.SCRIPT
    if len(tidy) > LONGEST or not _is_address(mailbox(typed)):
        return UserIdFault.FORMAT
    return None


def masked(email: str) -> str:
    """Return `o•••••@example.gov.bd`: enough to recognise, always as many dots."""
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}{_DOTS}{at}{domain}" if at else _DOTS


def _is_address(address: str) -> bool:
    local, _, domain = address.rpartition("@")
    return (
        len(address) <= LONGEST
        and len(local) <= _LONGEST_LOCAL
        and _LOCAL.fullmatch(local) is not None
        and _DOMAIN.fullmatch(domain) is not None
    )


def _tidy(typed: str) -> str:
    if len(typed) > _LONGEST_TYPED:
        return typed
    text = unicodedata.normalize("NFKC", typed).strip(_EDGES)
    # Cf: the invisible characters that keyboards and chat programs leave behind. Line separators
    # and control characters stay, for `fault` to find.
    text = "".join(c for c in text if unicodedata.category(c) not in {"Cf", "Zs"})
    text = unicodedata.normalize("NFKC", text)
    return _PREFIX.sub("", text).rstrip(">")


@lru_cache(maxsize=_DOMAINS_KEPT)
def _a_labels(domain: str) -> str:
    folded = domain.lower()
    if folded.isascii() or len(folded) > LONGEST:
        return folded
    try:
        return idna.encode(folded).decode("ascii")
    except UnicodeError:  # no domain name (RFC 5891 4.2): `fault` finds it as it stands
        return folded
