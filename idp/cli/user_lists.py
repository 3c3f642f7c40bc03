"""`idp user list` and `idp user show`: who is there, and everything of one but the password."""

import datetime as dt
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from idp.admin.database import opened_stores
from idp.admin.user_json import user_facts
from idp.admin.users import pages, require_user
from idp.cli.command import Invocation, shared_options
from idp.model.clock import system_clock
from idp.settings import Settings
from idp.stores.ports import StoredUser, Stores, UserFilter

_COLUMNS = ("E-mail", "Name", "Office", "State")
_LISTED = ("email", "id", "name_bn", "name_en", "office", "enabled", "email_verified")


@click.command("list")
@click.option("--search", metavar="TEXT", default="", help="Only with TEXT in address or names.")
@click.option("--disabled", is_flag=True, help="Only users who are switched off.")
@click.option("--enabled", is_flag=True, help="Only users who are not.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most.")
@click.option("--after", metavar="EMAIL", default="", help="Go on behind this address.")
@shared_options
@click.pass_obj
def list_command(
    invocation: Invocation,
    /,
    search: str,
    disabled: bool,
    enabled: bool,
    **page: Any,
) -> None:
    """List users by their e-mail addresses; with --json, one object a line.

    Example: idp user list --search example.gov.bd --disabled
    """
    if disabled and enabled:
        raise click.UsageError("--disabled and --enabled leave nobody: give one of them.")
    wanted = UserFilter(search=search, enabled=enabled if disabled or enabled else None)
    with opened_stores(invocation.settings()) as stores:
        _list(invocation, stores, wanted, **page)


def _list(
    invocation: Invocation, stores: Stores, wanted: UserFilter, *, limit: int, after: str
) -> None:
    shown = 0
    last = after
    for page in pages(stores, wanted, after=after.lower(), limit=limit):
        _print_page(invocation, page)
        shown, last = shown + len(page), page[-1].user.email_canonical
    if shown == limit and any(pages(stores, wanted, after=last, limit=1)):
        click.echo(f"There are more: --after {last}", err=True)
    elif not shown and not invocation.is_json:
        click.echo("There is nobody.", err=True)


def _print_page(invocation: Invocation, page: Sequence[StoredUser]) -> None:
    if invocation.is_json:
        for one in page:
            facts = user_facts(one)
            listed = {name: facts[name] for name in _LISTED}
            click.echo(json.dumps(listed, ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_table(page)
    else:
        for one in page:
            click.echo("\t".join(_cells(one)))


def _print_table(page: Iterable[StoredUser]) -> None:
    table = Table(*_COLUMNS)
    for one in page:
        table.add_row(*map(Text, _cells(one)))  # nothing that a name holds is read as markup
    Console().print(table)


def _cells(one: StoredUser) -> tuple[str, ...]:
    user = one.user
    state = "enabled" if user.enabled else "disabled"
    return (user.email, user.name_en or user.name_bn, user.office, state)


@click.command("show")
@click.argument("email")
@shared_options
@click.pass_obj
def show_command(invocation: Invocation, email: str) -> None:
    """Show everything of a user but the password.

    Example: idp user show office@example.gov.bd
    """
    settings = invocation.settings()
    with opened_stores(settings) as stores, stores.read() as work:
        stored = require_user(work, email)
        sessions = work.user_sessions.count_of_user(stored.user.id, now=system_clock())
    facts = _facts(stored, sessions)
    if invocation.is_json:
        click.echo(json.dumps({"ok": True, **facts}, ensure_ascii=False))
    else:
        _print_facts(facts, settings)


def _facts(stored: StoredUser, sessions: int) -> dict[str, Any]:
    facts = user_facts(stored)
    has_password = facts.pop("hash") is not None
    updated_at = stored.user.updated_at
    return {**facts, "has_password": has_password, "sessions": sessions, "updated_at": updated_at}


def _print_facts(facts: dict[str, Any], settings: Settings) -> None:
    zone = ZoneInfo(settings.theme.timezone)
    for name, value in facts.items():
        if name.endswith("_at"):
            shown = dt.datetime.fromtimestamp(value, zone).isoformat(" ")
        elif isinstance(value, str):
            shown = value or "-"
        else:
            shown = json.dumps(value, ensure_ascii=False)
        click.echo(f"{name.replace('_', ' ')}: {shown}")
