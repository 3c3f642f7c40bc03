"""References: `{env = "X"}`, `{env = "X", default = …}` and `{file = "x"}` become values.

Secrets come this way only, so what came by a reference is marked as such.
"""

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from idp.settings.diagnostics import Finding, KeyPath

_READABLE_BY_OTHERS = stat.S_IRWXO
_FILE_LIMIT = 65_536  # bytes; a secret is short, and a wrong name may be a huge file


class Referenced(str):
    """A text that stands in the environment or in a file of its own, not in the configuration."""

    __slots__ = ()


def _is_file_name(value: Any) -> bool:
    return isinstance(value, str) and value != "" and "\0" not in value


@dataclass
class Resolver:
    """Replaces the references of one document and collects what could not be found."""

    environ: Mapping[str, str]
    secrets_dir: Path
    findings: list[Finding] = field(default_factory=list)
    failed: set[KeyPath] = field(default_factory=set)
    variables: dict[KeyPath, str] = field(default_factory=dict)  # what came out of each, by name
    files: dict[KeyPath, str] = field(default_factory=dict)

    def resolve(self, value: Any, path: KeyPath = ()) -> Any:
        """Return `value` with references replaced and lists made tuples, all the way down."""
        if isinstance(value, dict):
            if "env" in value or "file" in value:
                return self._reference(value, path)
            return {key: self.resolve(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return tuple(self.resolve(inner, (*path, n)) for n, inner in enumerate(value))
        return value

    def _reference(self, table: dict[str, Any], path: KeyPath) -> Any:
        if set(table) == {"file"} and _is_file_name(table["file"]):
            return self._read(table["file"], path)
        if set(table) <= {"env", "default"} and isinstance(table.get("env"), str):
            return self._variable(table, path)
        return self._fail(
            path,
            "E103",
            "is not a reference",
            'Write {env = "NAME"}, {env = "NAME", default = …} or {file = "name"}',
        )

    def _variable(self, table: dict[str, Any], path: KeyPath) -> Any:
        name = table["env"]
        if name in self.environ:
            self.variables[path] = name
            return Referenced(self.environ[name])
        if "default" in table:
            inner = (*path, "default")
            value = self._default(table["default"], inner)
            self._take_over(inner, path)
            return value
        return self._fail(
            path,
            "E105",
            f"needs the environment variable {name}, which is not set",
            f'Set it, or write {{env = "{name}", default = …}}',
        )

    def _take_over(self, inner: KeyPath, path: KeyPath) -> None:
        """Tell of a reference what happened to the one that is its default."""
        if inner in self.failed:
            self.failed.add(path)
        for names in (self.variables, self.files):
            if inner in names:
                names[path] = names.pop(inner)

    def _default(self, default: Any, path: KeyPath) -> Any:
        is_table = isinstance(default, dict) and not default.keys() & {"env", "file"}
        if is_table or isinstance(default, list):
            # A variable is one value, so a list or a table could never come from it.
            return self._fail(path, "E103", "must be one value: a text, a number, true or false")
        return self.resolve(default, path)

    def _read(self, name: str, path: KeyPath) -> Any:
        file = self.secrets_dir / name
        try:
            mode = file.stat().st_mode
            if mode & _READABLE_BY_OTHERS:
                return self._fail(
                    path,
                    "E106",
                    f"names the file {file}, which others on this machine may read",
                    f"Run: chmod o= {file}",
                )
            with file.open("rb") as opened:
                text = opened.read(_FILE_LIMIT).decode().removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            return self._fail(
                path, "E106", f"names the file {file}, which cannot be read: {reason}"
            )
        if not text:
            return self._fail(path, "E106", f"names the file {file}, which is empty")
        self.files[path] = name
        return Referenced(text)

    def _fail(self, path: KeyPath, code: str, message: str, hint: str = "") -> None:
        self.findings.append(Finding(path, code, message, hint))
        self.failed.add(path)
