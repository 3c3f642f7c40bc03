"""Secrets of an installation: made once, for the owner's eyes, refused when they are not right."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from idp.model.errors import SettingsRefused
from idp.settings.secrets import has_secrets, load_secrets, make_secrets

NAMES = ["pepper", "key_encryption_key", "form_key"]


def _line(version: int, octet: int = 7, length: int = 32) -> str:
    return f"{version}:{base64.b64encode(bytes([octet]) * length).decode()}\n"


def test_init_makes_three_files_that_only_their_owner_reads(tmp_path: Path) -> None:
    directory = tmp_path / "var" / "secrets"
    assert make_secrets(directory) == NAMES
    assert {file.name for file in directory.iterdir()} == set(NAMES)
    assert {(directory / name).stat().st_mode & 0o777 for name in NAMES} == {0o600}
    assert directory.stat().st_mode & 0o777 == 0o700


def test_the_three_secrets_differ_and_have_256_bits(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    secrets = load_secrets(tmp_path)
    rings = (secrets.pepper, secrets.key_encryption_key, secrets.form_key)
    keys = {ring.versions[1] for ring in rings}
    assert len(keys) == 3
    assert {len(key) for key in keys} == {32}


def test_a_second_init_changes_nothing_and_fills_what_is_missing(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    before = (tmp_path / "pepper").read_bytes()
    (tmp_path / "form_key").unlink()
    assert make_secrets(tmp_path) == ["form_key"]
    assert make_secrets(tmp_path) == []
    assert (tmp_path / "pepper").read_bytes() == before


def test_of_many_inits_at_once_one_makes_each_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make_secrets, [tmp_path] * 16))
    assert sorted(name for names in made for name in names) == sorted(NAMES)
    assert {file.name for file in tmp_path.iterdir()} == set(NAMES)
    load_secrets(tmp_path)


def test_older_versions_stay_in_the_ring_and_the_highest_is_newest(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    (tmp_path / "pepper").write_text(_line(1, 1) + _line(10, 2) + _line(9, 3))
    pepper = load_secrets(tmp_path).pepper
    assert pepper.newest == 10
    assert pepper.versions == {1: b"\x01" * 32, 10: b"\x02" * 32, 9: b"\x03" * 32}


def test_secrets_do_not_show_themselves(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    secrets = load_secrets(tmp_path)
    assert repr(secrets) == "Secrets()"


def test_an_installation_has_secrets_once_one_is_made(tmp_path: Path) -> None:
    assert not has_secrets(tmp_path / "nowhere")
    assert not has_secrets(tmp_path)
    (tmp_path / "form_key").write_text("")
    assert has_secrets(tmp_path)


def test_a_missing_secret_tells_what_to_run(tmp_path: Path) -> None:
    sentence = r"^The secret .*/pepper is missing: restore it from the backup, or run idp init for "
    with pytest.raises(SettingsRefused, match=sentence + r"a new installation\.$"):
        load_secrets(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_secret_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    make_secrets(tmp_path)
    (tmp_path / "form_key").chmod(mode)
    with pytest.raises(SettingsRefused, match=r"form_key is open to other users: run chmod 600 "):
        load_secrets(tmp_path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("\n", 1),
        ("1\n", 1),
        ("one:" + _line(1)[2:], 1),
        ("0:" + _line(1)[2:], 1),
        (_line(1) + "2:not base64!\n", 2),
        (_line(1) + _line(2, length=31), 2),
        (_line(1) + _line(1, 8), 2),
        ("-1:" + _line(1)[2:], 1),
        ("2026112201:" + _line(1)[2:], 1),
    ],
)
def test_a_garbled_secret_names_its_line_and_never_shows_it(
    tmp_path: Path, text: str, line: int
) -> None:
    make_secrets(tmp_path)
    (tmp_path / "pepper").write_text(text)
    message = (
        f"The secret {tmp_path / 'pepper'} is garbled in line {line}: "
        "a line is version:base64 of 32 bytes."
    )
    with pytest.raises(SettingsRefused, match=f"^{re.escape(message)}$"):
        load_secrets(tmp_path)


def test_a_secret_of_foreign_bytes_is_garbled_too(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    (tmp_path / "pepper").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsRefused, match="garbled"):
        load_secrets(tmp_path)


def test_a_directory_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsRefused, match=r"^Secrets cannot be written to .*: .*\.$"):
        make_secrets(tmp_path / "file" / "secrets")


def test_a_secret_that_is_a_directory_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "pepper").mkdir()
    with pytest.raises(SettingsRefused, match="cannot be read: Is a directory"):
        load_secrets(tmp_path)
