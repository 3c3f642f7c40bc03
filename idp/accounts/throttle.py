"""The throttle: which failures are counted together, and how long their key must wait.

An account's wrong passwords are counted twice: with the network that they come from (its pair), and
with all other strangers' or with the known browser's own. docs/decisions/018 tells why.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from idp.accounts.addresses import address_network
from idp.model.keyring import Keyring
from idp.model.user import User
from idp.stores.ports import Blocked, Schedule, Stores, Work

_QUARTER: Final = 900  # seconds
_HOUR: Final = 3600
_DAY: Final = 24 * 3600

# Five failures of one account from one network within a minute: a minute's pause, told as such.
PAIR = Schedule(window=60, pauses=((5, 60),))
# Wrong passwords from browsers in which the account's owner has never logged in: a hundred since
# the owner's last success (NIST SP 800-63B 5.2.2), and a hundred a day.
STRANGERS = Schedule(window=0, pauses=((100, 0),))
STRANGERS_A_DAY = Schedule(window=_DAY, pauses=((100, _DAY),))
# The same of a user ID that nobody has: no owner ever succeeds, and its row must leave some day.
STRANGERS_OF_NOBODY = Schedule(window=90 * _DAY, pauses=STRANGERS.pauses)
# Beyond ten in a quarter of an hour a known browser counts as a stranger's.
KNOWN_BROWSER = Schedule(window=_QUARTER, pauses=((10, _QUARTER),))
# Wrong passwords of one account behind its proven mailbox, wherever they come from.
PROVEN = Schedule(window=_DAY, pauses=((20, _DAY),))
# Wrong codes of one account, wherever they are typed: whoever gets here holds the password.
OTP = Schedule(window=0, pauses=((10, 600), (20, 3600), (50, 0)))
# Codes to one mailbox.
SENDS = (
    Schedule(window=_QUARTER, pauses=((5, _QUARTER),)),
    Schedule(window=_DAY, pauses=((20, _DAY),)),
)
# Those that are asked for before a password are counted apart, so that no stranger can use up the
# owner's. What anybody can use up is never closed for a day: behind the day's burst one leaves an
# hour.
FIRST_SENDS = (SENDS[0], Schedule(window=_DAY, pauses=((20, _HOUR),)))
# Wrong codes of one account before a password.
FIRST_TRIES = Schedule(window=_DAY, pauses=((50, _DAY),))
# Links to one mailbox, whoever asks: three in a quarter of an hour, ten a day and then one an hour,
# and a pause after each that the configuration chooses.
RESETS = (
    Schedule(window=_QUARTER, pauses=((3, _QUARTER),)),
    Schedule(window=_DAY, pauses=((10, _HOUR),)),
)
# New passwords of one account that were worth comparing with the earlier ones: six hashes each.
UPDATE = Schedule(window=_QUARTER, pauses=((10, _QUARTER),))
# Letters that tell an owner of many wrong passwords.
WARNINGS = Schedule(window=_DAY, pauses=((1, _DAY),))

Limit: TypeAlias = tuple[bytes, Schedule]  # a counter, with how it answers
Limits: TypeAlias = tuple[Limit, ...]

_OF_PASSWORD = ("strangers", "proven", "sends0", "sends1", "first0", "first1", "first-tries")
_OF_ACCOUNT = (*_OF_PASSWORD, "strangers-day", "otp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One password that is about to be checked: for whom, and where it comes from."""

    user_id_canonical: str
    user: User | None  # None: nobody has this user ID
    address: str
    known_browser: str | None = field(default=None, repr=False)  # its cookie, if it is known
    is_mailbox_proven: bool = False  # by a code, before: no stranger any more
    has_code: bool = True  # its flow asks for a code, which may be asked for first


@dataclass(frozen=True, slots=True)
class Closed:
    """The strangers of an account have had their tries; `until` as in `Blocked`."""

    until: int | None


@dataclass(frozen=True, slots=True)
class Slot:
    """An attempt that was counted beforehand: what its success forgets, and what it gives back."""

    forgotten: tuple[bytes, ...]
    refunded: tuple[bytes, ...] = ()
    is_last: bool = False  # with it the strangers have had their tries


