"""The ports: what the rooms above ask of a store, one Protocol a noun.

A `Work` is one unit of work: everything in it is committed together or not at all. Whatever may
happen only once is one conditional statement; the method then answers whether *this* caller won.
Times are seconds since 1970 UTC, digests 32 bytes.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from idp.model.action_token import ActionToken
from idp.model.grant import Grant
from idp.model.letter import Lane, Letter
from idp.model.sessions import AuthenticationSession, Challenge, UserSession
from idp.model.user import User


@dataclass(frozen=True, slots=True)
class Schedule:
    """How failures of one key are answered: a count per `window` seconds, and pauses at counts.

    `pauses` are (count, seconds): reaching the count blocks the key for that long. A window of 0
    never ends by itself. A pause of 0 closes the key until it is cleared.
    """

    window: int
    pauses: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """A key that must wait until `until` (seconds since 1970 UTC); None: closed until cleared."""

    until: int | None


@dataclass(frozen=True, slots=True)
class EndedGrant:
    """A grant of a session that has just ended: its client may have to be told."""

    sid: str
    client_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A signing key at rest: `sealed` is the private JWK under the key-encryption key.

    It is published from `created_at`, and signs from `signs_from` until a later one does.
    """

    kid: str
    alg: str
    sealed: bytes
    created_at: int
    signs_from: int


@dataclass(frozen=True, slots=True)
class Generation:
    """The configuration that the processes of a node were last told to serve."""

    node: str
    number: int
    digest: str  # of what all nodes should share
    snapshot: str = field(repr=False)  # JSON, secrets masked; for comparing, never for serving
    stored_at: int


@dataclass(frozen=True, slots=True)
class ServingProcess:
    """A process that serves: what it serves, and what it made of the newest generation."""

    id: str
    node: str
    pid: int
    number: int  # the newest generation that it has judged
    digest: str  # of what it serves
    fault: str  # why it kept what it had; "": it serves the generation `number`
    seen_at: int


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A user with the password's tagged hash and what is demanded at the next login.

    `history` are hashes of earlier passwords, newest first: added with a new user, never read here.
    """

    user: User
    tagged_hash: str | None = field(repr=False)
    actions: tuple[str, ...]
    history: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFilter:
    """Which users: those that hold `search` in address, name or office, switched on or off."""

    search: str = ""
    enabled: bool | None = None  # None: both


class Users(Protocol):
    """People and offices."""

    def find(self, user_id: str) -> User | None: ...
    def find_by_email(self, email_canonical: str) -> User | None:
        """Find a user; text that cannot be stored is nobody's address."""

    def add(self, user: User) -> None:
        """Store a new user. Raises AlreadySpent when the canonical e-mail is taken."""

    def set_enabled(self, user_id: str, *, enabled: bool, now: int) -> None:
        """Switch an account on or off: its credential version goes up."""

    def set_email(self, user_id: str, email: str, email_canonical: str, *, now: int) -> None:
        """Give an account another mailbox, not verified yet: its credential version goes up.

        Raises AlreadySpent when the canonical e-mail is taken.
        """

    def verify_email(self, user_id: str) -> None:
        """Note that the account's mailbox has been proven."""


class UserBatches(Protocol):
    """Many users at once, with their passwords and required actions."""

    def find(
        self, ids: Sequence[str], emails_canonical: Sequence[str], *, hold: bool = False
    ) -> Sequence[StoredUser]:
        """Find users by id or canonical e-mail; `hold` them, and nobody changes them meanwhile.

        Texts that cannot be stored must not be asked for.
        """

    def page(self, wanted: UserFilter, *, after: str, most: int) -> Sequence[StoredUser]:
        """Return up to `most` users in the order of canonical e-mail, behind `after` ("": all)."""

    def count(self) -> int: ...
    def add(self, added: Sequence[StoredUser], *, now: int) -> None:
        """Store new users. Raises AlreadySpent, and the unit is lost, if one is there already."""

    def describe(self, described: Sequence[User]) -> None:
        """Store names, office, locale, whether the mailbox is verified, attributes and roles.

        And `updated_at`: whatever else a user has stays.
        """


