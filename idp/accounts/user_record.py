"""A user as a file tells of one, and what is wrong with such a record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from idp.accounts.passwords import HIGHEST_COST, cost_of, is_known
from idp.accounts.user_fields import (
    UserRefused,
    checked_actions,
    checked_attributes,
    checked_locale,
    checked_mailbox,
    checked_name,
    checked_roles,
    checked_subject,
)

Attributes: TypeAlias = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """A user of a file; None leaves what is stored as it is, and a new user at the default.

    `place` is where it stands ("line 17"), `id` the subject to keep, `created_at` in seconds since
    1970 UTC. `roles` are `{"realm": [...], "clients": {client_id: [...]}}`. `history` are hashes of
    earlier passwords of a new user, newest first.
    """

    place: str
    email: str
    id: str | None = None
    name_bn: str | None = None
    name_en: str | None = None
    office: str | None = None
    tagged_hash: str | None = field(default=None, repr=False)
    enabled: bool | None = None
    email_verified: bool | None = None
    locale: str | None = None
    required_actions: tuple[str, ...] | None = None
    attributes: Attributes | None = None
    roles: Mapping[str, Any] | None = None
    created_at: int | None = None
    history: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class RecordFault:
    """A record that cannot be taken, and why, in one sentence."""

    place: str
    message: str


@dataclass(slots=True, kw_only=True)
class WantedUser:
    """A record whose values have been judged and brought into the form that is stored.

    Not frozen: making a frozen one takes three times as long, a million times.
    """

    place: str
    id: str | None
    email: str
    email_canonical: str
    tagged_hash: str | None = field(repr=False)
    enabled: bool | None
    required_actions: tuple[str, ...] | None
    created_at: int | None
    history: tuple[str, ...] = field(repr=False)
    described: Mapping[str, str | bool]  # fields of User that are only stored


def wanted_user(record: UserRecord, highest_cost: int = HIGHEST_COST) -> WantedUser:
    """Return what a record asks for. Raises UserRefused, also for a hash of a higher cost."""
    mailbox, canonical = checked_mailbox(record.email)
    hashes = record.history if record.tagged_hash is None else (record.tagged_hash, *record.history)
    if not all(map(is_known, hashes)):
        raise UserRefused("The password hash is of no scheme that is known here.")
    if any((cost_of(one) or 0) > highest_cost for one in hashes):
        raise UserRefused("The password hash costs more than password.bcrypt_cost.")
    if record.created_at is not None and not 0 <= record.created_at < 2**53:
        raise UserRefused("The time of creation must be in seconds since 1970.")
    actions = record.required_actions
    return WantedUser(
        place=record.place,
        id=None if record.id is None else checked_subject(record.id),
        email=mailbox,
        email_canonical=canonical,
        tagged_hash=record.tagged_hash,
        enabled=record.enabled,
        required_actions=None if actions is None else checked_actions(actions),
        created_at=record.created_at,
        history=record.history,
        described=_described(record),
    )


def _described(record: UserRecord) -> dict[str, str | bool]:
    described: dict[str, str | bool] = {}
    for name in ("name_bn", "name_en", "office"):
        text = getattr(record, name)
        if text is not None:
            described[name] = checked_name(text)
    if record.locale is not None:
        described["locale"] = checked_locale(record.locale)
    if record.email_verified is not None:
        described["email_verified"] = record.email_verified
    if record.attributes is not None:
        described["attributes"] = checked_attributes(record.attributes)
    if record.roles is not None:
        described["roles"] = checked_roles(record.roles)
    return described
