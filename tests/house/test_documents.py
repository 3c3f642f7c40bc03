"""The administrator's documents tell of everything there is, and what they tell is so."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tarfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import click
import pytest
import requests
import tomlkit
from click.testing import CliRunner
from pydantic import BaseModel

from idp import settings as settings_room
from idp.cli.root import root
from idp.settings import Mistake, MistakesFound, Settings, load_secrets
from idp.settings.diagnostics import CODES
from tests.cli.walking import COMMANDS, Command
from tests.servers import free_port
from tests.walks.processes import HttpBrowser, code_of

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
QUICK_START = DOCS / "quickstart.md"
ADMINISTRATORS = (
    "quickstart",
    "configuration",
    "cookbook",
    "from-keycloak",
    "operations",
    "relying-parties",
    "troubleshooting",
)
WITH_COMMANDS = [*(DOCS / f"{name}.md" for name in ADMINISTRATORS), ROOT / "README.md"]
WITH_COMMANDS += [ROOT / "config" / "deploy" / "README.md"]


def read(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", read(document), re.DOTALL | re.MULTILINE)


# -- the order of reading --------------------------------------------------------------------------


@pytest.mark.parametrize("index", ["README.md", "docs/README.md"])
def test_an_index_names_the_documents_in_the_order_they_are_needed(index: str):
    text = read(ROOT / index)
    places = [text.find(f"{name}.md)") for name in ADMINISTRATORS]
    assert -1 not in places, dict(zip(ADMINISTRATORS, places, strict=True))
    assert places == sorted(places)


def test_every_document_is_in_the_index():
    index = read(DOCS / "README.md")
    for document in sorted(DOCS.glob("*.md")):
        assert document.name == "README.md" or f"({document.name})" in index, document.name


# -- nothing is left out ---------------------------------------------------------------------------


def _keys(model: type[BaseModel], path: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = f"{path}{field.alias or name}"
        inner = _models_in(field.annotation)
        if not inner:
            yield key
        for section in inner:
            yield from _keys(section, f"{key}.")


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for inner in getattr(annotation, "__args__", ()) for m in _models_in(inner)]


@pytest.mark.parametrize("key", sorted(set(_keys(Settings))))
def test_every_key_is_in_the_reference(key: str):
    assert re.search(rf"\b{re.escape(key.rpartition('.')[2])}\b", read(DOCS / "configuration.md"))


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_of_a_mistake_is_told(code: str):
    text = read(DOCS / "troubleshooting.md")
    assert re.search(rf"^\| {code} \| .+ \| .+ \|$", text, re.MULTILINE)


def test_every_code_in_use_has_a_meaning():
    used = set()
    for path in (ROOT / "idp").rglob("*.py"):
        used |= set(re.findall(r'"([EW][0-9]{3})"', read(path)))
    assert used == set(CODES)


def _oauth_errors() -> set[str]:
    """The registered codes that stand as texts in the protocol room's code."""
    registered = {
        *("invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type"),
        *("invalid_scope", "server_error", "temporarily_unavailable", "invalid_client"),
        *("invalid_grant", "unsupported_grant_type", "invalid_token", "insufficient_scope"),
        *("unsupported_token_type", "login_required", "interaction_required", "consent_required"),
        *("account_selection_required", "invalid_request_uri", "invalid_request_object"),
        *("request_not_supported", "request_uri_not_supported", "registration_not_supported"),
        *("invalid_target", "unmet_authentication_requirements", "invalid_dpop_proof"),
    }
    code = "".join(read(path) for room in ("oidc", "web") for path in _modules(room))
    return {error for error in registered if f'"{error}"' in code}


def _modules(room: str) -> list[Path]:
    return sorted((ROOT / "idp" / room).rglob("*.py"))


@pytest.mark.parametrize("error", sorted(_oauth_errors()))
def test_every_oauth_error_that_we_answer_is_told(error: str):
    assert re.search(rf"^\| `{error}` \|", read(DOCS / "troubleshooting.md"), re.MULTILINE)


def test_every_command_is_told_with_its_failures():
    text = read(DOCS / "troubleshooting.md")
    missing = [name for name in COMMANDS if f"`idp {name}`" not in text]
    assert missing == []


@pytest.mark.parametrize("command", [pytest.param(c, id=n) for n, c in COMMANDS.items()])
def test_every_command_has_help_an_example_and_json(command: Command):
    text = command.body.help or ""
    assert re.search(rf"Example: idp (--config \S+ )?{command.name}\b", re.sub(r"\s+", " ", text))
    assert {"json", "config"} <= {parameter.name for parameter in command.body.params}
    for parameter in command.body.params:
        is_told = isinstance(parameter, click.Argument) or getattr(parameter, "help", None)
        assert is_told, parameter.name


# -- what is written works -------------------------------------------------------------------------


