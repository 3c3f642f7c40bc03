"""What a process that serves may be told to serve next."""

from typing import Any

import pytest

from idp.model.errors import SettingsRefused
from idp.model.keyring import Keyring
from idp.settings import Secrets
from idp.settings.succession import RestartNeeded, changed_keys, check_secrets, check_static

ONE, TWO = b"1" * 32, b"2" * 32
OLD: dict[str, Any] = {
    "issuer": "https://id.example",
    "mode": "production",
    "secrets_dir": "/s",
    "listen": {"host": "h", "port": 1},
    "database": {"url": "u"},
}


def secrets(**rings: dict[int, bytes]) -> Secrets:
    names = ("pepper", "key_encryption_key", "form_key")
    return Secrets(*(Keyring(rings.get(name, {1: ONE})) for name in names))


def test_what_is_not_static_may_change() -> None:
    check_static({**OLD, "theme": 1}, {**OLD, "theme": 2, "otp": 3})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"issuer": "https://other"}, "issuer needs a restart."),
        ({"listen": {"host": "h", "port": 2}}, "listen.port needs a restart."),
        ({"listen": {"host": "h"}}, "listen.port needs a restart."),
        ({"mode": "development", "database": {"url": "v"}}, "mode and database.url need a"),
        ({"mode": "m", "issuer": "i", "secrets_dir": "s"}, "issuer, mode and secrets_dir need"),
    ],
)
def test_a_static_key_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RestartNeeded) as refused:
        check_static(OLD, {**OLD, **change})
    assert str(refused.value).startswith(said)


def test_changed_keys_are_named_as_deep_as_they_are() -> None:
    old = {"a": {"b": 1, "c": {"d": 1}}, "e": [1]}
    new = {"a": {"b": 1, "c": {"d": 2}, "f": 0}, "e": [2]}
    assert list(changed_keys("x", old, new)) == ["x.a.c.d", "x.a.f", "x.e"]
    assert list(changed_keys("x", old, old)) == []


@pytest.mark.parametrize("name", ["pepper", "key_encryption_key", "form_key"])
def test_a_secret_may_get_a_new_version_and_lose_none_that_is_needed(name: str) -> None:
    check_secrets(secrets(), secrets(**{name: {1: ONE, 2: TWO}}))
    with pytest.raises(SettingsRefused, match=f"{name} has lost its version 1"):
        check_secrets(secrets(), secrets(**{name: {2: TWO}}))
    with pytest.raises(SettingsRefused, match=f"{name} has another key as version 1"):
        check_secrets(secrets(), secrets(**{name: {1: TWO}}))


def test_an_old_version_may_leave_unless_it_is_a_pepper() -> None:
    both, newest = {1: ONE, 2: TWO}, {2: TWO}
    for name in ("key_encryption_key", "form_key"):
        check_secrets(secrets(**{name: both}), secrets(**{name: newest}))
    with pytest.raises(SettingsRefused, match="pepper has lost its version 1"):
        check_secrets(secrets(pepper=both), secrets(pepper=newest))


def test_a_refusal_shows_no_key() -> None:
    with pytest.raises(SettingsRefused) as refused:
        check_secrets(secrets(), secrets(pepper={1: TWO}))
    assert "2222" not in str(refused.value)
