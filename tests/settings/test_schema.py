"""The JSON Schema never refuses what the program accepts, and sees wrong keys and types."""

import datetime as dt
import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from idp.settings import MistakesFound, load
from idp.settings.clients import Client
from idp.settings.explain import known_keys
from idp.settings.schema import json_schema
from idp.settings.sections import Settings
from idp.settings.toml_text import toml_value
from tests.settings.conftest import LEAST, SECRET

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "config").rglob("*.toml"))
TAPLO = ROOT / "tests" / "npm" / "node_modules" / ".bin" / "taplo"
VALIDATOR = Draft202012Validator(json_schema())
CLIENT: dict[str, Any] = {
    "client_id": "portal",
    "name": {"bn": "ক", "en": "A"},
    "owner": "a@example.gov.bd",
    "home_url": "https://a.example.gov.bd/",
    "secrets": [{"hash": SECRET}],
    "redirect_uris": ["https://a.example.gov.bd/cb"],
}
_BLIND = ("E001", "E104", "E105", "E106", "E201", "E202")  # what no schema says


def as_json(value: Any) -> Any:
    """Return what an editor hands to the schema: dates are texts, for JSON has none."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value


def is_valid(tables: dict[str, Any]) -> bool:
    return VALIDATOR.is_valid(as_json(tables))


def codes(file: Path, tables: dict[str, Any]) -> set[str]:
    """Return the codes that the program refuses the same tables with."""
    file.write_text("".join(f"{toml_value(k)} = {toml_value(v)}\n" for k, v in tables.items()))
    try:
        load(file, {})
    except MistakesFound as found:
        return {mistake.code for mistake in found.mistakes}
    return set()


def test_the_schema_is_one_of_the_draft_that_it_names() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_every_table_with_known_keys_refuses_others() -> None:
    schema = json_schema()
    tables = [schema, *schema["$defs"].values()]
    named = {table.get("title", "") or name for name, table in schema["$defs"].items()}
    assert {"Client", "Mail", "ClaimSource"} <= named
    for table in tables:
        if "patternProperties" not in table and table is not schema["$defs"]["Flows"]:
            assert table["additionalProperties"] is False


def test_nothing_of_our_own_making_is_left_in_it() -> None:
    assert '"x-' not in json.dumps(json_schema())
    assert "null" not in json.dumps(json_schema())


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.name)
def test_the_samples_fit(file: Path) -> None:
    assert is_valid(tomllib.loads(file.read_text()))


def test_the_least_configuration_fits_and_one_key_less_does_not() -> None:
    tables = tomllib.loads(LEAST)
    assert is_valid(tables)
    for name in tables.keys() - {"mode"}:
        assert not is_valid({key: value for key, value in tables.items() if key != name})


def test_a_file_of_clients_fits_without_the_rest() -> None:
    assert is_valid({"clients": [CLIENT]})
    assert not is_valid({"clients": [CLIENT], "otp": {}})
    assert not is_valid({"clients": [{**CLIENT, "redirect_uri": "x"}]})


@pytest.mark.parametrize(
    ("line", "fits"),
    [
        ('listen.port = { env = "PORT" }', True),
        ('listen.port = { env = "PORT", default = 9000 }', True),
        ('listen.port = { env = "PORT", default = { env = "OTHER" } }', True),
        ('listen.port = { file = "port" }', True),
        ('listen.port = { env = "PORT", default = "9000" }', False),
        ('listen.port = { env = "PORT", file = "port" }', False),
        ('listen.port = { enf = "PORT" }', False),
        ('listen.port = { file = "" }', False),
        ("listen.port = 70000", False),
        ('otp.ttl = { env = "TTL", default = "10m" }', True),
        ('otp.ttl = { env = "TTL", default = "10" }', False),
        ('otp.ttl = "10min"', False),
        ("otp.ttl = 600", False),
        ('flows.staff = ["password"]', True),
        ('flows.staff = "password"', False),
        ('listen = { env = "X" }', False),
        ('proxy.trusted = { env = "X", default = ["10.0.0.0/8"] }', False),
        ('scopes.office.claims.x = "attributes.x"', True),
        ('scopes.office.claims.x = { from = "attributes.x", type = "list" }', True),
        ('scopes.office.claims.x = { form = "attributes.x" }', False),
        ('scopes.office.claims.x = "office"', False),
        ('scopes.office.claim.x = "attributes.x"', False),
        ('scopes."A B" = {}', False),
        ('theme.locales = ["bn", { env = "L", default = "en" }]', True),
        ('support.hours = { bn = "ক", en = { env = "EN", default = "a" } }', True),
        ('support.hours = { bn = "ক" }', False),
        ('redis.url = { file = "redis" }', True),
    ],
)
def test_references_fit_where_the_program_takes_them(line: str, fits: bool) -> None:
    assert is_valid(tomllib.loads(f"{LEAST}{line}\n")) is fits


@pytest.mark.parametrize(
    ("password", "fits"),
    [('{ file = "smtp" }', True), ('{ env = "P" }', True), ('""', True), ('"hunter2"', False)],
)
def test_a_secret_in_the_file_does_not_fit(password: str, fits: bool) -> None:
    text = LEAST.replace('tls = "none"', f'tls = "none", password = {password}')
    assert is_valid(tomllib.loads(text)) is fits


def test_a_date_fits_as_toml_writes_it() -> None:
    text = f'[[clients.secrets]]\nhash = "{SECRET}"\nexpires = 2027-03-01\n'
    tables = tomllib.loads(text.replace("[[clients.secrets]]", "[[secrets]]"))
    assert is_valid({"clients": [{**CLIENT, **tables}]})


_KEYS = sorted(
    {(name,) for name in known_keys(Settings, ())}
    | {(name, key) for name in known_keys(Settings, ()) for key in known_keys(Settings, (name,))}
)
_SCALARS = st.one_of(
    st.sampled_from(["", "10m", "RS256", "https://a.example/", "a@b", "10.0.0.0/8", "openid"]),
    st.sampled_from(["attributes.x", "password", "required", "bn", "portal", SECRET, "none"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4),
    st.integers(-5, 70_000),
    st.booleans(),
    st.sampled_from([0.5, -2.25]),
)
_NAMES = st.sampled_from(["bn", "en", "network", "factor", "hash", "from", "claims", "x", "staff"])
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(_NAMES, inner, max_size=3)
    ),
    max_leaves=6,
)
_REFERENCES = st.one_of(
    st.fixed_dictionaries({"env": st.just("IDP_NOT_SET")}, optional={"default": _SCALARS}),
    st.fixed_dictionaries({"file": st.sampled_from(["", "gone"])}),
    st.fixed_dictionaries({"env": _SCALARS}, optional={"file": _SCALARS, "more": _SCALARS}),
)
_thoroughly = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _with(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    tables = tomllib.loads(LEAST)
    table = tables if len(path) == 1 else tables.setdefault(path[0], {})
    table = table if isinstance(table, dict) else tables
    table[path[-1]] = value
    return tables


@_thoroughly
@given(path=st.sampled_from(_KEYS), value=_VALUES)
def test_what_the_schema_says_of_a_value_the_program_says_too(
    tmp_path: Path, path: tuple[str, ...], value: Any
) -> None:
    _agree(tmp_path / "idp.toml", _with(path, value))


@_thoroughly
@given(key=st.one_of(st.sampled_from(sorted(Client.model_fields)), _NAMES), value=_VALUES)
def test_what_the_schema_says_of_a_client_the_program_says_too(
    tmp_path: Path, key: str, value: Any
) -> None:
    _agree(tmp_path / "idp.toml", tomllib.loads(LEAST) | {"clients": [{**CLIENT, key: value}]})


def _agree(file: Path, tables: dict[str, Any]) -> None:
    found = codes(file, tables)
    if not is_valid(tables):
        assert found
    elif found:
        assert found <= set(_BLIND)


@_thoroughly
@given(path=st.sampled_from(_KEYS), value=_REFERENCES)
def test_a_reference_that_does_not_fit_is_refused_by_the_program(
    tmp_path: Path, path: tuple[str, ...], value: Any
) -> None:
    tables = _with(path, value)
    assert is_valid(tables) or codes(tmp_path / "idp.toml", tables)


def _taplo(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    command = [str(TAPLO), "lint", *names]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_editor_checks_the_samples_by_their_first_line(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    names = [str(file.relative_to(ROOT / "config")) for file in SAMPLES]
    answer = _taplo(folder, *names)
    assert answer.returncode == 0, answer.stderr
    wrong = folder / "clients.d" / "backoffice.toml"
    wrong.write_text(wrong.read_text() + "redirect_uri = 1\n")
    answer = _taplo(folder, "clients.d/backoffice.toml")
    assert answer.returncode != 0
    assert "'redirect_uri' was unexpected" in answer.stderr
