"""Invitations: a letter of welcome with the link by which a new user sets the first password.

The link is an action token like that of a forgotten password, only that nobody's browser asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from idp.accounts import user_id
from idp.accounts.directory import UserUnknown
from idp.accounts.user_fields import UserRefused
from idp.model.action_token import ActionToken
from idp.model.clock import Clock
from idp.model.keyring import Keyring
from idp.model.letter import link_letter
from idp.model.tokens import new_id, new_reference
from idp.model.user import User
from idp.stores.ports import StoredUser, Stores, UserFilter, Work
from idp.theming.locale import choose

A_SECOND = 2  # letters of many invitations: codes of people who log in meanwhile leave in between
_MOST_LIVE = 2  # links that work: a third one is left for who asks for it on the page
_PAGE = 100  # users a unit of work
_ENABLED = UserFilter(enabled=True)


@dataclass(frozen=True, kw_only=True)
class Invitations:
    """Invites users who have no password. `lifetime` of a link is in seconds."""

    stores: Stores
    form_key: Keyring
    clock: Clock
    lifetime: int
    locales: Sequence[str]  # of the letters; the first one is for whoever has chosen none
    client_id: str = ""  # where the user is to go on

    def invite(self, email: str) -> User:
        """Promise a letter of welcome to one user. Raises UserUnknown, UserRefused."""
        now = self.clock()
        with self.stores.write() as work:
            user = work.users.find_by_email(user_id.canonical(email))
            if user is None:
                raise UserUnknown("No user has this e-mail address.")
            if not user.enabled:
                raise UserRefused(f"{user.email} is disabled: enable the user first.")
            if work.credentials.password_hash(user.id) is not None:
                raise UserRefused(
                    f"{user.email} has a password already: a forgotten one is reset on the page."
                )
            if _live(work, user, now) >= _MOST_LIVE:
                raise UserRefused(f"{user.email} has {_MOST_LIVE} links that still work.")
            self._promise(work, user, now)
        return user

    def count(self) -> int:
        """Return how many users `invite_all` would invite now."""
        total = 0
        for page in self._pages():
            with self.stores.read() as work:
                total += sum(1 for _ in self._waiting(work, page))
        return total

    def invite_all(self) -> int:
        """Invite everybody who has no password and no link; return how many that were.

        What a kill leaves undone, the next call does. Letters leave A_SECOND a second.
        """
        invited = 0
        for page in self._pages():
            with self.stores.write() as work:
                for user in self._waiting(work, page):
                    self._promise(work, user, self.clock() + invited // A_SECOND)
                    invited += 1
        return invited

    def _pages(self) -> Iterator[Sequence[StoredUser]]:
        after = ""
        while True:
            with self.stores.read() as work:
                page = work.user_batches.page(_ENABLED, after=after, most=_PAGE)
            if not page:
                return
            yield page
            after = page[-1].user.email_canonical

    def _waiting(self, work: Work, page: Sequence[StoredUser]) -> Iterator[User]:
        now = self.clock()
        for one in page:
            if one.tagged_hash is None and not _live(work, one.user, now):
                yield one.user

    def _promise(self, work: Work, user: User, at: int) -> None:
        """Store a link and its letter, both as of `at` (seconds since 1970 UTC)."""
        token = ActionToken(
            id=new_id(),
            reference=new_reference(),
            user_id=user.id,
            credential_version=user.credential_version,
            user_typed=user.email,
            client_id=self.client_id,
            request=None,
            browser_digest=b"",
            created_at=at,
            expires_at=at + self.lifetime,
        )
        work.action_tokens.add(token)
        letter = link_letter(
            token,
            self.form_key.newest,
            kind="welcome",
            to=user.email,
            locale=choose(self.locales, self.locales[0], saved=user.locale),
            where={},
        )
        work.outbox.add(letter)


def _live(work: Work, user: User, now: int) -> int:
    return work.action_tokens.live_of_user(user.id, user.credential_version, now=now)
