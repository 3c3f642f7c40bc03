"""`idp user`: accounts. A password comes from a prompt or standard input, never an argument."""

import sys

import click

from idp.accounts.directory import ACTIONS
from idp.admin.installation import directory, invitations
from idp.cli.asking import password_from_stdin
from idp.cli.command import Invocation, shared_options
from idp.cli.invite import invite_command
from idp.cli.user_files import export_command, import_command
from idp.cli.user_lists import list_command, show_command

_temporary = click.option(
    "--temporary", is_flag=True, help="At the next login the user must choose another password."
)


@click.group("user")
def user_group() -> None:
    """Add, show and change users, one by one or by the file."""


for _command in (list_command, show_command, import_command, export_command, invite_command):
    user_group.add_command(_command)


@user_group.command("add")
@click.argument("email")
@click.option("--name-bn", default="", help="The name in Bengali.")
@click.option("--name-en", default="", help="The name in English.")
@click.option("--office", default="", help="The office.")
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input.")
@_temporary
@click.option("--welcome", "is_welcome", is_flag=True, help="Mail a link to set a password.")
@shared_options
@click.pass_obj
def add(
    invocation: Invocation,
    /,
    email: str,
    *,
    password_stdin: bool,
    temporary: bool,
    is_welcome: bool,
    **names: str,
) -> None:
    """Add a user, without a password unless --password-stdin is given.

    Example: idp user add office@example.gov.bd --name-bn "ক দপ্তর" --password-stdin --temporary
    """
    if temporary and not password_stdin:
        raise click.UsageError("--temporary needs --password-stdin.")
    if is_welcome and password_stdin:
        raise click.UsageError("--welcome is for a user without a password.")
    password = password_from_stdin() if password_stdin else None
    settings = invocation.settings()
    user = directory(settings).add(email, **names, password=password, temporary=temporary)
    if is_welcome:
        invitations(settings).invite(user.email)
    told = f"Added {user.email}." + (" A letter of welcome is in the outbox." if is_welcome else "")
    invocation.say(told, id=user.id, email=user.email)


@user_group.command("set-password")
@click.argument("email")
@_temporary
@click.option("--end-sessions", is_flag=True, help="End every log-in of the user.")
@shared_options
@click.pass_obj
def set_password(invocation: Invocation, email: str, temporary: bool, end_sessions: bool) -> None:
    """Give a user a password: asked for twice, or one line of standard input.

    Example: idp user set-password office@example.gov.bd --temporary
    """
    users = directory(invocation.settings())
    is_terminal = sys.stdin.isatty()
    password = _password_from_prompt() if is_terminal else password_from_stdin()
    users.set_password(email, password, temporary=temporary, end_sessions=end_sessions)
    invocation.say(f"The password of {email} is set.", email=email)


@user_group.command("set-email")
@click.argument("email")
@click.argument("new")
@shared_options
@click.pass_obj
def set_email(invocation: Invocation, email: str, new: str) -> None:
    """Move a user from the mailbox EMAIL to NEW: links that were mailed work no more.

    Example: idp user set-email office@example.gov.bd office@new.example.gov.bd
    """
    user = directory(invocation.settings()).set_email(email, new)
    invocation.say(f"{email} is now {user.email}.", id=user.id, email=user.email)


@user_group.command("require")
@click.argument("email")
@click.argument("action", type=click.Choice(ACTIONS), metavar="ACTION")
@click.option("--not", "dropped", is_flag=True, help="Demand it no more.")
@shared_options
@click.pass_obj
def require(invocation: Invocation, email: str, action: str, dropped: bool) -> None:
    """Demand ACTION of a user at the next login.

    Example: idp user require office@example.gov.bd update_password
    """
    demanded = not dropped
    directory(invocation.settings()).require(email, action, demanded)
    told = "must" if demanded else "need not"
    invocation.say(
        f"{email} {told} do {action} at the next login.",
        email=email,
        action=action,
        demanded=demanded,
    )


@user_group.command("disable")
@click.argument("email")
@shared_options
@click.pass_obj
def disable(invocation: Invocation, email: str) -> None:
    """Switch a user off: no log-in, and every log-in ends.

    Example: idp user disable office@example.gov.bd
    """
    directory(invocation.settings()).set_enabled(email, enabled=False)
    invocation.say(f"{email} is disabled.", email=email, enabled=False)


@user_group.command("enable")
@click.argument("email")
@shared_options
@click.pass_obj
def enable(invocation: Invocation, email: str) -> None:
    """Switch a user on again.

    Example: idp user enable office@example.gov.bd
    """
    directory(invocation.settings()).set_enabled(email, enabled=True)
    invocation.say(f"{email} is enabled.", email=email, enabled=True)


@user_group.command("unlock")
@click.argument("email")
@shared_options
@click.pass_obj
def unlock(invocation: Invocation, email: str) -> None:
    """Forget the wrong passwords and codes that were counted of a user.

    New browsers then need no code before the password; no password changes.

    Example: idp user unlock office@example.gov.bd
    """
    user = directory(invocation.settings()).unlock(email)
    invocation.say(f"{user.email} is unlocked.", id=user.id, email=user.email)


@user_group.command("end-sessions")
@click.argument("email")
@shared_options
@click.pass_obj
def end_sessions(invocation: Invocation, email: str) -> None:
    """End every log-in of a user, in every application that can be told.

    Example: idp user end-sessions office@example.gov.bd
    """
    ended = directory(invocation.settings()).end_sessions(email)
    invocation.say(f"{email} is logged out; sessions ended: {ended}.", email=email, ended=ended)


def _password_from_prompt() -> str:
    return str(
        click.prompt("Password", hide_input=True, confirmation_prompt="The same again", err=True)
    )
