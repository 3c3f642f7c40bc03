"""The designers' guide: its steps are walked as they are written, its lists come from the code.

`python -m tests.house.test_themes` writes the lists of docs/themes.md.
"""

import json
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from idp.admin.theme_shelf import Shelf
from idp.cli.root import root
from idp.theming import variables
from idp.theming.states import FIELDS
from idp.theming.theme_file import ThemeFile
from idp.theming.tokens import PAIRS
from idp.verdict import THEMES, load_settings

HOUSE = Path(__file__).resolve().parents[2]
DOCS = HOUSE / "docs" / "themes.md"
MARK = "<!-- from here on written by `python -m tests.house.test_themes` -->\n"
CLIENT = {
    "name-bn": "স্বাস্থ্য",
    "name-en": "Health",
    "owner": "dev@example.gov.bd",
    "home-url": "https://health.example.gov.bd/",
    "redirect-uri": "https://health.example.gov.bd/callback",
}
BLOCK = re.compile(r"^([^\n]*)\n```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"`(config/\S+)`")


# -- the steps -------------------------------------------------------------------------------------


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with the application that the guide speaks of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IDP_CONFIG", raising=False)
    idp(["init", "--development"])
    flags = [word for name, value in CLIENT.items() for word in (f"--{name}", value)]
    idp(["client", "new", "health", *flags])
    idp(["reload"])
    return tmp_path


def idp(words: list[str]) -> str:
    answer = CliRunner().invoke(root, words, catch_exceptions=False)
    codes = {0, 1} if words[:2] == ["config", "diff"] else {0}  # 1: something would change
    assert answer.exit_code in codes, (words, answer.output)
    return answer.output


def steps() -> Iterator[tuple[str, str, str]]:
    """Yield each fenced block of the guide: the line before it, its language, its text."""
    guide = DOCS.read_text("utf-8").partition(MARK)[0]
    for found in BLOCK.finditer(guide):
        yield found[1], found[2], found[3]


def write(line: str, text: str) -> None:
    """Do with a file what the line before its block says."""
    [name] = FILE.findall(line)
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text("utf-8") if "Add" in line else ""
    file.write_text(text + before if "in front" in line else before + text, "utf-8")


def run(text: str) -> None:
    for line in text.splitlines():
        program, *words = shlex.split(line)
        assert program == "idp"
        if words[:2] == ["theme", "preview"] and "--export" not in words:
            look(words)
        else:
            idp(words)


def look(words: list[str]) -> None:
    """Open what the preview prints, and press Ctrl-C."""
    command = [sys.executable, "-c", "from idp.cli import main; main()", *words]
    child = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, env={"PYTHONPATH": HOUSE})
    assert child.stdout is not None
    try:
        [url] = re.findall(r"http://\S+", child.stdout.readline())
        assert requests.get(url, timeout=30).status_code == 200
    finally:
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=30)
    assert child.returncode == 0


def test_the_steps_of_the_guide_make_a_theme_and_give_it_to_an_application(folder: Path):
    kinds = []
    for line, kind, text in steps():
        kinds.append(kind)
        if kind == "sh":
            run(text)
        else:
            write(line, text)
    assert set(kinds) == {"sh", "toml", "svg", "po", "jinja"}
    shelf = Shelf(load_settings(folder / "config" / "idp.toml"))
    [client] = [one for one in shelf.settings.clients if one.client_id == "health"]
    assert client.theme == "health"
    rows = json.loads((folder / "gallery" / "list.json").read_bytes())
    assert {row["theme"] for row in rows} == {"health"}
    shown = (folder / "gallery" / "health" / "bn" / "code-fresh.html").read_text("utf-8")
    for words in ("স্বাস্থ্য মন্ত্রণালয়", "#7a1f5c", "#f0a3d4", "স্বাস্থ্য বাতায়ন: ১৬২৬৩", "ঢাকা", "data:image"):
        assert words in shown
    letter = (folder / "gallery" / "health" / "en" / "mail-code.html").read_text("utf-8")
    assert "Ministry of Health; please do not reply" in letter
    assert "স্বাস্থ্য বাতায়ন: ১৬২৬৩" in letter


def test_what_the_guide_leaves_behind_passes_the_check(folder: Path):
    for line, kind, text in steps():
        if kind != "sh" and "clients.d" not in line:
            write(line, text)
    told = json.loads(idp(["theme", "check", "health", "--json"]))["themes"][0]
    assert told["changed"] == {"bn": ["mail.auto"], "en": ["mail.auto"]}
    assert told["untranslated"] == {"bn": [], "en": []}
    assert folder.is_dir()


