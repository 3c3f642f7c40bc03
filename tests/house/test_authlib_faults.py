"""docs/authlib.md answers all 31 faults, by tests that exist or by a reason."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "authlib.md").read_text("utf-8")
FAULTS = 31
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ANSWERS = {int(number): answer for number, _, answer in ROW.findall(PAGE)}


def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_fault_has_its_row_once():
    numbers = [int(number) for number, _, _ in ROW.findall(PAGE)]
    assert numbers == list(range(1, FAULTS + 1))


@pytest.mark.parametrize("number", range(1, FAULTS + 1))
def test_every_fault_is_answered_by_a_test_or_a_reason(number: int):
    answer = ANSWERS[number]
    assert NAMED.search(answer) or answer.startswith("No request reaches it:")


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED.findall(PAGE))))
def test_every_test_that_the_page_names_exists(path: str, name: str):
    assert name in names_in(path)
