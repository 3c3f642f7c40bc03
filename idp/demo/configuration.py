"""The demonstration's configuration: `config/` with this run's ports, written to `var/config/`.

The sample relying parties' secrets are made here once and kept; client files hold hashes only.
"""

import hashlib
import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from idp.demo.settings import LOOKS

MARK = "# Written by `make run` at every start from "
SAMPLE_PORT = re.compile(r"(?<=//127\.0\.0\.1:)\d+")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class NotReadyError(Exception):
    """The demonstration cannot start; the message is one sentence for the person at the screen."""


@dataclass(frozen=True)
class Ports:
    """Where the parts of the demonstration listen on loopback."""

    provider: int = 9000
    backoffice: int = 9001
    ministry: int = 9002
    mailbox: int = 9003
    smtp: int = 9025


VARIABLES = {
    "provider": "IDP_PORT",
    "backoffice": "BACKOFFICE_PORT",
    "ministry": "MINISTRY_PORT",
    "mailbox": "MAILBOX_PORT",
    "smtp": "IDP_SMTP_PORT",
}


def read_ports(environ: Mapping[str, str]) -> Ports:
    """Return the ports that the environment chooses.

    Raises:
        NotReadyError: a value is no port, or two parts were given the same one.

    """
    ports = Ports()
    for part, variable in VARIABLES.items():
        if variable in environ:
            ports = replace(ports, **{part: _port(variable, environ[variable])})
    numbers = [getattr(ports, part) for part in VARIABLES]
    if len(set(numbers)) < len(numbers):
        raise NotReadyError(
            f"Two parts have the same port; choose by {', '.join(VARIABLES.values())}."
        )
    return ports


def _port(variable: str, text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65_536:  # noqa: PLR2004 (TCP)
        return int(text)
    raise NotReadyError(f"{variable} is no port number: {text!r}.")


def write_configuration(source: Path, var: Path, ports: Ports) -> Path:
    """Write `var/config/` from the sample configuration; return the main file's path.

    Raises:
        NotReadyError: the sample is missing or is no TOML.

    """
    target = var / "config"
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    (target / "clients.d").mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_own_files(target / "clients.d")
    for file in sorted((source / "clients.d").glob("*.toml")):
        clients = _with_ports(_read(file), ports)
        for client in clients.get("clients", []):
            if client["client_id"] in LOOKS:
                secret = client_secret(var, client["client_id"])
                client["secrets"] = [{"hash": secret_hash(secret)}]
        _write(target / "clients.d" / file.name, clients, file)
    main = target / "idp.toml"
    _write(main, _main_table(_read(source / "idp.toml"), var, ports), source / "idp.toml")
    return main


def client_secret(var: Path, client_id: str) -> str:
    """Return a client's secret; made (256 bits, 0600) the first time, kept from then on."""
    file = var / "config" / f"{client_id}_secret"
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(f"idpcs_{secrets.token_urlsafe(32)}\n")
    return file.read_text().strip()


def secret_hash(secret: str) -> str:
    """Return what a client file may hold of a secret."""
    return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}"


def _main_table(sample: dict[str, Any], var: Path, ports: Ports) -> dict[str, Any]:
    table: dict[str, Any] = _with_ports(sample, ports)
    database = f"sqlite:///{var / 'idp.sqlite'}"
    return {
        **table,
        "issuer": f"http://127.0.0.1:{ports.provider}",
        "mode": "development",
        "secrets_dir": str(var / "secrets"),
        "listen": {**table.get("listen", {}), "host": "127.0.0.1", "port": ports.provider},
        "database": {"url": {"env": "IDP_DB_URL", "default": database}},
        "mail": {
            **table.get("mail", {}),
            "host": "127.0.0.1",
            "port": ports.smtp,
            "tls": "none",
        },
    }


def _with_ports(value: Any, ports: Ports) -> Any:
    """Return `value` with the sample's loopback addresses moved to the chosen ports."""
    if isinstance(value, dict):
        return {key: _with_ports(inner, ports) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_ports(inner, ports) for inner in value]
    if isinstance(value, str):
        return SAMPLE_PORT.sub(lambda match: _moved(match.group(), ports), value)
    return value


def _moved(port: str, ports: Ports) -> str:
    sample = Ports()
    moved = {getattr(sample, part): getattr(ports, part) for part in VARIABLES}
    return str(moved.get(int(port), port))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotReadyError(f"{file} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise NotReadyError(f"{file} is no TOML: {error}.") from error


def _remove_own_files(folder: Path) -> None:
    """Remove what an earlier run wrote, so that a client gone from the sample is gone here."""
    for file in folder.glob("*.toml"):
        if file.read_text(encoding="utf-8").startswith(MARK):
            file.unlink()


def _write(file: Path, table: Mapping[str, Any], sample: Path) -> None:
    file.write_text(f"{MARK}{sample}: change that file.\n{to_toml(table)}", encoding="utf-8")


def to_toml(table: Mapping[str, Any]) -> str:
    """Write a table as TOML, one line a key, inner tables inline."""
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_value(v)}" for key, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    if isinstance(value, str | bool):
        # A JSON string is a TOML basic string, but for DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else _value(key)
