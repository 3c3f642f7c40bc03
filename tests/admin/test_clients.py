"""Clients declared, rotated and switched in the files of a configuration, at a time of our own."""

import contextlib
import datetime as dt
import errno
import hashlib
import os
import re
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from idp.admin import clients as clients_room
from idp.admin.clients import Clients, ClientsRefused, Rotated, make_client_secret
from idp.admin.files import FileChanged, FileRefused, replace_whole
from idp.settings import MistakesFound
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.migrate import upgrade
from tests.fakes import FakeClock

MAIN = """\
config_version = 1
issuer = "https://sso.example.gov.bd"
include = {include}
database = {{ url = "sqlite:///idp.sqlite" }}
mail = {{ host = "smtp.example.gov.bd", from = "no@example.gov.bd" }}
"""
TABLE: dict[str, Any] = {
    "client_id": "backoffice",
    "name": {"bn": "ব্যাকঅফিস", "en": "Back office"},
    "owner": "ops@example.gov.bd",
    "home_url": "https://backoffice.example.gov.bd/",
    "auth": "client_secret_basic",
    "redirect_uris": ["https://backoffice.example.gov.bd/cb"],
}
TODAY = dt.date(2026, 11, 18)  # of FakeClock
UNRESERVED = re.compile(r"idpcs_[A-Za-z0-9._~-]{43}")

Add = Callable[..., str]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(int(dt.datetime(2026, 11, 18, 23, 59, tzinfo=dt.UTC).timestamp()))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "idp.toml"
    file.write_text(MAIN.format(include='["clients.d/*.toml"]'))
    (tmp_path / "clients.d").mkdir()
    return file


@pytest.fixture
def clients(config: Path, clock: FakeClock) -> Clients:
    return Clients(config, {}, clock)


@pytest.fixture
def add(clients: Clients) -> Add:
    """Declare a client and return its secret."""

    def adding(file: Path | None = None, **changes: Any) -> str:
        secret = make_client_secret()
        return clients.add(clients.draft({**TABLE, **changes}, file, secret), secret).secret

    return adding


def hashed(secret: str) -> str:
    return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}"


def live(clients: Clients, client_id: str = "backoffice") -> list[str]:
    client = clients.settings().clients_by_id[client_id]
    return [one.hash for one in client.secrets if one.is_live(clients.clock())]


# -- new -------------------------------------------------------------------------------------------


def test_a_secret_has_a_prefix_256_bits_and_unreserved_characters_only() -> None:
    made = {make_client_secret() for _ in range(200)}
    assert len(made) == 200
    assert all(UNRESERVED.fullmatch(secret) for secret in made)


def test_a_new_client_stands_in_a_file_of_its_own_with_the_hash_only(
    clients: Clients, add: Add, config: Path
) -> None:
    secret = add()
    file = config.parent / "clients.d" / "backoffice.toml"
    text = file.read_text()
    assert secret not in text
    assert live(clients) == [hashed(secret)]
    assert text.startswith("# Made by idp on 2026-11-18.\n[[clients]]\n")
    assert str(clients.places(clients.settings())["backoffice"]) == f"{file}:3"


