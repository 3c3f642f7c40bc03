"""Files that commands write: there whole, or as they were before."""

import errno
import os
import stat
from pathlib import Path

import pytest

from idp.admin.files import (
    FileChanged,
    FileRefused,
    create_whole,
    make_folder,
    read_whole,
    replace_whole,
    writing_private,
    writing_whole,
)

NO_ROOM = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    one = tmp_path / "one.toml"
    one.write_bytes(b"old")
    one.chmod(0o640)
    return one


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be made safe on this disk any more."""

    def fail(_descriptor: int) -> None:
        raise NO_ROOM

    monkeypatch.setattr(os, "fsync", fail)


def test_a_new_file_is_for_its_owner_alone_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    create_whole(tmp_path / "a", b"x")
    create_whole(tmp_path / "b", b"x", mode=0o644)
    assert (mode_of(tmp_path / "a"), mode_of(tmp_path / "b")) == (0o600, 0o644)


def test_a_new_file_may_have_the_mode_of_its_sibling(file: Path) -> None:
    create_whole(file.with_name("two"), b"x", like=file)
    assert mode_of(file.with_name("two")) == 0o640


def test_a_file_that_exists_is_never_made_again(file: Path) -> None:
    with pytest.raises(FileRefused, match=r"one\.toml exists already; nothing was written\.$"):
        create_whole(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]


def test_replacing_keeps_the_mode(file: Path) -> None:
    replace_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert mode_of(file) == 0o640
    assert list(file.parent.iterdir()) == [file]


def test_replacing_keeps_the_owner(file: Path) -> None:
    os.chown(file, 65_534, 65_533)
    replace_whole(file, b"new")
    assert (file.stat().st_uid, file.stat().st_gid) == (65_534, 65_533)


def test_a_symbolic_link_stays_one(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file.name)
    replace_whole(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


def test_a_file_that_somebody_else_changed_is_left_as_it_is(file: Path) -> None:
    with pytest.raises(FileChanged, match=r"one\.toml was changed meanwhile by somebody else"):
        replace_whole(file, b"new", was=b"older")
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]
    replace_whole(file, b"new", was=b"old")
    assert file.read_bytes() == b"new"


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_one_sentence_and_leaves_nothing(file: Path) -> None:
    sentence = r"cannot be written: No space left on device; nothing was changed\.$"
    with pytest.raises(FileRefused, match=rf"one\.toml {sentence}"):
        replace_whole(file, b"new")
    with pytest.raises(FileRefused, match=rf"two {sentence}"):
        create_whole(file.with_name("two"), b"new")
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_whatever_stops_the_writing_leaves_what_was_there(
    file: Path, stop: type[BaseException]
) -> None:
    def write() -> None:
        with writing_whole(file) as opened:
            opened.write(b"half of it")
            raise stop

    with pytest.raises(stop):
        write()
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]


def test_a_file_written_in_pieces_is_seen_by_nobody_before_its_end(tmp_path: Path) -> None:
    new = tmp_path / "users.csv"
    with writing_whole(new, mode=0o600) as opened:
        opened.write(b"one\n")
        assert not new.exists()
        opened.write(b"two\n")
    assert new.read_bytes() == b"one\ntwo\n"
    assert mode_of(new) == 0o600


@pytest.mark.parametrize("place", ["", "none/file", "one.toml/file", "a\0b", "a" * 300])
def test_a_place_where_no_file_can_be_is_one_sentence(file: Path, place: str) -> None:
    with pytest.raises(FileRefused) as refused:
        replace_whole(file.parent / place, b"new")
    assert str(file.parent) in str(refused.value)
    assert "\n" not in str(refused.value)
    with pytest.raises(FileRefused):
        create_whole(file.parent / place, b"new")


def test_a_device_is_never_replaced() -> None:
    with pytest.raises(FileRefused, match=r"^/dev/null is no file; nothing was written\.$"):
        replace_whole(Path("/dev/null"), b"new")
    assert not Path("/dev/null").is_file()


def test_a_folder_without_the_right_to_write_is_one_sentence(file: Path) -> None:
    # Root may write everywhere, but not into what the kernel shows.
    with pytest.raises(FileRefused, match=r"cannot be written: .*; nothing was changed\.$"):
        create_whole(Path("/proc/self/new"), b"x")
    assert file.read_bytes() == b"old"


def test_reading_tells_what_is_in_the_way(file: Path) -> None:
    assert read_whole(file) == b"old"
    with pytest.raises(FileRefused, match=r"gone cannot be read: No such file or directory\.$"):
        read_whole(file.with_name("gone"))
    with pytest.raises(FileRefused, match=r"cannot be read: Is a directory\.$"):
        read_whole(file.parent)
    with file.open("wb") as huge:
        huge.truncate(50 * 1024 * 1024)
    with pytest.raises(FileRefused, match=r"one\.toml is larger than 8 MiB\.$"):
        read_whole(file)


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    assert make_folder(tmp_path / "a" / "b", 0o700)
    assert mode_of(tmp_path / "a" / "b") == 0o700
    assert not make_folder(tmp_path / "a" / "b")


def test_a_folder_in_a_file_is_one_sentence(file: Path) -> None:
    with pytest.raises(FileRefused, match="Not a directory; nothing was changed"):
        make_folder(file / "b")


def test_two_commands_that_replace_one_file_do_not_lose_each_others_work(file: Path) -> None:
    first = file.read_bytes()
    replace_whole(file, b"by the first", was=first)
    with pytest.raises(FileChanged):
        replace_whole(file, b"by the second", was=first)
    assert file.read_bytes() == b"by the first"


def write_private(file: Path) -> None:
    with writing_private(file) as opened:
        opened.write(b"secret")


def test_what_is_private_is_the_callers_alone_whatever_was_there(file: Path) -> None:
    os.chown(file, os.geteuid(), 65_533)
    file.chmod(0o666)
    write_private(file)
    there = file.stat()
    assert (there.st_uid, there.st_gid) == (os.geteuid(), os.getegid())
    assert mode_of(file) == 0o600
    assert file.read_bytes() == b"secret"
    assert list(file.parent.iterdir()) == [file]


def test_what_is_private_is_not_handed_to_who_made_a_file_there_before(file: Path) -> None:
    os.chown(file, 65_534, 65_533)
    with pytest.raises(FileRefused, match=r"one\.toml belongs to another user; nothing was writt"):
        write_private(file)
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("target", ["one.toml", "nowhere"])
def test_what_is_private_follows_no_symbolic_link(file: Path, target: str) -> None:
    link = file.with_name("link")
    link.symlink_to(target)
    with pytest.raises(FileRefused, match=r"link is a symbolic link; nothing was written\.$"):
        write_private(link)
    assert link.is_symlink()
    assert file.read_bytes() == b"old"
    assert not file.with_name("nowhere").exists()


def test_a_link_that_is_put_there_meanwhile_is_not_followed_either(file: Path) -> None:
    place = file.with_name("users.csv")
    with writing_private(place) as opened:
        opened.write(b"secret")
        place.symlink_to(file.name)
    assert not place.is_symlink()
    assert (place.read_bytes(), file.read_bytes()) == (b"secret", b"old")


def test_what_is_private_takes_no_place_of_a_folder_or_device(file: Path) -> None:
    for place in (file.parent, Path("/dev/null")):
        with pytest.raises(FileRefused, match="is no file; nothing was written"):
            write_private(place)
