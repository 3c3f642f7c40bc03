"""`idp init`: what an installation needs before it can run."""

import os
import re
import shlex
from collections.abc import Sequence
from typing import Any

import click

from idp.admin.clients import Clients, Made
from idp.admin.installation import check_secrets_are_new, initialise
from idp.admin.starting import Answers, Start, is_for_development
from idp.cli.asking import Question, ask, is_terminal, password_from_stdin
from idp.cli.client import made_facts, snippet
from idp.cli.command import CommandFailed, Invocation, shared_options
from idp.cli.new_client import Prepared, prepare
from idp.settings import Mistake
from idp.verdict import DEFAULT_CONFIG

_MAIL_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_DEVELOPMENT = {
    "issuer": "http://127.0.0.1:9000",
    "mail_host": "127.0.0.1",
    "mail_port": 1025,
    "mail_tls": "none",
    "mail_from": "no-reply@localhost",
}
_DATABASE = "sqlite:///var/idp.sqlite"
_NEEDED = ("issuer", "mail_host", "mail_from")

_ISSUER = Question("issuer", "Address of this provider (https://…)", "issuer")
_REST = (
    Question("database", "Database (sqlite:///…, postgresql://…)", "database.url", _DATABASE),
    Question("mail_host", "Mail server", "mail.host"),
    Question("mail_tls", "Its encryption (starttls, implicit, none)", "mail.tls", "starttls"),
    Question("mail_port", "Its port", "mail.port"),
    Question("mail_user", "User name there (empty: none)", "mail.user", may_be_empty=True),
    Question("mail_from", "Letters come from", "mail.from"),
)
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{43}")  # a thumbprint (RFC 7638)
_CLIENT = ("name_bn", "name_en", "owner", "home_url")


@click.command("init")
@click.option("--issuer", help="The address of this provider, exactly as applications write it.")
@click.option("--development", is_flag=True, help="Plain http on this machine; mail to port 1025.")
@click.option("--database", help=f"Its URL, or env:NAME of a variable.  [default: {_DATABASE}]")
@click.option("--mail-host", help="The SMTP server that takes our letters.")
@click.option("--mail-port", type=click.IntRange(1, 65_535), help="Its port.  [default: by TLS]")
@click.option("--mail-tls", type=click.Choice(list(_MAIL_PORTS)), help="[default: starttls]")
@click.option("--mail-from", help="The address that letters come from.")
@click.option("--mail-user", help="The name to log in with at the mail server.")
@click.option("--mail-password-stdin", is_flag=True, help="Read its password from standard input.")
@click.option("--client", "client_id", metavar="ID", help="Declare a first application, too.")
@click.option("--client-name-bn", help="Its name in Bengali.")
@click.option("--client-name-en", help="Its name in English.")
@click.option("--client-owner", help="Whom to write to about it.")
@click.option("--client-home-url", help="Its own first page.")
@click.option("--client-redirect-uri", multiple=True, help="Where people come back to.")
@shared_options
@click.pass_obj
def init_command(invocation: Invocation, /, **flags: Any) -> None:
    """Write a configuration where there is none, then make what it needs and has not got.

    Without options it asks; secrets, database and signing keys that exist are never changed.

    Example: idp init --issuer https://sso.example.gov.bd --mail-host smtp.example.gov.bd
    --mail-from no-reply@example.gov.bd
    """
    if os.path.lexists(invocation.config):
        _complete(invocation, flags)
    else:
        _begin(invocation, flags)


def _complete(invocation: Invocation, flags: dict[str, Any]) -> None:
    if any(flags.values()):
        raise CommandFailed(
            f"{invocation.config} is there already and init never changes it: edit it, or run "
            "idp init without options to make what is missing."
        )
    made = initialise(invocation.settings())
    told = f"Made: {_named(made)}." if made else "Nothing to make: everything is there."
    invocation.say(told, made=made)


def _begin(invocation: Invocation, flags: dict[str, Any]) -> None:
    start = Start(invocation.config, os.environ)
    known = {key: value for key, value in flags.items() if value not in (None, "", ())}
    _check_answerable(invocation, known)
    is_asking = is_terminal() and not known["development"] and not known.keys() >= set(_NEEDED)
    answers = _ask_all(start, known) if is_asking else _from_flags(known)
    answers["mail_password"] = _mail_password(answers)
    chosen = _answers(answers)
    check_secrets_are_new(start.judge(chosen))
    client_id = _wanted_client(known, is_asking)
    prepared = _prepare_client(start.clients(chosen), client_id, known) if client_id else None
    made = start.write(chosen)
    settings = invocation.settings()
    made += initialise(settings)
    clients = Clients(invocation.config, os.environ)
    client = prepared.declare(clients) if prepared else None
    _tell(invocation, settings.issuer, made, client)


def _check_answerable(invocation: Invocation, known: dict[str, Any]) -> None:
    """Raise UsageError when something must be asked and nobody is there."""
    if is_terminal() or known.get("development"):
        return
    missing = [f"--{key.replace('_', '-')}" for key in _NEEDED if key not in known]
    if missing:
        raise click.UsageError(
            f"There is no configuration {invocation.config} and no terminal to ask at: "
            f"give {', '.join(missing)}, or --development."
        )


