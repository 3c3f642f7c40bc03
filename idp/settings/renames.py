"""Old names of keys: understood until the next major version, each with a warning at its place."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from idp.settings.diagnostics import Finding, KeyPath
from idp.settings.documents import Document

_OLD_NAME, _BOTH_NAMES = "W001", "E203"

# The old path of a key or table -> its path now; inside clients: "clients.old" -> "clients.new".
RENAMED: Mapping[str, str] = MappingProxyType({})


def rename(
    document: Document, renamed: Mapping[str, str]
) -> tuple[Document, tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the document with the present names, the warnings, and what is there twice.

    The document remembers how its keys are written, so places and names stay those of the file.
    """
    warnings, findings = [], []
    for old, new in renamed.items():
        for before, after in _pairs(document.tables, old, new):
            if not _has(document.tables, before):
                continue
            if _has(document.tables, after):
                message = f'is the old name of "{new}", which is there, too'
                findings.append(Finding(before, _BOTH_NAMES, message, "Keep one of them"))
                document = replace(document, tables=_without(document.tables, before))
                continue
            warnings.append(Finding(before, _OLD_NAME, f'is the old name of "{new}"', _hint(new)))
            document = _moved(document, before, after)
    return document, tuple(warnings), tuple(findings)


def _hint(new: str) -> str:
    return f'Write "{new}": the next major version knows that name only'


def _pairs(tables: Mapping[str, Any], old: str, new: str) -> Iterator[tuple[KeyPath, KeyPath]]:
    """Yield the old and new path; of a client's key once for every client."""
    before, after = tuple(old.split(".")), tuple(new.split("."))
    if before[0] != "clients" or len(before) == 1:
        yield before, after
        return
    clients = tables.get("clients")
    for number in range(len(clients) if isinstance(clients, list) else 0):
        yield ("clients", number, *before[1:]), ("clients", number, *after[1:])


def _has(tables: Any, path: KeyPath) -> bool:
    for key in path:
        if not isinstance(key, int) and not (isinstance(tables, dict) and key in tables):
            return False
        tables = tables[key]
    return True


def _moved(document: Document, before: KeyPath, after: KeyPath) -> Document:
    value: Any = document.tables
    for key in before:
        value = value[key]
    tables = _with(_without(document.tables, before), after, value)
    if tables is None:  # what should hold the key is no table, which is told for itself
        return document
    return replace(document, tables=tables, written={**document.written, after: before})


def _without(tables: Any, path: KeyPath) -> Any:
    key, *rest = path
    if isinstance(tables, list):
        return [
            _without(table, tuple(rest)) if n == key else table for n, table in enumerate(tables)
        ]
    if rest and (inner := _without(tables[key], tuple(rest))):
        return {**tables, key: inner}
    # A table that held nothing else goes, too: its own name may be an old one.
    return {name: value for name, value in tables.items() if name != key}


def _with(tables: Any, path: KeyPath, value: Any) -> Any:
    key, *rest = path
    if isinstance(tables, list) and isinstance(key, int):
        inner = _with(tables[key], tuple(rest), value)
        return None if inner is None else [*tables[:key], inner, *tables[key + 1 :]]
    if not isinstance(tables, dict):
        return None
    if not rest:
        return {**tables, key: value}
    inner = _with(tables.get(key, {}), tuple(rest), value)
    return None if inner is None else {**tables, key: inner}
