import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.accounts.user_record import UserRecord
from idp.admin.files import FileRefused
from idp.admin.user_files import UserFile, write_users
from idp.stores.ports import StoredUser
from tests.admin.test_user_csv import EMAIL, STORED


@pytest.mark.parametrize("name", ["users.csv", "users.JSON", "users.jsonl"])
def test_the_name_tells_the_format_and_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_users(path, [[STORED], [STORED]], hashes=True)
    assert path.read_bytes()[:1] == {"users.csv": b"e", "users.JSON": b"["}.get(name, b"{")
    users = UserFile(path)
    assert [one.email for one in users if isinstance(one, UserRecord)] == [EMAIL, EMAIL]
    assert len(list(users)) == 2  # once more from the beginning
    assert users.size == path.stat().st_size


def test_where_reading_is_can_be_asked(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("email\n" + "".join(f"a{n}@example.gov.bd\n" for n in range(20_000)))
    users = UserFile(path)
    positions = [users.position for _ in users]
    assert positions == sorted(positions)
    assert 0 < positions[0] < positions[10_000] < positions[-1] <= users.size


def test_a_new_file_is_private_and_so_is_one_that_was_not(tmp_path: Path) -> None:
    fresh, old = tmp_path / "a.csv", tmp_path / "b.csv"
    old.write_text("old")
    old.chmod(0o644)
    for path in (fresh, old):
        write_users(path, [[STORED]], hashes=False)
        assert path.stat().st_mode & 0o777 == 0o600
        assert EMAIL in path.read_text()


def test_an_export_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def pages() -> Iterator[list[StoredUser]]:
        yield [STORED]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_users(path, pages(), hashes=True)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.csv"]  # noqa: PTH208 - names are wanted


def test_a_place_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"a\.csv cannot be written"):
        write_users(tmp_path / "nowhere" / "a.csv", [[STORED]], hashes=True)


@pytest.mark.parametrize("name", ["users", "users.txt", "users.csv.gz", ".csv"])
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileRefused, match=r"must end with one of \.csv, \.json, \.jsonl"):
        UserFile(tmp_path / name)
    with pytest.raises(FileRefused, match="must end with"):
        write_users(tmp_path / name, [], hashes=True)


def test_what_cannot_be_read_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "null.csv").symlink_to("/dev/null")
    told = {"missing.csv": "No such file", "folder.csv": "Is a directory", "null.csv": "ordinary"}
    for name, reason in told.items():
        with pytest.raises(FileRefused, match=reason) as refused:
            UserFile(tmp_path / name)
        assert name in str(refused.value)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(FileRefused, match="ordinary"):
        UserFile(tmp_path / "pipe.csv")


def test_a_mistake_of_the_whole_file_names_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("email,ofice\n")
    with pytest.raises(FileRefused, match=r'a\.csv: There is no column "ofice"'):
        list(UserFile(path))


def test_a_file_that_goes_away_between_two_readings_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("email\n")
    users = UserFile(path)
    path.unlink()
    with pytest.raises(FileRefused, match="No such file"):
        list(users)


def test_an_export_is_given_to_nobody_and_follows_no_link(tmp_path: Path) -> None:
    others, link = tmp_path / "a.csv", tmp_path / "b.jsonl"
    others.write_text("old")
    os.chown(others, 65_534, 65_533)
    link.symlink_to("a.csv")
    for path, told in ((others, "belongs to another user"), (link, "is a symbolic link")):
        with pytest.raises(FileRefused, match=told):
            write_users(path, [[STORED]], hashes=True)
    assert others.read_text() == "old"
