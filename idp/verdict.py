"""The one verdict on a configuration: that of start, reload and `idp config check`."""

import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from idp import settings as settings_room
from idp.model.errors import SettingsRefused
from idp.outbox.mail_settings import MailSettings
from idp.outbox.smtp import SmtpPost
from idp.settings import (
    Finding,
    Loaded,
    Mistake,
    MistakesFound,
    Settings,
    find_looks,
    has_secrets,
    load_secrets,
)
from idp.settings.snapshot import digest_of
from idp.theming import Folders, Stamp, Support, ThemeRefused, Themes, fingerprint, load_all

_HERE = Path(__file__).parent
# A wheel carries the themes inside the package, a checkout beside it.
THEMES = next(p for p in (_HERE / "_themes", _HERE.parent / "themes") if p.is_dir())
DEFAULT_CONFIG = Path("config/idp.toml")


def load_settings(config: Path) -> Settings:
    """Return the settings of a configuration file. Raises SettingsRefused with every mistake."""
    return read(config).settings


def read(config: Path) -> Loaded:
    """Return the settings with their sources. Raises SettingsRefused with every mistake."""
    return settings_room.read_configuration(config, os.environ, looks=find_looks(THEMES))


def read_and_judge(config: Path) -> Loaded:
    """Return the configuration that `judge` finds nothing wrong with. Raises SettingsRefused."""
    return judge(config)[0]


def judge(config: Path) -> tuple[Loaded, Themes]:
    """Read and try what only a start would meet: secrets, themes and what SMTP is spoken with.

    Secrets that `idp init` has yet to make are no mistake. The one verdict of start, reload and
    `idp config check`. Raises SettingsRefused.
    """
    loaded, found = read(config), []
    secrets_dir = loaded.settings.secrets_dir
    try:
        _ = has_secrets(secrets_dir) and load_secrets(secrets_dir)
    except SettingsRefused as error:
        finding = Finding(("secrets_dir",), "E106", f"cannot be used: {error}")
        found.append(loaded.origins.locate(finding))
    try:
        SmtpPost(mail_settings(loaded.settings))
    except SettingsRefused as error:
        found.append(loaded.origins.locate(Finding(("mail",), "E201", f"is refused: {error}")))
    try:
        themes = open_themes(loaded.settings)
    except ThemeRefused as error:
        raise MistakesFound([*found, *mistakes_of(error)]) from error
    if found:
        raise MistakesFound(found)
    return _with_files(loaded, themes), themes


def mistakes_of(refused: ThemeRefused) -> list[Mistake]:
    """Return why a theme is refused, as mistakes of a configuration."""
    return [Mistake(str(one.path), one.line, 1, "E301", "", one.what) for one in refused.all]


def _with_files(loaded: Loaded, themes: Themes) -> Loaded:
    """Note the files of the installation's own themes: they change what is served like a key."""
    folders = {folder for theme in themes.all for folder in theme.folders}
    own = {f.name: fingerprint(f) for f in folders if f.parent != THEMES}
    if not own:
        return loaded
    snapshot = dict(loaded.snapshot)
    snapshot["theme"] = {**snapshot["theme"], "files": own}
    return replace(loaded, snapshot=snapshot, digest=digest_of(snapshot))


def open_themes(settings: Settings) -> Themes:
    """Return the configured themes. Raises ThemeRefused with its place.

    To try them all takes long: those of the last time are returned if nothing of them has changed.
    """
    folders = Folders(THEMES, settings.theme.folder)
    return _open_themes(
        folders,
        folders.stamp,
        settings.theme.name,
        tuple((client.client_id, client.theme) for client in settings.clients if client.theme),
        settings.theme.locales,
        settings.support,
        urlsplit(settings.issuer).path,
    )


@lru_cache(maxsize=1)
def _open_themes(
    folders: Folders,
    _: Stamp,
    default: str,
    by_client: tuple[tuple[str, str], ...],
    locales: tuple[str, ...],
    support: Support,
    base: str,
) -> Themes:
    return load_all(folders, default, dict(by_client), locales=locales, support=support, base=base)


def mail_settings(settings: Settings) -> MailSettings:
    """Return the SMTP server and how it is spoken to. Raises SettingsRefused."""
    mail = settings.mail
    return MailSettings(
        host=mail.host,
        port=mail.port,
        tls=mail.tls,
        verify=mail.verify,
        timeout=mail.timeout,
        user=mail.user or None,
        password=mail.password or None,
        sender=mail.sender,
        ca_file=str(mail.ca_file) if mail.ca_file else None,
        message_id_domain=mail.message_id_domain
        or urlsplit(settings.issuer).hostname
        or "localhost",
    )
