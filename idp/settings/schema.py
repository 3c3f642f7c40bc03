"""The JSON Schema of the configuration, for editors: draft 2020-12, for main and included files.

It never refuses what the program accepts. What it cannot say (rules between keys, and that a date
stands without quotes, for JSON has no dates) is told by `idp config check`.
"""

from typing import Any

from idp.settings.reference import Schema, settings_schema
from idp.settings.toml_text import duration_text
from idp.settings.values import UNIT, WORDS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS = ("string", "integer", "boolean")
_LABELS = ("description", "default", "examples")
_FILE: Schema = {
    "type": "object",
    "description": "A value from a file of its own under secrets_dir.",
    "properties": {"file": {"type": "string", "minLength": 1}},
    "required": ["file"],
    "additionalProperties": False,
}
_ANY_REFERENCE: Schema = {
    "type": "object",
    "anyOf": [{"required": ["env"]}, {"required": ["file"]}],
    "properties": {"env": {"type": "string"}, "file": {"type": "string"}, "default": True},
    "additionalProperties": False,
}


def json_schema() -> Schema:
    """Return the JSON Schema of `idp.toml` and of the files that it includes."""
    schema = settings_schema()
    tables = {name: _table(table) for name, table in schema.pop("$defs").items()}
    required = schema.pop("required")
    return {
        "$schema": _DIALECT,
        "title": "The configuration of Probesh",
        **_table(schema),
        # A file that is included holds clients only, and then nothing else is required of it.
        "if": {"propertyNames": {"const": "clients"}},
        "else": {"required": required},
        "$defs": {**tables, "FileReference": _FILE, "Reference": _ANY_REFERENCE},
    }


def _table(schema: Schema) -> Schema:
    table = {key: value for key, value in schema.items() if key not in {"title", WORDS}}
    table.pop("propertyNames", None)  # which patternProperties say already
    for kind in ("properties", "patternProperties"):
        if kind in table:
            table[kind] = {name: _value(inner) for name, inner in table[kind].items()}
    if isinstance(table.get("additionalProperties"), dict):
        table["additionalProperties"] = _value(table["additionalProperties"])
    elif "patternProperties" in table:
        table["additionalProperties"] = False
    return table


def _value(schema: Schema) -> Schema:
    labels = {name: schema[name] for name in _LABELS if name in schema}
    if UNIT in schema and "default" in labels:
        labels["default"] = duration_text(labels["default"])
    bare = {
        key: value for key, value in schema.items() if key not in {*_LABELS, "title", UNIT, WORDS}
    }
    if "$ref" in bare:  # a table, whose keys have defaults of their own
        labels.pop("default", None)
        return {**bare, **labels}
    if "anyOf" in bare:
        return {"anyOf": [_value(one) for one in bare["anyOf"]], **labels}
    if "items" in bare:
        return {**bare, "items": _value(bare["items"]), **labels}
    if bare.get("type") not in _SCALARS:
        return {**_table(bare), **labels}
    return {"anyOf": [bare, {"$ref": "#/$defs/FileReference"}, _variable(bare)], **labels}


def _variable(scalar: Schema) -> Schema:
    """Return the schema of `{env = "NAME", default = …}`, whose default is such a value again."""
    default: dict[str, Any] = {"anyOf": [scalar, {"$ref": "#/$defs/Reference"}]}
    return {
        "type": "object",
        "description": "A value from the environment.",
        "properties": {"env": {"type": "string"}, "default": default},
        "required": ["env"],
        "additionalProperties": False,
    }
