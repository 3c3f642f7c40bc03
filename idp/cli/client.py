"""`idp client`: the applications that log people in here."""

import datetime as dt
import io
import os
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table

from idp.admin.client_files import toml_value
from idp.admin.clients import KEEP_DAYS, Clients, Made, SecretState
from idp.cli.command import Invocation, shared_options
from idp.cli.new_client import prepare
from idp.settings import Client, Settings
from idp.verdict import DEFAULT_CONFIG

_WIDE = 500  # columns; a table that nobody looks at is never wrapped


@click.group("client")
def client_group() -> None:
    """Connect applications and look after their secrets."""


@client_group.command("new")
@click.argument("client_id", metavar="ID")
@click.option("--name-bn", help="The name in Bengali, as people read it.")
@click.option("--name-en", help="The name in English.")
@click.option("--owner", help="A mail address: whom to write to about it.")
@click.option("--home-url", help="The application's own first page.")
@click.option(
    "--redirect-uri", multiple=True, help="Where people come back to; may be given again."
)
@click.option(
    "--post-logout-redirect-uri", multiple=True, help="The same after a logout; may be given again."
)
@click.option("--backchannel-logout-uri", help="Where it is told that a login has ended.")
@click.option("--scope", multiple=True, help="What it may learn; may be given again.")
@click.option("--public", is_flag=True, help="It runs in a browser or phone and keeps no secret.")
@click.option("--test", is_flag=True, help="Developers may have its requests checked.")
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    help="Write it here, as include writes names, instead of a file of its own.",
)
@shared_options
@click.pass_obj
def new(invocation: Invocation, /, client_id: str, file: Path | None, **flags: Any) -> None:
    """Declare the application ID in a file of its own and print its secret once.

    What is not given by options is asked for at a terminal.

    Example: idp client new backoffice --name-bn "ব্যাকঅফিস" --name-en "Back office"
    --owner ops@example.gov.bd --home-url https://backoffice.example.gov.bd/
    --redirect-uri https://backoffice.example.gov.bd/callback
    """
    clients = _clients(invocation)
    made = prepare(clients, client_id, file, flags).declare(clients)
    show_new(invocation, clients.settings().issuer, made)