def test_a_new_file_has_the_mode_of_the_configuration(add: Add, config: Path) -> None:
    config.chmod(0o640)
    add()
    file = config.parent / "clients.d" / "backoffice.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_known_id_is_refused_with_its_place(add: Add, config: Path) -> None:
    add()
    file = config.parent / "clients.d" / "backoffice.toml"
    with pytest.raises(ClientsRefused, match=rf'"backoffice" is declared already at {file}:3\.$'):
        add(file=Path("clients.d/other.toml"))
    assert not (config.parent / "clients.d" / "other.toml").exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"redirect_uris": ["http://x.gov.bd/cb"]}, "redirect_uris[0] must be https"),
        ({"redirect_uris": ["https://*.gov.bd/cb"]}, "redirect_uris[0] must be exact: a wildcard"),
        ({"redirect_uris": ["https://x.gov.bd/#a"]}, "redirect_uris[0] must not have a fragment"),
        ({"redirect_uris": []}, "redirect_uris must have at least one element"),
        ({"client_id": "a b"}, "client_id must be 1 to 100 Latin letters, digits"),
        ({"owner": "ops"}, "owner must be a mail address"),
        ({"home_url": ""}, "home_url is missing"),
        ({"scopes": ["openid", "profil"]}, 'names an unknown scope "profil". Did you mean "prof'),
        ({"theme": "nowhere"}, "theme"),
    ],
)
def test_what_the_loader_refuses_is_never_written(
    add: Add, config: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(MistakesFound) as refused:
        add(**changes)
    assert told in str(refused.value)
    assert not (config.parent / "elsewhere.toml").exists()


def test_an_id_cannot_lead_out_of_the_folder(add: Add, config: Path) -> None:
    with pytest.raises((MistakesFound, ClientsRefused)):
        add(client_id="../../evil")
    assert not (config.parent / "elsewhere.toml").exists()


def test_a_file_that_no_pattern_takes_is_told_and_not_written(add: Add, config: Path) -> None:
    with pytest.raises(
        ClientsRefused, match=r"No pattern of include in .* takes .*elsewhere\.toml"
    ):
        add(file=Path("elsewhere.toml"))
    assert not (config.parent / "elsewhere.toml").exists()


@pytest.mark.parametrize("include", ["[]", '["clients.d/all.toml"]', '["*/*.toml"]'])
def test_an_include_that_takes_no_new_file_is_told(add: Add, config: Path, include: str) -> None:
    (config.parent / "clients.d" / "all.toml").write_text("clients = []\n")
    config.write_text(MAIN.format(include=include))
    with pytest.raises(ClientsRefused, match=r'takes a new file: add "clients\.d/\*\.toml" to'):
        add()


def test_the_first_pattern_names_the_new_file(add: Add, config: Path) -> None:
    config.write_text(MAIN.format(include='["none.toml", "apps/of-*.conf"]'))
    (config.parent / "none.toml").write_text("clients = []\n")
    (config.parent / "apps").mkdir()
    add()
    assert (config.parent / "apps" / "of-backoffice.conf").exists()


def test_a_client_may_be_added_to_a_file_that_is_there(
    clients: Clients, add: Add, config: Path
) -> None:
    add()
    file = config.parent / "clients.d" / "backoffice.toml"
    before = file.read_text()
    add(file=Path("clients.d/backoffice.toml"), client_id="second")
    add(file=Path("idp.toml"), client_id="third")
    assert file.read_text().startswith(before)
    assert list(clients.settings().clients_by_id) == ["third", "backoffice", "second"]
    places = clients.places(clients.settings())
    assert (places["second"].file, places["second"].index) == (file, 1)
    assert places["third"].file == config


def test_a_file_of_its_own_that_is_taken_is_not_added_to_by_itself(add: Add, config: Path) -> None:
    taken = config.parent / "clients.d" / "backoffice.toml"
    taken.write_text("clients = []\n")
    with pytest.raises(ClientsRefused, match=r"backoffice\.toml exists already: name it, or"):
        add()
    assert taken.read_text() == "clients = []\n"


# -- rotate ----------------------------------------------------------------------------------------


def test_two_secrets_live_until_the_old_ones_last_day_is_over(
    clients: Clients, add: Add, clock: FakeClock
) -> None:
    old = add()
    rotated = clients.rotate("backoffice")
    new = rotated.made.secret
    assert live(clients) == [hashed(old), hashed(new)]
    assert [state.expires for state in rotated.old] == [TODAY + dt.timedelta(days=14)]
    clock.advance(14 * 86_400)
    assert live(clients) == [hashed(old), hashed(new)]
    clock.advance(86_400)
    assert live(clients) == [hashed(new)]


def test_the_days_of_the_old_secret_are_chosen_but_never_lengthened(
    clients: Clients, add: Add, clock: FakeClock
) -> None:
    add()
    assert _ends(clients.rotate("backoffice", 3)) == [TODAY + dt.timedelta(days=3)]
    clock.advance(4 * 86_400)
    assert _ends(clients.rotate("backoffice", 1)) == [TODAY + dt.timedelta(days=5)]
    clock.advance(2 * 86_400)  # of the newest, which has no end, a year may be left
    assert _ends(clients.rotate("backoffice", 365)) == [TODAY + dt.timedelta(days=371)]


def test_an_end_that_comes_sooner_stays(clients: Clients, add: Add, config: Path) -> None:
    secret = add()
    file = config.parent / "clients.d" / "backoffice.toml"
    file.write_text(file.read_text().replace('" },', '", expires = 2026-11-20 },'))
    assert _ends(clients.rotate("backoffice")) == [dt.date(2026, 11, 20)]
    assert len(live(clients)) == 2
    assert live(clients)[0] == hashed(secret)


def test_never_more_than_two_live(clients: Clients, add: Add, config: Path) -> None:
    add()
    clients.rotate("backoffice")
    before = (config.parent / "clients.d" / "backoffice.toml").read_bytes()
    with pytest.raises(ClientsRefused, match=r"has two live secrets already, .* --end-old\.$"):
        clients.rotate("backoffice")
    with pytest.raises(ClientsRefused, match=r"--end-old; then run this again if it was the newer"):
        clients.rotate("backoffice", 0)
    assert (config.parent / "clients.d" / "backoffice.toml").read_bytes() == before


def test_a_leaked_secret_ends_at_once(clients: Clients, add: Add) -> None:
    add()
    rotated = clients.rotate("backoffice", 0)
    assert rotated.old == ()
    assert live(clients) == [hashed(rotated.made.secret)]


def test_the_older_of_two_secrets_ends_and_the_newer_goes_on(clients: Clients, add: Add) -> None:
    old = add()
    new = clients.rotate("backoffice").made.secret
    end = clients.end_old("backoffice")
    assert [state.short for state in end.ended] == [hashed(old)[7:15]]
    assert live(clients) == [hashed(new)]
    assert len(clients.settings().clients_by_id["backoffice"].secrets) == 1


def test_the_newer_secret_is_the_one_without_an_end_wherever_it_stands(
    clients: Clients, add: Add, config: Path
) -> None:
    add()
    new = clients.rotate("backoffice").made.secret
    file = config.parent / "clients.d" / "backoffice.toml"
    ended, going_on = re.findall(r"\{ hash = [^}]*\}", file.read_text())
    turned = file.read_text().replace(ended, "?").replace(going_on, ended).replace("?", going_on)
    file.write_text(turned)
    assert live(clients)[0] == hashed(new)
    clients.end_old("backoffice")
    assert live(clients) == [hashed(new)]


def test_a_secret_that_is_alone_does_not_end(clients: Clients, add: Add, config: Path) -> None:
    secret = add()
    before = (config.parent / "clients.d" / "backoffice.toml").read_bytes()
    assert clients.end_old("backoffice").ended == ()
    assert live(clients) == [hashed(secret)]
    assert (config.parent / "clients.d" / "backoffice.toml").read_bytes() == before


def test_ended_secrets_leave_the_file(
    clients: Clients, add: Add, clock: FakeClock, config: Path
) -> None:
    old = add()
    clients.rotate("backoffice", 1)
    clock.advance(10 * 86_400)
    clients.rotate("backoffice")
    assert hashed(old) not in (config.parent / "clients.d" / "backoffice.toml").read_text()
    assert len(clients.settings().clients_by_id["backoffice"].secrets) == 2


def test_rotating_tells_when_the_old_one_was_last_used(
    clients: Clients, add: Add, config: Path
) -> None:
    secret = add()
    url = f"sqlite:///{config.parent / 'idp.sqlite'}"
    upgrade(url)
    engine = open_engine(url)
    with SqlStores(engine).write() as work:
        work.client_secret_uses.note("backoffice", hashed(secret)[7:15], now=1_790_000_000)
    engine.dispose()
    assert [state.last_used for state in clients.rotate("backoffice").old] == [1_790_000_000]


def test_looking_for_uses_makes_no_database(clients: Clients, add: Add, config: Path) -> None:
    add()
    settings, client, _ = clients.require("backoffice")
    assert [state.last_used for state in clients.secret_states(settings, client)] == [None]
    assert not (config.parent / "idp.sqlite").exists()


def test_a_public_client_has_no_secret_to_rotate(clients: Clients) -> None:
    draft = clients.draft({**TABLE, "auth": "none"}, None, "")
    clients.add(draft, "")
    with pytest.raises(ClientsRefused, match=r'"backoffice" has no secret: its auth is "none"'):
        clients.rotate("backoffice")


def test_a_client_that_nobody_declares_is_told(clients: Clients) -> None:
    sentence = r'No client is called "nobody": see idp client list\.$'
    with pytest.raises(ClientsRefused, match=sentence):
        clients.rotate("nobody")
    with pytest.raises(ClientsRefused, match=sentence):
        clients.end_old("nobody")
    with pytest.raises(ClientsRefused, match=sentence):
        clients.set_enabled("nobody", enabled=True)


# -- bad circumstances -----------------------------------------------------------------------------


def test_a_change_by_somebody_else_in_between_is_not_overwritten(
    clients: Clients, add: Add, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    file = config.parent / "clients.d" / "backoffice.toml"
    replace = replace_whole

    def late(place: Path, octets: bytes, *, was: bytes | None = None) -> None:
        file.write_text(f"{file.read_text()}# by an editor\n")
        replace(place, octets, was=was)

    monkeypatch.setattr(clients_room, "replace_whole", late)
    with pytest.raises(FileChanged, match="was changed meanwhile by somebody else"):
        clients.rotate("backoffice")
    assert file.read_text().endswith("# by an editor\n")
    assert len(live(clients)) == 1


def test_of_many_rotations_at_once_one_is_done(clients: Clients, add: Add, config: Path) -> None:
    add()
    done: list[str] = []
    start = threading.Barrier(6)

    def rotate() -> None:
        start.wait()
        with contextlib.suppress(ClientsRefused, FileChanged):
            done.append(clients.rotate("backoffice").made.secret)

    threads = [threading.Thread(target=rotate) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert live(clients)[1:] == [hashed(done[0])]
    assert len(list((config.parent / "clients.d").iterdir())) == 1


def test_a_full_disk_changes_nothing(
    clients: Clients, add: Add, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    file = config.parent / "clients.d" / "backoffice.toml"
    before = file.read_bytes()

    def fail(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    for change in (clients.rotate, lambda name: clients.set_enabled(name, enabled=False)):
        with pytest.raises(FileRefused, match="No space left on device; nothing was changed"):
            change("backoffice")
    with pytest.raises(FileRefused, match="No space left on device"):
        add(client_id="other")
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_mistake_elsewhere_stops_every_change(clients: Clients, add: Add, config: Path) -> None:
    add()
    config.write_text(f"{config.read_text()}nonsense = 1\n")
    with pytest.raises(MistakesFound, match="nonsense is not a key"):
        clients.rotate("backoffice")
    with pytest.raises(MistakesFound, match="nonsense is not a key"):
        add(client_id="other")


def test_a_client_in_the_main_file_is_switched_there(clients: Clients, add: Add) -> None:
    add(file=Path("idp.toml"))
    assert clients.set_enabled("backoffice", enabled=False)[1]
    assert not clients.settings().clients_by_id["backoffice"].enabled
    assert clients.set_enabled("backoffice", enabled=False)[1] is False
    assert clients.set_enabled("backoffice", enabled=True)[1]
    assert clients.settings().clients_by_id["backoffice"].enabled


def test_neither_secret_nor_hash_is_shown_by_accident(clients: Clients, add: Add) -> None:
    secret = add()
    rotated = clients.rotate("backoffice")
    draft = clients.draft({**TABLE, "client_id": "x"}, None, secret)
    for shown in (repr(rotated), str(rotated), repr(draft), repr(rotated.made.place)):
        assert secret not in shown
        assert rotated.made.secret not in shown
        assert hashed(secret) not in shown


def _ends(rotated: Rotated) -> list[dt.date | None]:
    return [state.expires for state in rotated.old]
