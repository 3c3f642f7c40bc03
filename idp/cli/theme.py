"""`idp theme`: the look of pages and letters."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from idp.admin.gallery import Gallery, Listener, write_gallery
from idp.admin.theme_check import Report, report_on
from idp.admin.theme_new import new_theme
from idp.admin.theme_shelf import Pair, Shelf
from idp.cli.command import CommandFailed, Invocation, shared_options
from idp.settings import Mistake, MistakesFound
from idp.settings.diagnostics import did_you_mean
from idp.theming import ThemeRefused
from idp.verdict import mistakes_of

_ONE_PIECE = 4096  # bytes of a login page that a slow line brings at once


@click.group("theme")
def theme_group() -> None:
    """Make the look of pages and letters."""


@theme_group.command("new")
@click.argument("name")
@click.option(
    "--parent", default="portal", show_default=True, help="The theme that it begins with."
)
@shared_options
@click.pass_obj
def new(invocation: Invocation, name: str, parent: str) -> None:
    """Make the theme NAME, to be changed, in the folder theme.folder.

    Example: idp theme new health
    """
    shelf = Shelf(invocation.settings())
    try:
        folder = new_theme(shelf, name, parent)
    except ThemeRefused as refused:
        raise MistakesFound(mistakes_of(refused)) from refused
    steps = [f"idp theme preview {name}", f"idp theme check {name}"]
    told = [f"{folder / 'theme.toml'} is made: change it, and look at it.", "Next:"]
    invocation.say(
        "\n".join([*told, *(f"  {step}" for step in steps)]), folder=str(folder), next=steps
    )


@theme_group.command("check")
@click.argument("name", required=False)
@click.option("--all", "is_all", is_flag=True, help="All themes, used or not.")
@shared_options
@click.pass_obj
def check(invocation: Invocation, name: str | None, is_all: bool) -> None:
    """Judge the theme NAME as a reload does, and tell its figures; without NAME: those in use.

    Exit code 2: a theme is refused; every mistake is told with its place.

    Example: idp theme check ministry
    """
    shelf = Shelf(invocation.settings())
    if name and is_all:
        raise click.UsageError("Either a theme or --all.")
    reports, mistakes = _judge(shelf, [_known(shelf, name)] if name else _wanted(shelf, is_all))
    if not invocation.is_json or not mistakes:
        told = [line for report in reports for line in _told(report)]
        if told:
            invocation.say("\n".join(told), themes=[report.facts() for report in reports])
    if mistakes:
        raise MistakesFound(dict.fromkeys(mistakes))


@theme_group.command("preview")
@click.argument("name", required=False)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    help="Listen on this port of 127.0.0.1 instead of any that is free.",
)
@click.option(
    "--export",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, readable=False, path_type=Path),
    help="Write a folder of HTML files with a list.json instead: a new or empty one, or one that"
    " an earlier export made.",
)
@shared_options
@click.pass_obj
def preview(invocation: Invocation, name: str | None, port: int, folder: Path | None) -> None:
    """Show every page and letter in every state in the browser, until Ctrl-C.

    A theme's files are read again when they change: save, and load the page again.

    Example: idp theme preview ministry --export gallery
    """
    shelf = Shelf(invocation.settings())
    first = _known(shelf, name) if name else shelf.settings.theme.name
    if folder is not None:
        _export(invocation, shelf, [first] if name else shelf.names, folder)
        return
    try:
        listener = Listener(Gallery(shelf, first), port)
    except OSError as error:
        message = f"Cannot listen on 127.0.0.1:{port}: {os.strerror(error.errno or 0)}."
        raise CommandFailed(message) from error
    invocation.say(f"The gallery is at {listener.url} (Ctrl-C ends it).", url=listener.url)
    listener.serve()


def _export(invocation: Invocation, shelf: Shelf, names: Sequence[str], folder: Path) -> None:
    try:
        rows = write_gallery(shelf, names, folder)
    except ThemeRefused as refused:
        raise MistakesFound(_judge(shelf, names)[1]) from refused
    count = len(rows)
    invocation.say(
        f"{count} pages and letters are in {folder}: open {folder / 'index.html'}.",
        folder=str(folder),
        files=count,
        themes=list(names),
    )


def _known(shelf: Shelf, name: str) -> str:
    if name not in shelf.names:
        hint = did_you_mean(name, shelf.names) or f"There are {', '.join(shelf.names)}."
        raise CommandFailed(f'There is no theme "{name}". {hint}')
    return name


def _wanted(shelf: Shelf, is_all: bool) -> Sequence[str]:
    if is_all:
        return shelf.names
    settings = shelf.settings
    themes = (client.theme for client in settings.clients if client.theme)
    return tuple(dict.fromkeys((settings.theme.name, *themes)))


def _judge(shelf: Shelf, names: Sequence[str]) -> tuple[list[Report], list[Mistake]]:
    reports: list[Report] = []
    mistakes: list[Mistake] = []
    for name in names:
        try:
            reports.append(report_on(shelf, name))
        except ThemeRefused as refused:
            mistakes += mistakes_of(refused)
    return reports, mistakes


def _told(report: Report) -> list[str]:
    sizes = ", ".join(
        f"{one.gzip:,} ({language}, {one.state})" for language, one in report.login.items()
    )
    lines = [
        f"{report.name} is good ({report.folder}).",
        f"  Lowest contrast: {_contrast(report.lowest)}.",
        f"  Login page at its heaviest, bytes after gzip -6: {sizes}.",
    ]
    if max(one.gzip for one in report.login.values()) > _ONE_PIECE:
        lines.append(f"  It is too heavy: up to {_ONE_PIECE:,} bytes it comes in one piece.")
    for language, keys in report.changed.items():
        if keys:
            lines.append(f"  Sentences of its own in {language}: {', '.join(keys)}.")
    for language, keys in report.untranslated.items():
        if keys:
            lines.append(
                f"  Changed in another language, but not in {language}: {', '.join(keys)}."
            )
    return [*lines, *(f"  Warning: {warning}" for warning in report.warnings)]


def _contrast(pair: Pair) -> str:
    return f"{pair.ratio:.2f} ({pair.ink} on {pair.ground}, {pair.scheme}; needs {pair.least})"
