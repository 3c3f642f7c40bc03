"""The line index is compared with `tomllib`: the same keys, each where its name is written."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.settings.diagnostics import KeyPath
from idp.settings.line_index import LineIndex, Place

_SCALARS = (
    "1",
    "-0.5e3",
    "true",
    '"a # no [comment] = {x}, \\" \\\\"',
    "'C:\\dir\\'",
    '"""two\nlines = 1 # no comment\n[no.table]"""',
    '"""ends with quotes"""""',
    '"""\\"""escaped"""',
    "'''lit\n= 'x' '''''",
    "1979-05-27 07:32:00",
    "1979-05-27T07:32:00.5Z",
    "2027-03-01",
    '"প্রবেশ"',
    '"""প্রবেশ = ১\n# "মন্তব্য"\n"""',
    '"""\nkey = 1\n\\\n   joined"""',
    '"\\u0995\\U0001F600😀"',
    "0xDEAD_beef",
    "0b11_01",
    "-inf",
    "+nan",
    "6_0e-2",
    "07:32:00.999",
    "1979-05-27t07:32:00-07:00",
    '""',
    "''",
)
_NAMES = st.sampled_from(
    ["a", "b", "c-d", "5", "ডাক", "😀", "1.5", "x.y", "q'", "sp ace", '"', "", "#", "[e]"]
)
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


@dataclass(frozen=True)
class Table:
    """A table to be written; `inline` ones stay on their line."""

    entries: dict[str, Any]
    style: str = "header"


@dataclass(frozen=True)
class Tables:
    """An array of tables."""

    tables: list[Table] = field(default_factory=list)


