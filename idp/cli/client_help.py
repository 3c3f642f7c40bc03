"""`idp client examples` and `idp client check`: what the developers of an application need."""

from dataclasses import asdict
from difflib import get_close_matches

import click

from idp.admin import examples as kinds
from idp.admin.client_check import Remark, knock, look_over
from idp.cli.client import client_group
from idp.cli.command import CommandFailed, Invocation, shared_options
from idp.model.clock import system_clock
from idp.oidc.request_check import Finding, PastedRequest, examine
from idp.settings import Settings
from idp.settings.clients import Client
from idp.theming.catalogues import load_catalogue
from idp.verdict import THEMES
from idp.web.developers import authorization_endpoints, scopes_of

__all__ = ["client_group"]


@client_group.command("examples")
@click.argument("client_id", metavar="ID")
@click.option("--for", "kind", metavar="NAME", help="The library, as the list without it says.")
@shared_options
@click.pass_obj
def examples(invocation: Invocation, client_id: str, kind: str | None) -> None:
    """Print what an application needs to log people in, with the values of client ID.

    Without --for: a list of the libraries, and which of the texts run in our tests.

    Example: idp client examples backoffice --for flask
    """
    settings = invocation.settings()
    client = _require_client(settings, client_id)
    if kind is None:
        _list(invocation, client)
        return
    text = kinds.render(kind, client, settings)
    if invocation.is_json:
        files, secret = kinds.files_of(text), kinds.SECRET_VARIABLE
        proof = kinds.KINDS[kind].proof
        invocation.say("", client_id=client_id, example=kind, proof=proof, files=files, env=secret)
    else:
        click.echo(text, nl=False)


@client_group.command("check")
@click.argument("client_id", metavar="ID")
@click.argument("url", required=False)
@shared_options
@click.pass_context
def check(context: click.Context, client_id: str, url: str | None) -> None:
    """Look client ID over, or tell everything that is wrong with an authorization URL of it.

    Without URL its own addresses are tried, too: a connection only, which is a warning when it
    fails. Exit code 1: there is something to put right.

    Example: idp client check backoffice "https://sso.example.gov.bd/authorize?client_id=…"
    """
    invocation = context.ensure_object(Invocation)
    settings = invocation.settings()
    client = _require_client(settings, client_id)
    if url is None:
        is_wrong = _tell_remarks(invocation, client, settings)
    else:
        is_wrong = _tell_findings(invocation, client, settings, url)
    context.exit(1 if is_wrong else 0)


def _list(invocation: Invocation, client: Client) -> None:
    fitting = kinds.fitting(client)
    if invocation.is_json:
        invocation.say("", client_id=client.client_id, examples=[asdict(kind) for kind in fitting])
        return
    for kind in fitting:
        click.echo(f"{kind.name:18}{kind.title}. {kind.proof}")
    if not fitting:
        raise CommandFailed(f"{client.client_id} logs nobody in: no example fits it.")


def _tell_remarks(invocation: Invocation, client: Client, settings: Settings) -> bool:
    is_production = settings.mode == "production"
    remarks = look_over(client, is_production=is_production, now=system_clock()) + knock(client)
    is_wrong = any(remark.is_error for remark in remarks)
    lines = [_line(remark) for remark in remarks]
    lines = lines or [f"Nothing is wrong with {client.client_id}."]
    facts = [asdict(remark) for remark in remarks]
    invocation.say("\n".join(lines), ok=not is_wrong, client_id=client.client_id, remarks=facts)
    return is_wrong


def _line(remark: Remark) -> str:
    return f"{'error' if remark.is_error else 'warning'} {remark.key}: {remark.sentence}"


def _tell_findings(invocation: Invocation, client: Client, settings: Settings, url: str) -> bool:
    asked = PastedRequest.of(url)
    if asked is None:
        raise CommandFailed("This is no http(s) address with parameters: quote the whole of it.")
    found = examine(
        asked,
        client,
        endpoints=authorization_endpoints(settings),
        scopes=tuple(scopes_of(settings)),
    )
    is_wrong = any(one.is_error for one in found)
    facts = [_facts(one) for one in found]
    lines = [_sentence(fact) for fact in facts] or ["Nothing is wrong with this request."]
    invocation.say("\n".join(lines), ok=not is_wrong, client_id=client.client_id, findings=facts)
    return is_wrong


def _facts(finding: Finding) -> dict[str, str | bool]:
    words = load_catalogue((THEMES / "base",), "en")
    return {
        "is_error": finding.is_error,
        "error": finding.error,
        "description": finding.description,
        "fix": words.plain(finding.fix.key, finding.fix.facts),
    }


def _sentence(fact: dict[str, str | bool]) -> str:
    told = ": ".join(str(fact[name]) for name in ("error", "description") if fact[name])
    return (
        f"{'error' if fact['is_error'] else 'advice'} {f'{told} → ' if told else ''}{fact['fix']}"
    )


def _require_client(settings: Settings, client_id: str) -> Client:
    client = settings.clients_by_id.get(client_id)
    if client is None:
        near = get_close_matches(client_id, settings.clients_by_id, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise CommandFailed(f"There is no client {client_id!r}.{hint}")
    return client
