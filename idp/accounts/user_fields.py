"""The values that an account may have. Every refusal is one plain sentence for an administrator."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from idp.accounts import user_id
from idp.accounts.credentials import UPDATE_PASSWORD
from idp.model.errors import ProbeshError

ACTIONS: Final = (UPDATE_PASSWORD,)  # what can be demanded of a user at the next login

_LONGEST_NAME = 200
_LONGEST_JSON = 65_536  # characters of somebody's attributes, or roles
_REFUSALS = {
    user_id.UserIdFault.EMPTY: "The e-mail address is empty.",
    user_id.UserIdFault.SCRIPT: "The e-mail address holds Bengali letters.",
    user_id.UserIdFault.FORMAT: "This is not an e-mail address like name@example.gov.bd.",
}
# Control characters, lone surrogates, line and paragraph separators, and what turns the direction
# of the text behind it. Joiners are spelling in Bengali and stay.
_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# What no log and not every database holds; an attribute may have several lines.
_BROKEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SUBJECT = re.compile(r"[!-~]{1,255}")  # ASCII of at most 255 characters (OIDC Core 2)
_LOCALE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")  # the form of RFC 5646
_KEY = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}")
_REPEATED = 4096  # offices and names that many people of one file share
# ASCII: any text survives in it, in every database.
_encode = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


class UserRefused(ProbeshError):
    """A value that no account may have."""


def checked_mailbox(email: str) -> tuple[str, str]:
    """Return the address that mail goes to, and its canonical form. Raises UserRefused."""
    address = user_id.plain_mailbox(email)
    if address is None:
        fault = user_id.fault(email)
        if fault is not None:
            raise UserRefused(_REFUSALS[fault])
        address = user_id.mailbox(email)
    return address, address.lower()


@lru_cache(maxsize=_REPEATED)
def checked_name(name: str) -> str:
    """Return a name in NFC without edge spaces. Raises UserRefused for what no page can show."""
    tidy = unicodedata.normalize("NFC", name).strip()
    if _UNSHOWABLE.search(tidy) is not None:
        raise UserRefused("A name or office holds a control character or broken text.")
    if len(tidy) > _LONGEST_NAME:
        raise UserRefused(f"A name or office is longer than {_LONGEST_NAME} characters.")
    return tidy


def checked_subject(subject: str) -> str:
    """Return a subject as it is. Raises UserRefused for one that no ID token can hold."""
    if _SUBJECT.fullmatch(subject) is None:
        raise UserRefused("The id must be 1 to 255 ASCII characters without spaces.")
    return subject


def checked_locale(locale: str) -> str:
    """Return a language like "bn" or "en-GB" as it is; "": none. Raises UserRefused."""
    if locale and _LOCALE.fullmatch(locale) is None:
        raise UserRefused('The locale must be a language like "bn" or "en-GB".')
    return locale


def checked_actions(actions: Sequence[str]) -> tuple[str, ...]:
    """Return required actions, each once. Raises UserRefused for one that there is not."""
    if any(action not in ACTIONS for action in actions):
        raise UserRefused(f"There is no such action; actions are {', '.join(ACTIONS)}.")
    return tuple(dict.fromkeys(actions))


def checked_attributes(attributes: Mapping[str, Any]) -> str:
    """Return attributes as they are stored: JSON, names in order. Raises UserRefused."""
    for name, value in attributes.items():
        if _KEY.fullmatch(name) is None:
            raise UserRefused("The name of an attribute must be 1 to 255 characters, no spaces.")
        if not (isinstance(value, str) or _is_texts(value)):
            raise UserRefused(f"The attribute {name} must be a text or a list of texts.")
        _check_unbroken([value] if isinstance(value, str) else value, f"The attribute {name}")
    return _dumped({name: _listed(value) for name, value in attributes.items()}, "attributes")


def checked_roles(roles: Mapping[str, Any]) -> str:
    """Return roles as they are stored: JSON, sorted, nothing empty. Raises UserRefused."""
    realm, clients = roles.get("realm", ()), roles.get("clients", {})
    is_known = set(roles) <= {"realm", "clients"} and isinstance(clients, Mapping)
    if not is_known or not all(map(_is_texts, (realm, *clients.values()))):
        raise UserRefused('The roles must be like {"realm": ["a"], "clients": {"ID": ["b"]}}.')
    _check_unbroken(chain(realm, clients, *clients.values()), "A role or its client")
    by_client = {name: sorted(set(its)) for name, its in clients.items() if its}
    kept = {"realm": sorted(set(realm)), "clients": by_client}
    return _dumped({name: value for name, value in kept.items() if value}, "roles")


def _check_unbroken(texts: Iterable[str], what: str) -> None:
    if any(_BROKEN.search(text) for text in texts):
        raise UserRefused(f"{what} holds a control character or broken text.")


def _is_texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(text, str) for text in value)


def _listed(value: str | Sequence[str]) -> str | list[str]:
    return value if isinstance(value, str) else list(value)


def _dumped(value: Mapping[str, Any], what: str) -> str:
    text = _encode(value)
    if len(text) > _LONGEST_JSON:
        raise UserRefused(f"The {what} are longer than {_LONGEST_JSON} characters of JSON.")
    return text
