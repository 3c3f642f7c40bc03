"""The right part of a client's table that has mistakes: what rules can still judge."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from idp.settings.clients import Client
from idp.settings.diagnostics import NEAR, KeyPath

# Lists whose elements rules judge one by one: a wrong one hides no other.
_BY_ELEMENT = frozenset(
    {"redirect_uris", "post_logout_redirect_uris", "web_origins", "scopes", "secrets"}
)


def right_fields(
    table: Any, wrong: Collection[KeyPath], context: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields that are right by themselves; in a list, None stands for a wrong element.

    `wrong` are the paths in the table that a mistake was found at.
    """
    if not isinstance(table, dict):
        return {}
    fields: dict[str, Any] = {}
    misspelt = _meant(table.keys() - Client.model_fields.keys())
    for name, field in Client.model_fields.items():
        inner = [path[1:] for path in wrong if path[:1] == (name,)]
        if not inner and name in table:
            fields[name] = _read(name, table[name], context)
        elif not inner and name not in misspelt:
            fields[name] = field.default
        elif (
            inner
            and name in _BY_ELEMENT
            and all(path and isinstance(path[0], int) for path in inner)
        ):
            numbers = {path[0] for path in inner}
            right = tuple(one for number, one in enumerate(table[name]) if number not in numbers)
            read = iter(_read(name, right, context))
            fields[name] = tuple(
                None if number in numbers else next(read) for number in range(len(table[name]))
            )
    return fields


def _meant(unknown: Collection[str]) -> set[str]:
    """Return the fields that were probably meant: those are there, though under a wrong name."""
    known = list(Client.model_fields)
    return {near for key in unknown for near in get_close_matches(key, known, n=1, cutoff=NEAR)}


def _read(name: str, value: Any, context: Mapping[str, Any]) -> Any:
    return _adapters()[name].validate_python(
        value, strict=True, context=context, by_alias=True, by_name=False
    )


@cache
def _adapters() -> dict[str, TypeAdapter[Any]]:
    hints = get_type_hints(Client, include_extras=True)
    return {name: TypeAdapter(hints[name]) for name in Client.model_fields}
