"""The values that are in force, key by key, each with where it came from; secrets are masked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from idp.settings.loaded import Loaded, Source
from idp.settings.reference import NAME, Key, Names, all_keys
from idp.settings.snapshot import masked_snapshot
from idp.settings.toml_text import duration_text, toml_key, toml_value


@dataclass(frozen=True, slots=True)
class Effective:
    """One key that is in force; a client is named by its id."""

    path: Names
    value: Any  # JSON: a duration in seconds, null where nothing is set
    text: str  # TOML, "" where nothing is set
    source: Source

    @property
    def table(self) -> str:
        """The header of the table that it stands in."""
        return ".".join(toml_key(name) for name in self.path[:-1])


def effective_values(loaded: Loaded) -> list[Effective]:
    """Return every key of the main file and of every client, in the order of the models."""
    children: dict[Names, list[Key]] = {}
    for key in all_keys():
        children.setdefault(key.path[:-1], []).append(key)
    return list(_Walk(loaded, children).table((), (), masked_snapshot(loaded.settings)))


@dataclass(frozen=True)
class _Walk:
    loaded: Loaded
    children: Mapping[Names, list[Key]]

    def table(self, generic: Names, path: Names, values: Mapping[str, Any]) -> Iterator[Effective]:
        """Yield the keys of one table: `generic` is its path in the reference."""
        keys = self.children[generic]
        named = {key.path[-1] for key in keys}
        for key in keys:
            if key.path[-1] == NAME:
                for name in values.keys() - named:
                    yield from self.entry(key, (*path, name), values[name])
            else:
                yield from self.entry(key, (*path, key.path[-1]), values[key.path[-1]])

    def entry(self, key: Key, path: Names, value: Any) -> Iterator[Effective]:
        if key.path == ("clients",):
            for client_id, client in value.items():
                yield from self.table(key.path, (*path, client_id), client)
        elif key.is_table and not key.is_list:
            yield from self.table(key.path, path, value)
        else:
            source = self.loaded.origins.source_of(path)
            yield Effective(path, value, _text(key, value), source)


def _text(key: Key, value: Any) -> str:
    if value is None:
        return ""
    return toml_value(duration_text(value) if key.unit else value)
