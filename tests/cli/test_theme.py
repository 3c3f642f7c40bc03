"""`idp theme`: a theme is made, judged and shown."""

import json
import re
import signal
import socket
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
import requests

from idp.admin.gallery import EXHIBITS
from idp.admin.gallery.copies import weigh
from idp.admin.gallery.exhibits import PAGES
from idp.admin.theme_shelf import Shelf
from idp.theming.tokens import PAIRS
from idp.verdict import load_settings
from tests.cli.conftest import Idp
from tests.servers import free_port

ROOT = Path(__file__).parents[2]
PALE = '[tokens.light]\naction = "#f0f0f0"\n'


def made(config: Path, name: str = "health") -> Path:
    return config.parent / "themes" / name


def write(config: Path, text: str, name: str = "health") -> Path:
    """Write a theme without the command."""
    made(config, name).mkdir(parents=True)
    file = made(config, name) / "theme.toml"
    file.write_text(text, "utf-8")
    return file


# -- new -------------------------------------------------------------------------------------------


def test_a_new_theme_passes_its_check_and_says_what_to_do_next(idp: Idp, config: Path) -> None:
    answer = idp("theme", "new", "health")
    assert answer.exit_code == 0
    assert str(made(config) / "theme.toml") in answer.stdout
    assert "idp theme preview health" in answer.stdout
    assert sorted(str(p.relative_to(made(config))) for p in made(config).rglob("*.*")) == [
        "locale/bn/LC_MESSAGES/messages.po",
        "locale/en/LC_MESSAGES/messages.po",
        "theme.toml",
    ]
    assert idp("theme", "check", "health").exit_code == 0
    assert 'parent = "portal"' in (made(config) / "theme.toml").read_text("utf-8")


def test_every_line_that_is_commented_out_can_be_taken_in(idp: Idp, config: Path) -> None:
    assert idp("theme", "new", "health", "--parent", "ministry").exit_code == 0
    (made(config) / "static").mkdir()
    (made(config) / "static" / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    for file in made(config).rglob("*.*"):
        if file.suffix in {".toml", ".po"}:
            text = file.read_text("utf-8")
            text = re.sub(r"(?m)^# (\w+ = |msgid|msgstr)", r"\1", text)
            file.write_text(text, "utf-8")
    answer = idp("theme", "check", "health")
    assert answer.exit_code == 0, answer.output
    assert "Sentences of its own in bn: login.submit" in answer.stdout


def test_a_program_is_told_where_it_is(idp: Idp, config: Path) -> None:
    told = json.loads(idp("theme", "new", "health", "--json").stdout)
    assert told["ok"] is True
    assert told["folder"] == str(made(config))


@pytest.mark.parametrize("name", ["base", "portal", "ministry"])
def test_a_name_of_the_programs_is_taken(name: str, idp: Idp, config: Path) -> None:
    answer = idp("theme", "new", name)
    assert (answer.exit_code, answer.stderr) == (1, f'There is a theme "{name}" already.\n')
    assert not made(config, name).exists()


def test_a_theme_is_not_made_twice(idp: Idp, config: Path) -> None:
    idp("theme", "new", "health")
    before = (made(config) / "theme.toml").read_bytes()
    answer = idp("theme", "new", "health", "--parent", "base")
    assert (answer.exit_code, answer.stderr) == (1, 'There is a theme "health" already.\n')
    assert (made(config) / "theme.toml").read_bytes() == before


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "Health", "he alth", "../health", "/etc/health", ".", "..", "a/b", "9th", "-x"),
        *(
            "স্বাস্থ্য",
            "x" * 42,
            "a\nb",
            "a\x00b",
            "a\\b",
            "health.",
            "café",
            "{x}",
            "%2e",
            "con:",
            "a" + "\u202e",
        ),
    ],
)
def test_a_bad_name_is_refused_in_one_sentence(name: str, idp: Idp, config: Path) -> None:
    before = sorted(config.parent.rglob("*"))
    answer = idp("theme", "new", "--", name)
    assert answer.exit_code == 1
    assert answer.stderr.startswith("A theme's name has small Latin letters")
    assert len(answer.stderr.splitlines()) == 1
    assert sorted(config.parent.rglob("*")) == before


