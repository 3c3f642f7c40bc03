"""What is wrong with an authorization request, all of it at once, for its developer.

The endpoint itself stops at the first refusal (authorize.py); here the same checks run to the end,
and what no check refuses but a developer should know is added. Nothing is stored or answered.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from idp.model.errors import AuthorizationError, RequestRefused
from idp.model.page import Facts, Message
from idp.oidc import authorize
from idp.oidc.authorize import CHECKS, Asked, asked_of
from idp.oidc.parameters import LONGEST_OPAQUE, Pairs, parse_pairs, printable, words
from idp.oidc.protocol import PROMPTS, RESPONSE_MODES
from idp.settings.clients import Client

_SHOWN: Final = 40  # of the findings of one request; nobody reads more
_COMPARED: Final = 2000  # characters of an address; comparing is more than linear
# Each of these looks at one parameter after the other and stops at the first that is wrong.
_ONE_BY_ONE: Final = (
    authorize.no_request_object,
    authorize.readable_values,
    authorize.state_and_nonce_of_sane_length,
)
# What to do, by the check that refuses.
FIXES: Final[Mapping[Callable[[Asked], None], tuple[str, Facts]]] = {
    authorize.no_request_object: (
        "dev.fix.object",
        {"names": "request, request_uri, registration"},
    ),
    authorize.nothing_twice: ("dev.fix.twice", {}),
    authorize.known_response_mode: ("dev.fix.mode", {"names": ", ".join(RESPONSE_MODES)}),
    authorize.readable_values: ("dev.fix.text", {"name": "UTF-8"}),
    authorize.state_and_nonce_of_sane_length: ("dev.fix.length", {"n": LONGEST_OPAQUE}),
    authorize.code_response_type: ("dev.fix.type", {"value": "response_type=code"}),
    authorize.registered_grant: ("dev.fix.grant", {"value": "authorization_code"}),
    authorize.allowed_scope: ("dev.fix.scope", {}),
    authorize.proof_key: (
        "dev.fix.pkce",
        {"challenge": "code_challenge", "method": "code_challenge_method=S256"},
    ),
    authorize.known_prompt: (
        "dev.fix.prompt",
        {"names": ", ".join(PROMPTS), "alone": "none"},
    ),
    authorize.whole_seconds: ("dev.fix.seconds", {"name": "max_age"}),
}
_OF_THE_URI: Final = {
    "missing_redirect_uri": "dev.fix.redirect.missing",
    "repeated_redirect_uri": "dev.fix.twice",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, or worth a word, and what to do about it."""

    fix: Message
    error: str = ""  # the code that the client would be sent, or the reason of our own page
    description: str = ""  # what it would be told, in the protocol's English
    is_error: bool = True  # False: it works, and should be better


@dataclass(frozen=True, slots=True, kw_only=True)
class PastedRequest:
    """An authorization URL as somebody pasted it."""

    parts: SplitResult
    pairs: Pairs = field(repr=False)

    @classmethod
    def of(cls, text: str) -> "PastedRequest | None":
        """Read it; None if it is no http(s) address with parameters."""
        try:
            parts = urlsplit(text.strip())
        except ValueError:
            return None
        if parts.scheme not in {"http", "https"} or not parts.query:
            return None
        raw = parts.query.encode("utf-8", "surrogateescape")
        return cls(parts=parts, pairs=parse_pairs(raw))

    @property
    def client_id(self) -> str:
        """Return the client that it names; "" for none and for several."""
        given = {value for name, value in self.pairs if name == "client_id"}
        return given.pop() if len(given) == 1 else ""

    @property
    def address(self) -> str:
        """Return where it is sent to, without its parameters."""
        return f"{self.parts.scheme}://{self.parts.netloc}{self.parts.path}"


def examine(
    asked: PastedRequest, client: Client, *, endpoints: tuple[str, ...], scopes: tuple[str, ...]
) -> tuple[Finding, ...]:
    """Return everything that is wrong with a request of `client`; nothing: it would be answered.

    `endpoints` are the addresses of the authorization endpoint, the proper one first; `scopes` all
    that the provider knows.
    """
    found = [
        *_at_the_wrong_door(asked, endpoints),
        *_before_the_uri_is_proven(asked, client),
        *_refusals(asked_of(asked.pairs, client, "", scopes)),
        *_advice(asked.pairs, client, scopes),
    ]
    return tuple(found[:_SHOWN])


def difference(received: str, registered: tuple[str, ...]) -> Message:
    """Say how a redirect URI differs from the registered one that is nearest to it."""
    if not registered:
        return Message("dev.diff.none", {"name": "redirect_uris"})
    beginnings = {uri[:_COMPARED]: uri for uri in registered}
    near = get_close_matches(received[:_COMPARED], beginnings, n=1, cutoff=0)
    nearest = beginnings[near[0]] if near else registered[0]
    return Message(_difference(received, nearest), {"registered": nearest})


