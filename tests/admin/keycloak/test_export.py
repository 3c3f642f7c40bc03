"""Reading an export: as a stream, in any order of its keys, and never a traceback."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from idp.admin.files import FileRefused
from idp.admin.keycloak.export import Export, ExportRefused
from tests.admin.keycloak.exports import REALM, facts


def write(folder: Path, value: object, name: str = "realm.json") -> Path:
    file = folder / name
    file.write_text(json.dumps(value), encoding="utf-8")
    return file


def test_a_realm_and_its_users_are_read():
    export = Export((REALM,))
    realm = export.realm()
    assert (realm.name, realm.user_count) == ("seba", 16)
    assert "users" not in realm.facts
    assert realm.facts == {key: value for key, value in facts().items() if key != "users"}
    users = list(export.users())
    assert [user for _, user in users] == facts()["users"]
    assert [number for number, _ in users] == list(range(1, 17))
    assert export.position == export.size == REALM.stat().st_size


@pytest.mark.parametrize("first", ["users", "clients", "keycloakVersion"])
def test_the_order_of_the_keys_makes_no_difference(tmp_path: Path, first: str):
    whole = facts()
    turned = {first: whole[first], **whole}
    export = Export((write(tmp_path, turned),))
    assert export.realm() == Export((REALM,)).realm()
    assert list(export.users()) == list(Export((REALM,)).users())


def test_a_realm_in_several_files_is_one(tmp_path: Path):
    whole = facts()
    users = whole.pop("users")
    parts = [
        write(tmp_path, whole, "seba-realm.json"),
        write(tmp_path, {"realm": "seba", "users": users[:5]}, "seba-users-0.json"),
        write(tmp_path, {"realm": "seba", "users": users[5:]}, "seba-users-1.json"),
    ]
    export = Export(parts)
    assert export.realm().user_count == 16
    assert [user for _, user in export.users()] == users
    assert [number for number, _ in export.users()][-1] == 16


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path):
    file = tmp_path / "realm.json"
    file.write_bytes(b"\xef\xbb\xbf" + REALM.read_bytes())
    assert Export((file,)).realm().name == "seba"


def refusal(file: Path) -> str:
    with pytest.raises(FileRefused) as refused:  # noqa: PT012 - either way of reading refuses
        export = Export((file,))
        export.realm()
        list(export.users())
    told = str(refused.value)
    assert str(file) in told or told.startswith("user ")
    assert "\n" not in told
    return told


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", "is empty"),
        (b"   \n", "no JSON"),
        (b"\x00\x01\xff" * 100, "no JSON"),
        (b"config_version = 1\n", "no JSON"),
        (b'{"realm": "seba", "clients": [', "cut off"),
        (b'{"realm": "seba", "clients": []', "cut off"),
        (b'{"realm": "seba", "clients": []} {}', "no JSON"),
        (b'{"realm": "\xff", "clients": []}', "no JSON"),
        (b"[]", "several realms"),
        (b"42", "no realm export"),
        (b'"realm"', "no realm export"),
        (b"{}", 'no key "realm"'),
        (b'{"realm": 5, "clients": []}', 'no key "realm"'),
        (b'{"realm": "seba"}', "users only"),
        (b'{"realm": "seba", "users": []}', "users only"),
        (b'{"realm": "seba", "clients": [], "users": {}}', "are no list"),
        (b'{"realm": "seba", "clients": [], "users": [7]}', "user 1 is no object"),
    ],
)
def test_what_is_no_export_is_told_in_one_sentence(tmp_path: Path, octets: bytes, told: str):
    file = tmp_path / "realm.json"
    file.write_bytes(octets)
    assert told in refusal(file)


def test_a_missing_file_a_folder_and_a_pipe_are_told(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "No such file" in refusal(tmp_path / "missing")
    assert "no file" in refusal(tmp_path)
    assert "no file" in refusal(pipe)


def test_a_large_file_that_is_no_realm_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("idp.admin.keycloak.export._MOST_EVENTS", 1000)
    file = write(tmp_path, {"realm": "seba", "clients": [], "junk": list(range(2000))})
    assert "larger than any" in refusal(file)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (("smtpServer", "password"), "smtpServer.password"),
        (("clients", 3, "secret"), "clients[3].secret"),
        (("identityProviders",), "identityProviders"),
    ],
)
def test_a_masked_value_is_refused_and_named(
    tmp_path: Path, path: tuple[str | int, ...], named: str
):
    whole = facts()
    place: Any = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "**********"
    told = refusal(write(tmp_path, whole))
    assert named in told
    assert "kc.sh export" in told


def test_a_masked_password_of_a_user_is_refused(tmp_path: Path):
    whole = facts()
    whole["users"][2]["credentials"][0]["secretData"] = '{"value":"**********"}'
    told = refusal(write(tmp_path, whole))
    assert "user 3 holds a masked value at credentials[0].secretData" in told


def test_files_of_two_realms_are_not_mixed(tmp_path: Path):
    other = write(tmp_path, {"realm": "other", "users": []}, "other.json")
    with pytest.raises(ExportRefused, match="another realm"):
        Export((REALM, other)).realm()


def test_the_same_realm_twice_is_refused(tmp_path: Path):
    changed = {**facts(), "displayName": "another"}
    with pytest.raises(ExportRefused, match="both hold"):
        Export((REALM, write(tmp_path, changed))).realm()


_PEAK = """
import re, sys
from pathlib import Path
from idp.admin.keycloak.export import Export
from idp.admin.keycloak.moving import Move
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
move = Move(Export((Path(sys.argv[1]),)))
before = peak()
report = move.judge_users()
print(report.added, peak() - before)
"""


def test_users_are_never_in_memory_together(tmp_path: Path):
    """30 MB of users cost less than 8 MB."""
    whole = facts()
    one = json.dumps(whole["users"][0])
    whole["users"] = []
    begin, end = json.dumps(whole).split('"users": []')
    file = tmp_path / "large.json"
    with file.open("w", encoding="utf-8") as written:
        written.write(f'{begin}"users": [{one}')
        for number in range(25_000):
            # Another person each: ids and addresses differ.
            written.write("," + re.sub(r"argon20|1d679b48", f"p{number:07}", one))
        written.write("]" + end)
    assert file.stat().st_size > 20_000_000
    run = subprocess.run(
        [sys.executable, "-c", _PEAK, file], capture_output=True, text=True, check=True
    )
    added, peak = map(int, run.stdout.split())
    assert added == 25_001
    assert peak < 8_000  # KiB