@pytest.mark.parametrize("parent", ["nothing", "", "../portal", "health"])
def test_a_parent_must_be_there(parent: str, idp: Idp, config: Path) -> None:
    answer = idp("theme", "new", "health", "--parent", parent)
    assert answer.exit_code == 1
    assert answer.stderr == (f'There is no theme "{parent}"; there are base, ministry, portal.\n')
    assert not made(config).parent.exists()


def test_a_refused_parent_is_told_with_its_place(idp: Idp, config: Path) -> None:
    write(config, PALE)
    answer = idp("theme", "new", "child", "--parent", "health")
    assert answer.exit_code == 2
    assert f"{made(config) / 'theme.toml'}:2" in answer.stderr
    assert not made(config, "child").exists()


def test_a_folder_without_a_theme_in_it_is_not_filled(idp: Idp, config: Path) -> None:
    made(config).mkdir(parents=True)
    (made(config) / "notes.txt").write_text("mine")
    answer = idp("theme", "new", "health")
    assert answer.exit_code == 1
    assert "is there already and not empty; nothing was written." in answer.stderr
    assert [p.name for p in made(config).iterdir()] == ["notes.txt"]


# -- check -----------------------------------------------------------------------------------------


def test_the_themes_in_use_are_judged_or_all_of_them(idp: Idp, config: Path) -> None:
    write(config, "")
    for words, names in (
        ([], ["portal"]),
        (["health"], ["health"]),
        (["--all"], ["base", "ministry", "portal", "health"]),
    ):
        told = json.loads(idp("theme", "check", *words, "--json").stdout)
        assert [theme["theme"] for theme in told["themes"]] == names
    config.write_text(config.read_text() + 'theme = { name = "health" }\n')
    told = json.loads(idp("theme", "check", "--json").stdout)
    assert [theme["theme"] for theme in told["themes"]] == ["health"]


def test_contrast_weight_and_sentences_are_told(idp: Idp, config: Path) -> None:
    idp("theme", "new", "health")
    words = made(config) / "locale" / "bn" / "LC_MESSAGES" / "messages.po"
    words.write_text(f'{words.read_text("utf-8")}\nmsgid "btn.next"\nmsgstr "আগান"\n', "utf-8")
    [told] = json.loads(idp("theme", "check", "health", "--json").stdout)["themes"]
    assert told["changed"] == {"bn": ["btn.next"], "en": []}
    assert told["untranslated"] == {"bn": [], "en": ["btn.next"]}
    assert len(told["contrast"]) == 2 * len(PAIRS)
    assert all(pair["ratio"] >= pair["least"] for pair in told["contrast"])
    assert all(1000 < size < 4097 for size in told["login_gzip"].values())
    text = idp("theme", "check", "health").stdout
    assert "health is good" in text
    assert re.search(r"Lowest contrast: \d+\.\d\d \([a-z-]+ on [a-z-]+, (light|dark); needs", text)
    assert "Sentences of its own in bn: btn.next." in text
    assert "Changed in another language, but not in en: btn.next." in text
    assert f"Login page at its heaviest, bytes after gzip -6: {told['login_gzip']['bn']:,}" in text


def test_the_weight_of_the_login_page_is_that_of_its_heaviest_state(idp: Idp, config: Path) -> None:
    [told] = json.loads(idp("theme", "check", "portal", "--json").stdout)["themes"]
    theme = Shelf(load_settings(config)).take("portal").theme
    for language, heaviest in told["login_gzip"].items():
        logins = {one.state: one.html(theme, language) for one in PAGES if one.page == "login"}
        sizes = {state: weigh(html).gzip for state, html in logins.items()}
        assert heaviest == max(sizes.values()) == sizes[told["login_state"][language]]


def test_what_was_probably_not_meant_is_a_warning(idp: Idp, config: Path) -> None:
    write(config, 'parent = "portal"\n')
    words = made(config) / "locale" / "en" / "LC_MESSAGES" / "messages.po"
    words.parent.mkdir(parents=True)
    words.write_text('msgid "login.client"\nmsgstr "Welcome"\n', "utf-8")
    (made(config) / "locale" / "fr" / "LC_MESSAGES").mkdir(parents=True)
    answer = idp("theme", "check", "health")
    assert answer.exit_code == 0
    assert f"Warning: {words}:1: 'login.client' leaves out {{client}}" in answer.stdout
    assert f"Warning: {made(config) / 'locale' / 'fr'}: nobody is offered" in answer.stdout
    [told] = json.loads(idp("theme", "check", "health", "--json").stdout)["themes"]
    assert len(told["warnings"]) == 2
    assert "Warning" not in idp("theme", "check", "ministry").stdout