# -- the lists -------------------------------------------------------------------------------------


def lists() -> str:
    """Return what docs/themes.md says behind the mark."""
    return "\n".join(
        (
            *("# Reference", "", "## Keys of theme.toml", "", *_keys(), ""),
            *("## Tokens", "", *_tokens(), ""),
            *("## Blocks", "", *_blocks(), ""),
            *("## Variables", "", *_variables(), ""),
        )
    )


def _table(heads: str, rows: Mapping[str, str]) -> Iterator[str]:
    yield heads
    yield "|---|---|"
    for name, meaning in rows.items():
        yield f"| `{name}` | {meaning} |"


def _keys() -> Iterator[str]:
    keys = {name: f"{field.description}" for name, field in ThemeFile.model_fields.items()}
    yield from _table("| Key | What it decides |", keys)


def _tokens() -> Iterator[str]:
    told = meanings()
    values = tomllib.loads((THEMES / "base" / "theme.toml").read_text("utf-8"))["tokens"]
    yield "`[tokens.sizes]`:"
    yield ""
    yield from _table(
        "| Token | What it measures |", {name: told[name] for name in values["sizes"]}
    )
    yield ""
    yield "`[tokens.light]` and `[tokens.dark]`, each a colour like `#006a4e`:"
    yield ""
    yield "| Token | What it colours | Must stand out from |"
    yield "|---|---|---|"
    for name in values["light"]:
        yield f"| `{name}` | {told[name]} | {_grounds(name)} |"


def _grounds(ink: str) -> str:
    """Return the grounds on which an ink is read, with the contrast that is needed."""
    needed = [f"`{ground}` {least:g}" for one, ground, least in PAIRS if one == ink]
    return ", ".join(needed)


def meanings() -> Mapping[str, str]:
    """Return what the base theme's own comments say of each token."""
    text = (THEMES / "base" / "theme.toml").read_text("utf-8").partition("[tokens.dark]")[0]
    return dict(re.findall(r"^([a-z-]+) = .*?  # (.+)$", text, re.MULTILINE))


def _blocks() -> Iterator[str]:
    yield "Of `layout.html`, and so of every page:"
    yield ""
    yield from _table("| Block | What stands in it |", variables.BLOCKS)
    yield ""
    yield "Of `mail/layout.html.j2`, and so of the HTML part of every mail:"
    yield ""
    yield from _table("| Block | What stands in it |", variables.MAIL_BLOCKS)


def _variables() -> Iterator[str]:
    heads = "| Name | What it is |"
    for title, names in (
        ("On every page:", variables.PAGE_VARIABLES),
        ("`frame.…`:", variables.FRAME),
        ("`look.…`:", variables.LOOK),
        ("`support.…`:", variables.SUPPORT),
    ):
        yield from (title, "", *_table(heads, names), "")
    yield from ("`view.…`, by page:", "", "| Page | Name | What it is |", "|---|---|---|")
    for page, facts in variables.VIEW.items():
        for name, meaning in facts.items():
            yield f"| {page} | `{name}` | {meaning} |"
    yield from ("", "In mails:", "", *_table(heads, variables.MAIL_VARIABLES), "")
    yield from ("`facts.…`, as far as a mail has them:", "", *_table(heads, variables.FACTS))


def test_the_lists_are_current():
    assert DOCS.read_text("utf-8").partition(MARK)[2] == lists()


def test_every_token_of_the_base_theme_has_a_meaning():
    tokens = tomllib.loads((THEMES / "base" / "theme.toml").read_text("utf-8"))["tokens"]
    assert tokens["light"].keys() == tokens["dark"].keys()
    assert meanings().keys() == {*tokens["sizes"], *tokens["light"]}


def test_every_pair_is_of_tokens():
    tokens = tomllib.loads((THEMES / "base" / "theme.toml").read_text("utf-8"))["tokens"]["light"]
    assert {name for ink, ground, _ in PAIRS for name in (ink, ground)} <= tokens.keys()


def test_every_page_has_its_variables_in_the_list():
    assert variables.VIEW.keys() == FIELDS.keys()


def test_every_link_inside_the_guide_meets_a_heading():
    text = DOCS.read_text("utf-8")
    headings = {heading.lower() for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    for anchor in re.findall(r"\]\(#([^)]+)\)", text):
        assert anchor.replace("-", " ") in headings


if __name__ == "__main__":
    DOCS.write_text(DOCS.read_text("utf-8").partition(MARK)[0] + MARK + lists(), "utf-8")
