"""The root of the `idp` command."""

from pathlib import Path

import click

from idp.cli.client_help import client_group
from idp.cli.command import Commands, Invocation
from idp.cli.config import config_group
from idp.cli.db import db_group
from idp.cli.doctor import doctor_command
from idp.cli.importing import import_group
from idp.cli.init import init_command
from idp.cli.keys import keys_group
from idp.cli.mail import mail_group
from idp.cli.reload import reload_command
from idp.cli.run import run_command
from idp.cli.theme import theme_group
from idp.cli.user import user_group
from idp.verdict import DEFAULT_CONFIG


@click.group("idp", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(readable=False, path_type=Path),
    envvar="IDP_CONFIG",
    show_envvar=True,
    default=DEFAULT_CONFIG,
    show_default=True,
    help="The configuration file.",
)
@click.version_option(package_name="probesh", prog_name="idp")
@click.pass_context
def root(context: click.Context, config: Path) -> None:
    """Probesh, an OpenID Connect identity provider."""
    context.obj = Invocation(config)


for _command in (
    init_command,
    run_command,
    reload_command,
    client_group,
    config_group,
    db_group,
    doctor_command,
    keys_group,
    user_group,
    import_group,
    mail_group,
    theme_group,
):
    root.add_command(_command)


def main() -> None:
    """Run the command line and exit: 0 done, 1 failed or differs, 2 not valid."""
    root()
