"""An installation itself: make it, upgrade it, look after its users.

It stands beside `app.py` so that a worker, which never migrates, need not carry Alembic.
"""

from pathlib import Path
from typing import Final, Literal

from idp.accounts.directory import Directory
from idp.accounts.invitations import Invitations
from idp.accounts.policy import Policy
from idp.accounts.sign_out import SignOut
from idp.admin.database import open_stores
from idp.app import hasher_of
from idp.model.clock import Clock, system_clock
from idp.model.errors import SettingsRefused
from idp.oidc.key_schedule import KeySchedule
from idp.oidc.keys import make_keys
from idp.outbox.check import send_now
from idp.outbox.smtp import SmtpPost
from idp.settings import Settings, load_secrets, make_secrets, missing_secrets
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.migrate import has_rows, is_current, upgrade
from idp.verdict import mail_settings, open_themes

_MADE_WITH: Final[dict[str, tuple[str, Literal["credentials", "signing_keys"]]]] = {
    "pepper": ("passwords", "credentials"),
    "key_encryption_key": ("signing keys", "signing_keys"),
}


def upgrade_database(settings: Settings) -> None:
    """Bring the database to the newest schema."""
    upgrade(settings.database.url)


def initialise(settings: Settings, clock: Clock = system_clock) -> list[str]:
    """Make what an installation needs and has not got; return the names of what was made.

    Raises SettingsRefused as `check_secrets_are_new` does.
    """
    check_secrets_are_new(settings)
    made = make_secrets(settings.secrets_dir)
    kek = load_secrets(settings.secrets_dir).key_encryption_key
    engine = open_engine(settings.database.url)
    if not is_current(engine):
        upgrade(settings.database.url)
        made.append("database")
    made += make_keys(SqlStores(engine), kek, clock, KeySchedule.of(settings).algs)
    engine.dispose()
    return made


def check_secrets_are_new(settings: Settings) -> None:
    """Raise SettingsRefused when a secret is missing that the database cannot be read without.

    A new one would be worth nothing, and would hide that the old one must come back.
    """
    missing = missing_secrets(settings.secrets_dir)
    needed = [secret for secret in _MADE_WITH if secret in missing]
    file = settings.database.url.removeprefix("sqlite:///")
    if not needed or (file != settings.database.url and not Path(file).exists()):
        return  # to look would make the file
    engine = open_engine(settings.database.url)
    try:
        for secret in needed:
            things, table = _MADE_WITH[secret]
            if has_rows(engine, table):
                raise SettingsRefused(
                    f"The database holds {things} made with the missing secret "
                    f"{settings.secrets_dir / secret}: restore it from the backup."
                )
    finally:
        engine.dispose()


def directory(settings: Settings, clock: Clock = system_clock) -> Directory:
    """Return the directory of users that the command line changes."""
    secrets = load_secrets(settings.secrets_dir)
    return Directory(
        open_stores(settings),
        hasher_of(settings, secrets),
        clock,
        policy=Policy.of(settings.password),
        sign_out=SignOut.of(settings.clients),
    )


def invitations(
    settings: Settings, client_id: str = "", clock: Clock = system_clock
) -> Invitations:
    """Return what invites users, to go on at a client if it is named.

    Raises SettingsRefused for a client that there is not.
    """
    if client_id and client_id not in settings.clients_by_id:
        raise SettingsRefused(f"There is no client {client_id}.")
    default, locales = settings.theme.default, settings.theme.locales
    return Invitations(
        stores=open_stores(settings),
        form_key=load_secrets(settings.secrets_dir).form_key,
        clock=clock,
        lifetime=settings.reset.welcome_ttl,
        locales=(default, *(other for other in locales if other != default)),
        client_id=client_id,
    )


def send_test_mail(settings: Settings, address: str, clock: Clock = system_clock) -> None:
    """Send one letter at once. Raises MailRefused with one sentence."""
    rendered = open_themes(settings).default.letter("test", settings.theme.default, {})
    send_now(SmtpPost(mail_settings(settings)), rendered, address, now=clock())
