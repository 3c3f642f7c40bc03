"""What every command shares: the configuration it works on, its voice, its way to fail."""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from typing_extensions import override

from idp.model.errors import Busy, ProbeshError, SettingsRefused, StoreUnavailable
from idp.settings import MistakesFound, Settings
from idp.verdict import DEFAULT_CONFIG, load_settings

_FAILED = 1  # a check failed, or a command could not do what it was asked
_INVALID = 2  # the configuration or the command line is not valid (click's own code, too)

# What to do about a database, by the reason that the stores give.
_REMEDY: Final = "check database.url, then run idp init"
_REMEDIES: Final = {
    "its disk is full": "make room on it, then try again",
    "its disk is full or fails": "look at its room and its health, then try again",
    "the file is no SQLite database": "restore it from the backup",
    "the file is damaged": "restore it from the backup",
}

F = TypeVar("F", bound=Callable[..., Any])


class CommandFailed(ProbeshError):
    """A command cannot do what it was asked; the message is one sentence."""


@dataclass
class Invocation:
    """One call of `idp`: which configuration, and whether a person or a program listens."""

    config: Path = DEFAULT_CONFIG
    is_json: bool = False

    def settings(self) -> Settings:
        """Return the settings. Raises SettingsRefused with every mistake."""
        return load_settings(self.config)

    def say(self, sentence: str, **facts: Any) -> None:
        """Tell that it is done: the sentence to a person, the facts to a program."""
        if self.is_json:
            click.echo(json.dumps({"ok": True} | facts, ensure_ascii=False))
        else:
            # Addresses and paths may hold square brackets, so nothing is read as markup.
            Console().print(sentence, markup=False, highlight=False, soft_wrap=True)

    def complain(self, error: ProbeshError) -> int:
        """Tell what went wrong and return the exit code."""
        if self.is_json:
            click.echo(json.dumps(_as_facts(error), ensure_ascii=False))
        else:
            console = Console(stderr=True)
            console.print(sentence(error), markup=False, highlight=False, soft_wrap=True)
        return _INVALID if isinstance(error, SettingsRefused) else _FAILED


class Commands(click.Group):
    """The root of all commands: an error becomes a sentence, never a traceback or a page."""

    @override
    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a call; one that is wrong is told in one sentence instead of click's three lines."""
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
            sys.stdout.flush()  # or a full disk would be met when it is too late to tell
        except (click.Abort, KeyboardInterrupt):
            click.echo("Stopped.", err=True)
            sys.exit(_FAILED)
        except click.ClickException as error:
            click.echo(error.format_message(), err=True)
            sys.exit(error.exit_code)
        except OSError as error:
            if not isinstance(error, BrokenPipeError):  # nobody listens any more: `… | head`
                click.echo(_of_system(error), err=True)
            _let_go_of_output()
            sys.exit(_FAILED)
        sys.exit(code if isinstance(code, int) else 0)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ProbeshError as error:
            ctx.exit(ctx.ensure_object(Invocation).complain(error))


def _of_system(error: OSError) -> str:
    what = error.filename or "The command failed"
    return f"{what}: {error.strerror or type(error).__name__}."


def _let_go_of_output() -> None:
    """Send what is still to be written nowhere: Python would fail on it again while it ends."""
    with suppress(OSError, ValueError):  # a test's output has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def confirm(question: str, option: str) -> None:
    """Ask a person whether it is meant; who is not at a terminal must say so by `option`.

    Raises CommandFailed.
    """
    if not _is_terminal():
        raise CommandFailed(f"Nobody can be asked here; add {option} if it is meant.")
    if not click.confirm(question, err=True):
        raise CommandFailed("Nothing was changed.")


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def sentence(error: ProbeshError) -> str:
    """Return what a person is told about an error."""
    if isinstance(error, Busy):
        return f"Too many passwords are being hashed; try again in {error.retry_after} seconds."
    if isinstance(error, StoreUnavailable):
        return f"The database cannot be used ({error}): {_REMEDIES.get(str(error), _REMEDY)}."
    return str(error) or f"The command failed: {type(error).__name__}."


def shared_options(function: F) -> F:
    """Give a command the options that all commands have: `--config` and `--json`."""
    config = click.option(
        "--config",
        metavar="FILE",
        type=click.Path(readable=False, path_type=Path),  # its reader tells why not
        expose_value=False,
        callback=_take_config,
        help="The configuration file (also IDP_CONFIG).",
    )
    as_json = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=_take_json,
        is_eager=True,
        help="Answer in JSON.",
    )
    return config(as_json(function))


def _take_config(context: click.Context, _option: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.ensure_object(Invocation).config = value


def _take_json(context: click.Context, _option: click.Parameter, value: bool) -> None:
    context.ensure_object(Invocation).is_json = value


def _as_facts(error: ProbeshError) -> dict[str, Any]:
    facts: dict[str, Any] = {"ok": False, "error": sentence(error)}
    if isinstance(error, MistakesFound):
        names = ("file", "line", "column", "code", "path", "message", "hint")
        facts["mistakes"] = [
            {name: getattr(mistake, name) for name in names} for mistake in error.mistakes
        ]
    return facts
