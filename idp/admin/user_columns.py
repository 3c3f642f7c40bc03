"""What a file may tell of a user: the columns of CSV, the members of a JSON object."""

from collections.abc import Iterable
from typing import Final

from idp.model.errors import ProbeshError
from idp.settings.diagnostics import did_you_mean

TEXTS: Final = ("email", "id", "name_bn", "name_en", "office", "hash", "locale")
FLAGS: Final = ("enabled", "email_verified")
OTHERS: Final = ("required_actions", "attributes", "roles", "created_at")
# In the order of an export; `hash` is the password's, and left out unless it is asked for.
COLUMNS: Final = (
    *("email", "name_bn", "name_en", "office", "hash", "enabled", "email_verified", "locale"),
    *("required_actions", "attributes", "roles", "created_at", "id"),
)
FIELD_OF: Final = {name: name for name in COLUMNS} | {"hash": "tagged_hash"}


class UserFileRefused(ProbeshError):
    """A file of users that cannot be read at all; the message is one sentence."""


class ValueRefused(ProbeshError):
    """A value of one record that cannot be read; the message is one sentence."""


def check_columns(names: Iterable[str], what: str) -> None:
    """Raise ValueRefused for the first name that is none of COLUMNS."""
    for name in names:
        if name not in FIELD_OF:
            hint = did_you_mean(name[:40], COLUMNS)
            raise ValueRefused(f'There is no {what} "{name[:40]}".' + (f" {hint}" if hint else ""))
