"""What a process that serves may be told to serve next, and what needs a new start."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from idp.model.errors import ProbeshError, SettingsRefused
from idp.model.keyring import Keyring
from idp.settings.secrets import Secrets
from idp.settings.sections import STATIC_KEYS

# Password hashes need every pepper that they were made with; of the other rings, an old version
# may leave once what was made with it is over.
_NEVER_LEAVES = frozenset({"pepper"})


class RestartNeeded(ProbeshError):
    """A valid configuration that no process can take while it serves; the message says why."""


def check_static(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Compare two snapshots. Raises RestartNeeded when a key changed that needs a restart."""
    changed = [n for key in STATIC_KEYS for n in changed_keys(key, old.get(key), new.get(key))]
    if changed:
        needs = "needs" if len(changed) == 1 else "need"
        raise RestartNeeded(f"{_listed(changed)} {needs} a restart.")


def changed_keys(name: str, old: Any, new: Any) -> Iterator[str]:
    """Yield the dotted names of the keys in which two values of a snapshot differ."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        if old != new:
            yield name
        return
    for key in sorted({*old, *new}):
        yield from changed_keys(f"{name}.{key}", old.get(key), new.get(key))


def check_secrets(old: Secrets, new: Secrets) -> None:
    """Raise SettingsRefused when a secret lacks a version that is needed, or has another key."""
    for field in fields(Secrets):
        _check_ring(field.name, getattr(old, field.name), getattr(new, field.name))


def _check_ring(name: str, old: Keyring, new: Keyring) -> None:
    for version, key in old.versions.items():
        is_needed = version == old.newest or name in _NEVER_LEAVES
        if version not in new.versions and is_needed:
            raise SettingsRefused(f"The secret {name} has lost its version {version}: restore it.")
        if new.versions.get(version, key) != key:
            message = f"The secret {name} has another key as version {version}: restore it."
            raise SettingsRefused(message)


def _listed(names: list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
