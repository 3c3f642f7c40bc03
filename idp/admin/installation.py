"""An installation itself: make it, upgrade it, look after its users.

It stands beside `app.py` so that a worker, which never migrates, need not carry Alembic.
"""

from idp.accounts.directory import Directory
from idp.accounts.policy import Policy
from idp.accounts.sign_out import SignOut
from idp.admin.database import open_stores
from idp.app import hasher_of
from idp.model.clock import Clock, system_clock
from idp.oidc.key_schedule import KeySchedule
from idp.oidc.keys import make_keys
from idp.outbox.check import send_now
from idp.outbox.smtp import SmtpPost
from idp.settings import Settings, load_secrets, make_secrets
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.migrate import is_current, upgrade
from idp.verdict import mail_settings, open_themes


def upgrade_database(settings: Settings) -> None:
    """Bring the database to the newest schema."""
    upgrade(settings.database.url)


def initialise(settings: Settings, clock: Clock = system_clock) -> list[str]:
    """Make what an installation needs and has not got; return the names of what was made."""
    made = make_secrets(settings.secrets_dir)
    kek = load_secrets(settings.secrets_dir).key_encryption_key
    engine = open_engine(settings.database.url)
    if not is_current(engine):
        upgrade(settings.database.url)
        made.append("database")
    made += make_keys(SqlStores(engine), kek, clock, KeySchedule.of(settings).algs)
    engine.dispose()
    return made


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


def send_test_mail(settings: Settings, address: str, clock: Clock = system_clock) -> None:
    """Send one letter at once. Raises MailRefused with one sentence."""
    rendered = open_themes(settings).default.letter("test", settings.theme.default, {})
    send_now(SmtpPost(mail_settings(settings)), rendered, address, now=clock())
