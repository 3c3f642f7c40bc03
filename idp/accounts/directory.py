"""The directory: what an administrator does to accounts. Every refusal is one plain sentence."""

import unicodedata
import uuid

from idp.accounts import user_id
from idp.accounts.passwords import LONGEST, Hasher, is_hashable
from idp.model.clock import Clock
from idp.model.errors import AlreadySpent, ProbeshError
from idp.model.user import User
from idp.stores.ports import Stores, Work

_LONGEST_NAME = 200
_REFUSALS = {
    user_id.UserIdFault.EMPTY: "The e-mail address is empty.",
    user_id.UserIdFault.SCRIPT: "The e-mail address holds Bengali letters.",
    user_id.UserIdFault.FORMAT: "This is not an e-mail address like name@example.gov.bd.",
}


class UserUnknown(ProbeshError):
    """Nobody has this e-mail address."""


class UserExists(ProbeshError):
    """Somebody has this e-mail address, perhaps in another spelling."""


class UserRefused(ProbeshError):
    """A value that no account may have."""


class Directory:
    """Adds and changes users, each change in one unit of work."""

    def __init__(self, stores: Stores, hasher: Hasher, clock: Clock) -> None:
        self._stores = stores
        self._hasher = hasher
        self._clock = clock

    def add(self, email: str, *, name_bn: str = "", name_en: str = "", office: str = "") -> User:
        """Store a new enabled user without a password. Raises UserRefused, UserExists."""
        fault = user_id.fault(email)
        if fault is not None:
            raise UserRefused(_REFUSALS[fault])
        now = self._clock()
        user = User(
            id=str(uuid.uuid4()),
            email=user_id.mailbox(email),
            email_canonical=user_id.canonical(email),
            name_bn=_checked_name(name_bn),
            name_en=_checked_name(name_en),
            office=_checked_name(office),
            created_at=now,
            updated_at=now,
        )
        try:
            with self._stores.write() as work:
                work.users.add(user)
        except AlreadySpent:
            raise UserExists(f"A user with the e-mail address {user.email} exists.") from None
        return user

    def check_password(self, password: str) -> None:
        """Raise UserRefused for text that cannot be a password."""
        if not is_hashable(password):
            raise UserRefused(
                f"The password must have 1 to {LONGEST} characters, none of them a null character."
            )

    def set_password(self, email: str, password: str) -> None:
        """Store a password; the user's credential version goes up.

        Raises UserUnknown, UserRefused for text that cannot be hashed, Busy.
        """
        self.check_password(password)
        with self._stores.read() as work:
            user = _require(work, email)
        tagged_hash = self._hasher.hash(password, known_browser=True)  # slow: in no transaction
        with self._stores.write() as work:
            work.credentials.set_password(user.id, tagged_hash, now=self._clock())

    def set_enabled(self, email: str, enabled: bool) -> None:
        """Switch an account on or off; off ends its sessions and grants. Raises UserUnknown."""
        now = self._clock()
        with self._stores.write() as work:
            user = _require(work, email)
            work.users.set_enabled(user.id, enabled=enabled, now=now)


def _require(work: Work, email: str) -> User:
    user = work.users.find_by_email(user_id.canonical(email))
    if user is None:
        raise UserUnknown("No user has this e-mail address.")
    return user


def _checked_name(name: str) -> str:
    """Return a name in NFC without edge spaces. Raises UserRefused for what no page can show."""
    tidy = unicodedata.normalize("NFC", name).strip()
    # Cc: control characters, Cs: lone surrogates, Zl and Zp: line and paragraph separators. Joiners
    # (Cf) are spelling in Bengali and stay.
    if any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in tidy):
        raise UserRefused("A name or office holds a control character or broken text.")
    if len(tidy) > _LONGEST_NAME:
        raise UserRefused(f"A name or office is longer than {_LONGEST_NAME} characters.")
    return tidy
