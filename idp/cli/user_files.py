"""`idp user import` and `idp user export`: users by the file, as many as there are."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from idp.accounts.user_import import ImportReport, Phase
from idp.admin.database import opened_stores
from idp.admin.user_files import UserFile
from idp.admin.users import export_users, user_import
from idp.cli.command import Invocation, shared_options

_INVALID = 2  # the exit code of a file with faults
_FAULTS_SHOWN = 20  # to a person
_DOING = {"check": "Checking", "apply": "Storing"}


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--apply", is_flag=True, help="Store what the file says; without it, only tell.")
@click.option("--skip-faulty", is_flag=True, help="With --apply: leave out users with a fault.")
@click.option("--keep-passwords", is_flag=True, help="Whoever has a password keeps it.")
@shared_options
@click.pass_context
def import_command(
    context: click.Context, file: Path, apply: bool, skip_faulty: bool, keep_passwords: bool
) -> None:
    """Add and change users by a CSV, JSON or JSON Lines file; says what it would do.

    With --apply it does it, unless a user of the file has a fault.

    Example: idp user import users.csv --apply
    """
    invocation: Invocation = context.obj
    gc.freeze()  # or each batch would have the collector look through the whole program again
    settings, users = invocation.settings(), UserFile(file)
    with opened_stores(settings) as stores, _import_progress(users) as tell:
        importing = user_import(settings, stores, keep_passwords=keep_passwords)
        report = importing.run(users, apply=apply, skip_faulty=skip_faulty, progress=tell)
    _tell_faults(invocation, file, report)
    invocation.say(_summary(report, asked_to_apply=apply), **_facts(report))
    if report.fault_count:
        context.exit(_INVALID)


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--hashes", is_flag=True, help="Export the hashes of the passwords, too.")
@shared_options
@click.pass_obj
def export_command(invocation: Invocation, file: Path, hashes: bool) -> None:
    """Write all users into a CSV, JSON or JSON Lines file that nobody else can read.

    Example: idp user export users.csv --hashes
    """
    with opened_stores(invocation.settings()) as stores, _export_progress() as tell:
        number = export_users(stores, file, hashes=hashes, progress=tell)
    invocation.say(f"{number} users are in {file}.", file=str(file), users=number, hashes=hashes)


@contextmanager
def _bar() -> Iterator[Progress]:
    """Give a progress bar that only a person at a terminal sees."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        yield bar


@contextmanager
def _import_progress(users: UserFile) -> Iterator[Callable[[Phase, int], None]]:
    with _bar() as bar:
        tasks: dict[Phase, TaskID] = {}

        def tell(phase: Phase, _done: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(_DOING[phase], total=users.size)
            bar.update(tasks[phase], completed=users.position)

        yield tell


@contextmanager
def _export_progress() -> Iterator[Callable[[int, int], None]]:
    with _bar() as bar:
        task = bar.add_task("Writing", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell_faults(invocation: Invocation, file: Path, report: ImportReport) -> None:
    if invocation.is_json:
        return
    for fault in report.faults[:_FAULTS_SHOWN]:
        click.echo(f"{file}, {fault.place}: {fault.message}", err=True)
    more = report.fault_count - _FAULTS_SHOWN
    if more > 0:
        click.echo(f"{file}: {more} more users have a fault (--json tells up to 1000).", err=True)


def _summary(report: ImportReport, *, asked_to_apply: bool) -> str:
    counts = (
        f"added {report.added}, changed {report.changed} (of which switched off "
        f"{report.disabled}), unchanged {report.unchanged}, faulty {report.fault_count}"
    )
    fields = ", ".join(f"{name} of {number}" for name, number in sorted(report.fields.items()))
    changes = f" Changes: {fields}." if fields else ""
    if report.applied:
        return f"Users: {counts}.{changes}"
    if asked_to_apply:
        return f"Nothing was stored, as users of the file have a fault. Without: {counts}.{changes}"
    return f"Nothing was stored; --apply would do it. Users: {counts}.{changes}"


def _facts(report: ImportReport) -> dict[str, Any]:
    return {
        "ok": not report.fault_count,
        "applied": report.applied,
        "added": report.added,
        "changed": report.changed,
        "disabled": report.disabled,
        "unchanged": report.unchanged,
        "fields": dict(report.fields),
        "fault_count": report.fault_count,
        "faults": [{"place": fault.place, "message": fault.message} for fault in report.faults],
    }
