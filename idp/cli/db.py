"""`idp db`: the database's schema."""

import click

from idp.admin.installation import upgrade_database
from idp.cli.command import Invocation, shared_options


@click.group("db")
def db_group() -> None:
    """Look after the database."""


@db_group.command("upgrade")
@shared_options
@click.pass_obj
def upgrade(invocation: Invocation) -> None:
    """Bring the database to this version's schema; idp run does it by itself.

    Example: idp db upgrade
    """
    upgrade_database(invocation.settings())
    invocation.say("The database has the newest schema.")