# -- answers ---------------------------------------------------------------------------------------


def _from_flags(known: dict[str, Any]) -> dict[str, Any]:
    defaults = _DEVELOPMENT if known.get("development") else {}
    return {**defaults, **known}


def _ask_all(start: Start, known: dict[str, Any]) -> dict[str, Any]:
    click.echo(f"{start.config} is not there yet; it is written after some questions.", err=True)
    answers = dict(known)

    def judge(so_far: dict[str, Any]) -> Sequence[Mistake]:
        is_development = is_for_development(so_far["issuer"])
        return start.mistakes(_answers({**so_far, "development": is_development}))

    if "issuer" not in answers:
        ask(_ISSUER, answers, judge)
    answers["development"] = is_for_development(answers["issuer"])
    if answers["development"]:
        click.echo("  That is for development on this machine only.", err=True)
    for question in _REST:
        if question.key not in answers:
            ask(_with_default(question, answers), answers, judge)
    return answers


def _with_default(question: Question, answers: dict[str, Any]) -> Question:
    default = question.default
    if answers["development"]:
        default = str(_DEVELOPMENT.get(question.key, default))
    elif question.key == "mail_port":
        default = str(_MAIL_PORTS.get(answers["mail_tls"], 587))
    return Question(
        question.key,
        question.words,
        question.path,
        default,
        may_be_empty=question.may_be_empty,
    )


def _mail_password(answers: dict[str, Any]) -> str:
    """Return the password of the mail server: from standard input or a prompt, never an option."""
    if not answers.get("mail_user"):
        return ""
    if answers.get("mail_password_stdin"):
        return password_from_stdin()
    if not is_terminal():
        raise click.UsageError("--mail-user needs --mail-password-stdin where nobody can be asked.")
    return str(click.prompt("Password at the mail server", hide_input=True, err=True))


def _answers(given: dict[str, Any]) -> Answers:
    """Return the answers, with what must be there for those that are not given yet."""
    tls = given.get("mail_tls") or "starttls"
    port = given.get("mail_port") or _MAIL_PORTS.get(tls, 587)
    return Answers(
        issuer=given.get("issuer") or "",
        is_development=bool(given.get("development")),
        database=given.get("database") or _DATABASE,
        mail_host=given.get("mail_host") or "mail.placeholder.invalid",
        mail_port=int(port) if str(port).isdigit() else 0,
        mail_tls=tls,
        mail_from=given.get("mail_from") or "no-reply@placeholder.invalid",
        mail_user=given.get("mail_user") or "",
        mail_password=given.get("mail_password") or "",
    )


# -- the first client ----------------------------------------------------------------------------


def _wanted_client(known: dict[str, Any], is_asking: bool) -> str:
    """Return the id of the first client; "" for none."""
    if "client_id" in known or not is_asking:
        return str(known.get("client_id", ""))
    words = "Id of a first application, like backoffice (empty: none yet)"
    return str(click.prompt(words, default="", show_default=False, err=True)).strip()


def _prepare_client(clients: Clients, client_id: str, known: dict[str, Any]) -> Prepared:
    flags = {key: known.get(f"client_{key}") for key in _CLIENT}
    flags |= {
        "redirect_uri": known.get("client_redirect_uri", ()),
        "post_logout_redirect_uri": (),
        "backchannel_logout_uri": "",
        "scope": (),
        "public": False,
        "test": False,
    }
    return prepare(clients, client_id, None, flags, prefix="client-")


# -- what comes next -----------------------------------------------------------------------------


def _tell(invocation: Invocation, issuer: str, made: list[str], client: Made | None) -> None:
    steps = _next_steps(invocation, client)
    lines = [f"Made: {_named(made)}."]
    if client:
        lines += ["", f"Declared {client.client_id} at {client.place}.", *snippet(issuer, client)]
    lines += ["", "Next:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]
    facts = {"client": made_facts(issuer, client)} if client else {}
    invocation.say("\n".join(lines), made=made, issuer=issuer, next=steps, **facts)


def _named(made: list[str]) -> str:
    """Return what was made in words; the names of signing keys say nothing to anybody."""
    names = ["signing keys" if _KEY_ID.fullmatch(name) else name for name in made]
    return ", ".join(dict.fromkeys(names))


def _next_steps(invocation: Invocation, client: Made | None) -> list[str]:
    usual = invocation.config == DEFAULT_CONFIG or "IDP_CONFIG" in os.environ
    file = shlex.quote(str(invocation.config.absolute()))
    export = [] if usual else [f"export IDP_CONFIG={file}"]
    return [
        *export,
        "idp mail test you@example.gov.bd",
        "idp user add office@example.gov.bd",
        "idp user set-password office@example.gov.bd",
        *([] if client else ["idp client new backoffice"]),
        "idp run",
    ]
