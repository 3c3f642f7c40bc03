"""`idp mail`: the way to the mail server."""

import click

from idp.admin.installation import send_test_mail
from idp.cli.command import Invocation, shared_options


@click.group("mail")
def mail_group() -> None:
    """Look after outgoing mail."""


@mail_group.command("test")
@click.argument("address")
@shared_options
@click.pass_obj
def test(invocation: Invocation, address: str) -> None:
    """Send one letter to ADDRESS now and tell what the mail server said.

    Example: idp mail test office@example.gov.bd
    """
    settings = invocation.settings()
    send_test_mail(settings, address)
    server = f"{settings.mail.host}:{settings.mail.port}"
    invocation.say(
        f"The mail server {server} took a letter to {address}.", server=server, address=address
    )
