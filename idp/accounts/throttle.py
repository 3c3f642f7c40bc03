"""The throttle: which failures are counted together, and how long their key must wait."""

import hashlib
import json
from typing import TypeAlias

from idp.accounts.addresses import address_network
from idp.model.keyring import Keyring
from idp.stores.ports import Blocked, Schedule, Stores, Work

# Five failures of one account from one network within a minute: a minute's pause, told as such.
PAIR = Schedule(window=60, pauses=((5, 60),))
# Wrong codes of one account, wherever they are typed: whoever gets here holds the password.
OTP = Schedule(window=0, pauses=((10, 600), (20, 3600), (50, 0)))
# Links to one mailbox, whoever asks: three in a quarter of an hour, ten a day, and a pause after
# each that the configuration chooses.
RESETS = (Schedule(window=900, pauses=((3, 900),)), Schedule(window=86_400, pauses=((10, 86_400),)))
# New passwords of one account that were worth comparing with the earlier ones: six hashes each.
UPDATE = Schedule(window=900, pauses=((10, 900),))

Limits: TypeAlias = tuple[tuple[bytes, Schedule], ...]  # counters, each with how it answers


class Throttle:
    """Counts failures by account and network, for known and unknown user IDs alike."""

    def __init__(self, stores: Stores, form_key: Keyring) -> None:
        self._stores = stores
        self._form_key = form_key

    def reserve(
        self, user_id_canonical: str, address: str, *, version: int = 0, now: int
    ) -> Blocked | None:
        """Count one failed password beforehand, in a unit of work of its own.

        Whoever then succeeds clears `pair_key` in the unit of work of the success. Blocked: nothing
        was counted and nothing may be checked.
        """
        key = self.pair_key(user_id_canonical, address, version=version)
        with self._stores.write() as work:
            return work.counters.reserve(key, PAIR, now=now)

    def pair_key(self, user_id_canonical: str, address: str, *, version: int = 0) -> bytes:
        """Return the counter's key of an account and a network: keyed, so rows name nobody.

        `version` is the account's credential version, 0 for nobody's: with a new password the waits
        of the old one are over, wherever somebody waits.
        """
        return self._key("password", user_id_canonical, address_network(address), str(version))

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
    def otp_key(user_id: str) -> bytes:
        """Return the key of an account's counter of wrong codes.

        It hangs on no secret: the counter has no window, and must outlive every form key.
        """
        return hashlib.sha256(b"otp\x00" + user_id.encode()).digest()

    @staticmethod
    def count_otp(work: Work, otp_key: bytes, *, now: int) -> Blocked | None:
        """Count one wrong code beforehand, in the caller's unit of work. Blocked: not counted."""
        return work.counters.reserve(otp_key, OTP, now=now)
