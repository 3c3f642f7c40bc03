import csv
import io
from collections.abc import Sequence
from dataclasses import replace

import pytest

from idp.accounts.user_record import RecordFault, UserRecord
from idp.admin.user_columns import COLUMNS, UserFileRefused
from idp.admin.user_csv import CsvWriter, read_csv
from idp.model.user import User
from idp.stores.ports import StoredUser

EMAIL = "a@example.gov.bd"
USER = User(
    id="5f2b",
    email=EMAIL,
    email_canonical=EMAIL,
    email_verified=True,
    name_bn='ক "দপ্তর", ঢাকা',
    name_en="A",
    enabled=False,
    attributes='{"a":["x;y","z"]}',
    created_at=7,
)
STORED = StoredUser(USER, "probesh1:1:…", ("update_password",))


def read(text: str | bytes) -> list[UserRecord | RecordFault]:
    return list(read_csv(io.BytesIO(text.encode() if isinstance(text, str) else text)))


def read_one(text: str) -> UserRecord:
    (record,) = read(text)
    assert isinstance(record, UserRecord), record
    return record


def fault_of(text: str | bytes) -> RecordFault:
    (record,) = read(text)
    assert isinstance(record, RecordFault), record
    return record


def written(users: Sequence[StoredUser], *, hashes: bool = True) -> bytes:
    octets = io.BytesIO()
    writer = CsvWriter(octets, hashes=hashes)
    writer.write(users)
    writer.finish()
    return octets.getvalue()


def test_every_column_is_read() -> None:
    text = (
        "id,created_at,roles,attributes,required_actions,locale,email_verified,enabled,hash,"
        "office,name_en,name_bn,email\r\n"
        'i,7,"{""realm"":[""r""]}","{""a"":""b""}",x; y;,bn,yes,FALSE,h,o,e,b,' + EMAIL + "\r\n"
    )
    assert read_one(text) == UserRecord(
        place="line 2",
        email=EMAIL,
        id="i",
        name_bn="b",
        name_en="e",
        office="o",
        tagged_hash="h",
        enabled=False,
        email_verified=True,
        locale="bn",
        required_actions=("x", "y"),
        attributes={"a": "b"},
        roles={"realm": ["r"]},
        created_at=7,
    )


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_byte_order_mark_and_either_end_of_line_make_no_difference(
    mark: bytes, end: bytes
) -> None:
    found = read(mark + b"email,office" + end + f"{EMAIL},ঢাকা".encode() + end)
    assert found == [UserRecord(place="line 2", email=EMAIL, office="ঢাকা")]


def test_lines_are_counted_through_quoted_breaks_and_empty_lines() -> None:
    found = read('email,office\n\na@x.bd,"one\ntwo\r\nthree"\nb@x.bd,four\n\n\nc@x.bd,"x"\n')
    assert [one.place for one in found] == ["line 3", "line 6", "line 9"]
    assert isinstance(found[0], UserRecord)
    assert found[0].office == "one\ntwo\r\nthree"


def test_a_column_that_is_not_there_leaves_and_an_empty_text_empties() -> None:
    record = read_one(f"email,name_en,required_actions\n{EMAIL},,\n")
    assert (record.name_en, record.required_actions) == ("", ())
    assert (record.name_bn, record.office, record.locale, record.enabled) == (None,) * 4


def test_an_empty_cell_of_the_other_columns_leaves() -> None:
    names = "id,hash,enabled,email_verified,attributes,roles,created_at"
    assert read_one(f"email,{names}\n{EMAIL},,,,,,,\n") == UserRecord(place="line 2", email=EMAIL)


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [
        ("enabled", "maybe", "true or false"),
        ("email_verified", "2", "true or false"),
        ("attributes", "[]", "JSON objects"),
        ("attributes", "{", "JSON objects"),
        ("roles", '"x"', "JSON objects"),
        ("attributes", "[" * 90_000, "JSON objects"),
        ("created_at", "yesterday", "seconds"),
        ("created_at", "-1", "seconds"),
        ("created_at", "9" * 5000, "seconds"),
        ("office", "a,b", "3 cells under 2 columns"),
    ],
)
def test_a_cell_that_cannot_be_read_is_a_fault_of_its_line(
    column: str, cell: str, told: str
) -> None:
    quoted = '"' + cell.replace('"', '""') + '"' if "," not in cell else cell
    fault = fault_of(f"email,{column}\n{EMAIL},{quoted}\n")
    assert fault.place == "line 2"
    assert told in fault.message


