"""Styles and script run in Chrome 49 and Firefox 52 (2016–17): linters judge what is served."""

import json
import subprocess
from pathlib import Path

import pytest

from idp.theming.catalogues import load_catalogue
from idp.theming.script import compile_script
from tests.theming.samples import LOCALES, ROOT, load

HERE = Path(__file__).parent
STYLELINT = HERE.parent / "npm/node_modules/stylelint/bin/stylelint.mjs"
THEMES = sorted(path.parent.name for path in ROOT.glob("*/theme.toml"))
CHAIN = (ROOT / "portal", ROOT / "base")
FAULTY = ".a{display:grid}\n.b:has(p){margin:0}\n.c{width:clamp(1px,2px,3px)}\n.d{.e{margin:0}}\n"
# What the script may take from a browser; all of it is in both. A newer one needs a guard and a
# reason to stand here: `\\p{…}` is tried with RegExp, and `getModifierState` is asked for.
PROPERTIES = """
activeElement addEventListener body call charCodeAt children className codePointAt
cssText createElement dataset display exports filter firstChild focus fontWeight forEach form
fromCodePoint getModifierState innerHTML insertBefore length map normalize offsetWidth
paddingRight parentNode position preventDefault push querySelectorAll replace selectionEnd
selectionStart setAttribute setSelectionRange some spellcheck split style tagName target test
textContent type value ceil now"""
VARIABLES = "Date Math RegExp String clearTimeout document module parseInt setTimeout window"
# What the page writes into its own data- attributes and a form is marked with.
OWN = "wait ready span least categories sent id"


def names(script: str) -> dict[str, set[str]]:
    run = subprocess.run(
        ["node", HERE / "names_in_script.mjs"],
        input=script,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return {kind: set(found) for kind, found in json.loads(run.stdout).items()}


def strange(script: str) -> set[str]:
    found = names(script)
    properties = found["properties"].difference(PROPERTIES.split(), OWN.split())
    return properties | found["variables"].difference(VARIABLES.split())


def unsupported(folder: Path) -> list[str]:
    """Return what the linter says of the style sheets in a folder."""
    config = HERE / "stylelint.config.mjs"
    run = subprocess.run(
        ["node", STYLELINT, "--config", config, "--formatter", "json", str(folder / "*.css")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    files = json.loads(run.stdout or run.stderr)
    return [f"{Path(f['source']).name}: {w['text']}" for f in files for w in f["warnings"]]


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("styles")
    for name in THEMES:
        look = load(name).looks.by_locale["bn"]
        (folder / f"{name}.css").write_text(look.style, "utf-8")
        (folder / f"{name}-first.css").write_text(look.first, "utf-8")
    (folder / "planted.css").write_text(FAULTY, "utf-8")
    return unsupported(folder)


def test_no_theme_has_a_style_that_old_browsers_do_not_know(said):
    assert [one for one in said if not one.startswith("planted")] == []


def test_newer_styles_would_be_found(said):
    found = " ".join(one for one in said if one.startswith("planted"))
    for feature in ("css-grid", "css-has", "css-math-functions", "css-nesting"):
        assert f'"{feature}"' in found


@pytest.mark.parametrize("locale", LOCALES)
def test_the_script_is_old_javascript_and_asks_for_nothing_new(locale):
    script = compile_script(CHAIN, load_catalogue(CHAIN, locale))
    assert strange(script) == set()


@pytest.mark.parametrize(
    ("newer", "name"),
    [
        ('"abc".includes("b")', "includes"),
        ("document.body.append(1)", "append"),
        ("var a = event.submitter", "submitter"),
        ("structuredClone({})", "structuredClone"),
    ],
)
def test_a_newer_name_would_be_found(newer, name):
    assert name in strange(newer)


@pytest.mark.parametrize("newer", ["let a = 1", "var f = () => 1", "var a = `b`", "a?.b", "/a/s"])
def test_newer_javascript_would_be_refused(newer):
    with pytest.raises(subprocess.CalledProcessError):
        names(newer)
