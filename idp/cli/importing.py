"""`idp import`: moving here from another provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from idp.accounts.user_import import ImportReport, Phase
from idp.accounts.user_import import Progress as Tell
from idp.admin.database import opened_stores
from idp.admin.keycloak.export import Export
from idp.admin.keycloak.moving import Move
from idp.admin.keycloak.proposal import one_line
from idp.admin.users import user_import
from idp.cli.command import Invocation, shared_options
from idp.model.errors import StoreUnavailable

_INVALID = 2  # the exit code of a file with faults
_SHOWN = 20  # users of each kind, to a person
_DOING = {"check": "Checking users", "apply": "Storing users"}


@click.group("import")
def import_group() -> None:
    """Move here from another provider."""


@import_group.command("keycloak")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--apply", is_flag=True, help="Store the users; without it, only tell.")
@click.option("--skip-faulty", is_flag=True, help="With --apply: leave out users with a fault.")
@click.option(
    "--update",
    is_flag=True,
    help="Change names, attributes, roles and e-mail addresses of users who are here already.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the proposed configuration there; nothing is ever overwritten.",
)
@click.option("--issuer", default="", help="The address that applications use today.")
@shared_options
@click.pass_context
def keycloak(
    context: click.Context,
    /,
    files: tuple[Path, ...],
    *,
    out: Path | None,
    issuer: str,
    **wishes: bool,
) -> None:
    """Read a realm that Keycloak exported: settings, clients, users; tell what becomes of them.

    FILE is what kc.sh export --users same_file wrote, or all files of a folder export.

    Example: idp import keycloak realm.json --out proposed
    """
    invocation: Invocation = context.obj
    move = Move(Export(files), issuer)
    _ = move.settings, move.clients  # what is no export is told before anything is done
    if out is not None:
        move.check_free(out)
    report, is_compared = _import_users(invocation, move, **wishes)
    written = move.write(out) if out is not None else []
    facts = _facts(move, report, is_compared=is_compared, written=written)
    if not invocation.is_json:
        _tell(move, report)
    invocation.say(
        _summary(report, asked_to_apply=wishes["apply"], is_compared=is_compared), **facts
    )
    if report.fault_count:
        context.exit(_INVALID)


def _import_users(
    invocation: Invocation, move: Move, *, apply: bool, skip_faulty: bool, update: bool
) -> tuple[ImportReport, bool]:
    """Import the users; a trial needs no database, but then it can compare with none."""
    if not apply and not invocation.config.exists():
        return move.judge_users(), False
    settings = invocation.settings()
    try:
        with opened_stores(settings) as stores, _progress(move.export) as tell:
            # What became of people here is newer than the export: no rerun may take it back.
            importing = user_import(settings, stores, keep_own=True, update=update)
            report = importing.run(move.users, apply=apply, skip_faulty=skip_faulty, progress=tell)
    except StoreUnavailable:
        if apply:
            raise
        return move.judge_users(), False
    return report, True


@contextmanager
def _progress(export: Export) -> Iterator[Tell]:
    """Give what shows how far an import is, to a person at a terminal only."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        tasks: dict[Phase, Any] = {}

        def tell(phase: Phase, _done: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(_DOING[phase], total=export.size)
            bar.update(tasks[phase], completed=export.position)

        yield tell


def _tell(move: Move, report: ImportReport) -> None:
    realm = move.realm
    version = realm.facts.get("keycloakVersion", "?")
    _say(f"Realm {realm.name} of Keycloak {version}, {realm.user_count} users.")
    _say(f"Settings: idp.toml, issuer {move.settings.issuer}.")
    for client in move.clients:
        state = "" if client.is_ready else " (commented out until that is done)"
        click.echo(f"Client {client.client_id}: clients.d/{client.file_name}{state}.")
        for one in client.to_do:
            _say(f"  to do: {one}")
    for finding in move.findings:
        _say(f"{finding.area}: {finding}")
    for place in report.kept_off[:_SHOWN]:
        _say(f"{place}: stays switched off here; idp user enable switches on.")
    for place in report.moved[:_SHOWN]:
        _say(f"{place}: the account's e-mail address becomes that of the export.")
    for fault in report.faults[:_SHOWN]:
        _say(f"{fault.place}: {fault.message}", err=True)
    more = report.fault_count - _SHOWN
    if more > 0:
        click.echo(f"{more} more users have a fault (--json tells up to 1000).", err=True)


def _say(line: str, *, err: bool = False) -> None:
    """Print a line; what an export holds does not steer the terminal."""
    click.echo(one_line(line), err=err)


def _summary(report: ImportReport, *, asked_to_apply: bool, is_compared: bool) -> str:
    counts = (
        f"added {report.added}, changed {report.changed} (of which switched off "
        f"{report.disabled}), unchanged {report.unchanged}, faulty {report.fault_count}, "
        f"kept switched off {report.kept_off_count}."
    )
    fields = ", ".join(f"{name} of {number}" for name, number in sorted(report.fields.items()))
    counts += f" Changes: {fields}." if fields else ""
    if report.applied:
        return f"Users: {counts}"
    if asked_to_apply:
        return f"No user was stored, as some have a fault; --skip-faulty leaves them out: {counts}"
    against = "" if is_compared else " (compared with no database)"
    return f"No user was stored; --apply would do it. Users{against}: {counts}"


def _facts(
    move: Move, report: ImportReport, *, is_compared: bool, written: list[Path]
) -> dict[str, Any]:
    return {
        "ok": not report.fault_count,
        "realm": move.realm.name,
        "keycloak": move.realm.facts.get("keycloakVersion"),
        "issuer": move.settings.issuer,
        "written": [str(place) for place in written],
        "clients": [
            {
                "client_id": one.client_id,
                "file": f"clients.d/{one.file_name}",
                "ready": one.is_ready,
                "to_do": list(one.to_do),
            }
            for one in move.clients
        ],
        "findings": [finding.facts() for finding in move.findings],
        "users": {
            "in_export": move.realm.user_count,
            "applied": report.applied,
            "compared": is_compared,
            "added": report.added,
            "changed": report.changed,
            "disabled": report.disabled,
            "unchanged": report.unchanged,
            "fields": dict(report.fields),
            "kept_off_count": report.kept_off_count,
            "kept_off": list(report.kept_off),
            "moved": list(report.moved),
            "fault_count": report.fault_count,
            "faults": [{"place": one.place, "message": one.message} for one in report.faults],
        },
    }
