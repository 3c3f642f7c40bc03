"""`idp init`: what an installation needs before it can run."""

import click

from idp.admin.installation import initialise
from idp.cli.command import Invocation, shared_options


@click.command("init")
@shared_options
@click.pass_obj
def init_command(invocation: Invocation) -> None:
    """Make the secrets, the database and the signing keys that are missing; change nothing else."""
    made = initialise(invocation.settings())
    told = f"Made: {', '.join(made)}." if made else "Nothing to make: everything is there."
    invocation.say(told, made=made)
