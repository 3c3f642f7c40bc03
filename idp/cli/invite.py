"""`idp user invite`: letters of welcome to users who have no password yet."""

import click

from idp.accounts.invitations import A_SECOND, Invitations
from idp.admin.installation import invitations
from idp.cli.command import Invocation, shared_options

_HOUR = 3600  # seconds


@click.command("invite")
@click.argument("email", required=False)
@click.option("--all-without-password", "everybody", is_flag=True, help="Everybody who has none.")
@click.option("--apply", is_flag=True, help="With --all-without-password: really send the letters.")
@click.option("--client", default="", metavar="ID", help="The application to go on to.")
@shared_options
@click.pass_obj
def invite_command(
    invocation: Invocation, /, email: str | None, client: str, *, everybody: bool, apply: bool
) -> None:
    """Mail EMAIL a letter of welcome: a link to set the first password.

    Example: idp user invite office@example.gov.bd
    """
    if everybody == (email is not None):
        raise click.UsageError("Name one EMAIL, or give --all-without-password.")
    if apply and not everybody:
        raise click.UsageError("--apply belongs to --all-without-password.")
    inviting = invitations(invocation.settings(), client)
    if email is not None:
        _invite(invocation, inviting, email)
    elif apply:
        _invite_all(invocation, inviting)
    else:
        _tell(invocation, inviting)


def _invite(invocation: Invocation, inviting: Invitations, email: str) -> None:
    user = inviting.invite(email)
    hours = inviting.lifetime // _HOUR
    invocation.say(
        f"A letter of welcome to {user.email} is in the outbox; its link works for {hours} h.",
        email=user.email,
        hours=hours,
    )


def _tell(invocation: Invocation, inviting: Invitations) -> None:
    number = inviting.count()
    invocation.say(
        f"Users without a password and without a link: {number}. With --apply they are invited.",
        would_invite=number,
    )


def _invite_all(invocation: Invocation, inviting: Invitations) -> None:
    number = inviting.invite_all()
    minutes = -(-number // A_SECOND // 60)
    invocation.say(
        f"Letters of welcome in the outbox: {number}; they leave within {minutes} min.",
        invited=number,
    )
