"""All commands of the program, as the click tree has them, each with arguments that make a call."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from idp.cli.root import root

ADDRESS = "office@example.gov.bd"
CLIENT = "backoffice"
# What a parameter is called with where the kind of its value does not tell.
_VALUES = {
    "email": ADDRESS,
    "address": ADDRESS,
    "new": "other@example.gov.bd",
    "owner": ADDRESS,
    "client_id": CLIENT,
    "key": "listen.port",
    "platform": "flask",
    "url": "http://127.0.0.1:9000/authorize",
}
# Options without which a command asks a person, or waits for something.
_MORE = {
    "keys rotate": ["--now", "--yes"],
    "user add": ["--password-stdin"],
    "user import": ["--apply"],
    "user invite": [ADDRESS],
}
TYPED = "Nodi#Tir2026\n"


@dataclass(frozen=True)
class Command:
    """A command: its words, its click object, and where files stand among its arguments."""

    words: tuple[str, ...]
    body: click.Command

    @property
    def name(self) -> str:
        return " ".join(self.words)

    @property
    def files(self) -> list[click.Parameter]:
        """The parameters that name a file, the configuration apart, and no folder."""
        kinds = click.Path | click.File
        found = [p for p in self.body.params if isinstance(p.type, kinds)]
        return [p for p in found if p.name != "config" and getattr(p.type, "file_okay", True)]

    def call(self, file: Path | None = None, *, option: click.Parameter | None = None) -> list[str]:
        """Return the words of a call that is right; every file in it is `file`."""
        words = [*self.words, *_MORE.get(self.name, [])]
        for parameter in self.body.params:
            if parameter.required or parameter is option:
                value = str(file) if parameter in self.files and file else _value(parameter)
                is_argument = isinstance(parameter, click.Argument)
                words += [value] if is_argument else [parameter.opts[0], value]
        return words


def _value(parameter: click.Parameter) -> str:
    if isinstance(parameter.type, click.Choice):
        return str(parameter.type.choices[0])
    return _VALUES.get(parameter.name or "", "x")


def _walk(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[Command]:
    if isinstance(command, click.Group):
        for name, child in sorted(command.commands.items()):
            yield from _walk(child, (*words, name))
    else:
        yield Command(words, command)


COMMANDS = {command.name: command for command in _walk(root)}