def _difference(received: str, registered: str) -> str:
    try:
        ours, theirs = urlsplit(registered), urlsplit(received)
    except ValueError:
        return "dev.diff.path"
    tellings = (
        (received.rstrip("/") == registered.rstrip("/"), "dev.diff.slash"),
        (received.lower() == registered.lower(), "dev.diff.case"),
        (unquote(received) == registered, "dev.diff.encoding"),
        (ours._replace(scheme="") == theirs._replace(scheme=""), "dev.diff.scheme"),
        (ours._replace(netloc="") == theirs._replace(netloc=""), "dev.diff.host"),
        (ours._replace(query="") == theirs._replace(query=""), "dev.diff.query"),
        (ours._replace(fragment="") == theirs._replace(fragment=""), "dev.diff.fragment"),
    )
    return next((key for holds, key in tellings if holds), "dev.diff.path")


def _at_the_wrong_door(asked: PastedRequest, endpoints: tuple[str, ...]) -> Iterator[Finding]:
    if asked.address not in endpoints:
        yield Finding(fix=Message("dev.fix.endpoint", {"endpoint": endpoints[0]}))
    if asked.parts.fragment:
        yield Finding(fix=Message("dev.fix.fragment", {"mark": "#"}))


def _before_the_uri_is_proven(asked: PastedRequest, client: Client) -> Iterator[Finding]:
    clients = {client.client_id: client}
    try:
        authorize.require_client(asked.pairs, clients)
    except RequestRefused as refused:
        yield _of_the_client(refused, client)
    try:
        authorize.require_redirect_uri(asked.pairs, client)
    except RequestRefused as refused:
        yield _of_the_uri(refused, asked.pairs, client)


def _of_the_client(refused: RequestRefused, client: Client) -> Finding:
    if refused.reason == "disabled_client":
        return Finding(fix=Message("dev.fix.disabled", {"key": "enabled"}), error=refused.reason)
    if refused.reason == "repeated_client_id":
        return Finding(fix=Message("dev.fix.twice", {"names": "client_id"}), error=refused.reason)
    return Finding(
        fix=Message("dev.fix.client", {"value": f"client_id={client.client_id}"}),
        error=refused.reason,
    )


def _of_the_uri(refused: RequestRefused, pairs: Pairs, client: Client) -> Finding:
    known = _OF_THE_URI.get(refused.reason)
    if known is not None:
        return Finding(fix=Message(known, {"names": "redirect_uri"}), error=refused.reason)
    received = dict(pairs)["redirect_uri"]
    told = difference(received, client.redirect_uris)
    return Finding(fix=told, error=refused.reason, description=printable(received))


def _refusals(asked: Asked) -> Iterator[Finding]:
    for check in CHECKS:
        for view in _views(asked, check):
            try:
                check(view)
            except AuthorizationError as refused:
                key, facts = FIXES[check]
                fix = Message(key, {**facts, **_own_facts(check, asked)})
                yield Finding(fix=fix, error=refused.error, description=refused.description)


def _views(asked: Asked, check: Callable[[Asked], None]) -> tuple[Asked, ...]:
    if check not in _ONE_BY_ONE:
        return (asked,)
    return tuple(replace(asked, values={name: text}) for name, text in asked.values.items())


def _own_facts(check: Callable[[Asked], None], asked: Asked) -> Facts:
    """Return the facts of a fix that depend on the request and its client."""
    if check is authorize.nothing_twice:
        return {"names": printable(", ".join(sorted(asked.repeated)))}
    if check is authorize.allowed_scope:
        return {"name": "openid", "scopes": " ".join(asked.client.scopes)}
    return {}


def _advice(pairs: Pairs, client: Client, scopes: tuple[str, ...]) -> Iterator[Finding]:
    given = {name: value for name, value in pairs if value}
    if "client_secret" in given:
        yield Finding(fix=Message("dev.fix.secret", {"name": "client_secret"}))
    for name in ("state", "nonce"):
        if name not in given:
            yield Finding(fix=Message("dev.tip.missing", {"name": name}), is_error=False)
    wanted = tuple(words(given.get("scope", "")))
    unknown = [scope for scope in wanted if scope not in scopes]
    if unknown:
        names = {"names": printable(" ".join(unknown))}
        yield Finding(fix=Message("dev.tip.scope", names), is_error=False)
    if "offline_access" in wanted and "refresh_token" not in client.grants:
        facts = {"scope": "offline_access", "value": "refresh_token"}
        yield Finding(fix=Message("dev.tip.offline", facts), is_error=False)
