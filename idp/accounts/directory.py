"""The directory: what an administrator does to accounts. Every refusal is one plain sentence."""

import uuid

from idp.accounts import user_id
from idp.accounts.credentials import UPDATE_PASSWORD, change_mailbox, change_password, switch
from idp.accounts.passwords import LONGEST, Hasher, is_hashable
from idp.accounts.policy import Policy
from idp.accounts.sign_out import Cause, SignOut
from idp.accounts.throttle import unlock
from idp.accounts.user_fields import ACTIONS, UserRefused, checked_mailbox, checked_name
from idp.model.clock import Clock
from idp.model.errors import AlreadySpent, ProbeshError
from idp.model.page import Facts, Message
from idp.model.user import User
from idp.stores.ports import Stores, Work

__all__ = ["ACTIONS", "Directory", "UserExists", "UserRefused", "UserUnknown"]

# An administrator's words for the policy's messages; pages say them in their own catalogue.
_FAULTS = {
    "err.policy": "needs {list}",
    "err.long": "may have at most {n} characters",
    "err.space": "must not begin or end with a space",
    "err.common": "is easy to guess",
    "err.contains": "must not hold the user ID, a name or the office",
    "policy.len": "at least {n} characters",
    "policy.upper": "a capital letter (A-Z)",
    "policy.lower": "a small letter (a-z)",
    "policy.digit": "a digit",
    "policy.special": "a special sign",
}
_TRIES = 2  # of a change that somebody else overtakes


class UserUnknown(ProbeshError):
    """Nobody has this e-mail address."""


class UserExists(ProbeshError):
    """Somebody has this e-mail address, perhaps in another spelling."""


class Directory:
    """Adds and changes users, each change in one unit of work."""

    def __init__(
        self, stores: Stores, hasher: Hasher, clock: Clock, *, policy: Policy, sign_out: SignOut
    ) -> None:
        self._stores = stores
        self._hasher = hasher
        self._clock = clock
        self._policy = policy
        self._sign_out = sign_out

    def add(
        self,
        email: str,
        *,
        name_bn: str = "",
        name_en: str = "",
        office: str = "",
        password: str | None = None,
        temporary: bool = False,
    ) -> User:
        """Store a new enabled user; None: without a password, `temporary`: with one for once.

        Raises UserRefused, UserExists, Busy.
        """
        now = self._clock()
        mailbox, canonical = checked_mailbox(email)
        user = User(
            id=str(uuid.uuid4()),
            email=mailbox,
            email_canonical=canonical,
            name_bn=checked_name(name_bn),
            name_en=checked_name(name_en),
            office=checked_name(office),
            created_at=now,
            updated_at=now,
        )
        tagged_hash = None if password is None else self._hash(password, user)
        with self._stores.write() as work:
            _add(work, user)
            if tagged_hash is not None:
                self._change_password(work, user, tagged_hash, temporary=temporary)
        return user

    def set_password(
        self, email: str, password: str, *, temporary: bool = False, end_sessions: bool = False
    ) -> None:
        """Store a password that fits the policy; an administrator may repeat an earlier one.

        `temporary`: the user must choose another one at the next login. The sessions stay unless
        `end_sessions`. Raises UserUnknown, UserRefused, Busy.
        """
        with self._stores.read() as work:
            user = _require(work, email)
        tagged_hash = self._hash(password, user)  # slow: in no transaction
        for _ in range(_TRIES):
            try:
                with self._stores.write() as work:
                    user = _require(work, email)
                    self._change_password(work, user, tagged_hash, temporary=temporary)
                    if end_sessions:
                        self._sign_out.end_all(work, user.id, Cause(), now=self._clock())
                        work.known_browsers.forget_all(user.id)
            except AlreadySpent:  # the user changed it as well
                continue
            return
        raise UserRefused("Somebody else is changing this account just now: try again.")

    def set_email(self, email: str, new: str) -> User:
        """Give an account another mailbox, not verified yet; return the user as it is then.

        Open links and logins under way end, sessions stay. Raises UserUnknown, UserExists,
        UserRefused.
        """
        mailbox, canonical = checked_mailbox(new)
        with self._stores.write() as work:
            user = _require(work, email)
            try:
                change_mailbox(work, user.id, mailbox, canonical, now=self._clock())
            except AlreadySpent:
                raise _exists(mailbox) from None
            return _require(work, new)

    def set_enabled(self, email: str, enabled: bool) -> None:
        """Switch an account on or off; either ends its sessions. Raises UserUnknown."""
        with self._stores.write() as work:
            user = _require(work, email)
            switch(work, user.id, self._sign_out, enabled=enabled, now=self._clock())

    def end_sessions(self, email: str) -> int:
        """End every login of a user, those under way too; return how many sessions ended.

        Raises UserUnknown.
        """
        now = self._clock()
        with self._stores.write() as work:
            user = _require(work, email)
            live = work.user_sessions.count_of_user(user.id, now=now)
            work.authentication_sessions.take_all_of_user(user.id, but="", now=now)
            self._sign_out.end_all(work, user.id, Cause(), now=now)
            work.known_browsers.forget_all(user.id)
        return live

    def unlock(self, email: str) -> User:
        """Forget wrong passwords of strangers, wrong codes and codes that were mailed; return whom.

        Waits of a network end by themselves. Raises UserUnknown.
        """
        with self._stores.write() as work:
            user = _require(work, email)
            unlock(work, user.id)
        return user

    def require(self, email: str, action: str, demanded: bool) -> None:
        """Demand one of ACTIONS at the next login, or demand it no more.

        Raises UserUnknown, UserRefused for an action that there is not.
        """
        if action not in ACTIONS:
            raise UserRefused(f"There is no such action; actions are {', '.join(ACTIONS)}.")
        with self._stores.write() as work:
            user = _require(work, email)
            if demanded:
                work.required_actions.require(user.id, action, now=self._clock())
            else:
                work.required_actions.clear(user.id, action)

    def _hash(self, password: str, owner: User) -> str:
        """Return the hash of a password that its owner may have. Raises UserRefused, Busy."""
        faults = self._policy.faults(password, owner)
        if faults:
            raise UserRefused(f"The password {'; it '.join(map(_say, faults))}.")
        if not is_hashable(password):
            raise UserRefused(
                f"The password must have 1 to {LONGEST} characters, none of them a null character."
            )
        return self._hasher.hash(password, known_browser=True)

    def _change_password(
        self, work: Work, user: User, tagged_hash: str, *, temporary: bool
    ) -> None:
        now = self._clock()
        change_password(work, user, tagged_hash, history=self._policy.history, now=now)
        if temporary:
            work.required_actions.require(user.id, UPDATE_PASSWORD, now=now)


def _require(work: Work, email: str) -> User:
    user = work.users.find_by_email(user_id.canonical(email))
    if user is None:
        raise UserUnknown("No user has this e-mail address.")
    return user


def _add(work: Work, user: User) -> None:
    try:
        work.users.add(user)
    except AlreadySpent:
        raise _exists(user.email) from None


def _exists(mailbox: str) -> UserExists:
    return UserExists(f"A user with the e-mail address {mailbox} exists.")


def _say(message: Message) -> str:
    return _FAULTS[message.key].format_map(_spoken(message.facts))


def _spoken(facts: Facts) -> dict[str, str | int]:
    return {
        name: ", ".join(map(_say, fact)) if isinstance(fact, tuple) else fact
        for name, fact in facts.items()
    }
