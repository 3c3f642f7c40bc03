"""What `idp client new` and `idp init` ask about an application."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from idp.admin.clients import Clients, Draft, Made, make_client_secret
from idp.cli.asking import Question, ask, is_terminal
from idp.settings import Mistake, MistakesFound

_SCOPES = ("openid", "profile", "email", "offline_access")
_PLACEHOLDER = "https://placeholder.invalid/"

QUESTIONS = (
    Question("name_bn", "Name in Bengali", "name"),
    Question("name_en", "Name in English", "name"),
    Question("owner", "Mail address of its owner", "owner"),
    Question("home_url", "Its first page (URL)", "home_url"),
    Question("redirect_uri", "Redirect URI", "redirect_uris", is_many=True),
    Question(
        "post_logout_redirect_uri",
        "Redirect URI after a logout",
        "post_logout_redirect_uris",
        is_many=True,
        may_be_empty=True,
    ),
    Question(
        "backchannel_logout_uri",
        "Back-channel logout URI (empty: none)",
        "backchannel_logout_uri",
        may_be_empty=True,
    ),
)
_NEEDED = tuple(one for one in QUESTIONS if not one.may_be_empty)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A client that was judged and is not written yet."""

    draft: Draft
    secret: str = field(repr=False)

    def declare(self, clients: Clients) -> Made:
        """Write it. Raises SettingsRefused or FileRefused."""
        return clients.add(self.draft, self.secret)


def prepare(
    clients: Clients, client_id: str, file: Path | None, flags: dict[str, Any], *, prefix: str = ""
) -> Prepared:
    """Ask for what the flags leave open and judge it; `prefix` begins the names of the flags.

    Raises UsageError when nobody can be asked, SettingsRefused for what is wrong.
    """
    secret = "" if flags["public"] else make_client_secret()
    answers = dict(flags)
    clients.draft(table_of(client_id, answers), file, secret)  # known already? told before asking
    missing = [one for one in _NEEDED if not answers[one.key]]
    if missing and not is_terminal():
        options = ", ".join(f"--{prefix}{one.key.replace('_', '-')}" for one in missing)
        raise click.UsageError(f"Without a terminal these options are needed, too: {options}.")

    def judge(so_far: dict[str, Any]) -> Sequence[Mistake]:
        return mistakes_in(clients, client_id, file, so_far, secret)

    for question in QUESTIONS if missing else ():
        if not answers[question.key]:
            ask(question, answers, judge)
    draft = clients.draft(table_of(client_id, answers), file, secret)
    clients.judge(draft)
    return Prepared(draft, secret)


def mistakes_in(
    clients: Clients, client_id: str, file: Path | None, answers: dict[str, Any], secret: str
) -> Sequence[Mistake]:
    """Return what is wrong about a client with these answers; paths begin at the client."""
    draft = clients.draft(table_of(client_id, answers), file, secret)
    try:
        clients.judge(draft)
    except MistakesFound as refused:
        return [_of_client(one) for one in refused.mistakes if one.file == str(draft.file)]
    return []


def table_of(client_id: str, answers: dict[str, Any]) -> dict[str, Any]:
    """Return a client's keys, secrets left out, with placeholders for what is not answered yet."""
    scopes = list(answers["scope"] or _SCOPES)
    redirects = list(answers["redirect_uri"] or (_PLACEHOLDER,))
    is_refreshing = "offline_access" in scopes
    origins = sorted({_origin(uri) for uri in redirects}) if answers["public"] else []
    return {
        "client_id": client_id,
        "name": {"bn": answers["name_bn"] or "-", "en": answers["name_en"] or "-"},
        "owner": answers["owner"] or "owner@placeholder.invalid",
        "home_url": answers["home_url"] or _PLACEHOLDER,
        "auth": "none" if answers["public"] else "client_secret_basic",
        "redirect_uris": redirects,
        "post_logout_redirect_uris": list(answers["post_logout_redirect_uri"] or ()),
        "backchannel_logout_uri": answers["backchannel_logout_uri"] or "",
        "grants": ["authorization_code", *(["refresh_token"] if is_refreshing else [])],
        "scopes": scopes,
        "web_origins": origins,
        "test": answers["test"],
    }


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _of_client(mistake: Mistake) -> Mistake:
    """Return the mistake with a path that begins inside the client."""
    _, _, path = mistake.path.partition(".")
    return Mistake(
        mistake.file,
        mistake.line,
        mistake.column,
        mistake.code,
        path,
        mistake.message,
        mistake.hint,
    )