class Credentials(Protocol):
    """Passwords, hashed behind a tag that names scheme and pepper."""

    def password_hash(self, user_id: str) -> str | None: ...
    def recent_hashes(self, user_id: str, *, most: int) -> Sequence[str]:
        """Return up to `most` hashes of the user: the present one first, then its history."""

    def set_password(
        self, user_id: str, tagged_hash: str, *, version: int, keep: int, now: int
    ) -> None:
        """Store a new password; the old one joins the history, of which `keep` stay.

        The user's credential version goes up. Raises AlreadySpent if it is not `version` any more.
        """

    def holds_version(self, user_id: str, version: int) -> bool:
        """Tell whether the credential version still stands, and keep it so in this unit of work."""

    def rehash(self, user_id: str, tagged_hash: str, *, old: str) -> None:
        """Store the same password under newer parameters, only if `old` still stands."""

    def next_foreign(self, after: str) -> str | None:
        """Return the first present hash of another scheme than ours behind `after`, by bytes."""

    def costs(self) -> frozenset[int]:
        """Return bcrypt's exponents of all present hashes of ours. Every row is read."""


class RequiredActions(Protocol):
    """What an administrator demands of a user at the next login, by the names of the actions."""

    def of_user(self, user_id: str) -> tuple[str, ...]: ...
    def require(self, user_id: str, action: str, *, now: int) -> None: ...
    def clear(self, user_id: str, action: str) -> None: ...


class ActionTokens(Protocol):
    """Mailed links."""

    def find(self, token_id: str) -> ActionToken | None: ...
    def add(self, token: ActionToken) -> None: ...
    def live_of_user(self, user_id: str, credential_version: int, *, now: int) -> int:
        """Count the links of this credential version that could still be used."""

    def spend(self, token_id: str, *, now: int) -> None:
        """Mark it used: one conditional statement.

        Raises AlreadySpent if it is used or expired, its user is disabled or gone, or password or
        mailbox were changed since.
        """


class AuthenticationSessions(Protocol):
    """Conversations in which something has been proven."""

    def find(self, session_id: str) -> AuthenticationSession | None: ...
    def add(self, session: AuthenticationSession) -> None:
        """Store a conversation with `version` 1. Raises AlreadySpent if its id is there already."""

    def save(self, session: AuthenticationSession) -> None:
        """Store it with `version` + 1 if `session.version` still stands and it is not taken.

        Raises AlreadySpent if another tab was faster.
        """

    def speak(self, session: AuthenticationSession) -> None:
        """Keep its `locale` and `request`, ended or not; `version` stays, no tab is overtaken."""

    def take(self, session_id: str, *, version: int, now: int) -> None:
        """End it. Raises AlreadySpent if it was moved, or taken, before."""

    def take_all_of_user(self, user_id: str, *, but: str, now: int) -> None:
        """End all open conversations of a user except the one with the id `but`."""

    def take_all_of_browser(self, browser_digest: bytes, *, now: int) -> None:
        """End all open conversations of a browser."""

    def has_open(self, browser_digest: bytes, *, now: int) -> bool:
        """Tell whether a browser has an open conversation."""


class Challenges(Protocol):
    """Mailed codes that wait for their answer."""

    def find(self, challenge_id: str) -> Challenge | None: ...
    def add(self, challenge: Challenge) -> None: ...
    def reserve_try(self, challenge_id: str, *, limit: int, now: int) -> int | None:
        """Count one try and return how many are left after it; None: spent, expired or used up."""

    def spend(self, challenge_id: str, *, now: int) -> None:
        """Mark it answered. Raises AlreadySpent if it was answered before."""

    def reserve_send(self, challenge_id: str, *, limit: int, not_after: int, now: int) -> bool:
        """Count one more sending: the last was by `not_after`, and fewer than `limit` went."""


class Counters(Protocol):
    """Failures a key, reserved before the work."""

    def reserve(self, key: bytes, schedule: Schedule, *, now: int) -> Blocked | None:
        """Count one failure beforehand. Blocked: the key waits, nothing was counted."""

    def refund(self, key: bytes) -> None:
        """Give back one slot that was reserved and turned out not to be a failure."""

    def clear(self, key: bytes) -> None: ...
    def blocked(self, key: bytes, *, now: int) -> Blocked | None:
        """Tell whether the key waits, counting nothing."""