def _written() -> Iterator[tuple[str, list[str]]]:
    for document in WITH_COMMANDS:
        if not document.exists():
            continue
        shell = "\n".join([*blocks(document, "sh"), *blocks(document, "console")])
        for line in shell.replace("\\\n", " ").splitlines():
            found = re.search(r"(?:^|\| )(?:\$ )?idp ((?!\(\)).+)", line)
            if found:
                yield document.name, shlex.split(found[1].partition(" > ")[0], comments=True)


@pytest.mark.parametrize(
    ("document", "words"),
    [pytest.param(d, w, id=f"{d}: {' '.join(w)[:60]}") for d, w in _written()],
)
def test_every_command_in_a_document_can_be_called(document: str, words: list[str]):
    command, context = root, click.Context(root, info_name="idp", resilient_parsing=False)
    while isinstance(command, click.Group):
        with context.scope(cleanup=False):
            name, command, words = _resolve(command, context, words)
        context = click.Context(command, info_name=name, parent=context)
    parser = command.make_parser(context)
    _, left, _ = parser.parse_args(words)
    assert left == [], document


def _resolve(
    group: click.Group, context: click.Context, words: list[str]
) -> tuple[str, Any, list[str]]:
    _, rest, _ = group.make_parser(context).parse_args(words)
    name, command, rest = group.resolve_command(context, rest)
    assert command is not None
    return str(name), command, rest


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, id=f"{document.stem}-{number}")
        for document in WITH_COMMANDS
        if document.exists()
        for number, block in enumerate(blocks(document, "toml"))
    ],
)
def test_every_piece_of_configuration_in_a_document_is_valid(block: str, tmp_path: Path):
    base: dict[str, Any] = {
        "config_version": 1,
        "issuer": "https://sso.example.gov.bd",
        "database": {"url": "sqlite:///idp.sqlite"},
        "mail": {"host": "smtp.example.gov.bd", "from": "no-reply@example.gov.bd"},
    }
    told = tomllib.loads(block)
    for key, value in told.items():
        base[key] = {**base.get(key, {}), **value} if isinstance(value, dict) else value
    file = tmp_path / "idp.toml"
    file.write_text(tomlkit.dumps(base), encoding="utf-8")
    outside = {"E001", "E105", "E106"}  # files and variables of the reader's own
    assert [mistake for mistake in _mistakes(file) if mistake.code not in outside] == []


def _mistakes(file: Path) -> Sequence[Mistake]:
    try:
        settings_room.load(file, {})
    except MistakesFound as error:
        return error.mistakes
    return ()


ANCHOR = re.compile(r"\]\(([^)\s]*)#([^)\s]+)\)")


