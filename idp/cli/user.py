"""`idp user`: accounts. A password comes from a prompt or standard input, never an argument."""

import sys

import click

from idp.cli.command import CommandFailed, Invocation, shared_options
from idp.installation import directory


@click.group("user")
def user_group() -> None:
    """Add and change users."""


@user_group.command("add")
@click.argument("email")
@click.option("--name-bn", default="", help="The name in Bengali.")
@click.option("--name-en", default="", help="The name in English.")
@click.option("--office", default="", help="The office.")
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input.")
@shared_options
@click.pass_obj
def add(
    invocation: Invocation,
    email: str,
    name_bn: str,
    name_en: str,
    office: str,
    password_stdin: bool,
) -> None:
    """Add a user, without a password unless --password-stdin is given."""
    password = _password_from_stdin() if password_stdin else None
    users = directory(invocation.settings())
    if password is not None:
        users.check_password(password)
    user = users.add(email, name_bn=name_bn, name_en=name_en, office=office)
    if password is not None:
        users.set_password(email, password)
    invocation.say(f"Added {user.email}.", id=user.id, email=user.email)


@user_group.command("set-password")
@click.argument("email")
@shared_options
@click.pass_obj
def set_password(invocation: Invocation, email: str) -> None:
    """Give a user a password: asked for twice, or one line of standard input."""
    users = directory(invocation.settings())
    is_terminal = sys.stdin.isatty()
    users.set_password(email, _password_from_prompt() if is_terminal else _password_from_stdin())
    invocation.say(f"The password of {email} is set.", email=email)


@user_group.command("disable")
@click.argument("email")
@shared_options
@click.pass_obj
def disable(invocation: Invocation, email: str) -> None:
    """Switch a user off: no log-in, and every log-in ends."""
    directory(invocation.settings()).set_enabled(email, enabled=False)
    invocation.say(f"{email} is disabled.", email=email, enabled=False)


@user_group.command("enable")
@click.argument("email")
@shared_options
@click.pass_obj
def enable(invocation: Invocation, email: str) -> None:
    """Switch a user on again."""
    directory(invocation.settings()).set_enabled(email, enabled=True)
    invocation.say(f"{email} is enabled.", email=email, enabled=True)


def _password_from_prompt() -> str:
    return str(
        click.prompt("Password", hide_input=True, confirmation_prompt="The same again", err=True)
    )


def _password_from_stdin() -> str:
    """Return the first line of standard input; blanks in it belong to the password."""
    line = sys.stdin.buffer.readline().removesuffix(b"\n").removesuffix(b"\r")
    if not line:
        raise CommandFailed("There is no password on standard input.")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise CommandFailed("The password on standard input is not UTF-8.") from error
