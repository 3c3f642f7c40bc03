"""Drafts: what files are about to hold, judged as if it stood there already."""

from pathlib import Path

import pytest

from idp.settings import MistakesFound, load
from tests.settings.conftest import LEAST, SECRET

CLIENT = f"""\
[[clients]]
client_id = "{{name}}"
name = {{{{ bn = "ক", en = "A" }}}}
owner = "ops@example.gov.bd"
home_url = "https://a.example.gov.bd/"
secrets = [{{{{ hash = "{SECRET}" }}}}]
redirect_uris = ["https://a.example.gov.bd/cb"]
"""


def client(name: str) -> bytes:
    return CLIENT.format(name=name).encode()


def names(config: Path, drafts: dict[Path, bytes]) -> list[str]:
    return list(load(config, {}, drafts).clients_by_id)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "idp.toml"
    file.write_text(f'include = ["clients.d/*.toml"]\n{LEAST}')
    (tmp_path / "clients.d").mkdir()
    (tmp_path / "clients.d" / "old.toml").write_bytes(client("old"))
    return file


def test_a_draft_stands_in_for_what_a_file_holds(config: Path) -> None:
    assert names(config, {config.parent / "clients.d" / "old.toml": client("new")}) == ["new"]
    assert names(config, {}) == ["old"]


def test_a_file_that_is_not_there_yet_is_taken_in_its_place(config: Path) -> None:
    folder = config.parent / "clients.d"
    assert names(config, {folder / "a.toml": client("a")}) == ["a", "old"]
    assert names(config, {folder / "z.toml": client("z")}) == ["old", "z"]


@pytest.mark.parametrize("place", ["clients.d/a.txt", "a.toml", "clients.d/in/a.toml"])
def test_a_draft_that_no_pattern_takes_is_not_read(config: Path, place: str) -> None:
    assert names(config, {config.parent / place: client("a")}) == ["old"]


@pytest.mark.parametrize("pattern", ["clients.d/../clients.d/*.toml", "{base}/*/*", "*/?.toml"])
def test_patterns_of_other_kinds_take_a_draft_too(config: Path, pattern: str) -> None:
    text = config.read_text().replace("clients.d/*.toml", pattern.format(base=config.parent))
    main = config.with_name("main.conf")
    main.write_text(text)
    config.unlink()
    assert "a" in names(main, {config.parent / "clients.d" / "a.toml": client("a")})


def test_brackets_in_the_folder_are_no_pattern(config: Path) -> None:
    folder = config.parent / "sso [new]*"
    folder.mkdir()
    moved = config.rename(folder / config.name)
    assert names(moved, {folder / "clients.d" / "a.toml": client("a")}) == ["a"]


def test_a_configuration_may_be_a_draft_itself(config: Path) -> None:
    octets = config.read_bytes()
    config.unlink()
    assert names(config, {config: octets}) == ["old"]


def test_a_mistake_in_a_draft_has_the_place_that_it_would_have(config: Path) -> None:
    draft = config.parent / "clients.d" / "a.toml"
    with pytest.raises(MistakesFound, match=rf"{draft}:2:1 E101 clients\[0\]\.nonsense"):
        load(config, {}, {draft: b"[[clients]]\nnonsense = 1\n" + client("a").split(b"\n", 1)[1]})