def test_bytes_that_are_no_text_are_a_fault_of_their_line_only() -> None:
    found = read(b"email,office\na@x.bd,\xff\xfe\nb@x.bd,ok\n")
    assert found[0] == RecordFault("line 2", "The office is not UTF-8.")
    assert isinstance(found[1], UserRecord)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "first line is empty"),
        (b"\n\n", "first line is empty"),
        (b"name_en\nA\n", '"email" among them'),
        (b"email;office\na;b\n", "separated by commas"),
        (b"email\toffice\n", "separated by commas"),
        (b"email,ofice\n", 'no column "ofice". Did you mean "office"?'),
        (b"email,password\n", 'no column "password"'),
        (b"email,email\n", "twice"),
        (b"\x00\x01\x02SQLite format 3\x00\n\xff", '"email" among them'),
        (b'email,"office\na@x.bd,x\n', "no CSV from line 1 on"),
        ("email,office\n".encode("utf-16-le"), '"email" among them'),
        (b"\xff\xfe" + "email\toffice\n".encode("utf-16-le"), "save it as CSV UTF-8"),
        (b"\xfe\xff" + "email\toffice\n".encode("utf-16-be"), "save it as CSV UTF-8"),
    ],
)
def test_a_file_that_is_no_csv_of_users_is_refused(text: bytes, told: str) -> None:
    with pytest.raises(UserFileRefused) as refused:
        read(text)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_written_is_read_back() -> None:
    other = replace(USER, id="x", email="b@example.gov.bd", attributes="{}", locale="en")
    found = read(written([STORED, StoredUser(other, None, ())]))
    assert found == [
        UserRecord(
            place="line 2",
            email=EMAIL,
            id="5f2b",
            name_bn='ক "দপ্তর", ঢাকা',
            name_en="A",
            office="",
            tagged_hash="probesh1:1:…",
            enabled=False,
            email_verified=True,
            locale="",
            required_actions=("update_password",),
            attributes={"a": ["x;y", "z"]},  # type: ignore[dict-item]  # as JSON gives it
            roles={},
            created_at=7,
        ),
        UserRecord(
            place="line 3",
            email="b@example.gov.bd",
            id="x",
            name_bn='ক "দপ্তর", ঢাকা',
            name_en="A",
            office="",
            enabled=False,
            email_verified=True,
            locale="en",
            required_actions=(),
            attributes={},
            roles={},
            created_at=7,
        ),
    ]


def test_hashes_are_written_only_when_asked_for() -> None:
    assert written([STORED]).split(b"\r\n")[0].decode() == ",".join(COLUMNS)
    without = written([STORED], hashes=False)
    assert b"hash" not in without
    assert b"probesh1" not in without


LIVE = ['=HYPERLINK("http://evil.example")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]


@pytest.mark.parametrize("name", LIVE)
def test_no_cell_is_a_formula_and_the_text_comes_back(name: str) -> None:
    live = replace(USER, email="=1+1@x.bd", name_bn=name, name_en=f"'{name}", office=f"''{name}")
    octets = written([StoredUser(live, None, ())])
    cells = dict(zip(*csv.reader(io.StringIO(octets.decode(), newline="")), strict=True))
    assert not any(cell[:1] in tuple("=+-@\t\r") for cell in cells.values())
    assert (cells["email"], cells["name_bn"]) == ("'=1+1@x.bd", f"'{name}")
    record = read_one(octets.decode())
    assert (record.email, record.name_bn) == ("=1+1@x.bd", name)
    assert (record.name_en, record.office) == (f"'{name}", f"''{name}")


@pytest.mark.parametrize("name", ["'", "'a", "''", "O'=1", "a=b", "'a=", "' =1"])
def test_any_other_apostrophe_is_written_and_read_as_it_is(name: str) -> None:
    octets = written([StoredUser(replace(USER, name_en=name), None, ())])
    assert f",{name}," in octets.decode()
    assert read_one(octets.decode()).name_en == name


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ('"b@x.bd,x\nc@x.bd,x\n', "unexpected end of data"),
        ('"b"c@x.bd,x\nd@x.bd,x\n', "expected after"),
        ('"' + "x" * 140_000, "field larger"),
    ],
)
def test_a_wrong_quote_ends_the_reading_and_hides_no_fault_before_it(end: str, told: str) -> None:
    *before, last = read(f"email,enabled\na@x.bd,maybe\na@x.bd\nb@x.bd,true\n{end}")
    assert [one.place for one in before] == ["line 2", "line 3", "line 4"]
    assert [type(one) for one in before] == [RecordFault, RecordFault, UserRecord]
    assert isinstance(last, RecordFault)
    assert last.place == "line 5"
    assert last.message.startswith("This is no CSV from line 5 on (")
    assert told in last.message
    assert last.message.endswith("; nothing from here on was read.")
