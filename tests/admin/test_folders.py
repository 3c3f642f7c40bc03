"""A folder is written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from idp.admin.files import FileRefused
from idp.admin.folders import create_folder, is_empty, replace_folder

FILES = {"a.txt": b"a", "deep/b.txt": b"b"}


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.parametrize("is_there", [False, True])
def test_a_new_or_an_empty_folder_gets_its_files(is_there: bool, tmp_path: Path):
    folder = tmp_path / "x" / "y"
    if is_there:
        folder.mkdir(parents=True)
    assert is_empty(folder)
    create_folder(folder, FILES)
    assert contents(tmp_path) == {f"x/y/{name}": octets for name, octets in FILES.items()}
    assert not is_empty(folder)


def test_a_folder_with_something_in_it_is_not_touched(tmp_path: Path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mine").write_text("mine")
    with pytest.raises(FileRefused, match="is there already and not empty; nothing was written"):
        create_folder(tmp_path / "x", FILES)
    assert contents(tmp_path) == {"x/mine": b"mine"}


def test_another_folder_takes_the_place_of_a_whole_one(tmp_path: Path):
    create_folder(tmp_path / "x", FILES)
    replace_folder(tmp_path / "x", {"c.txt": b"c"})
    assert contents(tmp_path) == {"x/c.txt": b"c"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, name: str, at: int) -> Iterator[None]:
    """Let the call number `at` of a method of Path fail as on a full disk."""
    real, calls = getattr(Path, name), iter(range(99))

    def fail(self: Path, *arguments: object) -> object:
        if next(calls) == at:
            raise OSError(28, "No space left on device")
        return real(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Path, name, fail)
        yield


@pytest.mark.parametrize("at", [0, 1])
def test_a_full_disk_leaves_nothing_half_written(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    place = tmp_path / "deep" / "x"
    with failing(monkeypatch, "write_bytes", at), pytest.raises(FileRefused) as refused:
        create_folder(place, FILES)
    reason = "No space left on device"
    assert str(refused.value) == f"{place} cannot be written: {reason}; nothing was changed."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at", [0, 1])
def test_a_folder_that_cannot_be_moved_stays_as_it_was(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    create_folder(tmp_path / "x", FILES)
    with failing(monkeypatch, "rename", at), pytest.raises(FileRefused):
        replace_folder(tmp_path / "x", {"c.txt": b"c"})
    assert contents(tmp_path) == {f"x/{name}": octets for name, octets in FILES.items()}
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "file/x"])
def test_a_place_that_is_none_is_told_in_one_sentence(name: str, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(FileRefused) as refused:
        create_folder(Path(os.fspath(tmp_path)) / name, FILES)
    assert str(refused.value).endswith(".")
    assert contents(tmp_path) == {"file": b""}
