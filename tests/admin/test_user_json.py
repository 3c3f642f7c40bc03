import io
import json
from collections.abc import Sequence
from typing import Any

import pytest

from idp.accounts.user_fields import UserRefused
from idp.accounts.user_record import RecordFault, UserRecord, wanted_user
from idp.admin.user_columns import UserFileRefused
from idp.admin.user_json import JsonWriter, read_json
from idp.stores.ports import StoredUser
from tests.admin.test_user_csv import EMAIL, STORED, USER

EVERYTHING = {
    "email": EMAIL,
    "id": "i",
    "name_bn": "ক",
    "name_en": "e",
    "office": "o",
    "hash": "h",
    "enabled": False,
    "email_verified": True,
    "locale": "bn",
    "required_actions": ["x", "y"],
    "attributes": {"a": ["b"]},
    "roles": {"realm": ["r"]},
    "created_at": 7,
}


def read(content: object) -> list[UserRecord | RecordFault]:
    octets = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(read_json(io.BytesIO(octets)))


def written(users: Sequence[StoredUser], *, lines: bool, hashes: bool = True) -> bytes:
    octets = io.BytesIO()
    writer = JsonWriter(octets, hashes=hashes, lines=lines)
    writer.write(users)
    writer.finish()
    return octets.getvalue()


def test_every_member_is_read() -> None:
    (record,) = read([EVERYTHING])
    assert isinstance(record, UserRecord)
    assert record == UserRecord(
        place="user 1",
        email=EMAIL,
        id="i",
        name_bn="ক",
        name_en="e",
        office="o",
        tagged_hash="h",
        enabled=False,
        email_verified=True,
        locale="bn",
        required_actions=("x", "y"),
        attributes={"a": ["b"]},  # type: ignore[dict-item]  # as JSON gives it
        roles={"realm": ["r"]},
        created_at=7,
    )


def test_null_leaves_and_an_empty_text_empties() -> None:
    (record,) = read([dict.fromkeys(set(EVERYTHING) - {"id"}) | {"email": EMAIL, "office": ""}])
    assert record == UserRecord(place="user 1", email=EMAIL, office="")


def test_an_object_a_line_is_read_with_its_line_number() -> None:
    text = b'\xef\xbb\xbf\r\n{"email": "a@x.bd"}\r\n\r\n{"email": "b@x.bd"}\nnonsense\n'
    assert read(text) == [
        UserRecord(place="line 2", email="a@x.bd"),
        UserRecord(place="line 4", email="b@x.bd"),
        RecordFault("line 5", "This line is no JSON."),
    ]


def test_an_array_may_begin_with_a_mark_and_blanks() -> None:
    text = b'\xef\xbb\xbf \n[{"email": "a@x.bd"}]\n'
    assert read(text) == [UserRecord(place="user 1", email="a@x.bd")]
    assert read([]) == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"email": None}, "email is missing"),
        ({"email": 7}, "email must be a text"),
        ({"id": None}, "id must be a text"),
        ({"id": 7}, "id must be a text"),
        ({"office": ["x"]}, "office must be a text"),
        ({"enabled": "true"}, "enabled must be true or false"),
        ({"email_verified": 1}, "true or false"),
        ({"required_actions": "x"}, "list of texts"),
        ({"required_actions": [1]}, "list of texts"),
        ({"attributes": []}, "attributes must be an object"),
        ({"roles": "x"}, "roles must be an object"),
        ({"created_at": True}, "number of seconds"),
        ({"created_at": 1.5}, "number of seconds"),
        ({"ofice": "x"}, 'no member "ofice". Did you mean "office"?'),
    ],
)
def test_a_member_that_cannot_be_read_is_a_fault_of_its_user(
    values: dict[str, Any], told: str
) -> None:
    fault, good = read([{"email": EMAIL, **values}, {"email": EMAIL}])
    assert isinstance(fault, RecordFault)
    assert (fault.place, told in fault.message) == ("user 1", True)
    assert good == UserRecord(place="user 2", email=EMAIL)


@pytest.mark.parametrize("value", [1, "x", None, ["x"], {}])
def test_what_is_no_user_is_a_fault(value: object) -> None:
    (fault,) = read([value])
    assert isinstance(fault, RecordFault)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"email,office\n", "no JSON"),
        (b"\x00\x01", "no JSON"),
        (b'[{"email": "a@x.bd"}, {"email"', "no JSON behind user 1"),
        (b'[{"email": "a@x.bd"} x', "no JSON behind user"),
        (b'[{"email": "\xff"}]', "no JSON"),
        (b"[" * 5_000, "no JSON"),
        (b'{"email": "' + b"x" * 2_000_000, "longer than a user"),
    ],
)
def test_a_file_that_is_no_json_of_users_is_refused(text: bytes, told: str) -> None:
    with pytest.raises(UserFileRefused) as refused:
        read(text)
    assert told in str(refused.value)


def test_a_line_of_nested_brackets_is_a_fault() -> None:
    (fault,) = read(b'{"email": ' + b"[" * 200_000 + b"\n")
    assert fault == RecordFault("line 1", "This line is no JSON.")


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("number", [0, 1, 3])
def test_what_is_written_is_read_back(lines: bool, number: int) -> None:
    octets = written([STORED] * number, lines=lines)
    if lines and not number:
        assert octets == b""
        return
    found = read(octets)
    assert len(found) == number
    for record in found:
        assert isinstance(record, UserRecord)
        assert (record.email, record.name_bn) == (USER.email, USER.name_bn)
        assert (record.attributes, record.tagged_hash) == ({"a": ["x;y", "z"]}, STORED.tagged_hash)  # type: ignore[comparison-overlap]  # as JSON gives it
    if not lines:
        assert len(json.loads(octets)) == number


def test_hashes_are_written_only_when_asked_for() -> None:
    assert b"probesh1" in written([STORED], lines=True)
    assert b"hash" not in written([STORED], lines=True, hashes=False)


@pytest.mark.parametrize("escape", [r"\ud800", r"\uDBFFx", r"\udc00", r"\udc00\ud800"])
@pytest.mark.parametrize("frame", [b"[%s]", b"%s\n"], ids=["array", "lines"])
def test_half_a_character_is_kept_to_be_refused(escape: str, frame: bytes) -> None:
    person = f'{{"email": "{EMAIL}", "name_en": "{escape}"}}'
    (record,) = read(frame % person.encode())
    assert isinstance(record, UserRecord)
    with pytest.raises(UserRefused, match="A name or office"):
        wanted_user(record)


def test_half_a_character_across_two_bites_is_found() -> None:
    head = b'[{"email": "a@x.bd", "name_en": "'
    for cut in range(1, 7):
        text = head + b"x" * (1_048_576 - len(head) - cut) + rb'\ud800"}]'
        (record,) = read(text)
        assert isinstance(record, UserRecord)
        assert record.name_en is not None
        assert record.name_en.endswith("x\ud800")


@pytest.mark.parametrize("name", ["\U0001f600", "\\ud800", "ক"])
def test_whole_characters_and_backslashes_are_read_as_they_are(name: str) -> None:
    (record,) = read([{"email": EMAIL, "name_en": name}])
    assert record == UserRecord(place="user 1", email=EMAIL, name_en=name)