def test_what_lies_where_nobody_looks_is_a_warning(idp: Idp, config: Path) -> None:
    write(config, 'parent = "portal"\n')
    strange = {
        "Style.css": ' Did you mean "style.css"?',
        "locale/en/messages.po": ' Did you mean "locale/en/LC_MESSAGES/messages.po"?',
        "notes.txt": "",
        "script.js": "",  # the base's own
    }
    for name in (*strange, "template/login.html", ".git/config", "Thumbs.db", "static/desktop.ini"):
        file = made(config) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    (made(config) / "later.css").write_text("h2 { margin: 0 }")
    answer = idp("theme", "check", "health", "--json")
    assert answer.exit_code == 0
    expected = {**strange, "template": ' Did you mean "templates"?'}
    assert sorted(json.loads(answer.stdout)["themes"][0]["warnings"]) == sorted(
        f"{made(config) / name}: nobody reads it.{hint}" for name, hint in expected.items()
    )


def test_a_name_that_is_said_in_one_language_only_is_a_warning(idp: Idp, config: Path) -> None:
    file = write(config, 'parent = "portal"\nname = { en = "Health" }\nfooter = { bn = "ঢাকা" }\n')
    [told] = json.loads(idp("theme", "check", "health", "--json").stdout)["themes"]
    assert told["warnings"] == [
        f"{file}:2: name is not said in 'bn', whose pages have the parent's.",
        f"{file}:3: footer is not said in 'en', whose pages have the parent's.",
    ]
    assert "Warning" not in idp("theme", "check", "--all").stdout.partition("health is good")[0]


def test_every_mistake_is_told_by_both_checks_in_one_run(idp: Idp, config: Path) -> None:
    toml = write(config, f"colour = 1\n{PALE}")
    page = made(config) / "templates" / "login.html"
    page.parent.mkdir()
    page.write_text("\n{{ nobody }}")
    words = made(config) / "locale" / "en" / "LC_MESSAGES" / "messages.po"
    words.parent.mkdir(parents=True)
    words.write_text('msgid "login.h1\nmsgstr "x"\n', "utf-8")
    config.write_text(config.read_text() + 'theme = { name = "health" }\n')
    theme, whole = idp("theme", "check"), idp("config", "check")
    assert theme.exit_code == whole.exit_code == 2
    assert theme.stderr == whole.stderr
    for place in (f"{toml}:1:", f"{toml}:3:", f"{page}:2:", f"{words}:1:"):
        assert any(line.startswith(place) for line in theme.stderr.splitlines()), place


def test_a_template_that_cannot_be_worked_out_is_told_with_its_line_and_no_traceback(
    idp: Idp, config: Path
) -> None:
    write(config, "")
    page = made(config) / "templates" / "code.html"
    page.parent.mkdir()
    page.write_text(
        '{% extends "!code.html" %}\n{% block intro %}{{ 60 // view.wait }}{% endblock %}'
    )
    config.write_text(config.read_text() + 'theme = { name = "health" }\n')
    theme, whole = idp("theme", "check"), idp("config", "check")
    assert theme.exit_code == whole.exit_code == 2
    assert theme.stderr == whole.stderr
    assert theme.stderr.startswith(f"{page}:2:")


def test_a_heavy_login_page_is_told(idp: Idp, config: Path) -> None:
    write(config, "")
    assert "too heavy" not in idp("theme", "check", "health").stdout
    (made(config) / "templates").mkdir()
    noise = "".join(sha256(bytes([n])).hexdigest() for n in range(40))
    page = f'{{% extends "!login.html" %}}{{% block footer %}}<p>{noise}</p>{{% endblock %}}'
    (made(config) / "templates" / "login.html").write_text(page)
    answer = idp("theme", "check", "health")
    assert answer.exit_code == 0
    assert "It is too heavy: up to 4,096 bytes" in answer.stdout


