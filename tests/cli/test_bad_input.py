"""Every command under everything that files, disks, databases and people do to it.

The commands come from the click tree: a new one is tried without being named here. Each answers in
one sentence, with its exit code, and leaves nothing half-written; an exception that escapes is a
traceback for a person and fails the test by itself.
"""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
import pytest
from alembic import command as alembic
from click.testing import CliRunner, Result

from idp.cli.root import root
from idp.stores.sql import open_engine
from idp.stores.sql.migrate import _config
from tests.cli.conftest import CONFIG
from tests.cli.walking import COMMANDS, TYPED, Command

ROOT = Path(__file__).parents[2]
NOBODY = 65_534
CLIENT = """\
[[clients]]
client_id = "backoffice"
name = { bn = "ব্যাকঅফিস", en = "Back office" }
owner = "ops@example.gov.bd"
home_url = "http://127.0.0.1:9001/"
secrets = [{ hash = "sha256:0000000000000000000000000000000000000000000000000000000000000000" }]
redirect_uris = ["http://127.0.0.1:9001/callback"]
"""
FILES_FIRST = {"import keycloak"}
SERVING = {"run", "theme preview"}  # they would go on for ever
# What a command answers without ...
NO_CONFIGURATION = {"config explain", "config schema"}
MAKES_CONFIGURATION = {"init"}
NO_DATABASE = {
    *NO_CONFIGURATION,
    "client disable",
    "client enable",
    "client examples",
    "client check",
    "client list",
    "client new",
    "client rotate",  # the last use of a secret is told when the database can tell it
    "client show",
    "config check",
    "config show",
    "import keycloak",  # unless told to write
    "mail test",
    "theme check",
    "theme new",
    "theme preview",
}
WRITES_FILES = {"user export", "client new"}
UPGRADES = {"db upgrade", "init", "run"}


def without(*names: set[str]) -> list[object]:
    """Return all commands but these, as parameters."""
    left_out = set().union(*names)
    wanted = {name: command for name, command in COMMANDS.items() if name not in left_out}
    return [pytest.param(command, id=name) for name, command in wanted.items()]


WITH_FILES = [
    pytest.param(command, parameter, id=f"{name} {parameter.name}")
    for name, command in COMMANDS.items()
    for parameter in command.files
]


