"""`idp user import` and `idp user export`."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from idp.stores.sql import SqlStores, open_engine
from idp.verdict import load_settings
from tests.cli.conftest import Idp

HASH = "probesh1:1:$2b$04$" + "a" * 21 + "." * 32
USERS = (
    "email,name_bn,office,hash,attributes\n"
    f'a@example.gov.bd,ক,ঢাকা,{HASH},"{{""office_code"":""7""}}"\n'
    "b@example.gov.bd,খ,ঢাকা,,\n"
)
ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-c", "from idp.cli import main; main()")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "users.csv"
    path.write_text(USERS)
    return path


def emails(config: Path) -> list[str]:
    with SqlStores(open_engine(load_settings(config).database.url)).read() as work:
        known = (f"{name}@example.gov.bd" for name in "abc")
        return [email for email in known if work.users.find_by_email(email)]


def test_without_apply_it_is_only_told(installed: Idp, config: Path, file: Path) -> None:
    answer = installed("user", "import", str(file))
    assert answer.exit_code == 0
    assert answer.stdout == (
        "Nothing was stored; --apply would do it. Users: added 2, changed 0 (of which switched off "
        "0), unchanged 0, faulty 0.\n"
    )
    assert answer.stderr == ""
    assert emails(config) == []


def test_a_file_is_applied_and_a_rerun_changes_nothing(
    installed: Idp, config: Path, file: Path
) -> None:
    answer = installed("user", "import", str(file), "--apply", "--json")
    told = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert told == {
        "ok": True,
        "applied": True,
        "added": 2,
        "changed": 0,
        "disabled": 0,
        "unchanged": 0,
        "fields": {},
        "fault_count": 0,
        "faults": [],
    }
    assert emails(config) == ["a@example.gov.bd", "b@example.gov.bd"]
    again = json.loads(installed("user", "import", str(file), "--apply", "--json").stdout)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 2)


def test_what_would_change_is_told_by_field(installed: Idp, file: Path) -> None:
    installed("user", "import", str(file), "--apply")
    file.write_text("email,office,enabled\na@example.gov.bd,খুলনা,no\nb@example.gov.bd,ঢাকা,no\n")
    answer = installed("user", "import", str(file))
    assert "changed 2 (of which switched off 2)" in answer.stdout
    assert "Changes: enabled of 2, office of 1." in answer.stdout


def test_faults_are_told_by_line_and_nothing_is_stored(
    installed: Idp, config: Path, file: Path
) -> None:
    file.write_text(USERS + "c@example.gov.bd,,,plain,\nA@example.gov.bd,,,,\n")
    answer = installed("user", "import", str(file), "--apply")
    assert answer.exit_code == 2
    assert answer.stderr.splitlines() == [
        f"{file}, line 4: The password hash is of no scheme that is known here.",
        f"{file}, line 5: The e-mail address A@example.gov.bd is there already, at line 2.",
    ]
    assert answer.stdout.startswith("Nothing was stored, as users of the file have a fault.")
    assert emails(config) == []


def test_faulty_users_may_be_left_out(installed: Idp, config: Path, file: Path) -> None:
    file.write_text(USERS + "c@example.gov.bd,,,plain,\n")
    answer = installed("user", "import", str(file), "--apply", "--skip-faulty", "--json")
    told = json.loads(answer.stdout)
    assert (answer.exit_code, told["ok"], told["applied"], told["added"]) == (2, False, True, 2)
    assert [fault["place"] for fault in told["faults"]] == ["line 4"]
    assert emails(config) == ["a@example.gov.bd", "b@example.gov.bd"]


def test_of_many_faults_a_person_sees_the_first(installed: Idp, file: Path) -> None:
    file.write_text("email\n" + "nobody\n" * 25)
    answer = installed("user", "import", str(file))
    assert len(answer.stderr.splitlines()) == 21
    assert "5 more users have a fault" in answer.stderr


def test_passwords_are_kept_if_it_is_wished(installed: Idp, file: Path) -> None:
    installed("user", "import", str(file), "--apply")
    file.write_text(f"email,hash\na@example.gov.bd,{HASH.replace('a', 'b')}\n")
    kept = json.loads(installed("user", "import", str(file), "--keep-passwords", "--json").stdout)
    taken = json.loads(installed("user", "import", str(file), "--json").stdout)
    assert (kept["changed"], taken["changed"]) == (0, 1)


@pytest.mark.parametrize("name", ["out.csv", "out.json", "out.jsonl"])
def test_an_export_comes_back_unchanged_and_makes_the_same_users_elsewhere(
    installed: Idp, config: Path, file: Path, name: str
) -> None:
    installed("user", "import", str(file), "--apply")
    out = file.with_name(name)
    answer = installed("user", "export", str(out), "--hashes", "--json")
    assert json.loads(answer.stdout) == {
        "ok": True,
        "file": str(out),
        "users": 2,
        "hashes": True,
    }
    assert out.stat().st_mode & 0o777 == 0o600
    again = json.loads(installed("user", "import", str(out), "--apply", "--json").stdout)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 2)
    before = installed("user", "show", "a@example.gov.bd", "--json").stdout
    config.with_name("idp.sqlite").unlink()
    installed("init")
    installed("user", "import", str(out), "--apply")
    after = installed("user", "show", "a@example.gov.bd", "--json").stdout
    assert _but_time(after) == _but_time(before)


def _but_time(shown: str) -> dict[str, object]:
    return {name: value for name, value in json.loads(shown).items() if name != "updated_at"}


def test_an_export_holds_no_hashes_unless_asked_for(installed: Idp, file: Path) -> None:
    installed("user", "import", str(file), "--apply")
    out = file.with_name("out.csv")
    answer = installed("user", "export", str(out))
    assert answer.stdout == f"2 users are in {out}.\n"
    assert "probesh1" not in out.read_text()


@pytest.mark.parametrize("command", ["import", "export"])
def test_another_kind_of_file_is_refused(installed: Idp, file: Path, command: str) -> None:
    answer = installed("user", command, str(file.with_name("users.xls")))
    assert answer.exit_code == 1
    assert answer.stderr.endswith("the name must end with one of .csv, .json, .jsonl.\n")


def test_a_killed_import_leaves_whole_batches_and_a_rerun_completes_it(
    installed: Idp, config: Path, file: Path
) -> None:
    rows = (f"user{n}@example.gov.bd,{n}\n" for n in range(12_000))
    file.write_text("email,office\n" + "".join(rows))
    command = (*PROGRAM, "user", "import", str(file), "--apply")
    environment = {**os.environ, "IDP_CONFIG": str(config)}
    database = SqlStores(open_engine(load_settings(config).database.url))

    def count() -> int:
        with database.read() as work:
            return work.user_batches.count()

    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        while count() == 0 and child.poll() is None:
            pass
        child.kill()
    there = count()
    assert there > 0
    assert there % 1000 == 0
    told = json.loads(installed("user", "import", str(file), "--apply", "--json").stdout)
    assert (told["added"], told["unchanged"], count()) == (12_000 - there, there, 12_000)


def test_progress_is_for_a_terminal_only(installed: Idp, config: Path, file: Path) -> None:
    assert installed("user", "import", str(file)).stderr == ""
    command = (*PROGRAM, "user", "import", str(file))
    master, slave = pty.openpty()
    environment = {**os.environ, "IDP_CONFIG": str(config), "TERM": "xterm"}
    with os.fdopen(master, "rb", buffering=0) as terminal:
        subprocess.run(
            command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=slave, check=True
        )
        os.close(slave)
        assert b"Checking" in terminal.read(65_536)


def test_an_export_onto_a_full_disk_is_one_sentence_and_leaves_what_was_there(
    installed: Idp, config: Path, file: Path
) -> None:
    file.write_text("email\n" + "".join(f"user{n}@example.gov.bd\n" for n in range(3000)))
    installed("user", "import", str(file), "--apply")
    out = file.with_name("out.jsonl")
    out.write_text("old")
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); "
    command = (PROGRAM[0], PROGRAM[1], full + PROGRAM[2], "user", "export", str(out))
    environment = {**os.environ, "IDP_CONFIG": str(config)}
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.decode().startswith(f"{out} cannot be written: File too large")
    assert ran.stderr.count(b"\n") == 1
    assert out.read_text() == "old"
    assert not [one.name for one in out.parent.iterdir() if one.name.endswith("~")]
