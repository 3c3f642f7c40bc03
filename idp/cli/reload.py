"""`idp reload`: the server takes the changed files without losing a login."""

import click

from idp.admin.generations import Reload, reload
from idp.cli.command import Invocation, shared_options
from idp.stores.ports import ServingProcess

_FAILED = 1


@click.command("reload")
@shared_options
@click.pass_context
def reload_command(context: click.Context) -> None:
    """Have the processes that serve read their files again, without losing a login.

    The files are judged first: when something is wrong with them, nothing changes. Exit code 0:
    every process took it; 1: one kept what it had, or a key needs a restart; 2: the files are not
    valid.

    Example: idp reload --config /etc/probesh/idp.toml
    """
    invocation: Invocation = context.obj
    told = reload(invocation.config)
    tell(invocation, told)
    context.exit(0 if told.is_done else _FAILED)


def tell(invocation: Invocation, told: Reload) -> None:
    """Say what became of a reload."""
    invocation.say(
        "\n".join(_sentences(told)),
        **{} if told.is_done else {"ok": False},
        generation=told.number,
        processes=[
            *(_facts(process, "took") for process in told.took),
            *(_facts(process, "kept") for process in told.kept),
            *(_facts(process, "silent") for process in told.silent),
        ],
        differing_nodes=list(told.differing),
    )


def _sentences(told: Reload) -> list[str]:
    lines = [_first(told)]
    lines += [f"Process {p.pid} kept what it had:\n{p.fault}" for p in told.kept]
    lines += [f"Process {p.pid} has not answered yet." for p in told.silent]
    if told.differing:
        lines.append(f"Nodes that serve another configuration: {', '.join(told.differing)}.")
    return lines


def _first(told: Reload) -> str:
    if not (told.took or told.kept or told.silent):
        return f"No process serves this file now; generation {told.number} is what they start with."
    took = len(told.took)
    counted = "1 process" if took == 1 else f"{took or 'no'} processes"
    return f"Generation {told.number} was taken by {counted}."


def _facts(process: ServingProcess, outcome: str) -> dict[str, object]:
    return {"pid": process.pid, "outcome": outcome, "fault": process.fault}
