"""What `make run` starts: configuration, secrets and sample users, then the programs.

The provider is used as an administrator uses it: by its configuration and the `idp` command.
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from idp.demo.configuration import (
    NotReadyError,
    Ports,
    client_secret,
    read_ports,
    write_configuration,
)
from idp.demo.processes import Child, Part, alone_in, await_answers, check_ports, stop
from idp.demo.settings import LOOKS, Look

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_PASSWORD = "Nodi#Tir2026"  # noqa: S105 (told to everybody: it opens sample users only)
PAUSE = 0.2


@dataclass(frozen=True)
class SampleUser:
    """A person to try the pages with."""

    email: str
    name_bn: str
    name_en: str
    state: str
    is_temporary: bool = False
    is_disabled: bool = False


OFFICE = "জেলা প্রশাসকের কার্যালয়, ঢাকা"
SAMPLE_USERS = (
    SampleUser("office@example.gov.bd", "রহিমা খাতুন", "Rahima Khatun", "normal"),
    SampleUser("closed@example.gov.bd", "করিম উদ্দিন", "Karim Uddin", "disabled", is_disabled=True),
    SampleUser(
        "new@example.gov.bd",
        "নতুন ব্যবহারকারী",
        "New User",
        "first login: must set a new password",
        is_temporary=True,
    ),
)


class Stopping:
    """Remembers that a signal asked us to stop."""

    def __init__(self) -> None:
        self.is_asked = False

    def __call__(self) -> bool:
        return self.is_asked

    def listen(self) -> None:
        """Take Ctrl-C, SIGTERM and a closed terminal as the wish to stop."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._ask)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.is_asked = True


def idp(config: Path, *arguments: str) -> list[str]:
    """Return the command line of an `idp` command of this environment."""
    return [str(Path(sys.executable).with_name("idp")), "--config", str(config), *arguments]


def prepare_provider(config: Path) -> None:
    """Make the provider's secrets, database and sample users; what is there stays.

    Raises:
        NotReadyError: a command failed; what it said is passed on.

    """
    made = _ask(idp(config, "init", "--json"))["made"]
    # Asking for each user takes seconds, so a file remembers which database has them.
    marker = config.with_name("sample_users")
    database = hashlib.sha256(os.environ.get("IDP_DB_URL", "").encode()).hexdigest()
    if "database" in made or not marker.exists() or marker.read_text() != database:
        for user in SAMPLE_USERS:
            _add(config, user)
        marker.write_text(database)


def _add(config: Path, user: SampleUser) -> None:
    names = ["--name-bn", user.name_bn, "--name-en", user.name_en, "--office", OFFICE]
    password = ["--password-stdin", *(["--temporary"] if user.is_temporary else [])]
    add = idp(config, "user", "add", user.email, "--json", *names, *password)
    try:
        _ask(add, f"{SAMPLE_PASSWORD}\n")
    except NotReadyError as error:
        if "exists" in str(error):
            return
        raise
    if user.is_disabled:
        _ask(idp(config, "user", "disable", user.email, "--json"))


def _ask(command: Sequence[str], typed: str = "") -> dict[str, Any]:
    try:
        done = subprocess.run(command, input=typed, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NotReadyError(f"{command[0]} is missing: start with make run.") from error
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        answer = {"error": done.stderr.strip() or f"exit {done.returncode}"}
    if done.returncode:
        words = " ".join(word for word in command[3:5] if word != "--json")
        raise NotReadyError(f"idp {words}: {answer['error']}")
    return answer


def parts(config: Path, var: Path, ports: Ports) -> list[Part]:
    """Return the programs; the mailbox first, so that no letter finds it closed."""
    mailbox = ["--port", str(ports.mailbox), "--smtp-port", str(ports.smtp)]
    discovery = "/.well-known/openid-configuration"
    return [
        Part("mailbox", _module("mailbox", *mailbox), ports.mailbox, "/", {}),
        Part("provider", idp(config, "run"), ports.provider, discovery, {}),
        *(_relying_party(look, var, ports) for look in LOOKS.values()),
    ]


def _relying_party(look: Look, var: Path, ports: Ports) -> Part:
    port: int = getattr(ports, look.key)
    issuer = f"http://127.0.0.1:{ports.provider}"
    command = _module("relying_party", "--look", look.key, "--port", str(port), "--issuer", issuer)
    secret = {look.variable("CLIENT_SECRET"): client_secret(var, look.key)}
    return Part(look.key, command, port, "/forgotten", secret)


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"idp.demo.{name}", *arguments]


def table(ports: Ports, var: Path) -> str:
    """Return the addresses and the sample users as text."""
    rows = [
        ("Backoffice (start here)", f"http://127.0.0.1:{ports.backoffice}/"),
        ("Ministry (the second one)", f"http://127.0.0.1:{ports.ministry}/"),
        ("Provider", f"http://127.0.0.1:{ports.provider}/"),
        ("Mailbox (codes and links)", f"http://127.0.0.1:{ports.mailbox}/"),
        ("", ""),
        ("Sample users", f"password {SAMPLE_PASSWORD}"),
        *((user.email, user.state) for user in SAMPLE_USERS),
    ]
    lines = [f"  {name:<27}{value}".rstrip() for name, value in rows]
    return "\n".join(["", *lines, "", f"  Data and logs: {var}. Stop with Ctrl-C.", ""])


def run(var: Path, stopping: Stopping) -> None:
    """Start everything and watch over it until `stopping`.

    Raises:
        NotReadyError: a port or the folder is taken, the preparation failed, or a child died.

    """
    ports = read_ports(os.environ)
    check_ports(ports)
    with alone_in(var):
        _run_alone(var, ports, stopping)


def _run_alone(var: Path, ports: Ports, stopping: Stopping) -> None:
    config = write_configuration(ROOT / "config", var, ports)
    prepare_provider(config)
    log_folder = var / "log"
    log_folder.mkdir(exist_ok=True)
    children: list[Child] = []
    try:
        children.extend(Child(part, log_folder) for part in parts(config, var, ports))
        await_answers(children, stopping)
        if not stopping():
            print(table(ports, var), flush=True)
        while not stopping():
            for child in children:
                child.check_alive()
            time.sleep(PAUSE)
    finally:
        stop(children)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration; 0 after Ctrl-C or SIGTERM, 1 when it cannot go on."""
    parser = argparse.ArgumentParser(prog="python -m idp.demo")
    parser.add_argument("--var", type=Path, default=ROOT / "var", help="where the data is kept")
    chosen = parser.parse_args(arguments)
    stopping = Stopping()
    stopping.listen()
    try:
        run(chosen.var.resolve(), stopping)
    except NotReadyError as error:
        if not stopping():
            print(error, file=sys.stderr)
            return 1
    return 0