@client_group.command("list")
@shared_options
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List the applications and where they are declared.

    Example: idp client list
    """
    clients = _clients(invocation)
    settings = clients.settings()
    places, now = clients.places(settings), clients.clock()
    facts = [
        {
            "client_id": client.client_id,
            "name": client.name.model_dump(),
            "auth": client.auth,
            "enabled": client.enabled,
            "live_secrets": sum(secret.is_live(now) for secret in client.secrets),
            "place": str(places.get(client.client_id, "")),
        }
        for client in settings.clients
    ]
    rows = [
        (f["client_id"], c.name.en, f["auth"], _yes(c.enabled), f["live_secrets"], f["place"])
        for f, c in zip(facts, settings.clients, strict=True)
    ]
    heads = ("ID", "NAME", "AUTH", "ENABLED", "LIVE SECRETS", "FILE")
    told = _table(heads, rows) if rows else f"No client yet: idp{_config(invocation)} client new ID"
    invocation.say(told, clients=facts)


@client_group.command("show")
@click.argument("client_id", metavar="ID")
@shared_options
@click.pass_obj
def show(invocation: Invocation, client_id: str) -> None:
    """Show what counts for the application ID, defaults included; never a secret.

    Example: idp client show backoffice
    """
    clients = _clients(invocation)
    settings, client, place = clients.require(client_id)
    states = clients.secret_states(settings, client)
    values = _values(client)
    lines = [f"{client_id} is declared at {place}.", ""]
    lines += [
        f"{key} = {toml_value(value)}{'' if key in client.model_fields_set else '  # default'}"
        for key, value in values.items()
    ]
    lines += ["", *(f"secret {_told(state, settings)}" for state in states)]
    invocation.say(
        "\n".join(lines).rstrip(),
        client=values,
        secrets=[_as_facts(state) for state in states],
        place=str(place),
    )


@client_group.command("rotate")
@click.argument("client_id", metavar="ID")
@click.option(
    "--expires",
    metavar="DAYS",
    type=click.IntRange(0, 365),
    help=f"How long the old secret goes on; 0 ends it at once.  [default: {KEEP_DAYS}]",
)
@click.option("--end-old", is_flag=True, help="Make none: end now all but the newest secret.")
@shared_options
@click.pass_obj
def rotate(invocation: Invocation, client_id: str, expires: int | None, end_old: bool) -> None:
    """Give the application ID a new secret, printed once; the old one ends later.

    Example: idp client rotate backoffice --expires 7
    """
    if end_old:
        if expires is not None:
            raise click.UsageError("--end-old makes no secret: leave --expires out.")
        _end_old(invocation, client_id)
        return
    clients = _clients(invocation)
    rotated = clients.rotate(client_id, KEEP_DAYS if expires is None else expires)
    settings = clients.settings()
    lines = [f"A new secret is in {rotated.made.place}."]
    lines += [f"The old secret {_told(state, settings)}." for state in rotated.old]
    lines += ["", *snippet(settings.issuer, rotated.made), "", *_once(rotated.made)]
    invocation.say(
        "\n".join([*lines, _reload(invocation)]),
        **made_facts(settings.issuer, rotated.made),
        old=[_as_facts(state) for state in rotated.old],
    )


def _end_old(invocation: Invocation, client_id: str) -> None:
    clients = _clients(invocation)
    end = clients.end_old(client_id)
    kept = f"{end.kept.short} goes on ({end.place})."
    told = f"{client_id} has one live secret, there is no older one to end: {kept}"
    if end.ended:
        names = " and ".join(state.short for state in end.ended)
        told = f"{names} ended; {kept}\n{_reload(invocation)}"
    invocation.say(
        told,
        client_id=client_id,
        place=str(end.place),
        kept=_as_facts(end.kept),
        ended=[state.short for state in end.ended],
    )


@client_group.command("disable")
@click.argument("client_id", metavar="ID")
@shared_options
@click.pass_obj
def disable(invocation: Invocation, client_id: str) -> None:
    """Switch the application ID off: nobody can log in there.

    Example: idp client disable backoffice
    """
    _switch(invocation, client_id, enabled=False)


@client_group.command("enable")
@click.argument("client_id", metavar="ID")
@shared_options
@click.pass_obj
def enable(invocation: Invocation, client_id: str) -> None:
    """Switch the application ID on again.

    Example: idp client enable backoffice
    """
    _switch(invocation, client_id, enabled=True)


def _switch(invocation: Invocation, client_id: str, *, enabled: bool) -> None:
    place, is_change = _clients(invocation).set_enabled(client_id, enabled=enabled)
    state = "enabled" if enabled else "disabled"
    told = f"{client_id} is {state} in {place}.\n{_reload(invocation)}"
    if not is_change:
        told = f"{client_id} is {state} already ({place})."
    invocation.say(told, client_id=client_id, enabled=enabled, place=str(place), changed=is_change)


def show_new(invocation: Invocation, issuer: str, made: Made) -> None:
    """Print a new client, its secret and what an application must be told."""
    lines = [f"Declared {made.client_id} at {made.place}.", ""]
    lines += [*snippet(issuer, made), "", *_once(made), _reload(invocation)]
    lines += [f"Then: idp{_config(invocation)} client examples {made.client_id}"]
    invocation.say("\n".join(lines), **made_facts(issuer, made))


def _clients(invocation: Invocation) -> Clients:
    return Clients(invocation.config, os.environ)


def snippet(issuer: str, made: Made) -> list[str]:
    """Return what to copy into the application's environment."""
    return [
        f"OIDC_ISSUER={issuer}",
        f"OIDC_DISCOVERY={_discovery(issuer)}",
        f"OIDC_CLIENT_ID={made.client_id}",
        *([f"OIDC_CLIENT_SECRET={made.secret}"] if made.secret else []),
    ]


def _once(made: Made) -> list[str]:
    told = "The secret is shown this once: only its hash is kept."
    return [told] if made.secret else ["It keeps no secret and must use PKCE (S256)."]


def _discovery(issuer: str) -> str:
    return f"{issuer}/.well-known/openid-configuration"


def made_facts(issuer: str, made: Made) -> dict[str, Any]:
    facts = {
        "client_id": made.client_id,
        "place": str(made.place),
        "issuer": issuer,
        "discovery": _discovery(issuer),
        "next": "idp reload",
    }
    return {**facts, "client_secret": made.secret} if made.secret else facts


def _reload(invocation: Invocation) -> str:
    return f"Next: idp{_config(invocation)} reload"


def _config(invocation: Invocation) -> str:
    usual = Path(os.environ.get("IDP_CONFIG", DEFAULT_CONFIG))
    return "" if invocation.config == usual else f" --config {shlex.quote(str(invocation.config))}"


def _values(client: Client) -> dict[str, Any]:
    values = client.model_dump(mode="json", exclude={"secrets"})
    return {key: value for key, value in values.items() if value not in (None, [])}


def _as_facts(state: SecretState) -> dict[str, Any]:
    return {**asdict(state), "expires": state.expires and state.expires.isoformat()}


def _told(state: SecretState, settings: Settings) -> str:
    end = f"until {state.expires}" if state.expires else "without an end"
    life = f"is good {end}" if state.is_live else f"was good {end}"
    used = "no use is known"
    if state.last_used is not None:
        zone = ZoneInfo(settings.theme.timezone)
        used = f"last used {dt.datetime.fromtimestamp(state.last_used, zone):%Y-%m-%d %H:%M %Z}"
    return f"{state.short} {life}, {used}"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    table = Table(*heads, box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    for row in rows:
        table.add_row(*map(str, row))
    page = io.StringIO()
    Console(file=page, width=_WIDE, markup=False, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines())
