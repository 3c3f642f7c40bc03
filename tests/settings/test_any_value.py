"""Whatever stands behind a key, the answer is settings or mistakes: nothing else is ever raised."""

import contextlib
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.settings import MistakesFound, Settings, load
from idp.settings.clients import Client
from idp.settings.explain import known_keys
from tests.settings.conftest import LEAST

_KEYS = sorted(
    {(name,) for name in known_keys(Settings, ())}
    | {(name, key) for name in known_keys(Settings, ()) for key in known_keys(Settings, (name,))}
)
_CLIENT_KEYS = sorted(Client.model_fields)
_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(
        ["\0", "**", "/", "..", "*/", "[", "https://[", "https://a:99999/", "http://[::1", "10m",
         "https://a\u2100b/", "redis://[", "postgresql://[x", "sqlite:///\0", "१m", "a@b", "~"]
    ),
)  # fmt: skip
_SCALARS = st.one_of(
    _TEXTS,
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
)
_NAMES = st.one_of(st.sampled_from(["env", "file", "default", "bn", "network", "hash"]), _TEXTS)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_NAMES, inner, max_size=3)
    ),
    max_leaves=6,
)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(v)}" for key, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(inner) for inner in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _load_or_refuse(file: Path, tables: dict[str, Any]) -> None:
    text = "".join(f"{_toml(key)} = {_toml(value)}\n" for key, value in tables.items())
    file.write_bytes(text.encode())
    with contextlib.suppress(MistakesFound):
        load(file, {"A": "a"})


_quietly = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_quietly
@given(path=st.sampled_from(_KEYS), value=_VALUES)
def test_any_value_of_any_key_is_accepted_or_refused_in_words(
    tmp_path: Path, path: tuple[str, ...], value: Any
) -> None:
    tables = tomllib.loads(LEAST)
    table = tables if len(path) == 1 else tables.setdefault(path[0], {})
    table[path[-1]] = value
    _load_or_refuse(tmp_path / "idp.toml", tables)


@_quietly
@given(key=st.sampled_from(_CLIENT_KEYS), value=_VALUES)
def test_any_value_of_any_key_of_a_client_is_accepted_or_refused_in_words(
    tmp_path: Path, key: str, value: Any
) -> None:
    client = {"client_id": "portal", "owner": "a@example.gov.bd", key: value}
    _load_or_refuse(tmp_path / "idp.toml", tomllib.loads(LEAST) | {"clients": [client]})


@pytest.mark.parametrize("value", ["\0", "a\0b", "**.toml", ""])
def test_a_name_of_a_file_that_no_system_knows_is_refused(tmp_path: Path, value: str) -> None:
    for key in ("secrets_dir", "include"):
        inner = value if key == "secrets_dir" else [value]
        _load_or_refuse(tmp_path / "idp.toml", tomllib.loads(LEAST) | {key: inner})
    mail = tomllib.loads(LEAST)["mail"] | {"password": {"file": value}}
    _load_or_refuse(tmp_path / "idp.toml", tomllib.loads(LEAST) | {"mail": mail})
