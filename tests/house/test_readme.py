"""What the documents promise exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "CHANGELOG.md"]


def test_the_readme_begins_with_the_two_commands_and_make_knows_them():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    first_block = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)[0]
    commands = re.findall(r"^make (\w+)", first_block, re.MULTILINE)
    assert commands == ["run", "test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (\w+)`", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_every_link_of_a_document_leads_somewhere(document: Path):
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (document.parent / link).exists(), link


def test_every_file_that_the_walk_names_exists():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b((?:idp/)?[a-z]+(?:/[a-z_]+)*\.py)\b", text))
    known = {str(p.relative_to(ROOT / "idp")) for p in (ROOT / "idp").rglob("*.py")}
    endings = {name.removeprefix("idp/") for name in named}
    missing = {n for n in endings if not any(k == n or k.endswith(f"/{n}") for k in known)}
    assert missing == set()


def test_code_cites_no_page_that_a_reader_has_not_got():
    for path in [*(ROOT / "idp").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        for name in re.findall(r"\bdocs/[a-z0-9_/-]+\.md", path.read_text(encoding="utf-8")):
            assert (ROOT / name).exists(), f"{path}: {name}"
