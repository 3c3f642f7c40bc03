"""`idp config`: the configuration itself."""

import json
from collections.abc import Iterator
from typing import Any

import click

from idp.cli.command import Invocation, shared_options
from idp.cli.diff import diff_command
from idp.model.errors import SettingsRefused
from idp.settings import Mistake
from idp.settings.commented import commented_file
from idp.settings.effective import Effective, effective_values
from idp.settings.reference import Key, all_keys, find_key, nearest_keys
from idp.settings.schema import json_schema
from idp.verdict import read, read_and_judge


@click.group("config")
def config_group() -> None:
    """Look at the configuration."""


config_group.add_command(diff_command)


@config_group.command("check")
@shared_options
@click.pass_obj
def check(invocation: Invocation) -> None:
    """Tell every mistake of every file with its place, or that there is none.

    Example: idp --config config/idp.toml config check
    """
    loaded = read_and_judge(invocation.config)
    settings = loaded.settings
    if not invocation.is_json:
        _warn(loaded.warnings)
    names = [client.client_id for client in settings.clients]
    counted = f"{len(names)} client" if len(names) == 1 else f"{len(names)} clients"
    invocation.say(
        f"{invocation.config} is valid: {settings.issuer}, {counted}.",
        config=str(invocation.config),
        issuer=settings.issuer,
        mode=settings.mode,
        clients=names,
        warnings=[warning.facts() for warning in loaded.warnings],
    )


@config_group.command("show")
@click.option("--commented", is_flag=True, help="Print a complete file instead, to begin with.")
@shared_options
@click.pass_obj
def show(invocation: Invocation, commented: bool) -> None:
    """Print what is in force and where it comes from; secrets are masked.

    With --commented: a complete file with every key, its default and what it does.

    Example: idp config show --commented > idp.toml
    """
    if commented:
        text = commented_file()
        if invocation.is_json:
            invocation.say("", file=text)
        else:
            click.echo(text, nl=False)
        return
    loaded = read(invocation.config)
    values = effective_values(loaded)
    if invocation.is_json:
        invocation.say(
            "",
            config=str(invocation.config),
            digest=loaded.digest,
            values=[_value_facts(value) for value in values],
            warnings=[warning.facts() for warning in loaded.warnings],
        )
        return
    _warn(loaded.warnings)
    click.echo("\n".join(_lines(values)))


@config_group.command("explain")
@click.argument("key")
@shared_options
@click.pass_obj
def explain(invocation: Invocation, key: str) -> None:
    """Tell what a key means, what it may be and what it is when it is left out.

    Example: idp config explain session.idle
    """
    found = find_key(key)
    if found is None:
        near = nearest_keys(key)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise SettingsRefused(f'There is no key "{key}".{hint}')
    inner = [one for one in all_keys() if one.path[:-1] == found.path]
    if invocation.is_json:
        invocation.say("", **_key_facts(found), keys=[one.dotted for one in inner])
    else:
        click.echo("\n".join([*_told(found), *(f"  {k.dotted}: {k.sentence}" for k in inner)]))


@config_group.command("schema")
@shared_options
def schema() -> None:
    """Print the JSON Schema of the file, which tells editors every key.

    Put it beside the file; its first line then is: #:schema ./idp.schema.json

    Example: idp config schema > idp.schema.json
    """
    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


def _warn(warnings: tuple[Mistake, ...]) -> None:
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)


def _lines(values: list[Effective]) -> Iterator[str]:
    table = ""
    for value in values:
        if value.table != table:
            table = value.table
            yield f"\n[{table}]"
        written = f"{value.path[-1]} = {value.text}" if value.text else f"# {value.path[-1]}"
        yield f"{written}  # {value.source}"


def _value_facts(value: Effective) -> dict[str, Any]:
    source = value.source
    return {
        "path": list(value.path),
        "value": value.value,
        "source": source.origin,
        "place": source.place,
        "name": source.name,
    }


def _told(key: Key) -> Iterator[str]:
    yield f"{key.dotted}: {key.sentence}"
    yield f"It is {key.type}."
    if key.choices:
        yield f"Choices: {', '.join(key.choices)}."
    if key.constraints:
        yield f"Limits: {key.constraints}."
    if key.is_required:
        yield "It must be there."
    elif not key.is_table:
        yield f"Default: {key.default}." if key.default else "It has no default."
    if key.example:
        yield f"Example: {key.path[-1]} = {key.example}"
    yield "A change needs a restart." if key.is_static else "A change needs `idp reload` only."


def _key_facts(key: Key) -> dict[str, Any]:
    return {
        "key": key.dotted,
        "about": key.sentence,
        "type": key.type,
        "unit": key.unit or None,
        "default": key.default or None,
        "required": key.is_required,
        "constraints": key.constraints or None,
        "choices": list(key.choices),
        "example": key.example or None,
        "static": key.is_static,
    }