def _tables(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    entries = st.dictionaries(_NAMES, inner, max_size=3)
    table = st.builds(Table, entries, st.sampled_from(["header", "inline", "dotted"]))
    return st.one_of(
        table,
        st.builds(Tables, st.lists(st.builds(Table, entries), min_size=1, max_size=3)),
        st.lists(inner, max_size=3),
    )


_VALUES = st.recursive(st.sampled_from(_SCALARS), _tables, max_leaves=12)
_DOCUMENTS = st.builds(Table, st.dictionaries(_NAMES, _VALUES, max_size=4))


class Writer:
    """Writes a table as TOML in the style that each part asks for, with blanks and comments."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def document(self, table: Table) -> str:
        return "".join(self._table(table, ()))

    def _table(self, table: Table, path: tuple[str, ...]) -> Iterator[str]:
        yield from (
            self._line(self._name(key), value)
            for key, value in table.entries.items()
            if not self._has_header(value)
        )
        for key, value in table.entries.items():
            if isinstance(value, Tables):
                for one in value.tables:
                    yield f"{self._gap()}[[{self._dotted((*path, key))}]]{self._end()}"
                    yield from self._table(one, (*path, key))
            elif self._has_header(value):
                yield f"{self._gap()}[{self._dotted((*path, key))}]{self._end()}"
                yield from self._table(value, (*path, key))

    def _has_header(self, value: Any) -> bool:
        return isinstance(value, Tables) or (isinstance(value, Table) and value.style == "header")

    def _line(self, name: str, value: Any) -> str:
        if isinstance(value, Table) and value.style == "dotted" and value.entries:
            return "".join(
                self._line(f"{name}{self._blank()}.{self._blank()}{self._name(key)}", inner)
                for key, inner in value.entries.items()
            )
        gap = self._gap()
        return f"{gap}{name}{self._blank()}={self._blank()}{self._value(value)}{self._end()}"

    def _value(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, Table):
            entries = (
                f"{self._name(key)}{self._blank()}={self._blank()}{self._value(inner)}"
                for key, inner in value.entries.items()
            )
            return f"{{{self._blank()}{', '.join(entries)}{self._blank()}}}"
        items = value.tables if isinstance(value, Tables) else value
        between = self._draw(st.sampled_from([", ", ",\n  ", " , # [comment]\n"]))
        comma = self._draw(st.sampled_from(["", ",\n"])) if items else ""
        return f"[{self._gap()}{between.join(self._value(item) for item in items)}{comma}]"

    def _dotted(self, path: tuple[str, ...]) -> str:
        return f"{self._blank()}.{self._blank()}".join(self._name(key) for key in path)

    def _name(self, key: str) -> str:
        return str(self._draw(st.sampled_from(_spellings(key))))

    def _blank(self) -> str:
        return str(self._draw(st.sampled_from(["", " ", "\t "])))

    def _gap(self) -> str:
        return str(self._draw(st.sampled_from(["", "\n", "# [not] = a key\n"])))

    def _end(self) -> str:
        return str(self._draw(st.sampled_from(["\n", "  # ডাক = 1\n", "\r\n"])))


def _spellings(key: str) -> list[str]:
    spellings = ['"' + key.replace('"', '\\"') + '"']
    if key and all(letter in _LETTERS for letter in key):
        spellings.append(key)
    if "'" not in key:
        spellings.append(f"'{key}'")
    if key == "a":
        spellings.append('"\\u0061"')
    return spellings


def _paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in entries:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from _paths(inner, (*path, key))


def _word_at(text: str, place: Place) -> str:
    return text.replace("\r\n", "\n").split("\n")[place.line - 1][place.column - 1 :]


@settings(max_examples=400, deadline=None)
@given(table=_DOCUMENTS, data=st.data())
def test_every_key_that_tomllib_reads_has_the_place_of_its_name(table: Table, data: Any) -> None:
    text = Writer(data.draw).document(table)
    places = LineIndex(text).places
    assert set(places) == set(_paths(tomllib.loads(text)))
    for path, place in places.items():
        written = _word_at(text, place)
        if isinstance(path[-1], str):
            assert written.startswith(tuple(_spellings(path[-1])))
        else:
            assert written


@settings(max_examples=200, deadline=None)
@given(table=_DOCUMENTS, data=st.data())
def test_a_key_that_is_written_otherwise_at_its_place_is_another_key(
    table: Table, data: Any
) -> None:
    text = Writer(data.draw).document(table).replace("\r\n", "\n")
    for path, place in LineIndex(text).places.items():
        if not isinstance(path[-1], str):
            continue
        start = _offset(text, place)
        spelled = max((s for s in _spellings(path[-1]) if text.startswith(s, start)), key=len)
        changed = f"{text[:start]}another-key{text[start + len(spelled) :]}"
        try:
            read = set(_paths(tomllib.loads(changed)))
        except tomllib.TOMLDecodeError:
            continue  # a table that is opened under both names
        assert (*path[:-1], "another-key") in read


def _offset(text: str, place: Place) -> int:
    return sum(len(line) + 1 for line in text.split("\n")[: place.line - 1]) + place.column - 1


@settings(max_examples=200, deadline=None)
@given(table=_DOCUMENTS, data=st.data())
def test_the_ends_of_lines_move_no_place(table: Table, data: Any) -> None:
    text = Writer(data.draw).document(table).replace("\r\n", "\n")
    assert LineIndex(text.replace("\n", "\r\n")).places == LineIndex(text).places


@settings(max_examples=200, deadline=None)
@given(table=_DOCUMENTS, data=st.data())
def test_lines_above_move_every_place_down(table: Table, data: Any) -> None:
    text = Writer(data.draw).document(table)
    moved = LineIndex(f"# মন্তব্য [x]\n\n{text}").places
    assert moved == {
        path: Place(line + 2, column) for path, (line, column) in LineIndex(text).places.items()
    }


@settings(max_examples=200, deadline=None)
@given(table=_DOCUMENTS, data=st.data())
def test_no_two_elements_of_a_document_share_a_place_unless_one_holds_the_other(
    table: Table, data: Any
) -> None:
    places = LineIndex(Writer(data.draw).document(table)).places
    seen: dict[Place, KeyPath] = {}
    for path, place in places.items():
        other = seen.setdefault(place, path)
        assert other == path[: len(other)]


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("a = 1\nb = 2\n", ("b",), (2, 1)),
        ("[a.b]\nc = 1\n", ("a", "b"), (1, 4)),
        ("[a.b]\n  c.d = 1\n", ("a", "b", "c", "d"), (2, 5)),
        ("[[a]]\nx = 1\n[[a]]\nx = 2\n", ("a", 1), (3, 1)),
        ("[[a]]\nx = 1\n[[a]]\nx = 2\n", ("a", 1, "x"), (4, 1)),
        ("[[a]]\n[[a.b]]\n[[a]]\n[[a.b]]\nz = 1\n", ("a", 1, "b", 0, "z"), (5, 1)),
        ("[[a]]\n[a.b.c]\nz = 1\n", ("a", 0, "b", "c", "z"), (3, 1)),
        ("a = { b = [1, { c = 2 }] }\n", ("a", "b", 1, "c"), (1, 17)),
        ("a = [\n  1, # one\n  2,\n]\n", ("a", 1), (3, 3)),
        ('a = """x\r\ny"""\r\nb = 1\r\n', ("b",), (3, 1)),
        ('"ক.খ" = 1\n"গ" = { ঘ_ = 1 }\n'.replace("ঘ_", "'ঘ'"), ("গ", "ঘ"), (2, 9)),
        ("a=1979-05-27 07:32:00\nb=1\n", ("b",), (2, 1)),
        ('"ডাক" = 1 # x\na = { "ঘ" = 1, b = 2 }\n', ("a", "b"), (2, 16)),
        ('a = ["😀", { b = 1 }]\n', ("a", 1, "b"), (1, 13)),
        ("a = ['ক', 'খ']\n", ("a", 1), (1, 11)),
        ("[[a]]\nb = [\n  { c = 1 },\n  { c = 2 },\n]\n", ("a", 0, "b", 1, "c"), (4, 5)),
        ("[a]\nx.y = 1\nx.z = 2\n", ("a", "x"), (2, 1)),
        ("[a]\nx.y = 1\nx.z = 2\n", ("a", "x", "z"), (3, 3)),
        ("[a.b]\nx = 1\n[a]\ny = 1\n", ("a", "y"), (4, 1)),
        ("[ a . 'b' ]\n\"c\" . d = 1\n", ("a", "b"), (1, 7)),
        ("[ a . 'b' ]\n\"c\" . d = 1\n", ("a", "b", "c", "d"), (2, 7)),
        ("a = '''\r\nb = 1\r\n'''\r\nc = 1\r\n", ("c",), (4, 1)),
        ('a = """\\"""b = 1"""\nc = 1\n', ("c",), (2, 1)),
        ("\ta = 1\n", ("a",), (1, 2)),
    ],
)
def test_a_key_is_found_where_an_editor_counts_it(
    text: str, path: KeyPath, place: tuple[int, int]
) -> None:
    assert LineIndex(text).places[path] == place


def test_a_key_that_is_not_written_has_the_place_of_the_table_around_it() -> None:
    index = LineIndex("\n[mail]\nhost = 'x'\n")
    assert index.place_of(("mail", "from")) == (2, 2)
    assert index.place_of(("issuer",)) == (1, 1)
