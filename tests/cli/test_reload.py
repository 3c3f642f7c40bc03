"""`idp reload` and `idp config diff`, beside processes that serve and beside none."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.admin import generations as admin
from idp.model.clock import system_clock
from idp.serving import Serving, node_of
from idp.stores.ports import Generation, ServingProcess
from idp.stores.sql import SqlStores, open_engine
from idp.verdict import read_and_judge
from tests.cli.conftest import Idp

CLIENT = """
[[clients]]
client_id = "backoffice"
name = { bn = "ব্যাকঅফিস", en = "Back office" }
owner = "ops@example.gov.bd"
home_url = "http://127.0.0.1:9001/"
auth = "none"
redirect_uris = ["http://127.0.0.1:9001/callback"]
"""


@contextmanager
def serving(config: Path) -> Iterator[Serving]:
    """Serve in this process while the block runs."""
    one = Serving(config, read_and_judge(config))
    one.look()  # it is known before anybody asks
    one.start()
    try:
        yield one
    finally:
        assert one.stop()
        assert isinstance(one.assembly.stores, SqlStores)
        one.assembly.stores.engine.dispose()


@contextmanager
def stores_of(config: Path) -> Iterator[SqlStores]:
    engine = open_engine(f"sqlite:///{config.parent / 'idp.sqlite'}")
    yield SqlStores(engine)
    engine.dispose()


def found(config: Path) -> Generation | None:
    with stores_of(config) as stores, stores.read() as work:
        return work.generations.find(node_of(config))


def add(config: Path, text: str) -> None:
    config.write_text(config.read_text(encoding="utf-8") + text, encoding="utf-8")


def report(config: Path, **facts: Any) -> None:
    """Let a process report that this test invents."""
    process = ServingProcess("p", node_of(config), 2**22 + 1, 0, "d", "", system_clock())
    with stores_of(config) as stores, stores.write() as work:
        work.serving_processes.report(replace(process, **facts))


# -- reload ---------------------------------------------------------------------------------------


def test_a_process_takes_what_it_is_told(installed: Idp, config: Path) -> None:
    with serving(config) as process:
        add(config, CLIENT)
        answer = installed("reload")
        assert (answer.exit_code, answer.stdout) == (0, "Generation 2 was taken by 1 process.\n")
        assert "backoffice" in process.assembly.settings.clients_by_id


def test_a_program_is_told_what_each_process_did(installed: Idp, config: Path) -> None:
    with serving(config):
        answer = json.loads(installed("reload", "--json").stdout)
    (process,) = answer.pop("processes")
    assert answer == {"ok": True, "generation": 2, "differing_nodes": []}
    assert (process["outcome"], process["fault"]) == ("took", "")


def test_without_a_process_it_is_said_what_the_next_one_starts_with(installed: Idp) -> None:
    answer = installed("reload")
    assert answer.exit_code == 0
    assert answer.stdout == (
        "No process serves this file now; generation 1 is what they start with.\n"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("garbled\n", "idp.toml:7:8 E002 "),
        ("[theme]\nname = 'gone'\n", "idp.toml:8:1 "),
        ("[otp]\nttl = '10'\n", "idp.toml:8:1 E104 "),
    ],
)
def test_what_is_not_valid_changes_nothing_and_is_told_like_a_check(
    installed: Idp, config: Path, text: str, place: str
) -> None:
    with serving(config) as process:
        before, assembly = found(config), process.assembly
        add(config, text)
        answer = installed("reload")
        assert answer.exit_code == 2
        assert place in answer.stderr
        assert answer.stderr == installed("config", "check").stderr
        assert found(config) == before
        assert process.assembly is assembly


def test_a_static_key_needs_a_restart_and_nothing_is_told(installed: Idp, config: Path) -> None:
    with serving(config):
        before = found(config)
        add(config, "listen.port = 9005\n")
        answer = installed("reload")
        assert answer.exit_code == 1
        assert answer.stderr == "listen.port needs a restart.\n"
        assert found(config) == before
        assert installed("config", "diff").stdout == "listen.port 9000 → 9005: needs a restart\n"
    answer = installed("reload")
    assert answer.exit_code == 0, "where nobody serves, everything may change"


def test_a_theme_whose_files_changed_is_named_and_taken(installed: Idp, config: Path) -> None:
    theme = config.parent / "themes" / "office" / "theme.toml"
    theme.parent.mkdir(parents=True)
    theme.write_text('name = { en = "Office" }\n')
    add(config, '[theme]\nname = "office"\n')
    with serving(config) as process:
        assert installed("config", "diff").exit_code == 0
        theme.write_text('name = { en = "Bureau" }\n')
        told = installed("config", "diff").stdout
        assert re.fullmatch(
            r"theme\.files\.office \w+ → \w+: counts from the next page on\n", told
        ), told
        assert installed("reload").exit_code == 0
        assert process.assembly.settings.theme.name == "office"
        assert installed("config", "diff").exit_code == 0
        theme.write_text("\nnmae = 1\n")
        refused = installed("reload")
        assert refused.exit_code == 2
        hint = 'nmae is not a key. Did you mean "name"?'
        assert refused.stderr == f"{theme}:2:1 E301 {hint}\n"


def test_a_secret_that_is_gone_is_refused(installed: Idp, config: Path) -> None:
    (config.parent / "secrets" / "pepper").unlink()
    answer = installed("reload")
    assert answer.exit_code == 2
    assert answer.stderr.endswith(
        "pepper is missing: restore it from the backup, or run idp init for a new installation.\n"
    )
    assert found(config) is None


def test_a_process_that_keeps_what_it_had_is_heard_and_the_generation_withdrawn(
    installed: Idp, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(config) as process:
        before = found(config)
        assert before
        add(config, "session.idle = { env = 'IDLE', default = '30m' }\n")
        # What a server's own environment says may be wrong where ours is right.
        monkeypatch.setattr(process, "_config", config.parent / "gone.toml")
        answer = installed("reload")
        assert answer.exit_code == 1
        assert "Generation 2 was taken by no processes.\n" in answer.stdout
        assert "kept what it had:\n" in answer.stdout
        assert "gone.toml" in answer.stdout
        after = found(config)
        assert after
        assert after == replace(before, number=2, stored_at=after.stored_at)
        told = installed("config", "diff")
        assert told.exit_code == 1
        assert told.stdout.splitlines()[0].startswith("Processes kept an older configuration: ")
        assert "session.idle 60 → 30 min: 0 sessions end now" in told.stdout


def test_who_was_killed_is_not_waited_for(installed: Idp, config: Path) -> None:
    report(config)  # no process has this number
    assert installed("reload").exit_code == 0


@pytest.mark.usefixtures("installed")
def test_who_does_not_answer_is_named(config: Path) -> None:
    report(config, pid=1)  # this one runs, and has nothing to do with us
    told = admin.reload(config, wait=0.2)
    assert ([p.pid for p in told.silent], told.is_done) == ([1], False)
    report(config, seen_at=system_clock() - 60)
    assert admin.reload(config, wait=0.2).is_done


def test_nodes_that_serve_something_else_are_named(installed: Idp, config: Path) -> None:
    assert installed("reload").exit_code == 0
    same = found(config)
    assert same
    report(config, node="other:/a", digest="another")
    report(config, id="q", node="same:/a", digest=same.digest)
    answer = installed("reload")
    assert answer.exit_code == 0
    assert "Nodes that serve another configuration: other:/a.\n" in answer.stdout


def test_two_reloads_at_once_are_two_generations(installed: Idp, config: Path) -> None:
    assert installed("reload").exit_code == 0
    threads = [threading.Thread(target=admin.reload, args=(config,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = found(config)
    assert last
    assert last.number == 5


@pytest.mark.parametrize("command", [("reload",), ("config", "diff")])
def test_before_idp_init_it_is_one_sentence(idp: Idp, command: tuple[str, ...]) -> None:
    answer = idp(*command)
    assert answer.exit_code in {1, 2}
    assert len(answer.stderr.splitlines()) == 1
    assert "idp init" in answer.stderr


# -- diff -----------------------------------------------------------------------------------------


def test_without_a_generation_there_is_nothing_to_compare_with(installed: Idp) -> None:
    answer = installed("config", "diff")
    assert answer.exit_code == 1
    assert answer.stdout == (
        "Nothing has been served from this file yet: there is nothing to compare with.\n"
    )


def test_a_file_that_says_the_same_is_equal(installed: Idp, config: Path) -> None:
    installed("reload")
    add(config, "# a comment\n")
    answer = installed("config", "diff")
    assert (answer.exit_code, answer.stdout) == (
        0,
        "Nothing would change: generation 1 says the same.\n",
    )
    assert json.loads(installed("config", "diff", "--json").stdout) == {
        "ok": True,
        "equal": True,
        "generation": 1,
        "differences": [],
        "kept_because": [],
    }


def test_each_difference_is_a_line_and_a_diff_changes_nothing(installed: Idp, config: Path) -> None:
    installed("reload")
    before = found(config)
    add(config, f"session.idle = '30m'\n{CLIENT}")
    for _ in range(2):
        answer = installed("config", "diff")
        assert answer.exit_code == 1
        assert answer.stdout.splitlines() == [
            "session.idle 60 → 30 min: 0 sessions end now",
            "backoffice: added; people can log in there",
        ]
    facts = json.loads(installed("config", "diff", "--json").stdout)
    assert [d["key"] for d in facts["differences"]] == ["session.idle", "clients.backoffice"]
    assert found(config) == before
    assert installed("reload").exit_code == 0
    assert installed("config", "diff").exit_code == 0


def test_a_file_that_is_not_valid_is_not_compared(installed: Idp, config: Path) -> None:
    add(config, "garbled\n")
    answer = installed("config", "diff")
    assert answer.exit_code == 2
    assert "E002" in answer.stderr