@pytest.fixture(scope="module", name="template")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole installation with a client and a user, to be copied."""
    folder = tmp_path_factory.mktemp("template") / "installation"
    folder.mkdir()
    (folder / "idp.toml").write_text(CONFIG.format(smtp=1) + CLIENT)
    (folder / "idp.toml").chmod(0o600)
    for words in (["init"], ["user", "add", "office@example.gov.bd"]):
        answer = call(folder / "idp.toml", words)
        assert answer.exit_code == 0, answer.output
    with closing(sqlite3.connect(folder / "idp.sqlite")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # or whoever opens it next would do it
    return folder


@pytest.fixture(name="config")
def _installation(template: Path, tmp_path: Path) -> Path:
    """The configuration of an installation that a test may harm."""
    return Path(shutil.copytree(template, tmp_path / "installation")) / "idp.toml"


def call(config: Path, words: list[str]) -> Result:
    environment = {"IDP_CONFIG": str(config)}
    return CliRunner().invoke(root, words, input=TYPED, env=environment, catch_exceptions=False)


def assert_one_sentence(answer: Result) -> None:
    assert answer.exit_code in {1, 2}, answer.output
    lines = answer.stderr.splitlines()
    assert len(lines) == 1, answer.output
    assert len(lines[0]) < 500
    assert lines[0].endswith((".", '"?')) or " E00" in lines[0], lines[0]
    assert "Traceback" not in answer.output


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of an installation but what SQLite keeps beside its own."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.endswith(("-wal", "-shm", ".lock"))
    }


# -- files -----------------------------------------------------------------------------------------


def missing(_: Path) -> None:
    return None


def a_directory(place: Path) -> None:
    place.mkdir()


def binary(place: Path) -> None:
    place.write_bytes(bytes(range(256)) * 64)


def empty(place: Path) -> None:
    place.touch()


def fifty_megabytes(place: Path) -> None:
    with place.open("wb") as opened:
        opened.write(b"x")
        opened.truncate(50 * 1024 * 1024)


def one_long_line(place: Path) -> None:
    place.write_bytes(b"x" * 50 * 1024 * 1024)


def a_loop(place: Path) -> None:
    place.symlink_to(place)


BAD = [missing, a_directory, binary, empty, fifty_megabytes, a_loop]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
@pytest.mark.parametrize("command", without(NO_CONFIGURATION, FILES_FIRST))
def test_a_configuration_that_is_none_is_one_sentence(
    command: Command, bad: Callable[[Path], None], config: Path
) -> None:
    if command.name in MAKES_CONFIGURATION and bad is missing:
        return  # it makes one
    config.unlink()
    bad(config)
    before = contents(config.parent)
    answer = call(config, command.call(config.parent / "given.csv"))
    assert_one_sentence(answer)
    assert str(config) in answer.stderr
    assert answer.exit_code == 2
    assert contents(config.parent) == before


@pytest.mark.parametrize("command", without(NO_CONFIGURATION, MAKES_CONFIGURATION, FILES_FIRST))
def test_a_program_is_told_the_same_in_one_object(command: Command, config: Path) -> None:
    config.unlink()
    answer = call(config, [*command.call(config.parent / "given.csv"), "--json"])
    assert answer.exit_code == 2
    assert answer.stderr == ""
    told = json.loads(answer.stdout)
    assert told["ok"] is False
    assert str(config) in told["error"]


@pytest.mark.parametrize("bad", [*BAD, one_long_line], ids=lambda bad: bad.__name__)
@pytest.mark.parametrize(("command", "parameter"), WITH_FILES)
def test_a_file_that_is_none_is_one_sentence(
    command: Command, parameter: click.Parameter, bad: Callable[[Path], None], config: Path
) -> None:
    place = config.parent / "given"
    bad(place)
    if bad is one_long_line:
        place = place.rename(place.with_suffix(".csv"))
    before = contents(config.parent)
    answer = call(config, command.call(place, option=parameter))
    if answer.exit_code == 0 and command.name in WRITES_FILES:
        assert place.stat().st_size > 0
        before[place.name] = place.read_bytes()
    else:
        assert_one_sentence(answer)
    assert "idp.sqlite" in before
    assert contents(config.parent) == before


# -- rights ----------------------------------------------------------------------------------------


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be somebody without rights for a while; root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture(name="reachable")
def _reachable(template: Path) -> Iterator[Path]:
    """An installation in a folder that everybody may enter, unlike pytest's own."""
    folder = ROOT_OF_ALL / f"probesh-rights-{os.getpid()}"
    shutil.copytree(template, folder)
    for place in (folder, *folder.rglob("*")):
        place.chmod(0o755 if place.is_dir() else 0o644)
    try:
        yield folder / "idp.toml"
    finally:
        shutil.rmtree(folder)


ROOT_OF_ALL = Path("/tmp")  # noqa: S108 - the one folder that everybody may enter everywhere


@pytest.mark.parametrize("command", without(SERVING, NO_CONFIGURATION, FILES_FIRST))
def test_without_rights_nothing_happens_and_it_is_told(command: Command, reachable: Path) -> None:
    reachable.chmod(0)
    before = contents_as_owner(reachable.parent)
    with as_nobody():
        answer = call(reachable, command.call(reachable.parent / "given.csv"))
    assert_one_sentence(answer)
    assert "Permission denied" in answer.stderr
    assert contents_as_owner(reachable.parent) == before


@pytest.mark.parametrize("command", without(SERVING))
def test_a_database_and_secrets_of_somebody_else_are_not_touched(
    command: Command, reachable: Path
) -> None:
    folder = reachable.parent
    for file in (folder / "idp.sqlite", *(folder / "secrets").iterdir()):
        file.chmod(0)
    before = contents_as_owner(folder)
    with as_nobody():
        answer = call(reachable, command.call(folder / "given.csv"))
    if command.name not in NO_DATABASE | {"doctor", "config diff"}:
        assert_one_sentence(answer)
    assert "Traceback" not in answer.output
    assert contents_as_owner(folder) == before


def contents_as_owner(folder: Path) -> dict[str, bytes]:
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.endswith(("-wal", "-shm", ".lock")):
            mode = file.stat().st_mode
            file.chmod(0o600)
            found[file.name] = file.read_bytes()
            file.chmod(mode & 0o777)
    return found


