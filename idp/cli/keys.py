"""`idp keys`: the keys that sign tokens."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import click

from idp.admin.keys import SigningKeyring, has_no_keys, signing_keyring
from idp.cli.command import CommandFailed, Invocation, confirm, shared_options
from idp.oidc.key_schedule import KeyLife
from idp.oidc.protocol import SIGNING_ALGS
from idp.stores.ports import ServingProcess

_FAILED = 1


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
    "--alg",
    type=click.Choice(SIGNING_ALGS),
    help="Only the keys of this algorithm, instead of all.",
)
@click.option(
    "--now", "is_leaked", is_flag=True, help="A key has leaked: withdraw it and its tokens at once."
)
@click.option("--yes", is_flag=True, help="Do not ask whether --now is meant.")
@shared_options
@click.pass_context
def rotate(context: click.Context, alg: str | None, is_leaked: bool, yes: bool) -> None:
    """Announce the next keys before their time; the server does it by itself when they are due.

    A new key is published at once and signs after keys.announce. With --now it signs at once, and
    everybody whose tokens the old keys signed must fetch new ones. Exit code 1: a process that
    serves has not confirmed that it uses the old keys no more.

    Example: idp keys rotate --now
    """
    invocation: Invocation = context.obj
    with signing_keyring(invocation.settings()) as keyring:
        if not is_leaked:
            _announce(invocation, keyring, alg)
            return
        if not yes:
            confirm(
                f"Withdraw all{f' {alg}' if alg else ''} keys and every token of theirs?", "--yes"
            )
        made = keyring.replace(alg)
        late = keyring.unconfirmed()
    _tell_withdrawal(invocation, alg, made, late)
    context.exit(_FAILED if late else 0)


def _tell_withdrawal(
    invocation: Invocation, alg: str | None, made: Sequence[KeyLife], late: Sequence[ServingProcess]
) -> None:
    told = [f"All{f' {alg}' if alg else ''} keys before are gone."]
    told += [f"{life.key.alg} {life.key.kid} signs now." for life in made]
    told += [_about(process) for process in late]
    unconfirmed = [{"node": p.node, "pid": p.pid, "fault": p.fault} for p in late]
    outcome = {"ok": False} if late else {}
    invocation.say("\n".join(told), **outcome, keys=_as_facts(made), unconfirmed=unconfirmed)


def _about(process: ServingProcess) -> str:
    who = f"Process {process.pid} of {process.node}"
    if has_no_keys(process):
        return f"{who} uses the old keys no more. {process.fault}"
    return f"{who} has not confirmed: it may still use the old keys. Restart it."


def _announce(invocation: Invocation, keyring: SigningKeyring, alg: str | None) -> None:
    algs = [used for used in keyring.schedule.algs if alg in {None, used}]
    if not algs:
        raise CommandFailed(f"Nothing is signed with {alg}: it needs no key.")
    made = keyring.announce(algs)
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
