"""An accepted configuration, with where each of its values came from and what was said about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from typing_extensions import override

from idp.settings.diagnostics import Finding, KeyPath, Mistake
from idp.settings.documents import Document
from idp.settings.sections import Settings

Origin = Literal["default", "file", "env", "secret"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from: nowhere (the default), a line, a variable, a secret's own file."""

    origin: Origin
    place: str = ""  # file:line of the key
    name: str = ""  # of the variable or of the secret's file

    @override
    def __str__(self) -> str:
        named = {
            "env": f"env {self.name}, {self.place}",
            "secret": f"file {self.name}, {self.place}",
        }
        return named.get(self.origin, self.place or "default")


@dataclass(frozen=True, slots=True)
class Origins:
    """The files of a configuration and the references in them, asked by key."""

    main: Document
    references: Mapping[tuple[str, KeyPath], Source] = field(default_factory=dict)
    clients: Mapping[str, tuple[Document, KeyPath]] = field(default_factory=dict)

    def source_of(self, path: KeyPath) -> Source:
        """Return where the value of a key came from; a client is named by its id."""
        document, inner = self._find(path)
        place = document.find_place(inner)
        if place is None:
            return Source("default")
        written = f"{document.name}:{place.line}"
        reference = self.references.get((document.name, inner))
        if reference is None:
            return Source("file", written)
        return Source(reference.origin, written, reference.name)

    def locate(self, finding: Finding) -> Mistake:
        """Return the finding with the place of its key; a client is named by its id."""
        document, inner = self._find(finding.path)
        return document.locate(Finding(inner, finding.code, finding.message, finding.hint))

    def _find(self, path: KeyPath) -> tuple[Document, KeyPath]:
        if len(path) > 1 and path[0] == "clients" and path[1] in self.clients:
            document, start = self.clients[str(path[1])]
            return document, (*start, *path[2:])
        return self.main, path


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `read_configuration` returns."""

    settings: Settings
    origins: Origins = field(repr=False)
    warnings: tuple[Mistake, ...]
    snapshot: Mapping[str, Any] = field(repr=False)  # JSON, secrets masked
    digest: str  # of the snapshot: equal for equal configurations