class UserSessions(Protocol):
    """People who are logged in. A session that has ended is not found."""

    def find(self, digest: bytes) -> UserSession | None: ...
    def find_with_user(
        self, digest: bytes, *, hold: bool = False
    ) -> tuple[UserSession, User] | None:
        """Find a session with its user if enabled; `hold` it, and nobody ends it meanwhile."""

    def add(self, session: UserSession) -> None: ...
    def renew(self, session: UserSession, *, old_digest: bytes) -> None:
        """Give the session `session.sid` a new digest, authentication and limits.

        Raises AlreadySpent if `old_digest` is not its digest any more, or it has ended.
        """

    def touch(self, sid: str, *, now: int) -> None: ...
    def end(self, sid: str, *, now: int) -> Sequence[EndedGrant]:
        """End a session and every grant that was given in it.

        Return these grants, and those that had ended before in a session that ends only now: their
        clients may still have somebody logged in. Each session and client is told once.
        """

    def end_all_of_user(
        self, user_id: str, *, now: int, keep: bytes | None = None
    ) -> Sequence[EndedGrant]:
        """End all sessions and grants of a user; return grants as `end` does.

        The session with the digest `keep`, and the grants given in it, stay.
        """

    def count_of_user(self, user_id: str, *, now: int) -> int:
        """Count the sessions of a user that have not ended and not reached their end."""

    def has_any_of_user(self, user_id: str) -> bool:
        """Tell whether a user has had a session, ended or not, that is not purged yet."""


class KnownBrowsers(Protocol):
    """Browsers in which a user has logged in before."""

    def is_known(self, user_id: str, digest: bytes, *, not_before: int) -> bool: ...
    def has_any(self, user_id: str) -> bool: ...
    def remember(self, user_id: str, digest: bytes, *, keep: int, now: int) -> None:
        """Store or refresh it, and forget the oldest beyond `keep` of this user."""

    def forget_all(self, user_id: str, *, keep: bytes | None = None) -> None:
        """Forget all browsers of a user except the one with the digest `keep`."""


class Grants(Protocol):
    """Authorizations, and the codes that carry them."""

    def add(self, grant: Grant, *, code_digest: bytes, code_expires_at: int) -> None: ...
    def claim_code(
        self, code_digest: bytes, *, client_id: str, now: int
    ) -> tuple[Grant, User] | None:
        """Spend an authorization code: one conditional statement.

        None: unknown, used, expired, another client's, of an ended grant or a disabled user.
        """

    def end_if_code_spent(self, code_digest: bytes, *, now: int) -> bool:
        """End the grant of a code that is presented again (RFC 6749 4.1.2). True: there was one."""

    def find_live(self, grant_id: str) -> tuple[Grant, User] | None:
        """Return a grant that has not ended, with its user if enabled."""

    def end(self, grant_id: str, *, now: int) -> None: ...


class RefreshTokens(Protocol):
    """The refresh tokens of a grant, one live at a time."""

    def add(self, digest: bytes, grant_id: str, *, expires_at: int, now: int) -> None: ...
    def find_live(self, digest: bytes, *, now: int) -> tuple[Grant, User] | None:
        """Return grant and user of a token that is not rotated, expired, ended or of nobody."""

    def rotate(self, digest: bytes, *, client_id: str, now: int) -> tuple[Grant, User] | None:
        """Spend a refresh token: one conditional statement. None as for `Grants.claim_code`."""

    def end_grant_if_rotated(self, digest: bytes, *, client_id: str, now: int) -> bool:
        """End the grant of a refresh token that comes again after its rotation.

        RFC 9700 4.14.2.
        """


class Outbox(Protocol):
    """Letters that wait for their lane's courier."""

    def add(self, letter: Letter) -> None: ...
    def lease(self, lane: Lane, *, now: int, lease: int, most: int) -> Sequence[Letter]:
        """Take up to `most` due letters of a lane for `lease` seconds; `attempts` goes up.

        Two workers never get the same.
        """

    def undelivered(self, batch: str) -> Sequence[Letter]:
        """Return the letters of a batch that have not been delivered, given up or not."""

    def is_given_up(self, batch: str) -> bool:
        """Tell whether the newest letter of a batch was given up, and will not be delivered."""

    def delivered(self, letter_id: str, *, now: int) -> None: ...
    def postpone(self, letter_id: str, *, until: int, answer: str) -> None: ...
    def bury(self, letter_id: str, *, now: int, answer: str) -> None:
        """Give it up: refused for good, or expired. `answer` holds no address, no content."""


