"""One rule of a new password as data: the server and the page judge by the same."""

import unicodedata
from dataclasses import dataclass

from idp.model.page import Message


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the composition: at least `least` characters of one class.

    The class is data, so that a page can judge by the same: the code points of `span`, or the
    Unicode general categories that begin with one of `categories`; neither: any character.
    """

    name: str
    message: Message
    least: int = 1
    span: tuple[str, str] | None = None
    categories: tuple[str, ...] = ()

    def is_met(self, text: str) -> bool:
        """Tell whether a password, in its normal form, has what the rule asks for."""
        return sum(map(self._counts, text)) >= self.least

    def _counts(self, character: str) -> bool:
        if self.span is not None:
            return self.span[0] <= character <= self.span[1]
        return not self.categories or unicodedata.category(character).startswith(self.categories)
