"""pydantic's errors in the words of an administrator, with the key that was probably meant."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

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
    for key in path:
        if isinstance(key, int):
            continue
        inner = _table_of(model, key)
        if inner is None:
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _table_of(model: type[Section], key: str) -> type[Section] | None:
    for name, field in model.model_fields.items():
        if key == (field.alias or name):
            return _section_in(field.annotation)
    return None


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    found = (_section_in(part) for part in get_args(annotation))
    return next((section for section in found if section is not None), None)
