import datetime as dt
import hashlib
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from idp.demo.configuration import (
    NotReadyError,
    Ports,
    client_secret,
    read_ports,
    to_toml,
    write_configuration,
)

SAMPLE = Path(__file__).resolve().parents[2] / "config"
PORTS = Ports(provider=19000, backoffice=19001, ministry=19002, mailbox=19003, smtp=19025)


def written(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def test_ports_are_the_usual_ones_unless_the_environment_chooses() -> None:
    assert read_ports({}) == Ports(9000, 9001, 9002, 9003, 9025)
    names = ("IDP_PORT", "BACKOFFICE_PORT", "MINISTRY_PORT", "MAILBOX_PORT", "IDP_SMTP_PORT")
    chosen = {name: str(port) for port, name in enumerate(names, start=1)}
    assert read_ports(chosen) == Ports(1, 2, 3, 4, 5)


@pytest.mark.parametrize("text", ["", "0", "65536", "-1", "90 00", "৯০০০", "http", "1e3"])
def test_what_is_no_port_is_told_with_the_variables_name(text: str) -> None:
    with pytest.raises(NotReadyError, match="MAILBOX_PORT"):
        read_ports({"MAILBOX_PORT": text})


def test_two_parts_cannot_have_the_same_port() -> None:
    with pytest.raises(NotReadyError, match="same port"):
        read_ports({"IDP_PORT": "9001"})


def test_the_written_configuration_has_this_runs_ports_and_absolute_paths(tmp_path: Path) -> None:
    table = written(write_configuration(SAMPLE, tmp_path, PORTS))
    assert table["issuer"] == "http://127.0.0.1:19000"
    assert table["mode"] == "development"
    assert (table["listen"]["host"], table["listen"]["port"]) == ("127.0.0.1", 19000)
    assert (table["mail"]["host"], table["mail"]["port"]) == ("127.0.0.1", 19025)
    assert table["secrets_dir"] == str(tmp_path / "secrets")
    default = f"sqlite:///{tmp_path}/idp.sqlite"
    assert table["database"]["url"] == {"env": "IDP_DB_URL", "default": default}


def test_what_the_ports_do_not_touch_is_as_in_the_sample(tmp_path: Path) -> None:
    table, sample = (
        written(write_configuration(SAMPLE, tmp_path, PORTS)),
        written(SAMPLE / "idp.toml"),
    )
    assert set(table) >= set(sample)
    moved = {"issuer", "mode", "listen", "mail", "secrets_dir", "database", "support"}
    for section in set(sample) - moved:
        assert table[section] == sample[section]
    home = f"http://127.0.0.1:{PORTS.backoffice}/"
    assert table["support"] == {**sample["support"], "home": home}


@pytest.mark.parametrize(("client_id", "port"), [("backoffice", 19001), ("ministry", 19002)])
def test_a_client_file_has_the_ports_and_only_a_hash_of_its_own_secret(
    tmp_path: Path, client_id: str, port: int
) -> None:
    main = write_configuration(SAMPLE, tmp_path, PORTS)
    text = (main.parent / "clients.d" / f"{client_id}.toml").read_text(encoding="utf-8")
    secret = client_secret(tmp_path, client_id)
    (client,) = tomllib.loads(text)["clients"]
    assert client["redirect_uris"] == [f"http://127.0.0.1:{port}/callback"]
    assert client["home_url"] == f"http://127.0.0.1:{port}/"
    assert client["post_logout_redirect_uris"] == [f"http://127.0.0.1:{port}/bye"]
    assert client["backchannel_logout_uri"] == f"http://127.0.0.1:{port}/backchannel-logout"
    assert client["secrets"] == [{"hash": f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}"}]
    assert secret not in text


def test_a_secret_is_random_private_and_kept(tmp_path: Path) -> None:
    first = client_secret(tmp_path, "ministry")
    file = tmp_path / "config" / "ministry_secret"
    assert first.startswith("idpcs_")
    assert len(first) >= 48
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert client_secret(tmp_path, "ministry") == first
    assert client_secret(tmp_path, "backoffice") != first
    assert client_secret(tmp_path / "other", "ministry") != first


def test_writing_again_follows_the_sample_and_leaves_other_files(tmp_path: Path) -> None:
    sample, var = tmp_path / "sample", tmp_path / "var"
    (sample / "clients.d").mkdir(parents=True)
    (sample / "idp.toml").write_text("config_version = 1\n")
    (sample / "clients.d" / "gone.toml").write_text("clients = []\n")
    folder = write_configuration(sample, var, PORTS).parent / "clients.d"
    (folder / "mine.toml").write_text("clients = []\n")
    (sample / "clients.d" / "gone.toml").unlink()
    write_configuration(sample, var, PORTS)
    assert [file.name for file in folder.iterdir()] == ["mine.toml"]


def test_ports_move_all_at_once(tmp_path: Path) -> None:
    swapped = Ports(provider=9001, backoffice=9000)
    folder = write_configuration(SAMPLE, tmp_path, swapped).parent
    (client,) = written(folder / "clients.d" / "backoffice.toml")["clients"]
    assert client["home_url"] == "http://127.0.0.1:9000/"
    assert written(folder / "idp.toml")["issuer"] == "http://127.0.0.1:9001"


@pytest.mark.parametrize("content", [None, "issuer = ", "a = 1\na = 2\n"])
def test_a_sample_that_cannot_be_read_is_told_by_its_name(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "idp.toml").write_text(content)
    with pytest.raises(NotReadyError, match=r"idp\.toml"):
        write_configuration(tmp_path, tmp_path / "var", PORTS)


def test_a_table_written_as_toml_reads_back_as_it_was() -> None:
    table: dict[str, Any] = {
        "text": 'বাংলা "quoted" \\ \n \x7f \u0001',
        "number": -7,
        "float": 1.5,
        "yes": True,
        "day": dt.date(2027, 3, 1),
        "list": [1, [2], {"a": {"b#c": "d"}}],
        "odd key.with dot": {},
        "empty": [],
    }
    assert tomllib.loads(to_toml(table)) == table
