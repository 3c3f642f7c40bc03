"""`idp config`: the configuration itself."""

import click

from idp.app import mail_settings, open_themes
from idp.cli.command import Invocation, shared_options
from idp.outbox.smtp import SmtpPost


@click.group("config")
def config_group() -> None:
    """Look at the configuration."""


@config_group.command("check")
@shared_options
@click.pass_obj
def check(invocation: Invocation) -> None:
    """Tell every mistake of every file with its place, or that there is none."""
    settings = invocation.settings()
    open_themes(settings)
    SmtpPost(mail_settings(settings))
    names = [client.client_id for client in settings.clients]
    counted = f"{len(names)} client" if len(names) == 1 else f"{len(names)} clients"
    invocation.say(
        f"{invocation.config} is valid: {settings.issuer}, {counted}.",
        config=str(invocation.config),
        issuer=settings.issuer,
        mode=settings.mode,
        clients=names,
    )
