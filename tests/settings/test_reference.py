"""The reference knows every key of the models, and tells it as the file writes it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.settings.claims import ClaimSource, ScopeClaims
from idp.settings.clients import Client, ClientSecret
from idp.settings.limits import Office
from idp.settings.reference import NAME, all_keys, find_key, nearest_keys
from idp.settings.sections import STATIC_KEYS, Settings
from idp.settings.toml_text import duration_text, toml_key, toml_value
from idp.settings.values import Section, parse_duration

KEYS = {key.dotted: key for key in all_keys()}


def _written(model: type[Section], path: str = "") -> set[str]:
    """The keys of a model, read without the schema that the reference is made of."""
    tables: dict[str, type[Section]] = {
        "limits.offices": Office,
        "clients": Client,
        "clients.secrets": ClientSecret,
        "scopes": ScopeClaims,
        f"scopes.{NAME}.claims": ClaimSource,
    }
    names = set()
    for name, field in model.model_fields.items():
        key = f"{path}{field.alias or name}"
        names.add(key)
        table: Any = tables.get(key, field.annotation)
        if key in {"scopes", f"scopes.{NAME}.claims"}:
            key = f"{key}.{NAME}"
            names.add(key)
        if (
            isinstance(table, type)
            and issubclass(table, Section)
            and "bn" not in table.model_fields
        ):
            names |= _written(table, f"{key}.")
    return names


def test_every_key_of_the_models_is_there_and_no_other() -> None:
    assert set(KEYS) == _written(Settings) | {f"flows.{NAME}"}


def test_a_default_that_is_told_is_the_default_of_the_model() -> None:
    checked = 0
    for name, field in Settings.model_fields.items():
        table = field.annotation
        if not (isinstance(table, type) and issubclass(table, Section)):
            continue
        for inner, of_inner in table.model_fields.items():
            key = KEYS[f"{name}.{of_inner.alias or inner}"]
            assert key.is_required == of_inner.is_required()
            if key.default:
                told = tomllib.loads(f"x = {key.default}")["x"]
                value = of_inner.default
                value = list(value) if isinstance(value, tuple) else value
                value = str(value) if isinstance(value, Path) else value
                assert value == (parse_duration(told) if key.unit else told)
                checked += 1
    assert checked > 40


def test_what_needs_a_restart_is_marked() -> None:
    assert {key.path[0] for key in KEYS.values() if key.is_static} == set(STATIC_KEYS)
    assert KEYS["listen.port"].is_static
    assert not KEYS["session.idle"].is_static


def test_a_key_tells_its_kind_its_limits_and_its_choices() -> None:
    port, ttl, then = KEYS["listen.port"], KEYS["otp.ttl"], KEYS["reset.then"]
    assert (port.type, port.constraints, port.default) == ("a whole number", "1 to 65535", "9000")
    assert (ttl.unit, ttl.default) == ("s, m, h or d", '"10m"')
    assert (then.type, then.choices) == ("a choice", ('"login"', '"continue"'))
    assert KEYS["mail.verify"].type == "true or false"
    assert KEYS["theme.locales"].type == 'a list, each a language like "bn"'
    assert KEYS["limits.offices"].type == "a list of tables"
    assert KEYS["mail.password"].type == "a secret, by {env} or {file} only"
    assert KEYS["clients.secrets.expires"].example == "2027-03-01"
    assert KEYS["mail.host"].is_required
    assert KEYS["password.require"].choices == ('"upper"', '"lower"', '"digit"', '"special"')


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("listen.port", "listen.port"),
        ("clients.redirect_uris", "clients.redirect_uris"),
        ("clients[0].redirect_uris[1]", "clients.redirect_uris"),
        ("clients[12].secrets[0].hash", "clients.secrets.hash"),
        ("limits.offices.factor", "limits.offices.factor"),
        ("flows.staff", f"flows.{NAME}"),
        ("flows.browser", "flows.browser"),
        ("scopes.office", f"scopes.{NAME}"),
        ("scopes.office.claims.floor.type", f"scopes.{NAME}.claims.{NAME}.type"),
        ("session", "session"),
        ("listen.prot", None),
        ("", None),
        ("listen.", None),
        ("listen.port.more", None),
        ("redirect_uris", None),
    ],
)
def test_a_key_is_found_however_it_is_written(asked: str, found: str | None) -> None:
    key = find_key(asked)
    assert (key.dotted if key else None) == found


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("listen.prot", "listen.port"),
        ("redirect_uris", "clients.redirect_uris"),
        ("sesion.idle", "session.idle"),
        ("client.redirect_uri", "clients.redirect_uris"),
        ("isuer", "issuer"),
    ],
)
def test_the_nearest_key_is_the_one_that_was_meant(asked: str, near: str) -> None:
    assert nearest_keys(asked)[0] == near


def test_nonsense_is_near_to_nothing() -> None:
    assert nearest_keys("qqqqqqqq") == []


@settings(deadline=None)
@given(st.integers(1, 3650 * 86_400))
def test_a_duration_is_written_so_that_it_is_read_as_the_same(seconds: int) -> None:
    assert parse_duration(duration_text(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (60, "60s"),
        (45, "45s"),
        (90, "90s"),
        (120, "2m"),
        (3600, "1h"),
        (5400, "90m"),
        (86400, "1d"),
    ],
)
def test_a_duration_is_in_the_largest_whole_unit(seconds: int, text: str) -> None:
    assert duration_text(seconds) == text


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@settings(deadline=None)
@given(
    st.dictionaries(
        _TEXTS,
        st.recursive(
            st.one_of(_TEXTS, st.booleans(), st.integers(-(2**63), 2**63 - 1)),
            lambda inner: st.one_of(st.lists(inner), st.dictionaries(_TEXTS, inner)),
            max_leaves=8,
        ),
    )
)
def test_a_value_is_written_so_that_it_is_read_as_the_same(tables: dict[str, Any]) -> None:
    text = "".join(f"{toml_key(key)} = {toml_value(value)}\n" for key, value in tables.items())
    assert tomllib.loads(text) == tables
