"""Passwords: their one normal form, and tagged bcrypt hashes behind a keyed pre-hash.

A hash at rest reads `probesh1:<pepper version>:<bcrypt string>`. bcrypt itself refuses more than 72
bytes, which is 25 Bengali letters; HMAC-SHA-384 in Base64 is always 64 and needs the pepper, which
is not in the database. Hashes from elsewhere (`foreign_hashes`) are verified as well, and outdated.
"""

import base64
import hashlib
import hmac
import logging
import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import bcrypt
from argon2.exceptions import HashingError

from idp.accounts import foreign_hashes
from idp.accounts.foreign_hashes import BCRYPT_SALT, ForeignHash
from idp.accounts.hash_gate import HashGate
from idp.model.keyring import Keyring

LONGEST = 1024  # code points; more is an attack on the normaliser, not a password

HIGHEST_COST = 18  # of bcrypt, that a configuration may name

_SCHEME = "probesh1"
# Zero width space, non-joiner, joiner, word joiner, byte order mark: Bengali keyboards differ in
# whether they emit them, and nobody can see them.
_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_UNHASHABLE = re.compile(r"[\x00\ud800-\udfff]")
_TAGGED = re.compile(
    _SCHEME
    + r":(?P<version>[1-9][0-9]{0,8}):(?P<bcrypt>\$2b\$(?P<cost>0[4-9]|1[0-8])\$"
    + BCRYPT_SALT
    + r"[./A-Za-z0-9]{31})"
)
_log = logging.getLogger(__name__)


class _Tagged(NamedTuple):
    pepper_version: int
    cost: int
    bcrypt_hash: bytes


def normal_form(password: str) -> str:
    """Return the one form of a password: invisible characters dropped, then NFC."""
    return unicodedata.normalize("NFC", password.translate(_INVISIBLE))


def normalise(password: str) -> bytes:
    """Return the UTF-8 bytes that are hashed: those of `normal_form`.

    Raises UnicodeEncodeError for lone surrogates, which `is_hashable` refuses.
    """
    return normal_form(password).encode()


def is_hashable(password: str) -> bool:
    """Tell whether this can be anybody's password: not empty, at most LONGEST, well-formed text.

    The answer depends on the input alone, so refusing before any hash tells nothing of accounts.
    """
    return (
        len(password) <= LONGEST
        and _UNHASHABLE.search(password) is None
        and normalise(password) != b""
    )


def is_known(tagged_hash: str) -> bool:
    """Tell whether a hash has a form that can be verified here: ours, or one from elsewhere.

    Whether its pepper is still there, only a `Hasher` knows.
    """
    return (
        _TAGGED.fullmatch(tagged_hash) is not None or foreign_hashes.parse(tagged_hash) is not None
    )


def cost_of(tagged_hash: str) -> int | None:
    """Return bcrypt's exponent of a hash of ours; None: it is none."""
    found = _TAGGED.fullmatch(tagged_hash)
    return None if found is None else int(found["cost"])


def is_ours(tagged_hash: str) -> bool:
    """Tell whether a hash is one of ours: somebody has typed its password here."""
    return tagged_hash.startswith(f"{_SCHEME}:")


def foreign_rounds(password: str) -> int:
    """Return how often a wrong password is hashed for a hash from elsewhere: 1 or 2.

    As received, as it was hashed there; then in our normal form, if that is another one: the
    next keyboard may spell it so. It depends on the input alone.
    """
    return 1 if normalise(password) == password.encode() else 2


def _dummy_of(cost: int) -> bytes:
    """Return a hash without a preimage: comparing with it costs what a real one costs."""
    return bcrypt.gensalt(cost) + b"." * 31


def spend_one_hash(cost: int) -> None:
    """Do the work of one hash of ours, for who wants to know how long it takes."""
    bcrypt.checkpw(b"x", _dummy_of(cost))


class Hasher:
    """Makes and verifies tagged hashes, each in a place of `gate` unless its thread holds one.

    `pepper` is the keyring of the pre-hash, `cost` bcrypt's exponent for new hashes.
    """

    def __init__(self, pepper: Keyring, cost: int, gate: HashGate) -> None:
        self._pepper = pepper
        self.cost = cost
        self.gate = gate
        # A salt without a preimage: comparing with it costs what comparing with a real one does.
        self._dummy = _Tagged(pepper.newest, cost, _dummy_of(cost))

    def hash(self, password: str, *, known_browser: bool = False) -> str:
        """Return a tagged hash under the newest pepper and the configured cost.

        Raises ValueError unless `is_hashable`, Busy when there is no place to hash.
        """
        if not is_hashable(password):
            raise ValueError("this text cannot be a password")
        version = self._pepper.newest
        prehash = self._prehash(password, version)
        with self.gate.place(known_browser=known_browser):
            hashed = bcrypt.hashpw(prehash, bcrypt.gensalt(self.cost))
        return f"{_SCHEME}:{version}:{hashed.decode('ascii')}"

    def verify(
        self, password: str, tagged_hash: str | None, *, known_browser: bool = False
    ) -> bool:
        """Tell whether the password is that of the hash; None: the same work, and always False.

        What is not hashable is False without work, whoever is asked for. Raises Busy.
        """
        if not is_hashable(password):
            return False
        foreign = foreign_hashes.parse(tagged_hash or "")
        if foreign is not None:
            with self.gate.place(known_browser=known_browser):
                return _is_match(partial(_matches_foreign, foreign, password))
        tagged = self._parse(tagged_hash)
        against = tagged or self._dummy
        prehash = self._prehash(password, against.pepper_version)
        with self.gate.place(known_browser=known_browser):
            matches = _is_match(partial(bcrypt.checkpw, prehash, against.bcrypt_hash))
            # A hash of a lower cost must take as long as nobody's: 2^c + 2^c + … + 2^(C-1) = 2^C.
            for cost in range(against.cost, self.cost):
                bcrypt.checkpw(prehash, _dummy_of(cost))
        return matches and tagged is not None

    def is_outdated(self, tagged_hash: str) -> bool:
        """Tell whether a hash should be made anew at the next login: scheme, pepper or cost."""
        tagged = self._parse(tagged_hash)
        current = (self._pepper.newest, self.cost)
        return tagged is None or (tagged.pepper_version, tagged.cost) != current

    def _prehash(self, password: str, version: int) -> bytes:
        key = self._pepper.versions[version]
        return base64.b64encode(hmac.digest(key, normalise(password), hashlib.sha384))

    def _parse(self, tagged_hash: str | None) -> _Tagged | None:
        """Return the parts of a hash that can be verified here; a lost pepper verifies nothing."""
        found = _TAGGED.fullmatch(tagged_hash or "")
        if found is None or int(found["version"]) not in self._pepper.versions:
            return None
        return _Tagged(int(found["version"]), int(found["cost"]), found["bcrypt"].encode("ascii"))


def _is_match(compare: Callable[[], bool]) -> bool:
    """Compare; what a library cannot compute, for its form or for want of memory, is wrong."""
    try:
        return compare()
    except (ValueError, HashingError):
        # Without the error: its text may quote the hash.
        _log.error("a stored password hash cannot be computed, so any password for it is wrong")
        return False


def _matches_foreign(foreign: ForeignHash, password: str) -> bool:
    """Compare the bytes as received, then normalised; see `foreign_rounds`."""
    if foreign.matches(password.encode()):
        return True
    return foreign_rounds(password) > 1 and foreign.matches(normalise(password))
