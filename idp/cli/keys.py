"""`idp keys`: the keys that sign tokens."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import click

from idp.admin.keys import signing_keyring
from idp.cli.command import CommandFailed, Invocation, confirm, shared_options
from idp.oidc.key_schedule import KeyLife
from idp.oidc.protocol import SIGNING_ALGS


@click.group("keys")
def keys_group() -> None:
    """Look after the keys that sign tokens."""


@keys_group.command("list")
@shared_options
@click.pass_obj
def list_keys(invocation: Invocation) -> None:
    """Show every published key: announced, signing, or only published until its tokens are dead.

    Example: idp keys list
    """
    with signing_keyring(invocation.settings()) as keyring:
        lives = keyring.lives()
    if not lives:
        raise CommandFailed("There are no signing keys: run idp init.")
    invocation.say("\n".join(map(_line, lives)), keys=_as_facts(lives))


@keys_group.command("rotate")
@click.option(
    "--alg", type=click.Choice(SIGNING_ALGS), help="Only this algorithm, instead of all in use."
)
@click.option(
    "--now", "is_leaked", is_flag=True, help="A key has leaked: withdraw it and its tokens at once."
)
@click.option("--yes", is_flag=True, help="Do not ask whether --now is meant.")
@shared_options
@click.pass_obj
def rotate(invocation: Invocation, alg: str | None, is_leaked: bool, yes: bool) -> None:
    """Announce the next keys before their time; the server does it by itself when they are due.

    A new key is published at once and signs after keys.announce. With --now it signs at once, and
    everybody whose tokens the old keys signed must fetch new ones.

    Example: idp keys rotate --alg ES256 --now
    """
    with signing_keyring(invocation.settings()) as keyring:
        algs = [alg] if alg else list(keyring.schedule.algs)
        if not is_leaked:
            _announced(invocation, keyring.announce(algs), algs)
            return
        if not yes:
            confirm(f"Withdraw all {' and '.join(algs)} keys and every token they signed?", "--yes")
        made = keyring.replace(algs)
    told = [
        f"{life.key.alg} {life.key.kid} signs now; the keys before it are gone." for life in made
    ]
    invocation.say("\n".join(told), keys=_as_facts(made))


def _announced(invocation: Invocation, made: Sequence[KeyLife], algs: Sequence[str]) -> None:
    if not made:
        names = " and ".join(algs)
        raise CommandFailed(f"The next key for {names} is announced already: see idp keys list.")
    told = [f"{life.key.alg} {life.key.kid} signs from {_date(life.until)}." for life in made]
    invocation.say("\n".join(told), keys=_as_facts(made))


def _line(life: KeyLife) -> str:
    times = f"since {_date(life.since)}, until {_date(life.until)}"
    return f"{life.key.kid}  {life.key.alg}  {life.state:<9}  {times}"


def _as_facts(lives: Sequence[KeyLife]) -> list[dict[str, Any]]:
    return [
        {
            "kid": life.key.kid,
            "alg": life.key.alg,
            "state": life.state,
            "since": life.since,
            "until": life.until,
        }
        for life in lives
    ]


def _date(moment: int) -> str:
    return dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
