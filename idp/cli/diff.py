"""`idp config diff`: what a reload would change in the running system."""

import click

from idp.admin.generations import Comparison, compare
from idp.cli.command import Invocation, shared_options

_DIFFERS = 1


@click.command("diff")
@shared_options
@click.pass_context
def diff_command(context: click.Context) -> None:
    """Tell what a reload would change, with its effect. Nothing is changed.

    Exit code 0: nothing would change; 1: something would; 2: the files are not valid.

    Example: idp config diff
    """
    invocation: Invocation = context.obj
    found = compare(invocation.config)
    differs = bool(found.differences) or not found.number
    invocation.say(
        "\n".join(_sentences(found)),
        equal=not differs,
        generation=found.number or None,
        differences=[
            {"key": d.key, "sentence": d.sentence, "needs_restart": d.needs_restart}
            for d in found.differences
        ],
        kept_because=list(found.faults),
    )
    context.exit(_DIFFERS if differs else 0)


def _sentences(found: Comparison) -> list[str]:
    if not found.number:
        return ["Nothing has been served from this file yet: there is nothing to compare with."]
    lines = [f"Processes kept an older configuration: {fault}" for fault in found.faults]
    if not found.differences:
        return [*lines, f"Nothing would change: generation {found.number} says the same."]
    return [*lines, *(difference.sentence for difference in found.differences)]
