"""pydantic's errors in the words of an administrator, with the key that was probably meant."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from idp.settings.diagnostics import Finding, KeyPath, did_you_mean
from idp.settings.values import Section

_UNKNOWN_KEY, _MISSING_KEY, _WRONG_TYPE, _WRONG_VALUE = "E101", "E102", "E103", "E104"

_TYPES = {
    "string_type": "must be a text in quotes",
    "int_type": "must be a whole number without quotes",
    "bool_type": "must be true or false, without quotes",
    "tuple_type": "must be a list in square brackets",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "is_instance_of": "must be a file name in quotes",
}
_LIMITS = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must not be empty",
}


def explain(error: ValidationError, root: type[Section], prefix: KeyPath = ()) -> Iterator[Finding]:
    """Yield one finding for each error in the value at `prefix` under `root`; no value is shown."""
    for details in error.errors(include_url=False, include_input=False):
        yield _finding(details, root, prefix)


def _finding(details: ErrorDetails, root: type[Section], prefix: KeyPath) -> Finding:
    path: KeyPath = (*prefix, *details["loc"])
    if path[-1] == "[key]":  # what pydantic calls a name in a table of free names
        path = path[:-1]
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        known = known_keys(root, path[:-1])
        return Finding(path, _UNKNOWN_KEY, "is not a key", did_you_mean(str(path[-1]), known))
    if kind == "missing":
        return Finding(path, _MISSING_KEY, "is missing")
    if kind in _TYPES:
        return Finding(path, _WRONG_TYPE, _TYPES[kind])
    return Finding(path, _WRONG_VALUE, _value_message(kind, context, details["msg"]))


def _value_message(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return f"must be {str(context['expected']).replace(chr(39), chr(34))}"
    if kind in _LIMITS:
        return _LIMITS[kind].format_map(context)
    return message[:1].lower() + message[1:]


def known_keys(model: type[Section], path: KeyPath) -> list[str]:
    """Return the keys of the table at `path` under `model`, as they are written in TOML."""
    inner: Any = model
    for key in path:
        inner = inner if isinstance(key, int) else _inside(inner, key)
    table = _table_in(inner)
    return [] if table is None or get_origin(table) is dict else keys_of(table)


def keys_of(model: type[Section]) -> list[str]:
    """Return the keys of a table as they are written in TOML."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _inside(annotation: Any, key: str) -> Any:
    """Return the type of what stands behind `key` in a table of this type; None: no such key."""
    table = _table_in(annotation)
    if table is None:
        return None
    if get_origin(table) is dict:  # any name is a key
        return get_args(table)[1]
    fields = {field.alias or name: field for name, field in table.model_fields.items()}
    return fields[key].annotation if key in fields else None


def _table_in(annotation: Any) -> Any:
    """Return the first section or dict inside a type such as `tuple[Office, ...] | None`."""
    is_section = isinstance(annotation, type) and issubclass(annotation, Section)
    if is_section or get_origin(annotation) is dict:
        return annotation
    found = (_table_in(part) for part in get_args(annotation))
    return next((table for table in found if table is not None), None)