class SigningKeys(Protocol):
    """Signing keys at rest, oldest first."""

    def all(self) -> Sequence[SigningKey]: ...
    def add(self, key: SigningKey) -> None: ...
    def remove(self, kid: str) -> None: ...
    def take_turn(self) -> None:
        """Wait until no other unit of work plans keys; the turn ends with this unit."""
        ...


class Generations(Protocol):
    """The newest configuration of each node. Numbers begin at 1; 0 is told of a node without."""

    def find(self, node: str) -> Generation | None: ...
    def number(self, node: str) -> int: ...
    def store(self, node: str, digest: str, snapshot: str, *, now: int) -> int:
        """Store the next generation of a node and return its number: one statement."""

    def store_if_new(self, node: str, digest: str, snapshot: str, *, now: int) -> int:
        """Store it unless the newest has the same snapshot; return the number of the newest."""

    def withdraw(self, node: str, number: int, old: Generation) -> None:
        """Put back what `old` says while `number` is the newest: no process has taken it."""


class ServingProcesses(Protocol):
    """Who serves, by their own reports."""

    def report(self, process: ServingProcess) -> None: ...
    def forget(self, process_id: str) -> None: ...
    def live(self, *, not_before: int) -> Sequence[ServingProcess]:
        """Return the processes of all nodes that were seen at `not_before` or later."""


class Reach(Protocol):
    """Whom a change of the configuration would reach."""

    def idle_sessions(self, *, old: int, new: int, now: int) -> int:
        """Count the sessions that an idle limit of `new` seconds ends and one of `old` keeps."""

    def live_grants(self, client_id: str, *, now: int) -> int:
        """Count the grants of a client that can still be used."""


class ClientSecretUses(Protocol):
    """When client secrets were last right; a secret is the first eight digits of its hash."""

    def note(self, client_id: str, secret: str, *, now: int) -> None:
        """Note that a client's secret was right at `now`."""

    def last_uses(self, client_id: str) -> Mapping[str, int]:
        """Return when each of a client's secrets was last noted."""


class Work(Protocol):
    """One unit of work, and every noun in it."""

    @property
    def users(self) -> Users: ...
    @property
    def user_batches(self) -> UserBatches: ...
    @property
    def credentials(self) -> Credentials: ...
    @property
    def required_actions(self) -> RequiredActions: ...
    @property
    def action_tokens(self) -> ActionTokens: ...
    @property
    def authentication_sessions(self) -> AuthenticationSessions: ...
    @property
    def challenges(self) -> Challenges: ...
    @property
    def counters(self) -> Counters: ...
    @property
    def user_sessions(self) -> UserSessions: ...
    @property
    def known_browsers(self) -> KnownBrowsers: ...
    @property
    def grants(self) -> Grants: ...
    @property
    def refresh_tokens(self) -> RefreshTokens: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def signing_keys(self) -> SigningKeys: ...
    @property
    def client_secret_uses(self) -> ClientSecretUses: ...
    @property
    def generations(self) -> Generations: ...
    @property
    def serving_processes(self) -> ServingProcesses: ...
    @property
    def reach(self) -> Reach: ...


class Stores(Protocol):
    """The way to the database. Raises StoreUnavailable when it does not answer."""

    def read(self) -> AbstractContextManager[Work]:
        """Open a view for reading: no transaction is held, no lock is taken."""

    def write(self) -> AbstractContextManager[Work]:
        """Open a unit of work: committed when the block ends, rolled back when it raises."""

    def purge(self, *, now: int) -> int:
        """Delete rows that nobody can need any more, in chunks of at most 100; return how many."""


class AddressBuckets(Protocol):
    """Rate windows by address: state that may vanish."""

    def hit(self, bucket: str, address: str, *, factor: int) -> int | None:
        """Count one request of `address`; return the seconds to wait if its window is full."""

    def is_full(self, bucket: str, address: str, *, factor: int) -> bool:
        """Tell whether the window of `address` is full, counting nothing."""
