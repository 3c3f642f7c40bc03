"""What an import is going to do: records judged, users found, and a report of it all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from idp.accounts.seen import Seen
from idp.accounts.user_fields import UserRefused
from idp.accounts.user_record import RecordFault, UserRecord, WantedUser, wanted_user
from idp.model.user import User
from idp.stores.ports import StoredUser, Work

_FAULTS_SHOWN: Final = 1000  # of a report; the others are only counted

# What becomes of users who are there already. "follow": all that the file tells. "update": the
# same, but a password used here stays, nobody is switched on, no demand is taken away. "keep":
# moreover names, attributes, roles and mailboxes stay.
Existing: TypeAlias = Literal["follow", "update", "keep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, or would do; `disabled` counts some of `changed`.

    `fields` counts the changes by field. `faults` are the first thousand of `fault_count`. Of the
    `kept_off_count` users whom the file would have switched on, and of those whose mailbox moves,
    `kept_off` and `moved` are the places of the first thousand.
    """

    added: int = 0
    changed: int = 0
    disabled: int = 0
    unchanged: int = 0
    faults: tuple[RecordFault, ...] = ()
    fault_count: int = 0
    fields: Mapping[str, int] = field(default_factory=dict)
    kept_off: tuple[str, ...] = ()
    kept_off_count: int = 0
    moved: tuple[str, ...] = ()
    applied: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a user who is there already; None stays as it is."""

    stored: StoredUser
    standing: User  # as it is stored, with a new mailbox not verified yet
    described: Mapping[str, str | bool]  # the fields that are only stored, where they differ
    mailbox: tuple[str, str] | None
    tagged_hash: str | None = field(repr=False)
    enabled: bool | None
    actions: tuple[str, ...] | None

    def fields(self) -> list[str]:
        """Return the names of what changes; none when nothing does."""
        others = (
            ("email", self.mailbox),
            ("hash", self.tagged_hash),
            ("enabled", self.enabled),
            ("required_actions", self.actions),
        )
        return [*self.described, *(name for name, value in others if value is not None)]


@dataclass(slots=True)
class Plan:
    """What is to be done for one batch, and what is wrong with its records."""

    add: list[StoredUser] = field(default_factory=list)
    change: list[Change] = field(default_factory=list)
    unchanged: int = 0
    faults: list[RecordFault] = field(default_factory=list)

    busy: set[str] = field(default_factory=set)  # places of records that change something
    kept_off: list[str] = field(default_factory=list)  # places of who would be switched on
    moved: list[str] = field(default_factory=list)  # places of whose mailbox becomes another


class Tally:
    """A report that is still growing."""

    def __init__(self) -> None:
        self._numbers: Counter[str] = Counter()
        self._fields: Counter[str] = Counter()
        self._faults: list[RecordFault] = []
        self._kept_off: list[str] = []
        self._moved: list[str] = []
        self.fault_count = 0

    def count(self, plan: Plan) -> None:
        self._numbers["added"] += len(plan.add)
        self._numbers["changed"] += len(plan.change)
        self._numbers["disabled"] += sum(change.enabled is False for change in plan.change)
        self._numbers["unchanged"] += plan.unchanged
        for change in plan.change:
            self._fields.update(change.fields())
        self._numbers["kept_off_count"] += len(plan.kept_off)
        self._kept_off += plan.kept_off[: max(0, _FAULTS_SHOWN - len(self._kept_off))]
        self._moved += plan.moved[: max(0, _FAULTS_SHOWN - len(self._moved))]
        self.blame(plan.faults)

    @property
    def is_busy(self) -> bool:
        """Whether there is anything to store."""
        return self._numbers["added"] + self._numbers["changed"] > 0

    def blame(self, faults: Sequence[RecordFault]) -> None:
        self._faults += faults[: max(0, _FAULTS_SHOWN - len(self._faults))]
        self.fault_count += len(faults)

    def report(self, *, applied: bool) -> ImportReport:
        return ImportReport(
            **self._numbers,
            faults=tuple(self._faults),
            fault_count=self.fault_count,
            fields=dict(self._fields),
            kept_off=tuple(self._kept_off),
            moved=tuple(self._moved),
            applied=applied,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """Who is there already of a batch."""

    by_id: Mapping[str, StoredUser]
    by_email: Mapping[str, StoredUser]

    @classmethod
    def of(cls, work: Work, wanted: Sequence[WantedUser], *, hold: bool) -> "Found":
        ids = [one.id for one in wanted if one.id is not None]
        emails = [one.email_canonical for one in wanted]
        stored = work.user_batches.find(ids, emails, hold=hold)
        return cls(
            {one.user.id: one for one in stored}, {one.user.email_canonical: one for one in stored}
        )

    def stored_of(self, wanted: WantedUser) -> StoredUser | None:
        if wanted.id is None:
            return self.by_email.get(wanted.email_canonical)
        return self.by_id.get(wanted.id)

    def fault_of(self, wanted: WantedUser) -> str | None:
        holder = self.by_email.get(wanted.email_canonical)
        if wanted.id is None or holder is None or holder.user.id == wanted.id:
            return None
        return f"The e-mail address {wanted.email} belongs to a user with another id."


def judged_all(
    batch: Sequence[UserRecord | RecordFault], seen: Seen | None, highest_cost: int
) -> tuple[list[WantedUser], list[RecordFault]]:
    """Judge records one by one and, with `seen`, against those before them.

    `highest_cost` is that of a password hash of ours.
    """
    wanted: list[WantedUser] = []
    faults: list[RecordFault] = []
    for record in batch:
        judged = _judged(record, highest_cost)
        if isinstance(judged, WantedUser) and seen is not None:
            message = _repeated(judged, seen)
            judged = RecordFault(judged.place, message) if message else judged
        if isinstance(judged, WantedUser):
            wanted.append(judged)
        else:
            faults.append(judged)
    return wanted, faults


def _judged(record: UserRecord | RecordFault, highest_cost: int) -> WantedUser | RecordFault:
    if isinstance(record, RecordFault):
        return record
    try:
        return wanted_user(record, highest_cost)
    except UserRefused as error:
        return RecordFault(record.place, str(error))


def _repeated(wanted: WantedUser, seen: Seen) -> str | None:
    before = seen.note("e-mail", wanted.email_canonical, wanted.place)
    if before is not None:
        return f"The e-mail address {wanted.email} is there already, at {before}."
    before = None if wanted.id is None else seen.note("id", wanted.id, wanted.place)
    return None if before is None else f"The id is there already, at {before}."


def moves(stored: StoredUser, wanted: WantedUser) -> bool:
    """Tell whether a record gives an account another mailbox, not only another spelling."""
    return wanted.id is not None and wanted.email_canonical != stored.user.email_canonical


def unmoved(stored: StoredUser, wanted: WantedUser) -> str | None:
    """Return why a record's mailbox cannot stay what it is there: whoever holds it is the user."""
    if not moves(stored, wanted):
        return None
    return (
        f"The account with this id has the e-mail address {stored.user.email} here, not "
        f"{wanted.email}: it may be somebody else (--update moves the account)."
    )


def twice(stored: StoredUser, wanted: WantedUser, seen: Seen) -> str | None:
    """Tell of a user whom the file names twice: once by id, once by e-mail address."""
    if wanted.id is not None:
        return None
    before = seen.note("id", stored.user.id, wanted.place)
    return None if before is None else f"The same user is there already, at {before}."
