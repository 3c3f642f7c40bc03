"""Users by the file and by the page: what the command line reads, writes and shows of them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from idp.accounts.directory import UserUnknown
from idp.accounts.sign_out import SignOut
from idp.accounts.user_id import canonical
from idp.accounts.user_import import Existing, UserImport
from idp.admin.user_files import write_users
from idp.model.clock import Clock, system_clock
from idp.settings import Settings
from idp.stores.ports import StoredUser, Stores, UserFilter, Work

Progress: TypeAlias = Callable[[int, int], None]

_PAGE = 1000  # users read at a time
EVERYBODY = UserFilter()


def user_import(
    settings: Settings,
    stores: Stores,
    *,
    keep_passwords: bool = False,
    keep_own: bool = False,
    update: bool = False,
    clock: Clock = system_clock,
) -> UserImport:
    """Return the import of users into an installation.

    With `keep_own` users who are there already stay as they are but for a newer password nobody
    has used here, a switch-off, a demand; with `update` names, attributes, roles, mailboxes follow.

    A hash of ours may cost what is configured, or what one that is there costs already: no answer
    to a password waits longer for it (docs/decisions/012).
    """
    existing: Existing = ("update" if update else "keep") if keep_own else "follow"
    importing = UserImport(
        stores,
        clock,
        sign_out=SignOut.of(settings.clients),
        history=settings.password.history,
        keep_passwords=keep_passwords,
        existing=existing,
    )
    with stores.read() as work:
        present = max(work.credentials.costs(), default=0)
    importing.highest_cost = max(settings.password.bcrypt_cost, present)
    return importing


def export_users(
    stores: Stores, path: Path, *, hashes: bool, progress: Progress | None = None
) -> int:
    """Write all users into a file and return how many. Raises FileRefused.

    The users are read page by page: whoever is changed meanwhile is told old or new. `progress` is
    told how many are written, of how many.
    """
    with stores.read() as work:
        counted = _Counted(stores, work.user_batches.count(), progress)
    write_users(path, counted, hashes=hashes)
    return counted.number


class _Counted:
    """All users in pages, counted as they go by."""

    def __init__(self, stores: Stores, total: int, progress: Progress | None) -> None:
        self._stores = stores
        self._total = total
        self._progress = progress
        self.number = 0

    def __iter__(self) -> Iterator[Sequence[StoredUser]]:
        for page in pages(self._stores, EVERYBODY):
            yield page
            self.number += len(page)
            if self._progress is not None:
                self._progress(self.number, self._total)


def pages(
    stores: Stores, wanted: UserFilter, *, after: str = "", limit: int | None = None
) -> Iterator[Sequence[StoredUser]]:
    """Yield users in pages, in the order of their canonical e-mail addresses, behind `after`."""
    left = limit
    while left is None or left > 0:
        most = _PAGE if left is None else min(_PAGE, left)
        with stores.read() as work:
            page = work.user_batches.page(wanted, after=after, most=most)
        if page:
            yield page
        if len(page) < most:
            return
        after = page[-1].user.email_canonical
        left = None if left is None else left - len(page)


def require_user(work: Work, email: str) -> StoredUser:
    """Return a user with everything. Raises UserUnknown."""
    user = work.users.find_by_email(canonical(email))
    if user is None:
        raise UserUnknown("No user has this e-mail address.")
    (stored,) = work.user_batches.find([user.id], [])
    return stored
