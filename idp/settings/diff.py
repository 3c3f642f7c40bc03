"""What would change between two snapshots of the configuration: a sentence each, and its effect."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from idp.settings.effects import EFFECTS, OF_CLIENTS
from idp.settings.sections import STATIC_KEYS, Settings
from idp.settings.succession import changed_keys
from idp.settings.values import Section, parse_duration

# What each node may have for itself although all serve the same.
_OF_THE_NODE = frozenset({"listen", "secrets_dir", "include"})
_OF_THE_NODES_THEME = "folder"
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SECRET = ("mail.password",)

Snapshot = Mapping[str, Any]


class Counts(Protocol):
    """How many people a change reaches at this moment."""

    def idle_sessions(self, *, old: int, new: int) -> int:
        """Count the sessions that an idle limit of `new` seconds ends and one of `old` keeps."""

    def live_grants(self, client_id: str) -> int:
        """Count the grants of a client that can still be used."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would change: `key` for programs, `sentence` for people."""

    key: str
    sentence: str
    needs_restart: bool = False


def snapshot_text(snapshot: Snapshot) -> str:
    """Return a snapshot as it is stored: JSON, equal for equal configurations."""
    return json.dumps(snapshot, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def shared_digest(snapshot: Snapshot) -> str:
    """Return the SHA-256 of what all nodes should have in common, in hexadecimal digits."""
    shared = {key: value for key, value in snapshot.items() if key not in _OF_THE_NODE}
    theme = snapshot.get("theme", {})
    shared["theme"] = {key: value for key, value in theme.items() if key != _OF_THE_NODES_THEME}
    return sha256(snapshot_text(shared).encode()).hexdigest()


def differences(old: Snapshot, new: Snapshot, counts: Counts) -> list[Difference]:
    """Return what a reload from `old` to `new` would change; both are snapshots."""
    found = [
        _changed(name, _value(old, name), _value(new, name), counts)
        for key in sorted({*old, *new} - {"clients"})
        for name in changed_keys(key, old.get(key), new.get(key))
    ]
    return [*found, *_of_clients(old.get("clients", {}), new.get("clients", {}), counts)]


def _changed(name: str, old: Any, new: Any, counts: Counts) -> Difference:
    if name.partition(".")[0] in STATIC_KEYS:
        return Difference(name, f"{_from_to(name, old, new)}: needs a restart", needs_restart=True)
    effect = _idle_effect(old, new, counts) if name == "session.idle" else _effect(name)
    return Difference(name, f"{_from_to(name, old, new)}: {effect}")


def _effect(name: str) -> str:
    """Return the effect of the longest key that `name` begins with."""
    while name and name not in EFFECTS:
        name = name.rpartition(".")[0]
    return EFFECTS.get(name, "counts at once")


def _idle_effect(old: int, new: int, counts: Counts) -> str:
    if new < old:
        return f"{_counted(counts.idle_sessions(old=old, new=new), 'session')} now"
    back = counts.idle_sessions(old=new, new=old)
    again = f"; {back} that were idle too long are good again" if back else ""
    return f"nobody is logged out{again}"


def _counted(number: int, what: str) -> str:
    return f"1 {what} ends" if number == 1 else f"{number} {what}s end"


# -- clients --------------------------------------------------------------------------------------


def _of_clients(old: Snapshot, new: Snapshot, counts: Counts) -> Iterator[Difference]:
    for name in sorted({*old, *new}):
        key = f"clients.{name}"
        if name not in new:
            ends = _counted(counts.live_grants(name), "grant")
            yield Difference(key, f"{name}: removed; nobody can log in there any more; {ends}")
        elif name not in old:
            state = "people can log in there" if new[name]["enabled"] else "but it is disabled"
            yield Difference(key, f"{name}: added; {state}")
        else:
            yield from _of_client(name, old[name], new[name], counts)


def _of_client(name: str, old: Snapshot, new: Snapshot, counts: Counts) -> Iterator[Difference]:
    for field in sorted({*old, *new}):
        key, before, after = f"clients.{name}.{field}", old.get(field), new.get(field)
        if before == after:
            continue
        if field == "enabled":
            yield Difference(key, f"{name}: {_enabled(name, counts, is_enabled=bool(after))}")
        elif isinstance(before, list) and isinstance(after, list):
            told = _of_secrets if field == "secrets" else _of_list
            for sentence in told(field, before, after):
                yield Difference(key, f"{name}: {sentence}")
        else:
            for inner in changed_keys(field, before, after):
                change = _from_to(inner, _value(old, inner), _value(new, inner))
                effect = OF_CLIENTS.get(field, ("", "", ""))[2]
                yield Difference(key, f"{name}: {change}{effect and f'; {effect}'}")


def _enabled(name: str, counts: Counts, *, is_enabled: bool) -> str:
    if is_enabled:
        return "enabled; people can log in there again"
    ends = _counted(counts.live_grants(name), "grant")
    return f"disabled; nobody can log in there any more; {ends}"


def _of_list(field: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    """Yield a sentence for each item that came or went; their order means nothing."""
    noun, gone, come = OF_CLIENTS[field]
    yield from (f"{noun} removed: {item}; {gone}" for item in old if item not in new)
    yield from (f"{noun} added: {item}; {come}" for item in new if item not in old)


def _of_secrets(field: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    """Yield the same of secrets; one whose end is another has neither come nor gone."""
    before, after = ({s["hash"]: _end(s) for s in secrets} for secrets in (old, new))
    yield from _of_list(
        field,
        [f"{name}, good {end}" for name, end in before.items() if name not in after],
        [f"{name}, good {end}" for name, end in after.items() if name not in before],
    )
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield f"secret {name}: good {after[name]} instead of {before[name]}"


def _end(secret: Mapping[str, Any]) -> str:
    return f"until {secret['expires']}" if secret["expires"] else "for ever"


# -- words ----------------------------------------------------------------------------------------


def _value(snapshot: Snapshot, name: str) -> Any:
    value: Any = snapshot
    for key in _path(snapshot, name):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _path(snapshot: Snapshot, name: str) -> list[str]:
    """Split a dotted name; a key may hold dots itself, like the name of a scope."""
    path: list[str] = []
    value: Any = snapshot
    rest = name
    while rest:
        known = value if isinstance(value, dict) else {}
        fits = [k for k in known if rest == k or rest.startswith(f"{k}.")]
        key = max(fits, key=len) if fits else rest.partition(".")[0]
        path.append(key)
        value, rest = known.get(key), rest[len(key) + 1 :]
    return path


def _from_to(name: str, old: Any, new: Any) -> str:
    if name in _SECRET:
        return f"{name} changed"
    if name in _DURATIONS and old is not None and new is not None:
        seconds, unit = next(u for u in _UNITS if old % u[0] == 0 and new % u[0] == 0)
        return f"{name} {old // seconds} → {new // seconds} {unit}"
    return f"{name} {_shown(old)} → {_shown(new)}"


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _durations() -> Iterator[str]:
    for key, table in Settings.model_fields.items():
        section = table.annotation
        if isinstance(section, type) and issubclass(section, Section):
            for name, field in section.model_fields.items():
                if any(getattr(m, "func", None) is parse_duration for m in field.metadata):
                    yield f"{key}.{name}"


_DURATIONS = frozenset(_durations())
