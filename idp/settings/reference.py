"""Every key that there is, read from the models: the source of all that tells about keys."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import override

from idp.settings.sections import STATIC_KEYS, Settings
from idp.settings.toml_text import duration_text, toml_value
from idp.settings.values import UNIT, WORDS

NAME = "NAME"  # stands in a path for a name that an administrator chooses

Schema = dict[str, Any]
Names = tuple[str, ...]

_SIMPLE = {
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
}
_STEPS = "The steps of a login, for clients that name it by flow."  # of flows.NAME, a free key
_IS_FULL = ("minLength", "minItems")


@dataclass(frozen=True)
class Key:
    """One key, or one table of keys."""

    path: Names  # lists add nothing to it: `("limits", "offices", "factor")`
    type: str  # in words
    unit: str  # "" where there is none
    default: str  # as TOML; "" where there is none
    is_required: bool  # in its table
    constraints: str  # in words
    choices: tuple[str, ...]
    example: str  # as TOML
    sentence: str
    is_static: bool  # a running server must be started anew
    is_table: bool
    is_list: bool  # of tables

    @property
    def dotted(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)


def settings_schema() -> Schema:
    """Return what pydantic knows of the whole file, with TOML's names; null is not in TOML."""
    schema: Schema = _without_null(Settings.model_json_schema(schema_generator=_InOrder))
    return schema


class _InOrder(GenerateJsonSchema):
    @override
    def sort(self, value: Any, parent_key: str | None = None) -> Any:
        return value  # as the models have it, not by the alphabet


@cache
def all_keys() -> tuple[Key, ...]:
    """Return every key and table in the order of the models."""
    schema = settings_schema()
    return tuple(_Walk(schema["$defs"]).keys(schema, ()))


def find_key(dotted: str) -> Key | None:
    """Return the key that somebody names: `listen.port`, `clients[0].scopes`, `flows.staff`."""
    path = tuple(dotted.replace("]", "").replace("[", ".").split("."))
    found = {key.path: key for key in all_keys()}
    return found.get(_generic(path, found))


def nearest_keys(dotted: str) -> list[str]:
    """Return up to three keys that may have been meant, the nearest first."""
    known = [key.dotted for key in all_keys()]
    last = dotted.rpartition(".")[2]
    same_name = [name for name in known if name.rpartition(".")[2] == last]
    near = difflib.get_close_matches(dotted, known, n=3, cutoff=0.6)
    return list(dict.fromkeys([*same_name, *near]))[:3]


def _generic(path: Names, known: Mapping[Names, Key]) -> Names:
    """Return the path with chosen names as NAME and without numbers."""
    found: Names = ()
    for part in path:
        if part.isdecimal() and (*found, part) not in known:
            continue
        is_chosen = (*found, part) not in known and (*found, NAME) in known
        found = (*found, NAME if is_chosen else part)
    return found


@dataclass(frozen=True)
class _Walk:
    tables: Mapping[str, Schema]  # $defs

    def keys(self, table: Schema, path: Names) -> Iterator[Key]:
        required = table.get("required", ())
        for name, schema in table.get("properties", {}).items():
            yield from self._key((*path, name), schema, is_required=name in required)
        free = free_names(table)
        if free is not None:
            yield from self._key((*path, NAME), free, is_required=False)

    def _key(self, path: Names, schema: Schema, *, is_required: bool) -> Iterator[Key]:
        shape = self._shape(schema)
        items = self._shape(shape.get("items", {}))
        inner = items if _is_table(items) else shape
        is_free = free_names(shape) is not None
        yield Key(
            path=path,
            type=_type_of(shape, items),
            unit=shape.get(UNIT, ""),
            default=_default_of(schema, shape),
            is_required=is_required,
            constraints=_constraints_of(shape),
            choices=tuple(toml_value(choice) for choice in _choices_of(shape, items)),
            example=_example_of(shape),
            sentence=schema.get("description") or shape.get("description") or _STEPS,
            is_static=path[0] in STATIC_KEYS,
            is_table=_is_table(shape) or is_free,
            is_list=_is_table(items),
        )
        if _is_table(inner) or is_free:
            yield from self.keys(inner, path)

    def _shape(self, schema: Schema) -> Schema:
        """Return the schema with what it refers to; of two forms of a table the longer one."""
        tables = [one for one in schema.get("anyOf", ()) if "$ref" in one]
        schema = {**tables[0], **schema} if tables else schema
        if "$ref" not in schema:
            return schema
        return {**self.tables[schema["$ref"].rpartition("/")[2]], **schema}


def free_names(table: Schema) -> Schema | None:
    """Return the schema of what stands behind names that an administrator chooses."""
    free = table.get("additionalProperties") or None
    patterns = table.get("patternProperties")
    return next(iter(patterns.values())) if patterns else free


def _is_table(shape: Schema) -> bool:
    return "properties" in shape and WORDS not in shape


def _type_of(shape: Schema, items: Schema) -> str:
    words = (
        "a choice" if "enum" in shape else shape.get(WORDS) or _SIMPLE[shape.get("type", "object")]
    )
    if shape.get("type") != "array":
        return str(words)
    if _is_table(items):
        return "a list of tables"
    return f"a list, each {items.get(WORDS) or _SIMPLE[items['type']]}"


def _choices_of(shape: Schema, items: Schema) -> list[Any]:
    return list(shape.get("enum") or items.get("enum") or ())


def _constraints_of(shape: Schema) -> str:
    if "minimum" in shape:  # always with a maximum: `between`
        return f"{shape['minimum']} to {shape['maximum']}"
    return "not empty" if any(name in shape for name in _IS_FULL) else ""


def _default_of(schema: Schema, shape: Schema) -> str:
    if schema.get("default") is None or _is_table(shape):
        return ""
    is_duration = UNIT in shape
    return toml_value(duration_text(schema["default"]) if is_duration else schema["default"])


def _example_of(shape: Schema) -> str:
    examples = shape.get("examples")
    if not examples:
        return ""
    is_moment = shape.get("format") in {"date", "date-time"}  # TOML writes them without quotes
    return str(examples[0]) if is_moment else toml_value(examples[0])


def _without_null(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_null(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _without_null(value) for key, value in schema.items()}
    choices = plain.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [choice for choice in choices if choice != {"type": "null"}]
        del plain["anyOf"]
        plain |= rest[0] if len(rest) == 1 else {"anyOf": rest}
    if "default" in plain and plain["default"] is None:
        del plain["default"]
    return plain