# -- a full disk -----------------------------------------------------------------------------------


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow: to it, every disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("command", without(SERVING))
def test_on_a_full_disk_nothing_is_half_written(command: Command, config: Path) -> None:
    given = config.parent / "given.csv"
    if not command.name.endswith(("export", "new")):
        given.write_text("email,name_bn\nnew@example.gov.bd,ক\n")
    before = contents(config.parent)
    with full_disk():
        answer = call(config, command.call(given))
    if answer.exit_code != 0 and command.name != "doctor":
        assert len(answer.stderr.splitlines()) == 1, answer.output
    assert "Traceback" not in answer.output
    assert contents(config.parent) == before


@pytest.mark.parametrize("words", [["keys", "list"], ["config", "schema"], ["doctor"]])
def test_an_answer_that_cannot_be_written_is_told(words: list[str], config: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        child = start(config, words, stdout=full.fileno())
        _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert said == "The command failed: No space left on device.\n"


# -- the database ----------------------------------------------------------------------------------


def make_older(folder: Path) -> None:
    engine = open_engine(f"sqlite:///{folder / 'idp.sqlite'}")
    settings = _config()
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        alembic.downgrade(settings, "0002")
    engine.dispose()


def make_newer(folder: Path) -> None:
    engine = open_engine(f"sqlite:///{folder / 'idp.sqlite'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()


def make_garbage(folder: Path) -> None:
    (folder / "idp.sqlite").write_bytes(b"This was a database. " * 1000)


def make_empty(folder: Path) -> None:
    (folder / "idp.sqlite").write_bytes(b"")


def make_directory(folder: Path) -> None:
    (folder / "idp.sqlite").unlink()
    (folder / "idp.sqlite").mkdir()


def make_unreachable(folder: Path) -> None:
    text = (folder / "idp.toml").read_text()
    assert "sqlite:///idp.sqlite" in text
    dead = "postgresql://nobody@127.0.0.1:1/idp"
    (folder / "idp.toml").write_text(text.replace("sqlite:///idp.sqlite", dead))


STATES = [
    (make_unreachable, "database cannot be used"),
    (make_older, "idp db upgrade"),
    (make_newer, "newer version of this program"),
    (make_garbage, "database cannot be used"),
    (make_empty, "run idp init"),
    (make_directory, "database cannot be used"),
]


@pytest.mark.parametrize(("harm", "words"), STATES, ids=[harm.__name__ for harm, _ in STATES])
@pytest.mark.parametrize("command", without(SERVING))
def test_a_database_of_another_time_is_told(
    command: Command, harm: Callable[[Path], None], words: str, config: Path
) -> None:
    for beside in config.parent.glob("idp.sqlite-*"):
        beside.unlink()
    harm(config.parent)
    given = config.parent / "given.csv"
    given.write_text("email,name_bn\nnew@example.gov.bd,ক\n")
    before = contents(config.parent)
    answer = call(config, command.call(given))
    if command.name == "doctor":
        assert answer.exit_code == 1
        assert words.split(maxsplit=1)[1] in answer.stdout.replace("Idp", "idp")
    elif command.name in UPGRADES and harm in {make_older, make_empty}:
        assert answer.exit_code == 0
        return
    elif command.name not in NO_DATABASE:
        assert_one_sentence(answer)
        assert words in answer.stderr
    assert "Traceback" not in answer.output
    if command.name not in NO_DATABASE:
        assert contents(config.parent) == before


# -- Ctrl-C ----------------------------------------------------------------------------------------


def start(config: Path, words: list[str], stdout: int = subprocess.PIPE) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", "from idp.cli import main; main()", *words],
        env={**os.environ, "IDP_CONFIG": str(config), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        cwd=config.parent,
    )


@pytest.mark.parametrize("words", [["init"], ["keys", "rotate"], ["doctor"], ["config", "check"]])
def test_ctrl_c_ends_a_command_in_silence_or_one_word(words: list[str], config: Path) -> None:
    # At 0.1 s Python itself has hardly begun: it answers there, and nothing of ours has happened.
    children = [(delay, start(config, words)) for delay in (0.3, 0.7)]
    begun = time.monotonic()
    for delay, child in children:
        time.sleep(max(0.0, begun + delay - time.monotonic()))
        child.send_signal(signal.SIGINT)
    for _, child in children:
        _, said = child.communicate(timeout=60)
        assert "Traceback" not in said
        assert child.returncode in {0, 1, 2, -signal.SIGINT}
    assert call(config, ["keys", "list"]).exit_code == 0
