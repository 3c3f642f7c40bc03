"""What `idp init` writes where there is no configuration yet: a small file, and all that it needs.

Everything is judged as it would stand before anything is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from idp.admin.client_files import toml_value
from idp.admin.clients import Clients
from idp.admin.files import create_whole, make_folder
from idp.settings import Mistake, MistakesFound, Settings
from idp.settings.values import is_loopback

CLIENTS = "clients.d/*.toml"
MAIL_PASSWORD = "smtp_password"  # noqa: S105 - the name of its file
FROM_ENVIRONMENT = "env:"  # before the name of a variable that holds the database's URL
_JUDGED_PASSWORD = "IDP_INIT_MAIL_PASSWORD"  # noqa: S105 - a variable that exists while judging
_SQLITE = "sqlite:///"
_HTTP_PORT = 80


@dataclass(frozen=True, slots=True)
class Answers:
    """What an administrator says of a new installation."""

    issuer: str
    is_development: bool
    database: str
    mail_host: str
    mail_port: int
    mail_tls: str
    mail_from: str
    mail_user: str = ""
    mail_password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Start:
    """A configuration that is not there yet."""

    config: Path
    environ: Mapping[str, str]

    def judge(self, answers: Answers) -> Settings:
        """Return the settings that the answers make. Raises MistakesFound."""
        return self.clients(answers).settings()

    def clients(self, answers: Answers) -> Clients:
        """Return the clients of the configuration as if it was written."""
        text = _text(answers, {"env": _JUDGED_PASSWORD})
        environ = {**self.environ, _JUDGED_PASSWORD: answers.mail_password or "?"}
        return Clients(self.config, environ, base={self.config.absolute(): text.encode()})

    def mistakes(self, answers: Answers) -> Sequence[Mistake]:
        """Return what is wrong with the answers."""
        try:
            self.judge(answers)
        except MistakesFound as refused:
            return refused.mistakes
        return ()

    def write(self, answers: Answers) -> list[str]:
        """Write the configuration, its folders and the mail password; return what was made.

        Raises SettingsRefused before anything is written, FileRefused when a file exists.
        """
        settings = self.judge(answers)
        made = []
        make_folder(self.config.parent)
        if answers.mail_password:
            make_folder(settings.secrets_dir, 0o700)
            password = f"{answers.mail_password}\n".encode()
            create_whole(settings.secrets_dir / MAIL_PASSWORD, password)
            made.append(f"{settings.secrets_dir.name}/{MAIL_PASSWORD}")
        self._make_database_folder(settings)
        if make_folder(self.config.parent / Path(CLIENTS).parent):
            made.append(str(Path(CLIENTS).parent))
        create_whole(self.config, _text(answers, {"file": MAIL_PASSWORD}).encode(), mode=0o644)
        return [str(self.config), *made]

    def _make_database_folder(self, settings: Settings) -> None:
        if settings.database.url.startswith(_SQLITE):
            make_folder(Path(settings.database.url.removeprefix(_SQLITE)).parent, 0o700)


def is_for_development(issuer: str) -> bool:
    """Answer whether an issuer can only be one for development: http on this machine."""
    try:
        parts = urlsplit(issuer)
    except ValueError:
        return False
    return parts.scheme == "http" and is_loopback(parts.hostname or "")


def _text(answers: Answers, password: Mapping[str, str]) -> str:
    """Return the file. It is short on purpose: whatever is left out has its default."""
    mode = "development" if answers.is_development else "production"
    lines = [
        "# Made by idp init. Every other key has its default: idp config show --commented lists",
        "# them all, idp config explain KEY tells about one, idp config check judges this file.",
        "config_version = 1",
        f"issuer = {toml_value(answers.issuer)} # exactly as applications write it",
        f'mode = "{mode}"',
        f'include = ["{CLIENTS}"] # one file an application: idp client new writes them',
        *_listen(answers),
        "",
        "[database] # relative paths begin at this file",
        f"url = {_database(answers.database)}",
        "",
        "[mail]",
        f"host = {toml_value(answers.mail_host)}",
        f"port = {answers.mail_port}",
        f"tls = {toml_value(answers.mail_tls)} # starttls, implicit, or none on this machine only",
        f"from = {toml_value(answers.mail_from)}",
    ]
    if answers.mail_user:
        lines += [
            f"user = {toml_value(answers.mail_user)}",
            f"password = {toml_value(password)} # {{file = …}} names a file in secrets_dir",
        ]
    return "\n".join(lines) + "\n"


def _listen(answers: Answers) -> list[str]:
    """Return where to listen: at the issuer itself, unless a proxy that speaks TLS stands there."""
    if not is_for_development(answers.issuer):
        return []
    try:
        parts = urlsplit(answers.issuer)
        host, port = parts.hostname or "", parts.port or _HTTP_PORT
    except ValueError:
        return []  # the issuer is refused anyhow
    return ["", "[listen]", f"host = {toml_value(host)}", f"port = {port}"]


def _database(answer: str) -> str:
    if answer.startswith(FROM_ENVIRONMENT):
        return toml_value({"env": answer.removeprefix(FROM_ENVIRONMENT)})
    return toml_value(answer)