@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda path: path.stem)
def test_every_link_into_a_document_meets_a_heading(document: Path):
    for target, anchor in ANCHOR.findall(read(document)):
        if "://" not in target:
            page = (document.parent / target) if target else document
            headings = re.findall(r"^#+ (.+)$", read(page), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, anchor


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# -- recipes ---------------------------------------------------------------------------------------


@pytest.fixture(name="installation")
def _installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation for development with the user that the pages speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IDP_CONFIG", raising=False)
    idp(["init", "--development"])
    idp(["user", "add", "office@example.gov.bd"])
    return tmp_path


def idp(words: list[str]) -> str:
    runner = CliRunner()
    answer = runner.invoke(root, words, input="Nodi#Tir2026\n", catch_exceptions=False)
    codes = {0, 1} if words[:2] == ["config", "diff"] else {0}  # 1: something would change
    assert answer.exit_code in codes, (words, answer.output)
    return answer.output


def test_every_recipe_of_the_cookbook_works_as_written(installation: Path):
    text = read(DOCS / "cookbook.md")
    recipes = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    [users] = blocks(DOCS / "cookbook.md", "csv")
    (installation / "users.csv").write_text(users, encoding="utf-8")
    moved = "office@new.example.gov.bd"
    for recipe in recipes:
        for line in re.findall(r"^idp (.+)$", recipe, re.MULTILINE):
            words = shlex.split(line)
            if "set-email" not in words and _is_moved(moved):
                words = [moved if word == "office@example.gov.bd" else word for word in words]
            more = ["--yes"] if "--now" in words else []
            idp([*words, *more])
    assert "dhaka@example.gov.bd" in idp(["user", "list"])
    assert len(recipes) == len(re.findall(r"^## \d+\. ", text, re.MULTILINE)) >= 10


def test_the_recipe_for_colours_makes_a_theme_that_its_client_may_name(installation: Path):
    recipe = re.split(r"^## ", read(DOCS / "cookbook.md"), flags=re.MULTILINE)[5]
    [commands] = re.findall(r"^```sh\n(.*?)^```", recipe, re.DOTALL | re.MULTILINE)
    [client] = re.findall(r"^```toml\n(.*?)^```", recipe, re.DOTALL | re.MULTILINE)
    for line in commands.splitlines():
        idp(shlex.split(line)[1:])
    (installation / "config" / "clients.d" / "health.toml").write_text(client, encoding="utf-8")
    assert "health" in json.loads(idp(["config", "check", "--json"]))["clients"]


def _is_moved(email: str) -> bool:
    return email in idp(["user", "list"])


def test_a_backup_as_the_operations_page_writes_it_is_whole(installation: Path):
    tar, sqlite = blocks(DOCS / "operations.md", "sh")[:2]
    for block in (tar, sqlite):
        subprocess.run(["bash", "-euc", block], cwd=installation, check=True, timeout=60)
    with tarfile.open(installation / "probesh-secrets.tar") as archive:
        names = {Path(name).name for name in archive.getnames()}
    assert {"pepper", "key_encryption_key", "form_key"} <= names
    (installation / "probesh.sqlite").replace(installation / "config" / "var" / "idp.sqlite")
    for beside in (installation / "config" / "var").glob("idp.sqlite-*"):
        beside.unlink()
    for line in re.findall(r"^idp (db .+)$", read(DOCS / "operations.md"), re.MULTILINE):
        idp(shlex.split(line))
    assert "office@example.gov.bd" in idp(["user", "list"])
    assert "signing" in idp(["keys", "list"])


def test_a_new_version_of_a_secret_as_the_operations_page_writes_it_is_taken(installation: Path):
    [block] = [b for b in blocks(DOCS / "operations.md", "sh") if "form_key" in b]
    idp(["config", "check"])
    for line in block.splitlines():
        if line.startswith("idp "):
            idp(shlex.split(line)[1:])
        else:
            subprocess.run(["bash", "-euc", line], cwd=installation, check=True, timeout=60)
    secrets_dir = installation / "config" / "secrets"
    assert load_secrets(secrets_dir).form_key.newest == 2
    # The same for the key-encryption key: new signing keys are sealed with the new version alone.
    kek = secrets_dir / "key_encryption_key"
    old = kek.read_text()
    kek.write_text(old + (secrets_dir / "form_key").read_text().splitlines()[-1] + "\n")
    idp(["reload"])
    idp(["keys", "rotate", "--now", "--yes"])
    kek.write_text(kek.read_text().removeprefix(old))
    assert "ES256 and RS256 sign" in CliRunner().invoke(root, ["doctor"]).output


# -- the quick start -------------------------------------------------------------------------------


@pytest.fixture(name="shell")
def _shell(tmp_path: Path) -> Callable[[str], "subprocess.Popen[str]"]:
    """Run lines as somebody would who has just installed the program, in a fresh folder."""
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment |= {"HOME": str(tmp_path), "LANG": "C.UTF-8"}

    def run(lines: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", lines],
            cwd=tmp_path,
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    return run


@contextmanager
def _running(process: "subprocess.Popen[str]") -> Iterator[None]:
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=30)


def _with_ports(block: str, ports: Mapping[str, int]) -> str:
    for written, port in ports.items():
        block = block.replace(written, str(port))
    return block


def test_the_quick_start_works_as_written(shell: Callable[[str], "subprocess.Popen[str]"]):
    # The ports alone are others: these are taken where somebody develops.
    ports = {written: free_port() for written in ("9000", "9001", "9003", "1025")}
    development = f"--development --issuer http://127.0.0.1:{ports['9000']} --mail-port 1025"
    set_up, mailbox, provider, application, look = [
        _with_ports(block.replace("--development", development), ports)
        for block in blocks(DOCS / "quickstart.md", "sh")
    ]
    done = shell(set_up)
    output = done.communicate(timeout=120)[0]
    assert done.returncode == 0, output
    secret = re.search(r"idpcs_[A-Za-z0-9_~.-]+", output)
    assert secret is not None
    application = re.sub(r"idpcs_\S*", secret[0], application)
    with _running(shell(mailbox)), _running(shell(provider)), _running(shell(application)):
        for written in ("9000", "9001", "9003"):
            _wait_for(ports[written])
        looked = shell(look)
        findings = looked.communicate(timeout=60)[0]
        assert looked.returncode == 0, findings
        assert "failed" not in findings
        _log_in(*(f"http://127.0.0.1:{ports[name]}" for name in ("9000", "9001", "9003")))


def _log_in(provider: str, application: str, mailbox: str) -> None:
    """Log in at the application as step 4 of the quick start says."""
    [told] = re.findall(r"^Open .* log in as `(\S+)` with `(\S+)`", read(QUICK_START), re.MULTILINE)
    with HttpBrowser(home=(provider, application)) as browser:
        browser.get(application).press(userid=told[0], password=told[1])
        deadline = time.monotonic() + 60
        while not (letters := requests.get(f"{mailbox}/api/v1/messages", timeout=10).json())[
            "messages"
        ]:
            assert time.monotonic() < deadline, "no letter came"
            time.sleep(0.1)
        letter = f"{mailbox}/api/v1/message/{letters['messages'][0]['ID']}"
        browser.press(code=code_of(requests.get(letter, timeout=10).json()["Text"]))
        assert browser.page.status_code == 200, browser.text
        assert browser.page.url == f"{application}/"
        assert told[0] in browser.text


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            _get(port, "/")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(port)


def _get(port: int, path: str) -> str:
    """Return where an address sends to."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().headers.get("Location", "")
    finally:
        connection.close()
