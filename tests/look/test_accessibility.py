"""Every state in Chromium: axe-core (WCAG 2.2 AA and good practice) and our own probes, 0 faults.

Narrow, zoomed, spaced out, in forced colours and unmoving; the focus seen, in order, never covered.
Language, theme, scheme, layout and script are combined pairwise with the states and each other.
"""

from collections import defaultdict
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.look.combinations import FACTORS, LAYOUTS, ROWS, Combination, cover
from tests.look.conftest import Visitor
from tests.look.stand import THEMES
from tests.theming.samples import LOCALES

RUN = """axe.run(document, {
  resultTypes: ["violations"], preload: false,
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}).then(found => found.violations)"""

pytestmark = pytest.mark.browser


def judge(tab: Page) -> list[str]:
    """Return what axe has against the page: rule, and where."""
    found: list[dict[str, Any]] = tab.evaluate(RUN)
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}"
        for violation in found
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("theme", THEMES)
def test_nothing_stands_in_the_way_of_anybody(visitor: Visitor, theme: str, layout: str):
    rows = [row for row in ROWS if (row.theme, row.layout) == (theme, layout)]
    assert [f"{row}: {fault}" for row in rows for fault in look_at(visitor, row)] == []


def look_at(visitor: Visitor, row: Combination) -> list[str]:
    """Return what axe and the probes of its layout have against a state.

    Where there is least room, its words in the other language are looked at, too.
    """
    found = judge(visitor.open(row)) + visitor.probe(*row.probes)
    if row.layout == "narrow":
        (other,) = {*LOCALES} - {row.locale}
        visitor.open(replace(row, locale=other))
        found += [f"{other}: {fault}" for fault in visitor.probe("sideways", "clipped")]
    return found


def test_any_two_values_of_two_factors_meet():
    met = defaultdict(set)
    values = defaultdict(set)
    for row in ROWS:
        for one, other in combinations(FACTORS, 2):
            met[one, other].add((getattr(row, one), getattr(row, other)))
        for factor in FACTORS:
            values[factor].add(getattr(row, factor))
    for one, other in met:
        assert met[one, other] == set(product(values[one], values[other])), (one, other)
    assert len(ROWS) == len(LAYOUTS) * len(values["state"])


def test_a_few_states_do_not_meet_everything_so_the_rows_are_counted_over_all():
    few = cover(("login fresh",))
    assert {row.theme for row in few} == set(THEMES)
    assert len({(row.theme, row.scheme) for row in few}) < 9


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("document.querySelector('label').remove()", "label: #userid"),
        ("document.documentElement.lang = ''", "html-has-lang: html"),
        ("document.querySelector('h1').style.color = '#ccc'", "color-contrast: h1"),
        ("document.querySelector('main').role = 'presentation'", "landmark-one-main: html"),
    ],
)
def test_the_judge_finds_a_planted_fault(visitor: Visitor, fault: str, rule: str):
    row = Combination(
        "portal", "phone", "light", has_script=False, locale="bn", state="login fresh"
    )
    tab = visitor.open(row)
    tab.evaluate(fault)
    assert rule in judge(tab)
