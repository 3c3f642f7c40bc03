"""Values as TOML text, in the spelling that an administrator would choose."""

import json
from collections.abc import Mapping
from typing import Any

_MINUTE = 60  # seconds
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def duration_text(seconds: int) -> str:
    """Return seconds as the file writes them, in the largest whole unit: 3600 is `1h`.

    A minute stays `60s`, as everybody writes it.
    """
    if seconds <= _MINUTE:
        return f"{seconds}s"
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def toml_value(value: Any) -> str:
    """Return a JSON value as TOML; tables are inline and leave out what is null."""
    if isinstance(value, Mapping):
        kept = {key: one for key, one in value.items() if one is not None}
        inner = ", ".join(f"{toml_key(key)} = {toml_value(one)}" for key, one in kept.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(key: str) -> str:
    """Return a key bare where TOML allows it, otherwise in quotes."""
    is_bare = key != "" and key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if is_bare or key in {"-", "_"} else toml_value(key)