class Throttle:
    """Counts failures by account and network, for known and unknown user IDs alike."""

    def __init__(self, stores: Stores, form_key: Keyring) -> None:
        self._stores = stores
        self._form_key = form_key

    def look(self, work: Work, attempt: Attempt, *, now: int) -> Blocked | Closed | None:
        """Tell whether an attempt must not be checked now, counting nothing."""
        blocked = work.counters.blocked(self._pair_key(attempt), now=now)
        if blocked is not None:
            return blocked
        if attempt.is_mailbox_proven:
            return work.counters.blocked(self._account_key("proven", attempt), now=now)
        known = self._known_key(attempt)
        if known is not None and work.counters.blocked(known, now=now) is None:
            return None
        return _closed(work, self._strangers(attempt), now)

    def reserve(self, attempt: Attempt, *, now: int) -> Slot | Blocked | Closed:
        """Count one failed password beforehand, in a unit of work of its own.

        Blocked, Closed: nothing was counted and nothing may be checked. Parallel attempts can never
        take more slots than there are.
        """
        pair_key = self._pair_key(attempt)
        with self._stores.write() as work:
            # Every attempt takes its rows in one order: its pair, then what it shares with others.
            blocked = work.counters.reserve(pair_key, PAIR, now=now)
            if blocked is not None:
                return blocked
            slot = self._reserve_shared(work, attempt, now)
            if not isinstance(slot, Slot):
                work.counters.refund(pair_key)
            return slot

    def _reserve_shared(self, work: Work, attempt: Attempt, now: int) -> Slot | Blocked | Closed:
        forgotten = (self._pair_key(attempt), self._account_key("strangers", attempt))
        if attempt.is_mailbox_proven:
            proven = self._account_key("proven", attempt)
            return work.counters.reserve(proven, PROVEN, now=now) or Slot((*forgotten, proven))
        known = self._known_key(attempt)
        if known is not None and work.counters.reserve(known, KNOWN_BROWSER, now=now) is None:
            return Slot((*forgotten, known))
        limits = self._strangers(attempt)
        closed = _closed(work, limits, now)
        if closed is not None:
            return closed
        for key, schedule in limits:
            blocked = work.counters.reserve(key, schedule, now=now)
            if blocked is not None:  # somebody took the last slot between look and count
                return Closed(blocked.until)
        is_last = _closed(work, limits, now) is not None
        return Slot(forgotten, (self._account_key("strangers-day", attempt),), is_last)

    def _strangers(self, attempt: Attempt) -> Limits:
        """Return what strangers are counted by; without a code to ask for they wait by the day."""
        in_all = STRANGERS if attempt.user else STRANGERS_OF_NOBODY
        limits = (
            (self._account_key("strangers", attempt), in_all),
            (self._account_key("strangers-day", attempt), STRANGERS_A_DAY),
        )
        return limits if attempt.has_code else limits[1:]

    def _pair_key(self, attempt: Attempt) -> bytes:
        version = attempt.user.credential_version if attempt.user else 0
        return self.pair_key(attempt.user_id_canonical, attempt.address, version=version)

    def _known_key(self, attempt: Attempt) -> bytes | None:
        if attempt.user is None or attempt.known_browser is None:
            return None
        return self._key("known", attempt.user.id, attempt.known_browser)

    def _account_key(self, purpose: str, attempt: Attempt) -> bytes:
        return self.key_of(purpose, attempt.user, attempt.user_id_canonical)

    def pair_key(self, user_id_canonical: str, address: str, *, version: int = 0) -> bytes:
        """Return the counter's key of an account and a network: keyed, so rows name nobody.

        `version` is the account's credential version, 0 for nobody's: with a new password the waits
        of the old one are over, wherever somebody waits.
        """
        return self._key("password", user_id_canonical, address_network(address), str(version))

    def key_of(self, purpose: str, user: User | None, user_id_canonical: str) -> bytes:
        """Return the key of an account's counter; of a user ID that nobody has, a keyed one."""
        if user is not None:
            return self.account_key(purpose, user.id)
        return self._key("nobody", purpose, user_id_canonical)

    def warning_limit(self, user: User | None, user_id_canonical: str) -> Limit:
        """Return the counter of letters that warn an owner."""
        return self.key_of("warning", user, user_id_canonical), WARNINGS

    def code_limits(self, user_id: str) -> Limits:
        """Return the counters of codes that are mailed after a right password."""
        keys = (self.account_key(f"sends{n}", user_id) for n in range(len(SENDS)))
        return tuple(zip(keys, SENDS, strict=True))

    def first_code_limits(self, user: User | None, user_id_canonical: str) -> Limits:
        """Return the counters of codes that are mailed before anything is proven."""
        keys = (self.key_of(f"first{n}", user, user_id_canonical) for n in range(len(FIRST_SENDS)))
        return tuple(zip(keys, FIRST_SENDS, strict=True))

    def first_try_limit(self, user: User | None, user_id_canonical: str) -> Limit:
        """Return the counter of wrong codes before anything is proven."""
        return self.key_of("first-tries", user, user_id_canonical), FIRST_TRIES

    def reserve_update(self, user_id: str, *, now: int) -> Blocked | None:
        """Count one new password that is about to be hashed, in a unit of work of its own."""
        with self._stores.write() as work:
            return work.counters.reserve(self._key("update", user_id), UPDATE, now=now)

    def reset_limits(self, user_id_canonical: str, *, resend_after: int) -> Limits:
        """Return the counters of links to one user ID; `resend_after` is in seconds."""
        pause = Schedule(window=resend_after, pauses=((1, resend_after),))
        schedules = (pause, *RESETS)
        keys = [self._key("reset", user_id_canonical, str(n)) for n in range(len(schedules))]
        return tuple(zip(keys, schedules, strict=True))

    def _key(self, *facts: str) -> bytes:
        return self._form_key.mac("throttle", json.dumps(facts).encode())

    @staticmethod
    def account_key(purpose: str, user_id: str) -> bytes:
        """Return the key of a user's counter.

        It hangs on no secret: some of these counters have no window, and must outlive every form
        key.
        """
        return hashlib.sha256(purpose.encode() + b"\x00" + user_id.encode()).digest()

    @staticmethod
    def otp_key(user_id: str) -> bytes:
        """Return the key of an account's counter of wrong codes."""
        return Throttle.account_key("otp", user_id)

    @staticmethod
    def keys_of_password(user_id: str) -> tuple[bytes, ...]:
        """Return the keys of what was counted for an old password, which a new one forgets."""
        return tuple(Throttle.account_key(purpose, user_id) for purpose in _OF_PASSWORD)


