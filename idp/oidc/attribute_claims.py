"""Claims that come from attributes of users, by the scopes of the configuration."""

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from idp.model.user import User
from idp.settings.claims import ClaimSource, ClaimType, ScopeClaims

_log = logging.getLogger(__name__)
# Fifteen digits are exact in every reader of JSON (RFC 8259 6).
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?")
_FLAGS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class AttributeClaims:
    """The claims that scopes open beside those of OIDC Core 5.4."""

    scopes: Mapping[str, ScopeClaims]
    _complained: set[str] = field(default_factory=set)  # of which claims the log has told

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all claims, each once."""
        return tuple(dict.fromkeys(n for scope in self.scopes.values() for n in scope.claims))

    def of(self, user: User, granted: Iterable[str]) -> dict[str, Any]:
        """Return the claims that the granted scope opens and the user has a fitting value for."""
        opened = [self.scopes[name].claims for name in granted if name in self.scopes]
        if not any(opened):
            return {}  # the attributes need not even be decoded
        return dict(self._found(opened, user.id, json.loads(user.attributes)))

    def _found(
        self,
        opened: Iterable[Mapping[str, ClaimSource]],
        user_id: str,
        attributes: Mapping[str, str | list[str]],
    ) -> Iterator[tuple[str, Any]]:
        for claims in opened:
            for name, source in claims.items():
                value = attributes.get(source.attribute)
                if not value:
                    continue
                fitting = _typed(value, source.type)
                if fitting is None:
                    self._complain(name, source, user_id)
                else:
                    yield name, fitting

    def _complain(self, name: str, source: ClaimSource, user_id: str) -> None:
        """Log it once, for an application asks a thousand times a day; never the content."""
        if name not in self._complained:
            self._complained.add(name)
            _log.warning(
                "the claim %s is left out: %s of user %s is no %s",
                *(name, source.source, user_id, source.type),
            )


def _typed(value: str | list[str], claim_type: ClaimType) -> Any:
    """Return an attribute as a claim of that type; None: it does not fit."""
    if claim_type == "list":
        return [value] if isinstance(value, str) else value
    if isinstance(value, list):
        if len(value) != 1:
            return None
        value = value[0]
    match claim_type:
        case "number":
            return _number(value)
        case "boolean":
            return _FLAGS.get(value.strip().lower())
        case "string":
            return value or None


def _number(text: str) -> int | float | None:
    text = text.strip()
    if _NUMBER.fullmatch(text) is None:
        return None
    return float(text) if "." in text else int(text)
