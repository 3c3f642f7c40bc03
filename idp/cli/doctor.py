"""`idp doctor`: everything that an installation needs, looked at once."""

import click

from idp.admin.doctor import Finding, Patient, examine
from idp.cli.command import Invocation, shared_options

_FAILED = 1


@click.command("doctor")
@shared_options
@click.pass_context
def doctor_command(context: click.Context) -> None:
    """Look at all that the provider needs and say what to do about what is wrong.

    Changes nothing, sends no letter, and asks nobody but whom the configuration names. The exit
    code is 1 when something has failed, 0 otherwise; a warning can wait until tomorrow.

    Example: idp doctor --json
    """
    invocation = context.ensure_object(Invocation)
    found = examine(Patient(invocation.config, invocation.settings()))
    has_failed = any(finding.verdict == "failed" for finding in found.values())
    invocation.say(
        "\n".join(_line(name, finding) for name, finding in found.items()),
        ok=not has_failed,
        checks=[{"check": name, **_facts(finding)} for name, finding in found.items()],
    )
    context.exit(_FAILED if has_failed else 0)


def _line(name: str, finding: Finding) -> str:
    advice = f" {finding.advice}" if finding.advice else ""
    return f"{finding.verdict:<7}  {name:<14}  {finding.sentence}{advice}"


def _facts(finding: Finding) -> dict[str, str]:
    return {
        "verdict": finding.verdict,
        "sentence": finding.sentence,
        "advice": finding.advice,
    }
