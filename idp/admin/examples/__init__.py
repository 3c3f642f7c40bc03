"""Examples to copy: a client's own values in the words of the library that an application uses.

Each template beside this file is one program or configuration; files in it are parted by lines
like `# file: app.py`. A secret is always an environment variable.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from idp.model.errors import ProbeshError
from idp.oidc import protocol
from idp.settings import Settings
from idp.settings.clients import Client

SECRET_VARIABLE: Final = "OIDC_CLIENT_SECRET"  # noqa: S105 - a name
RUN: Final = "Run in Probesh's tests as it stands: login, refresh and logout."
RUN_WITHOUT_REFRESH: Final = "Run in Probesh's tests as it stands: login and logout."
NOT_RUN: Final = "Not run in our tests."

_FILE = re.compile(r"(?m)^(?:#|//|<!--) file: (\S+)(?: -->)?$\n")
_HERE = Path(__file__).parent


class NoSuchExample(ProbeshError):
    """The client cannot be connected with that library; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One example: the library it is for, and what is known about it."""

    name: str
    title: str
    proof: str = NOT_RUN
    needs: str = ""  # "secret": a client with one; "no secret": one without


_ALL: Final = (
    Kind("flask", "Flask with Authlib", RUN),
    Kind("django", "Django with mozilla-django-oidc", RUN_WITHOUT_REFRESH, "secret"),
    Kind("mod_auth_openidc", "Apache with mod_auth_openidc", RUN),
    Kind("oauth2-proxy", "oauth2-proxy in front of any application", needs="secret"),
    Kind("express", "Express with express-openid-connect", RUN, "secret"),
    Kind("next", "Next.js with Auth.js", needs="secret"),
    Kind("spring", "Spring Boot with Spring Security"),
    Kind("laravel", "Laravel with jumbojett/openid-connect-php"),
    Kind("keycloak-js", "a page in the browser with keycloak-js", RUN, "no secret"),
    Kind("oidc-client-ts", "a page in the browser with oidc-client-ts", RUN, "no secret"),
    Kind("openid-client", "Node.js with openid-client", RUN),
)
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _ALL}


def fitting(client: Client) -> tuple[Kind, ...]:
    """Return the kinds that a client of this sort can use, in the order of the list."""
    return tuple(kind for kind in _ALL if not _objection(kind, client))


def render(kind: str, client: Client, settings: Settings) -> str:
    """Return the example of a client, ready to be copied; its first line says whether it is run.

    Raises NoSuchExample for an unknown kind and for one that does not fit the client.
    """
    known = KINDS.get(kind)
    if known is None:
        raise NoSuchExample(f"There is no example for {kind!r}: choose one of {', '.join(KINDS)}.")
    if objection := _objection(known, client):
        raise NoSuchExample(f"{known.title} does not fit {client.client_id}: {objection}.")
    is_like_keycloak = settings.aliases.keycloak_realm and client.claims_style == "keycloak"
    if kind == "keycloak-js" and not is_like_keycloak:
        raise NoSuchExample(
            "keycloak-js asks for Keycloak's addresses and tokens: set aliases.keycloak_realm and "
            'the client\'s claims_style = "keycloak", or use the example oidc-client-ts.'
        )
    template = _environment().get_template(f"{kind}.jinja")
    return template.render(_values(known, client, settings)).strip() + "\n"


def files_of(example: str) -> dict[str, str]:
    """Return the files of a rendered example by their names."""
    _, *parts = _FILE.split(example)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _objection(kind: Kind, client: Client) -> str:
    if not client.redirect_uris or "authorization_code" not in client.grants:
        return "it logs nobody in (redirect_uris, grants)"
    if kind.needs == "secret" and client.is_public:
        return "it keeps no secret (auth = none), which this library must have"
    if kind.needs == "no secret" and not client.is_public:
        return "a page in the browser keeps no secret; declare a client with auth = none"
    return ""


def _values(kind: Kind, client: Client, settings: Settings) -> dict[str, Any]:
    issuer, redirect = settings.issuer, urlsplit(client.redirect_uris[0])
    bye = next(iter(client.post_logout_redirect_uris), "")
    may_refresh = "refresh_token" in client.grants
    scopes = [s for s in client.scopes if may_refresh or s != "offline_access"]
    return {
        "proof": kind.proof,
        "issuer": issuer,
        "discovery": issuer + protocol.DISCOVERY,
        "authorize": issuer + protocol.AUTHORIZE,
        "token": issuer + protocol.TOKEN,
        "userinfo": issuer + protocol.USERINFO,
        "jwks": issuer + protocol.JWKS,
        "end_session": issuer + protocol.END_SESSION,
        "is_loopback": issuer.startswith("http://"),
        "realm": settings.aliases.keycloak_realm,
        "client_id": client.client_id,
        "auth": client.auth,
        "is_public": client.is_public,
        "secret": SECRET_VARIABLE,
        "redirect_uri": client.redirect_uris[0],
        "base": f"{redirect.scheme}://{redirect.netloc}",
        "callback": redirect.path or "/",
        "port": redirect.port or 3000,  # behind a proxy that speaks TLS
        "bye": bye,
        "bye_path": urlsplit(bye).path or "/",
        "scopes": scopes,
        "scope": " ".join(scopes),
        "may_refresh": may_refresh,
        "alg": client.id_token_alg or settings.keys.id_token,
        "logout_uri": client.backchannel_logout_uri or "",
    }


@cache
def _environment() -> Environment:
    # Jinja's usual marks mean something in most of these languages.
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - programs, not pages: every value is written by `q`
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["q"] = _quoted
    environment.filters["env"] = _in_single_quotes
    return environment


def _quoted(value: object) -> str:
    """Write a text as JSON does, which Python, JavaScript, Java, YAML and TOML read alike."""
    return json.dumps(value, ensure_ascii=False)


def _in_single_quotes(value: str) -> str:
    """Write a text for PHP, where double quotes would replace `$names`."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
