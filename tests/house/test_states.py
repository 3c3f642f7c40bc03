"""The list of states is complete: nothing that the program can show or send is missing from it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.theming.states import FIELDS, LETTERS, STATES
from tests.theming.samples import ROOT

CODE = ROOT.parent / "idp"
PARTS = {"layout", "parts"}  # of mails; what is not a letter of its own
LONGEST = 48  # characters of a name: it becomes a file's


def calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    """Every call of a name in the program, the fixtures left out."""
    for path in CODE.rglob("*.py"):
        if "states" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                    yield path, node


def told(call: ast.Call, at: int, name: str) -> ast.expr | None:
    """Return an argument by its place or its name."""
    if len(call.args) > at:
        return call.args[at]
    return next((k.value for k in call.keywords if k.arg == name), None)


def text_of(node: ast.expr | None) -> str:
    """Return the text that is written there; "" for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def names_of(call: ast.Call) -> set[str]:
    """Return the names that a page made here can have; `"a" if … else "b"` has two."""
    name = told(call, 0, "name")
    parts = (name.body, name.orelse) if isinstance(name, ast.IfExp) else (name,)
    return {text for part in parts if (text := text_of(part))}


PAGES = [(names, call) for _, call in calls("Page") if (names := names_of(call))]


def test_the_list_names_every_state_once_and_every_page():
    assert len({state.name for state in STATES}) == len(STATES)
    assert {state.page.name for state in STATES} == FIELDS.keys()
    assert len({letter.name for letter in LETTERS}) == len(LETTERS)


def test_names_are_short_and_begin_with_their_page():
    assert not [s.name for s in STATES if len(s.name) > LONGEST]
    named = [s.name for s in STATES if s.page.name not in {"error", "form_post", "expired"}]
    assert not [name for name in named if not re.match(r"[a-z_]+(?:$|[ ,])", name)]
    assert not [s.name for s in STATES if not s.name.startswith(s.page.name)]


def test_a_page_in_english_differs_in_facts_only():
    for state in STATES:
        bn, en = state.page_in("bn"), state.page_in("en")
        assert (bn.name, bn.status, bn.notice, bn.view.keys()) == (
            en.name,
            en.status,
            en.notice,
            en.view.keys(),
        )
        assert [error.key for error in bn.errors] == [error.key for error in en.errors]


def test_every_page_of_the_program_is_in_the_list():
    shown = {name for names, _ in PAGES for name in names}
    assert len(shown) >= 17
    assert sorted(shown) == sorted(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_every_page_has_a_template_and_every_state_its_view(name):
    assert (ROOT / f"base/templates/{name}.html").is_file()
    views = {frozenset(state.page.view) for state in STATES if state.page.name == name}
    assert len(views) == 1, "the states of a page are given the same facts"


def test_a_state_is_given_the_facts_that_the_program_gives():
    """Compared where a page's view is written out at the place that makes it."""
    known = {state.page.name: frozenset(state.page.view) for state in STATES}
    written = [
        (name, view)
        for names, call in PAGES
        for name in names
        if isinstance(view := told(call, 1, "view"), ast.Dict) and None not in view.keys
    ]
    assert len(written) >= 4
    for name, view in written:
        assert {key.value for key in view.keys if isinstance(key, ast.Constant)} == known[name]


def test_a_status_that_the_program_gives_a_page_is_in_the_list():
    known = {(state.page.name, state.page.status) for state in STATES}
    given = {
        (name, status.value)
        for names, call in PAGES
        for name in names
        if isinstance(status := told(call, 4, "status"), ast.Constant)
    }
    assert len(given) >= 3
    assert given <= known


def kinds_of_letters() -> set[str]:
    """Return every kind that is put into the outbox or rendered for it, notices left out."""
    makers = {"Letter": 1, "link_letter": 2, "notice": 1}
    made = [(call, at) for name, at in makers.items() for _, call in calls(name)]
    promised = {text_of(told(call, at, "kind")) for call, at in made}
    tree = ast.parse((CODE / "signin/letters.py").read_text("utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    by_kind = next(node for node in functions if node.name == "by_kind")
    tables = [node for node in ast.walk(by_kind) if isinstance(node, ast.Dict)]
    rendered = {text_of(key) for table in tables for key in table.keys}
    assert len(rendered) >= 3
    return (promised | rendered) - {"logout", ""}


def test_every_letter_of_the_program_is_in_the_list():
    files = {path.name.partition(".")[0] for path in ROOT.glob("base/mail/*.j2")} - PARTS
    listed = {letter.kind for letter in LETTERS}
    assert sorted(files) == sorted(listed)
    assert not kinds_of_letters() - listed


def test_every_letter_has_both_parts():
    for kind in {letter.kind for letter in LETTERS}:
        for part in ("txt", "html"):
            assert (ROOT / f"base/mail/{kind}.{part}.j2").is_file()
