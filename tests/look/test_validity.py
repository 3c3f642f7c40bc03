"""Every page and letter is valid HTML, says the Nu checker, asked once for all of them."""

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

from idp.theming import Theme
from idp.theming.states import LETTERS, STATES
from tests.theming.samples import LOCALES, load
from tests.walks.processes import ROOT

VNU = ROOT / "tests/npm/node_modules/vnu-jar/build/dist/vnu.jar"
# What the checker says that is no fault in a letter: Outlook lays letters out with Word, which
# knows these attributes and ignores the styles that replace them in browsers.
FINE_IN_LETTERS = re.compile(
    "The “(width|align|border|bgcolor|cellpadding|cellspacing)” attribute on the “(table|td)”"
    " element is obsolete"
)
FAULTY = '<!doctype html><html lang="bn"><title>ক</title><p><div></p><img src="x">'


def write_all(theme: Theme, folder: Path) -> None:
    for locale in LOCALES:
        for state in STATES:
            html = theme.page(state.page_in(locale), state.frame(locale))
            (folder / f"{state.name} {locale}.html").write_text(html, "utf-8")
        for letter in LETTERS:
            html = theme.letter(letter.kind, locale, letter.facts(locale)).html
            (folder / f"mail {letter.name} {locale}.html").write_text(html, "utf-8")


def check(folder: Path) -> list[str]:
    """Return what the checker says: file, line and message."""
    command = ["java", "-Xss8m", "-XX:TieredStopAtLevel=1", "-jar", str(VNU)]
    command += ["--format", "json", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    said = json.loads(run.stderr)["messages"]
    places = [f"{unquote(Path(one['url']).name)}:{one.get('lastLine', 0)}" for one in said]
    return [
        f"{place}: {one['message']}"
        for place, one in zip(places, said, strict=True)
        if not (place.startswith("mail ") and FINE_IN_LETTERS.match(one["message"]))
    ]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("pages")
    write_all(load(), folder)
    (folder / "planted.html").write_text(FAULTY, "utf-8")
    return check(folder)


def test_every_page_and_letter_is_valid(said):
    assert [one for one in said if not one.startswith("planted")] == []


def test_the_checker_finds_planted_faults(said):
    found = " ".join(one for one in said if one.startswith("planted"))
    assert "No “p” element in scope" in found
    assert "An “img” element must have an “alt” attribute" in found