def test_every_refused_theme_is_told_with_its_place(idp: Idp, config: Path) -> None:
    one, two = write(config, PALE, "one"), write(config, "colour = 1\n", "two")
    answer = idp("theme", "check", "--all")
    assert answer.exit_code == 2
    places = [line.partition(" ")[0] for line in answer.stderr.splitlines()]
    told = list(dict.fromkeys(place.rpartition(":")[0] for place in places))
    assert told == [f"{one}:2", f"{two}:1"]
    assert "ministry is good" in answer.stdout
    assert "one is good" not in answer.stdout


def test_a_program_is_told_the_places(idp: Idp, config: Path) -> None:
    file = write(config, PALE)
    answer = idp("theme", "check", "health", "--json")
    assert (answer.exit_code, answer.stderr) == (2, "")
    told = json.loads(answer.stdout)
    assert told["ok"] is False
    assert {(mistake["file"], mistake["line"]) for mistake in told["mistakes"]} == {(str(file), 2)}


def test_the_check_and_that_of_the_configuration_say_the_same(idp: Idp, config: Path) -> None:
    write(config, PALE)
    config.write_text(config.read_text() + 'theme = { name = "health" }\n')
    theme, whole = idp("theme", "check"), idp("config", "check")
    assert theme.exit_code == whole.exit_code == 2
    assert theme.stderr == whole.stderr


def test_an_unknown_name_is_told_with_the_nearest(idp: Idp) -> None:
    for words in (["check", "minstry"], ["preview", "minstry"]):
        answer = idp("theme", *words)
        expected = 'There is no theme "minstry". Did you mean "ministry"?\n'
        assert (answer.exit_code, answer.stderr) == (1, expected)
    assert "There are base, ministry, portal." in idp("theme", "check", "zzz").stderr
    assert idp("theme", "check", "portal", "--all").exit_code == 2


# -- preview ---------------------------------------------------------------------------------------


def test_an_export_names_what_it_wrote(idp: Idp, tmp_path: Path) -> None:
    out = tmp_path / "out"
    answer = idp("theme", "preview", "ministry", "--export", str(out))
    assert answer.exit_code == 0
    assert str(out / "index.html") in answer.stdout
    rows = json.loads((out / "list.json").read_bytes())
    assert len(rows) == 2 * len(EXHIBITS)
    told = json.loads(idp("theme", "preview", "base", "--export", str(out), "--json").stdout)
    assert (told["ok"], told["files"], told["themes"]) == (True, len(rows), ["base"])


def test_an_export_of_a_refused_theme_is_none(idp: Idp, config: Path, tmp_path: Path) -> None:
    write(config, PALE)
    answer = idp("theme", "preview", "--export", str(tmp_path / "out"))
    assert answer.exit_code == 2
    assert f"{made(config) / 'theme.toml'}:2" in answer.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["idp.toml", "idp.toml/x", "x" * 300, "."])
def test_a_folder_that_cannot_be_written_is_told(
    name: str, idp: Idp, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config.parent)
    before = sorted(config.parent.rglob("*"))
    answer = idp("theme", "preview", "portal", "--export", name)
    assert answer.exit_code in {1, 2}
    assert len(answer.stderr.splitlines()) == 1
    assert sorted(config.parent.rglob("*")) == before


def test_a_port_that_is_taken_is_told(idp: Idp) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        answer = idp("theme", "preview", "--port", str(port))
    assert answer.exit_code == 1
    assert answer.stderr == f"Cannot listen on 127.0.0.1:{port}: Address already in use.\n"


def test_it_serves_without_a_database_until_ctrl_c(config: Path) -> None:
    command = [sys.executable, "-c", "from idp.cli import main; main()", "theme", "preview"]
    child = subprocess.Popen(
        [*command, "--config", str(config)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        line = child.stdout.readline()
        [url] = re.findall(r"http://127\.0\.0\.1:\d+/", line)
        answer = requests.get(f"{url}look/login-fresh", timeout=30)
        assert "<h1>login: fresh</h1>" in answer.text
    finally:
        child.send_signal(signal.SIGINT)
        rest, said = child.communicate(timeout=30)
    assert (child.returncode, rest, said) == (0, "", "")
    assert [file.name for file in config.parent.iterdir()] == ["idp.toml"]
