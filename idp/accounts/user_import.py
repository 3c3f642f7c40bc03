"""Bringing users in from a file, in batches: each is one unit of work, whole or not there at all.

What a record changes has the consequences that the same change has by hand: a user who is switched
off is logged out everywhere, a new password or mailbox makes mailed links worthless.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

from idp.accounts.credentials import UPDATE_PASSWORD, change_mailbox, change_password, switch
from idp.accounts.import_plan import (
    Change,
    Existing,
    Found,
    ImportReport,
    Plan,
    Tally,
    judged_all,
    moves,
    twice,
    unmoved,
)
from idp.accounts.passwords import HIGHEST_COST, is_ours
from idp.accounts.seen import Seen
from idp.accounts.sign_out import SignOut
from idp.accounts.user_record import RecordFault, UserRecord, WantedUser
from idp.model.clock import Clock
from idp.model.errors import AlreadySpent, ProbeshError
from idp.model.user import User
from idp.stores.ports import StoredUser, Stores, Work

__all__ = [
    "Existing",
    "ImportReport",
    "ImportStopped",
    "Phase",
    "Progress",
    "RecordFault",
    "UserImport",
    "UserRecord",
]

Phase: TypeAlias = Literal["check", "apply"]
Progress: TypeAlias = Callable[[Phase, int], None]
Records: TypeAlias = Iterable[UserRecord | RecordFault]

_BATCH: Final = 1000  # records of one unit of work
_TRIES: Final = 5  # of a batch that somebody else overtakes


class ImportStopped(ProbeshError):
    """An import cannot go on; the batches before are stored, and a rerun completes it."""


class UserImport:
    """Adds and changes users by records.

    A record is somebody's by its id if it has one, else by its e-mail address in canonical form.
    A hash of ours above `highest_cost` is refused.
    `history` passwords may not come back; with `keep_passwords` whoever has a password keeps it,
    unless `existing` is "follow" whoever has logged in here since: a hash of ours is never older
    than the file's.
    """

    def __init__(
        self,
        stores: Stores,
        clock: Clock,
        *,
        sign_out: SignOut,
        history: int,
        keep_passwords: bool = False,
        existing: Existing = "follow",
    ) -> None:
        self._stores = stores
        self._clock = clock
        self._sign_out = sign_out
        self._history = history
        self.highest_cost = HIGHEST_COST
        self._keep_passwords = keep_passwords
        self._existing = existing

    def run(
        self,
        records: Records,
        *,
        apply: bool,
        skip_faulty: bool = False,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Judge all records and, with `apply`, store them if none has a fault (or skip those).

        Without `apply` nothing is written and the report says what would be. To apply, `records`
        are gone through twice, so they must be something that begins anew each time, no generator.
        Raises ImportStopped when other changes of the same users get in the way again and again.
        """
        tell = progress or _in_silence
        if apply and iter(records) is records:
            raise TypeError("records that are applied must be there twice")
        with Seen() as refused:
            checked = self._check(records, refused, tell)
            if not apply or (checked.fault_count and not skip_faulty):
                return checked.report(applied=False)
            if not checked.is_busy:
                return checked.report(applied=True)
            return self._apply(records, refused, checked, tell)

    def _check(self, records: Records, refused: Seen, tell: Progress) -> Tally:
        tally, done = Tally(), 0
        with Seen() as seen:
            for batch in _batches(records):
                wanted, faults = judged_all(batch, seen, self.highest_cost)
                with self._stores.read() as work:
                    plan = self._plan(work, wanted, seen)
                plan.faults += faults
                for fault in plan.faults:
                    refused.note("fault", fault.place, "")
                tally.count(plan)
                done += len(batch)
                tell("check", done)
        return tally

    def _apply(
        self, records: Records, refused: Seen, checked: Tally, tell: Progress
    ) -> ImportReport:
        """Store what was found right, batch by batch; faults that are new since are told, too."""
        tally, done = Tally(), 0
        tally.blame(checked.report(applied=False).faults)
        tally.fault_count = checked.fault_count
        for batch in _batches(records):
            good = batch
            if checked.fault_count:
                good = [one for one in batch if refused.place_of("fault", one.place) is None]
            tally.count(self._apply_batch(good))
            done += len(batch)
            tell("apply", done)
        return tally.report(applied=True)

    def _apply_batch(self, batch: Sequence[UserRecord | RecordFault]) -> Plan:
        wanted, faults = judged_all(batch, None, self.highest_cost)
        with self._stores.read() as work:
            plan = self._plan(work, wanted)
        # What changes nothing writes nothing, and waits for nobody.
        busy = [one for one in wanted if one.place in plan.busy]
        done = self._store_batch(busy, plan) if busy else Plan()
        done.unchanged += plan.unchanged
        done.kept_off = plan.kept_off
        done.faults += faults + plan.faults
        return done

    def _store_batch(self, wanted: Sequence[WantedUser], read: Plan) -> Plan:
        """Store the busy records of a batch; `read` is the plan that held nobody."""
        # Whoever is only added needs no holding: nobody can be added twice.
        plan = None if read.change else Plan(add=read.add)
        for _ in range(_TRIES):
            try:
                with self._stores.write() as work:
                    plan = plan or self._plan(work, wanted, hold=True)
                    self._carry_out(work, plan)
            except AlreadySpent:  # somebody else added or changed one of them
                plan = None
                continue
            return plan
        raise ImportStopped("Others are changing the same users just now: run it again.")

    # Judging.

    def _plan(
        self,
        work: Work,
        wanted: Sequence[WantedUser],
        seen: Seen | None = None,
        *,
        hold: bool = False,
    ) -> Plan:
        plan, found = Plan(), Found.of(work, wanted, hold=hold)
        for one in wanted:
            self._place(plan, one, found, seen)
        return plan

    def _place(self, plan: Plan, wanted: WantedUser, found: "Found", seen: Seen | None) -> None:
        """Put a record where it belongs: added, changed, unchanged, faulty."""
        stored = found.stored_of(wanted)
        fault = found.fault_of(wanted) or (stored and self._fault(stored, wanted, seen))
        if fault:
            plan.faults.append(RecordFault(wanted.place, fault))
        elif stored is None:
            plan.add.append(self._new(wanted))
            plan.busy.add(wanted.place)
        else:
            self._place_change(plan, stored, wanted)

    def _place_change(self, plan: Plan, stored: StoredUser, wanted: WantedUser) -> None:
        if self._existing != "follow" and wanted.enabled and not stored.user.enabled:
            plan.kept_off.append(wanted.place)
        change = self._change(stored, wanted)
        if not change.fields():
            plan.unchanged += 1
            return
        plan.change.append(change)
        plan.busy.add(wanted.place)
        if moves(stored, wanted):
            plan.moved.append(wanted.place)

    def _fault(self, stored: StoredUser, wanted: WantedUser, seen: Seen | None) -> str | None:
        repeated = None if seen is None else twice(stored, wanted, seen)
        return repeated or (unmoved(stored, wanted) if self._existing == "keep" else None)

    def _new(self, wanted: WantedUser) -> StoredUser:
        now = self._clock()
        user = User(
            id=wanted.id or str(uuid.uuid4()),
            email=wanted.email,
            email_canonical=wanted.email_canonical,
            enabled=wanted.enabled is not False,
            created_at=now if wanted.created_at is None else wanted.created_at,
            updated_at=now,
            **wanted.described,  # type: ignore[arg-type]  # its keys are fields of User
        )
        history = wanted.history[: max(0, self._history - 1)]  # the present one is of it, too
        return StoredUser(user, wanted.tagged_hash, wanted.required_actions or (), history)

    def _change(self, stored: StoredUser, wanted: WantedUser) -> Change:
        user, keeps = stored.user, self._existing == "keep"
        is_other = wanted.id is not None and wanted.email != user.email and not keeps
        standing = replace(user, email_verified=False) if is_other else user
        described = {} if keeps else wanted.described
        tagged_hash, actions = self._new_hash(stored, wanted), self._actions(stored, wanted)
        # A new password meets this demand, even where the file makes it anew.
        met = set() if tagged_hash is None else {UPDATE_PASSWORD}
        return Change(
            stored,
            standing,
            {name: value for name, value in described.items() if getattr(standing, name) != value},
            mailbox=(wanted.email, wanted.email_canonical) if is_other else None,
            tagged_hash=tagged_hash,
            enabled=self._enabled(user, wanted),
            actions=None
            if actions is None or set(actions) == set(stored.actions) - met
            else actions,
        )

    def _enabled(self, user: User, wanted: WantedUser) -> bool | None:
        """Return what the switch becomes; None: it stays. Who was switched off here stays so."""
        if wanted.enabled == user.enabled or (wanted.enabled and self._existing != "follow"):
            return None
        return wanted.enabled

    def _actions(self, stored: StoredUser, wanted: WantedUser) -> tuple[str, ...] | None:
        if self._existing == "follow":
            return wanted.required_actions
        # What was demanded here is demanded still, even where a newer password comes along.
        return tuple(dict.fromkeys([*stored.actions, *(wanted.required_actions or ())]))

    def _new_hash(self, stored: StoredUser, wanted: WantedUser) -> str | None:
        """Return the hash that takes the place of the stored one; None: it stays."""
        old = stored.tagged_hash
        if old is not None and (
            self._keep_passwords or (self._existing != "follow" and is_ours(old))
        ):
            return None
        return None if wanted.tagged_hash == old else wanted.tagged_hash

    # Storing.

    def _carry_out(self, work: Work, plan: Plan) -> None:
        now = self._clock()
        work.user_batches.add(plan.add, now=now)
        for change in plan.change:
            self._carry_out_one(work, change, now)
        work.user_batches.describe([_described(change, now) for change in plan.change])

    def _carry_out_one(self, work: Work, change: Change, now: int) -> None:
        """Do what has consequences, the password first: it alone goes by the version it met."""
        user = change.stored.user
        if change.tagged_hash is not None:
            change_password(work, user, change.tagged_hash, history=self._history, now=now)
        if change.mailbox is not None:
            change_mailbox(work, user.id, *change.mailbox, now=now)
        if change.enabled is not None:
            switch(work, user.id, self._sign_out, enabled=change.enabled, now=now)
        if change.actions is not None:
            _demand(work, change.stored, change.actions, now)


def _demand(work: Work, stored: StoredUser, actions: Sequence[str], now: int) -> None:
    """Make the required actions those of the file; a new password may have met one already."""
    for action in set(stored.actions) - set(actions):
        work.required_actions.clear(stored.user.id, action)
    for action in actions:
        work.required_actions.require(stored.user.id, action, now=now)


def _described(change: Change, now: int) -> User:
    fields: dict[str, Any] = {**change.described, "updated_at": now}
    return replace(change.standing, **fields)


def _batches(records: Records) -> Iterator[list[UserRecord | RecordFault]]:
    remaining = iter(records)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _in_silence(_phase: Phase, _done: int) -> None:
    """Tell nobody."""
