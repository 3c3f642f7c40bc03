"""Clients edited in files as people write them: what the edit does not mean stays byte for byte."""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.admin.client_files import (
    EditRefused,
    Place,
    SecretChanges,
    appended,
    to_toml,
    with_enabled,
    with_secrets,
)

NEW = "sha256:" + "0" * 64
END = dt.date(2026, 12, 6)
ROTATION = SecretChanges(frozenset(), {0: END}, NEW)
LAYOUTS = {
    "one line": """\
# ব্যাকঅফিস
[[clients]] # উপরের
client_id = "a" # আইডি
secrets = [{ hash = "old" }] # of Karim
name = { bn = "ক", en = "A" }
# the last words
""",
    "a line each": """\
[[clients]]
client_id = "a"
secrets = [
  # ours
  { hash = "old" }, # of Karim
  # no more
]
""",
    "tight": '[[clients]]\nclient_id="a"\nsecrets=[{hash="old"}]\n',
    "inline": """\
clients = [{ client_id = "a", secrets = [{ hash = "old" }] }, # one
]
[mail]
a=1
""",
    "tables": """\
[[clients]]
client_id = "a"
  [[clients.secrets]] # of Karim
  hash = "old" # secret

# the next one
[[clients]]
client_id = "b"
""",
    "tables without an end": '[[clients]]\nclient_id = "a"\n[[clients.secrets]]\nhash = "old"',
    "inside the whole configuration": """\
config_version = 1
[mail]
host = "x" # আমাদের

[[clients]]
client_id = "a"
name.bn = "ক"
name.en = "A"
secrets = [{ hash = "old", expires = 2030-01-01 }]

[keys] # after
id_token = "RS256"
""",
    "strange letters": """\
[[clients]]
client_id = "a"
secrets = [{ hash = "old" }]
x = "\u2028\x85ক্ষ"
""",
}


def place(text: str, index: int = 0) -> Place:
    return Place(Path("clients.d/a.toml"), index, 1, text.encode())


def rotated(text: str, changes: SecretChanges = ROTATION, index: int = 0) -> str:
    return with_secrets(place(text, index), changes).decode()


