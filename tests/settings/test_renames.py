"""Old names of keys: understood, told, and never a way around the rules."""

from pathlib import Path

import pytest

from idp.settings import Loaded, MistakesFound, read_configuration
from idp.settings.renames import RENAMED
from tests.settings.conftest import LEAST, SECRET

PLANTED = {
    "mail.sender": "mail.from",
    "sessions": "session",
    "clients.redirects": "clients.redirect_uris",
    "code_lifetime": "otp.ttl",
    "proof.networks": "proxy.trusted",
    "clients.digests": "clients.secrets",
}
CLIENT = """\
[[clients]]
client_id = "NAME"
name = { bn = "ক", en = "A" }
owner = "ops@example.gov.bd"
home_url = "https://a.example.gov.bd/"
auth = "none"
redirects = ["https://a.example.gov.bd/cb"]
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str, **files: str) -> Loaded:
    Path("idp.toml").write_text(text)
    for name, inner in files.items():
        Path(f"{name}.toml").write_text(inner)
    return read_configuration(Path("idp.toml"), {}, renamed=PLANTED)


def mistakes(text: str, **files: str) -> list[str]:
    with pytest.raises(MistakesFound) as caught:
        read(text, **files)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_no_key_has_had_another_name_yet() -> None:
    assert not RENAMED


def test_a_file_with_present_names_has_no_warnings() -> None:
    assert read(LEAST).warnings == ()


def test_an_old_name_of_a_key_means_what_it_meant_and_is_told() -> None:
    loaded = read(LEAST.replace("from =", "sender ="))
    assert loaded.settings.mail.sender == "no-reply@example.gov.bd"
    assert [str(warning) for warning in loaded.warnings] == [
        (
            'idp.toml:5:44 W001 mail.sender is the old name of "mail.from". '
            'Write "mail.from": the next major version knows that name only'
        )
    ]
    assert str(loaded.origins.source_of(("mail", "from"))) == "idp.toml:5"


def test_a_whole_table_may_have_had_another_name() -> None:
    loaded = read(f'{LEAST}[sessions]\nidle = "30m"\n')
    assert loaded.settings.session.idle == 1800
    assert str(loaded.origins.source_of(("session", "idle"))) == "idp.toml:7"
    assert [warning.path for warning in loaded.warnings] == ["sessions"]


def test_a_key_may_have_stood_in_another_table() -> None:
    loaded = read(f'code_lifetime = "5m"\n{LEAST}otp.tries = 3\n')
    assert (loaded.settings.otp.ttl, loaded.settings.otp.tries) == (300, 3)
    assert str(loaded.origins.source_of(("otp", "ttl"))) == "idp.toml:1"


def test_a_table_that_held_only_an_old_name_may_be_an_old_one_itself() -> None:
    loaded = read(f'{LEAST}[proof]\nnetworks = ["10.0.0.0/8"]\n')
    assert [str(network) for network in loaded.settings.proxy.trusted] == ["10.0.0.0/8"]
    assert mistakes(f'{LEAST}[proof]\nnetworks = ["10.0.0.0/8"]\nhops = 1\n') == [
        "idp.toml:6:2 E101 proof is not a key"
    ]


def test_a_table_that_holds_its_key_under_the_old_name_only_is_still_there() -> None:
    text = LEAST.replace('host = "127.0.0.1", tls = "none", from =', "sender =")
    assert mistakes(text) == ["idp.toml:5:1 E102 mail.host is missing"]


def test_each_client_of_each_file_may_use_an_old_name() -> None:
    inner = CLIENT.replace("NAME", "b") + CLIENT.replace("NAME", "c")
    text = f'include = ["more.toml"]\n{LEAST}{CLIENT.replace("NAME", "a")}'
    loaded = read(text, more=inner)
    assert {client.redirect_uris for client in loaded.settings.clients} == {
        ("https://a.example.gov.bd/cb",)
    }
    assert [f"{w.file}:{w.line} {w.path}" for w in loaded.warnings] == [
        "idp.toml:13 clients[0].redirects",
        "more.toml:7 clients[0].redirects",
        "more.toml:14 clients[1].redirects",
    ]
    source = loaded.origins.source_of(("clients", "c", "redirect_uris"))
    assert str(source) == "more.toml:14"


def test_both_names_at_once_are_a_mistake_at_the_old_one() -> None:
    assert mistakes(LEAST.replace("from =", 'sender = "a@example.gov.bd", from =')) == [
        (
            'idp.toml:5:44 E203 mail.sender is the old name of "mail.from", which is there, too. '
            "Keep one of them"
        )
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            LEAST.replace('from = "no-reply@example.gov.bd"', 'sender = "nobody"'),
            "5:44 E104 mail.sender must be a mail address like office@example.gov.bd",
        ),
        (
            f"{LEAST}[sessions]\nidle = 5\n",
            '7:1 E104 sessions.idle must be a duration like "60s", "30m", "10h" or "90d"',
        ),
        (
            f'{LEAST}[sessions]\nidel = "5m"\n',
            '7:1 E101 sessions.idel is not a key. Did you mean "idle"?',
        ),
        (
            f'{LEAST}[sessions]\nidle = "11h"\n',
            "7:1 E201 sessions.idle must not be longer than session.max",
        ),
        (
            LEAST + CLIENT.replace("NAME", "a").replace("/cb", "/cb#x"),
            "12:14 E104 clients[0].redirects[0] must not have a fragment",
        ),
        (
            f'{LEAST}{CLIENT.replace("NAME", "a")}digests = [{{ hash = "{SECRET}" }}]\n',
            '13:1 E201 clients[0].digests must be left out when auth is "none"',
        ),
        (f"{LEAST}otp = 1\ncode_lifetime = 1\n", "6:1 E103 otp must be a table"),
    ],
)
def test_a_mistake_under_an_old_name_is_told_as_it_is_written(text: str, expected: str) -> None:
    assert f"idp.toml:{expected}" in mistakes(text)


@pytest.mark.parametrize("value", ["1", "[]", "[1]", '"x"', "[[1]]", '{ env = "X" }'])
@pytest.mark.parametrize("key", ["clients", "mail", "sessions", "otp"])
def test_an_old_name_beside_nonsense_is_refused_in_words(key: str, value: str) -> None:
    kept = [line for line in LEAST.splitlines() if not line.startswith(f"{key} =")]
    text = "\n".join([*kept, f"{key} = {value}", 'code_lifetime = "5m"', ""])
    if (key, value) == ("clients", "[]"):
        assert read(text).settings.otp.ttl == 300
    else:
        assert mistakes(text)
