"""What tells about the configuration says what the models say: sample, JSON Schema, reference.

`python -m tests.house.test_configuration` writes all three.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from idp.settings.commented import commented_file
from idp.settings.diagnostics import CODES
from idp.settings.reference import Key, all_keys
from idp.settings.schema import json_schema

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "configuration.md"
MARK = "<!-- from here on written by `python -m tests.house.test_configuration` -->\n"
TITLES = {(): "The main file", ("clients",): "[[clients]]"}
HEAD = ["| Key | What it says | Value | Default |", "|---|---|---|---|"]


def sample() -> str:
    return commented_file()


def schema() -> str:
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def reference() -> str:
    """Return the tables of docs/configuration.md: one a table of the file, then the codes."""
    return "\n".join([*_sections(), *_codes()]) + "\n"


def _sections() -> Iterator[str]:
    keys = all_keys()
    for path in dict.fromkeys(key.path[:-1] for key in keys):
        about = next((key for key in keys if key.path == path), None)
        title = TITLES.get(path) or f"[{'.'.join(path)}]"
        yield f"\n## {title}"
        yield from [about.sentence, ""] if about else [""]
        yield from HEAD
        yield from (_row(key) for key in keys if key.path[:-1] == path)


def _row(key: Key) -> str:
    value = key.type if not key.choices else f"{key.type}: {', '.join(key.choices)}"
    limits = f", {key.constraints}" if key.constraints else ""
    default = "**required**" if key.is_required else f"`{key.default}`" if key.default else ""
    restart = " ⟳" if key.is_static else ""
    cells = (f"`{key.path[-1]}`{restart}", key.sentence, value + limits, default)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _codes() -> Iterator[str]:
    yield from ("\n## Codes", "| Code | What is wrong |", "|---|---|")
    yield from (f"| {code} | {meaning} |" for code, meaning in CODES.items())


def test_the_sample_is_what_the_command_prints():
    assert (ROOT / "config" / "idp.example.toml").read_text("utf-8") == sample()


def test_the_schema_beside_the_samples_is_what_the_command_prints():
    assert (ROOT / "config" / "idp.schema.json").read_text("utf-8") == schema()


def test_the_reference_says_what_the_models_say():
    assert DOCS.read_text("utf-8").partition(MARK)[2] == reference()


def test_every_key_has_a_sentence_that_ends():
    for key in all_keys():
        assert re.fullmatch(r"\S.*[.]", key.sentence), key.dotted


def test_every_code_of_a_mistake_has_a_meaning_and_no_other_has():
    used = set()
    for file in [*(ROOT / "idp" / "settings").glob("*.py"), ROOT / "idp" / "verdict.py"]:
        used |= set(re.findall(r'"([EW]\d{3})"(?!:)', file.read_text("utf-8")))
    assert used == CODES.keys()


def test_every_sample_names_its_schema_in_its_first_line():
    for file in (ROOT / "config").rglob("*.toml"):
        first = file.read_text("utf-8").splitlines()[0]
        named = first.removeprefix("#:schema ")
        assert (file.parent / named).resolve() == ROOT / "config" / "idp.schema.json"


if __name__ == "__main__":
    (ROOT / "config" / "idp.example.toml").write_text(sample(), "utf-8")
    (ROOT / "config" / "idp.schema.json").write_text(schema(), "utf-8")
    DOCS.write_text(DOCS.read_text("utf-8").partition(MARK)[0] + MARK + reference(), "utf-8")
