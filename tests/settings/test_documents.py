"""Files that are no configuration: one line says so, and nothing is raised but mistakes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from idp.settings import MistakesFound, load
from idp.settings.documents import Document, read_document
from tests.settings.conftest import LEAST, Load

NOBODY = 65_534  # the user id that owns nothing


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(path: str = "idp.toml") -> str:
    with pytest.raises(MistakesFound) as caught:
        load(Path(path), {})
    assert len(caught.value.mistakes) == 1
    return str(caught.value)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything, so for a while it is somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_is_not_there_is_one_line() -> None:
    assert refusal() == "idp.toml E001 cannot be read: No such file or directory"


def test_a_directory_is_one_line() -> None:
    Path("idp.toml").mkdir()
    assert refusal() == "idp.toml E001 cannot be read: Is a directory"


def test_a_file_below_a_file_is_one_line() -> None:
    Path("a").write_text("")
    assert refusal("a/idp.toml") == "a/idp.toml E001 cannot be read: Not a directory"


def test_a_link_to_itself_is_one_line() -> None:
    Path("idp.toml").symlink_to("idp.toml")
    assert "E001 cannot be read: Too many levels of symbolic links" in refusal()


def test_a_file_that_may_not_be_read_is_one_line() -> None:
    Path("idp.toml").write_text(LEAST)
    Path("idp.toml").chmod(0)
    with as_nobody():
        assert refusal() == "idp.toml E001 cannot be read: Permission denied"


def test_a_name_that_no_file_can_have_is_one_line() -> None:
    assert refusal("a\0b").endswith("E001 cannot be read: embedded null byte")


def test_a_name_that_is_too_long_is_one_line() -> None:
    assert refusal("a" * 5000).endswith("E001 cannot be read: File name too long")


@pytest.mark.parametrize("text", ["", "\n\n", "# a comment\n", " \r\n\t\n"])
def test_a_file_without_a_key_tells_what_writes_one(text: str) -> None:
    Path("idp.toml").write_text(text)
    assert refusal() == "idp.toml:1:1 E002 holds no key. Run idp init, which writes one"


def test_a_byte_order_mark_is_no_part_of_a_file_and_of_no_column() -> None:
    mark = b"\xef\xbb\xbf"
    document = Path("a.toml")
    document.write_bytes(mark + b'issuer = "x"\n')
    read = read_document(document)
    assert isinstance(read, Document)
    assert read.find_place(("issuer",)) == (1, 1)
    for text, told in (
        (b"a = !", "idp.toml:1:5 E002 is not TOML"),
        (b"a = 1\n \xff", "idp.toml:2:2 E002 is not UTF-8"),
        (b"\xff", "idp.toml:1:1 E002 is not UTF-8"),
    ):
        Path("idp.toml").write_bytes(mark + text)
        assert refusal().startswith(told)


@pytest.mark.parametrize("octets", [b"\x7fELF\x02\x01\x01\0\0", b"\x89PNG\r\n\x1a\n", b"SQLite\0"])
def test_a_binary_is_one_line(octets: bytes) -> None:
    Path("idp.toml").write_bytes(octets * 50)
    assert " E002 is not " in refusal()


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    with Path("idp.toml").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert refusal() == "idp.toml E001 is larger than 4 MiB: it is no configuration file"


def test_a_file_that_never_ends_is_refused() -> None:
    assert (
        refusal("/dev/zero") == "/dev/zero E001 is larger than 4 MiB: it is no configuration file"
    )


@pytest.mark.parametrize(
    "text",
    [
        f"a = {'[' * 5000}{']' * 5000}",
        f"a = {'[' * 40}{']' * 40}",
        f"a = {'{a=' * 5000}1{'}' * 5000}",
        f"a = {'{a=' * 40}1{'}' * 40}",
        f"{'.'.join('a' * 2000)} = 1",
        f"[{'.'.join('a' * 2000)}]",
        f"[[{'.'.join('a' * 2000)}]]",
    ],
)
def test_tables_in_tables_without_end_are_one_line(text: str) -> None:
    Path("idp.toml").write_text(text)
    assert refusal() == "idp.toml:1:1 E002 is nested too deeply"


def test_a_number_of_thousands_of_digits_is_one_line() -> None:
    Path("idp.toml").write_text(f"{LEAST}listen.port = {'9' * 5000}\n")
    assert refusal() == "idp.toml:1:1 E002 holds a number that is too long"


def test_a_number_beyond_all_ports_is_told_at_its_place() -> None:
    Path("idp.toml").write_text(f"{LEAST}listen.port = {'9' * 50}\n")
    assert refusal() == "idp.toml:6:8 E104 listen.port must be at most 65535"


def test_a_broken_file_of_clients_hides_no_other_mistake(configured: Load) -> None:
    files = {"c/a.toml": "[[clients]\n", "c/b.toml": "", "c/c.toml": "otp.ttl = 1\n"}
    Path("c/d.toml").mkdir(parents=True)
    with pytest.raises(MistakesFound) as caught:
        configured(f'include = ["c/*.toml"]\n{LEAST}listen.prot = 1\n', files)
    assert [f"{m.file}:{m.line} {m.code}" for m in caught.value.mistakes] == [
        "idp.toml:7 E101",
        "c/a.toml:1 E002",
        "c/c.toml:1 E101",
        "c/d.toml:0 E001",
    ]


def test_a_file_of_as_many_clients_as_a_country_has_is_read() -> None:
    name = '{ bn = "ক", en = "A" }'
    client = (
        '[[clients]]\nclient_id = "c{}"\nname = '
        + name.replace("{", "{{").replace("}", "}}")
        + '\nowner = "a@b"\nauth = "none"\nhome_url = "https://a/"\nredirect_uris = ["https://a/"]\n'
    )
    Path("idp.toml").write_text(LEAST + "".join(client.format(n) for n in range(2000)))
    assert len(load(Path("idp.toml"), {}).clients) == 2000


def test_a_document_keeps_its_text_to_itself() -> None:
    Path("idp.toml").write_text(LEAST)
    document = read_document(Path("idp.toml"))
    assert isinstance(document, Document)
    assert "127.0.0.1" not in repr(document)
