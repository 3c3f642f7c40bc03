"""The password policy: what a new password must have and may not be, every fault told at once."""

import unicodedata
from dataclasses import dataclass

from idp.accounts.common_passwords import folded, is_common
from idp.accounts.passwords import LONGEST, normal_form
from idp.model.page import Message
from idp.model.password_rule import Rule
from idp.model.user import User
from idp.settings.sections import Password

_SHORTEST_WORD = 4  # code points: shorter words of a name are in too many passwords by chance


# Bengali has no case: a password in Bengali needs Latin letters as well. ০–৯ are digits, ৳ and ।
# are signs.
_CLASSES = (
    Rule("upper", Message("policy.upper"), span=("A", "Z")),
    Rule("lower", Message("policy.lower"), span=("a", "z")),
    Rule("digit", Message("policy.digit"), categories=("Nd",)),
    Rule("special", Message("policy.special"), categories=("P", "S")),
)


@dataclass(frozen=True)
class Policy:
    """What a new password must have; `history` is for whoever can compare hashes."""

    min_length: int = 8
    require: tuple[str, ...] = ("upper", "lower", "digit", "special")
    history: int = 5
    block_common: bool = True

    @classmethod
    def of(cls, section: Password) -> "Policy":
        """Return the configured policy."""
        return cls(section.min_length, section.require, section.history, section.block_common)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of the composition, in the order in which pages list them."""
        length = Rule("len", Message("policy.len", {"n": self.min_length}), self.min_length)
        return (length, *(rule for rule in _CLASSES if rule.name in self.require))

    def faults(self, password: str, owner: User) -> tuple[Message, ...]:
        """Return everything that is wrong with a new password of `owner`; empty: it is good.

        Text that cannot be hashed is for `passwords.is_hashable` to refuse; here it raises nothing.
        """
        is_long = len(password) > LONGEST
        # Normalising more than that may take quadratic time.
        text = password if is_long else normal_form(password)
        unmet = tuple(rule.message for rule in self.rules if not rule.is_met(text))
        judged = (
            (bool(unmet), Message("err.policy", {"list": unmet})),
            (is_long, Message("err.long", {"n": LONGEST})),
            (text != text.strip(), Message("err.space")),
            (self.block_common and not is_long and is_common(text), Message("err.common")),
            (not is_long and _names(text, owner), Message("err.contains")),
        )
        return tuple(message for is_fault, message in judged if is_fault)


def _names(text: str, owner: User) -> bool:
    """Tell whether a password holds a part of the user ID, or a word of the names or the office."""
    inside = folded(text)
    local, _, domain = owner.email_canonical.rpartition("@")
    parts = [local, *domain.split(".")]
    for name in (owner.name_bn, owner.name_en, owner.office):
        parts += _words(name)
    return any(len(part) >= _SHORTEST_WORD and folded(part) in inside for part in parts)


def _words(name: str) -> list[str]:
    """Return the words of a name: letters, digits and the marks on them."""
    text = normal_form(name)
    return "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text).split()