def secrets_in(text: str, index: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(text)["clients"][index]["secrets"]
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_second_secret_stands_behind_the_first_in_every_layout(layout: str) -> None:
    text = LAYOUTS[layout]
    new = rotated(text)
    assert secrets_in(new) == [{"hash": "old", "expires": END}, {"hash": NEW}]
    before, after = tomllib.loads(text), tomllib.loads(new)
    before["clients"][0]["secrets"] = after["clients"][0]["secrets"]
    assert before == after


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_line_that_has_nothing_to_do_with_it_stays(layout: str) -> None:
    text = LAYOUTS[layout]
    for new in (rotated(text), with_enabled(place(text), enabled=False).decode()):
        kept = [line for line in text.split("\n") if "old" not in line]
        lines = iter(new.split("\n"))
        assert all(line in lines for line in kept), new  # in their order


@pytest.mark.parametrize("layout", LAYOUTS)
def test_comments_stay_where_they_were(layout: str) -> None:
    for comment in ("of Karim", "the next one", "আইডি", "after", "# one"):
        assert (comment in LAYOUTS[layout]) == (comment in rotated(LAYOUTS[layout]))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_of_windows_stays_one(layout: str) -> None:
    text = LAYOUTS[layout].removesuffix("\n") + "\n"
    windows = text.replace("\n", "\r\n")
    assert rotated(windows) == rotated(text).replace("\n", "\r\n")
    off = with_enabled(place(windows), enabled=False).decode()
    assert off == with_enabled(place(text), enabled=False).decode().replace("\n", "\r\n")


def test_a_byte_order_mark_in_front_is_no_part_of_the_file() -> None:
    text = LAYOUTS["one line"]
    assert rotated(f"\ufeff{text}") == rotated(text)


def test_a_file_with_both_ends_of_lines_keeps_each() -> None:
    text = '[[clients]]\r\nclient_id = "a"\r\n# b\nsecrets = [{ hash = "old" }]\n'
    assert rotated(text).startswith('[[clients]]\r\nclient_id = "a"\r\n# b\nsecrets')
    assert '"a"\r\nenabled = false\r\n# b\n' in with_enabled(place(text), enabled=False).decode()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_old_secret_goes_when_it_has_ended(layout: str) -> None:
    both = rotated(LAYOUTS[layout])
    again = rotated(both, SecretChanges(frozenset({0}), {1: END}, "sha256:next"))
    assert secrets_in(again) == [{"hash": NEW, "expires": END}, {"hash": "sha256:next"}]
    alone = rotated(both, SecretChanges(frozenset({0, 1}), {}, "sha256:next"))
    assert secrets_in(alone) == [{"hash": "sha256:next"}]
    newest = rotated(both, SecretChanges(frozenset({0}), {}, ""))
    assert secrets_in(newest) == [{"hash": NEW}]


def test_the_layout_of_a_line_each_is_followed() -> None:
    new = rotated(LAYOUTS["a line each"])
    assert f'\n  {{ hash = "{NEW}" }}' in new
    assert '\n  { hash = "old", expires = 2026-12-06 }, # of Karim\n' in new


def test_the_next_clients_comment_stays_above_it() -> None:
    new = rotated(LAYOUTS["tables"])
    assert new.endswith('# the next one\n[[clients]]\nclient_id = "b"\n')
    assert f'  [[clients.secrets]]\n  hash = "{NEW}"\n' in new


def test_an_end_that_is_written_already_is_changed_where_it_stands() -> None:
    text = (
        '[[clients]]\nclient_id = "a"\n[[clients.secrets]]\nexpires = 2030-01-01 # x\nhash="old"\n'
    )
    assert "expires = 2026-12-06 # x\n" in rotated(text)
    assert "2030" not in rotated(LAYOUTS["inside the whole configuration"])


def test_the_second_of_several_clients_is_meant() -> None:
    text = "".join(
        f'[[clients]]\nclient_id = "{name}" # {name}\nsecrets = [{{ hash = "{name}" }}]\n\n'
        for name in "abc"
    )
    new = rotated(text, index=1)
    assert [len(secrets_in(new, n)) for n in range(3)] == [1, 2, 1]
    off = tomllib.loads(with_enabled(place(text, 2), enabled=False).decode())["clients"]
    assert [client.get("enabled") for client in off] == [None, None, False]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_switching_off_and_on_again(layout: str) -> None:
    off = with_enabled(place(LAYOUTS[layout]), enabled=False).decode()
    assert tomllib.loads(off)["clients"][0]["enabled"] is False
    on = with_enabled(place(off), enabled=True).decode()
    assert on == off.replace("false", "true")


def test_a_switch_that_is_there_keeps_its_place_and_comment() -> None:
    text = '[[clients]]\nclient_id = "a"\nenabled   = true # until the audit\nowner = "x"\n'
    off = with_enabled(place(text), enabled=False).decode()
    assert off == text.replace("true", "false")


def test_a_switch_that_is_a_reference_is_not_overwritten() -> None:
    text = '[[clients]]\nclient_id = "a"\nenabled = { env = "A_ON" }\n'
    with pytest.raises(EditRefused, match="takes enabled by a reference: change it where that"):
        with_enabled(place(text), enabled=False)


def test_what_an_edit_would_spoil_is_refused_with_what_to_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tomlkit, "dumps", lambda _document: '[[clients]]\nclient_id = "other"\n')
    with pytest.raises(EditRefused, match="nothing was changed") as refused:
        rotated(LAYOUTS["one line"])
    assert NEW in str(refused.value)


_words = st.text(max_size=20)
_clients = st.fixed_dictionaries(
    {
        "client_id": st.text("abc.-_~", min_size=1, max_size=9),
        "name": st.fixed_dictionaries({"bn": _words, "en": _words}),
        "redirect_uris": st.lists(_words, max_size=4),
        "test": st.booleans(),
    }
)


@given(_clients)
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read_back(client: dict[str, Any]) -> None:
    text = to_toml(client, "Made by idp.")
    assert tomllib.loads(text)["clients"] == [{k: v for k, v in client.items() if v}]


@given(st.lists(_clients, min_size=1, max_size=4), st.data())
@settings(max_examples=100, deadline=None)
def test_any_client_of_any_file_is_switched_and_rotated(
    clients: list[dict[str, Any]], data: st.DataObject
) -> None:
    text = "".join(to_toml({**one, "secrets": [{"hash": "old"}]}, "ক") for one in clients)
    index = data.draw(st.integers(0, len(clients) - 1))
    for new in (
        rotated(text, index=index),
        with_enabled(place(text, index), enabled=False).decode(),
    ):
        found = tomllib.loads(new)["clients"]
        assert [one["client_id"] for one in found] == [one["client_id"] for one in clients]
        assert found[index] != tomllib.loads(text)["clients"][index]


def test_a_client_is_appended_in_the_files_own_line_ends() -> None:
    table = to_toml({"client_id": "b"}, "Made.")
    assert appended(b"", table).decode() == table
    assert appended(b"a = 1\n", table).decode() == f"a = 1\n\n{table}"
    assert appended(b"a = 1", table).decode() == f"a = 1\n\n{table}"
    windows = appended(b"a = 1\r\n", table).decode()
    assert windows.count("\n") == windows.count("\r\n") == 5