def is_closed(work: Work, key: bytes, *, now: int) -> bool:
    """Tell whether a counter is closed until it is cleared; one that pauses is not."""
    blocked = work.counters.blocked(key, now=now)
    return blocked is not None and blocked.until is None


def unlock(work: Work, user_id: str) -> None:
    """Forget what was counted of a user wherever it came from: passwords, codes, letters."""
    for purpose in _OF_ACCOUNT:
        work.counters.clear(Throttle.account_key(purpose, user_id))


def longest_wait(work: Work, limits: Limits, *, now: int) -> Blocked | None:
    """Return the wait of the limit that keeps longest, counting nothing; None: all have room."""
    found = [work.counters.blocked(key, now=now) for key, _ in limits]
    waits = [blocked for blocked in found if blocked is not None]
    if not waits:
        return None
    ends = [blocked.until for blocked in waits if blocked.until is not None]
    return Blocked(max(ends) if len(ends) == len(waits) else None)


def take_slots(work: Work, limits: Limits, *, now: int) -> bool:
    """Count one in each of these limits if all have room; False: nothing may be done.

    Counting a refused request would keep its owner waiting longer.
    """
    if longest_wait(work, limits, now=now) is not None:
        return False
    return all(work.counters.reserve(key, schedule, now=now) is None for key, schedule in limits)


def _closed(work: Work, limits: Limits, now: int) -> Closed | None:
    blocked = longest_wait(work, limits, now=now)
    return None if blocked is None else Closed(blocked.until)
