"""Rules between keys: each is a function whose parameters name the keys that it needs.

A rule runs when those keys are right by themselves, so one run tells every mistake.
"""

import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from idp.settings.claims import RESERVED_CLAIMS, ClaimSource, ScopeClaims
from idp.settings.clients import STANDARD_SCOPES, Client, ClientSecret
from idp.settings.diagnostics import Finding, KeyPath, did_you_mean
from idp.settings.looks import Looks
from idp.settings.sections import (
    Aliases,
    Flows,
    Keys,
    Mail,
    Otp,
    Password,
    Proxy,
    Reset,
    Session,
    Steps,
    Theme,
    Tokens,
)
from idp.settings.values import is_loopback

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400  # seconds
_GUESSES = ("", "secret", "password", "changeme", "change-me", "test", "client-secret", "123456")
STEPS = ("password", "email_otp")  # the authenticators that are built
RESERVED_FLOW = "reset_credentials"  # the program's own; names that begin like it are, too
_LOWEST_PRODUCTION_COST = 10  # below it a stolen hash is guessed too fast (OWASP Password Storage)
_SCOPES_WITHOUT_CLAIMS = ("openid", "offline_access")
_LONGEST_CODE = 600  # RFC 6749 4.1.2
_NO_LOGINS = "must be left out: without authorization_code nobody logs in there"
Findings = Iterator[Finding]


def run_checks(values: Mapping[str, Any]) -> Findings:
    """Yield what is wrong between the keys of the main file; `values` holds the right ones."""
    yield from _run(_CHECKS, values)


def _run(checks: Iterable[Callable[..., Findings]], values: Mapping[str, Any]) -> Findings:
    for check in checks:
        needs = inspect.signature(check).parameters
        if needs.keys() <= values.keys():
            yield from check(**{name: values[name] for name in needs})


def _check_issuer(issuer: str, mode: str) -> Findings:
    parts = urlsplit(issuer)
    if mode == "production" and parts.scheme != "https":
        hint = f'Did you mean "https{issuer.removeprefix("http")}", or mode = "development"?'
        yield _contradiction("issuer", "must begin with https:// in production mode", hint)
    if mode == "development" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        hint = 'A public issuer needs mode = "production"'
        yield _contradiction(
            "issuer", "must be http on a loopback address in development mode", hint
        )


def _check_hash_cost(password: Password, mode: str) -> Findings:
    if mode == "production" and password.bcrypt_cost < _LOWEST_PRODUCTION_COST:
        message = f"must be at least {_LOWEST_PRODUCTION_COST} in production mode"
        yield _contradiction("password.bcrypt_cost", message)


def _check_classes(password: Password) -> Findings:
    for number, name in enumerate(password.require):
        if name in password.require[:number]:
            path = ("password", "require", number)
            yield Finding(path, "E201", f'names "{name}" a second time')


def _check_proxy(proxy: Proxy) -> Findings:
    for number, network in enumerate(proxy.trusted):
        if network.prefixlen == 0:
            path = ("proxy", "trusted", number)
            yield Finding(path, "E201", "would believe everybody: name the proxy's own address")


def _check_flow_steps(flows: Flows) -> Findings:
    for name, steps in flows.named.items():
        yield from _check_steps(("flows", name), steps)


def _check_steps(path: KeyPath, steps: Steps) -> Findings:
    if not steps:
        yield Finding(path, "E201", "must have at least one step")
    elif steps[0] in STEPS and steps[0] != "password":
        yield Finding((*path, 0), "E201", 'must be "password": the first step tells who it is')
    for number, step in enumerate(steps):
        if step not in STEPS:
            hint = did_you_mean(step, STEPS) or f"Steps are {', '.join(STEPS)}"
            yield Finding((*path, number), "E201", f'names an unknown step "{step}"', hint)
        elif step in steps[:number]:
            yield Finding((*path, number), "E201", f'names the step "{step}" a second time')


def _check_reserved_flows(flows: Flows) -> Findings:
    for name in flows.named:
        if name.startswith(RESERVED_FLOW):
            message = f'is a name of the program\'s own: it begins with "{RESERVED_FLOW}"'
            yield Finding(("flows", name), "E201", message)


def _check_flow_names(flows: Flows, wanted_flows: frozenset[str]) -> Findings:
    ours = {name for name in flows.named if name.startswith(RESERVED_FLOW)}
    for name in flows.named.keys() - {"browser"} - ours - wanted_flows:
        hint = did_you_mean(name, ["browser"])
        yield Finding(("flows", name), "E201", "is a flow that no client names", hint)


def _check_otp(otp: Otp) -> Findings:
    if otp.ttl < _MINUTE:
        yield _contradiction("otp.ttl", "must be at least 60s: people are told minutes")
    if otp.resend_after >= otp.ttl:
        yield _contradiction("otp.resend_after", "must be shorter than otp.ttl")


def _check_reset(reset: Reset) -> Findings:
    if reset.ttl < _MINUTE:
        yield _contradiction("reset.ttl", "must be at least 60s: people are told minutes")
    if reset.ttl > _DAY:
        yield _contradiction("reset.ttl", "must be at most 24h")
    if not _HOUR <= reset.welcome_ttl <= _DAY:
        yield _contradiction("reset.welcome_ttl", "must be 1h to 24h: people are told hours")
    if reset.resend_after >= reset.ttl:
        yield _contradiction("reset.resend_after", "must be shorter than reset.ttl")


def _check_session(session: Session) -> Findings:
    if session.idle > session.max:
        yield _contradiction("session.idle", "must not be longer than session.max")


def _check_mail(mail: Mail) -> Findings:
    if mail.tls == "none" and not is_loopback(mail.host):
        message = '"none" is for a mail server on this machine (a loopback address) only'
        yield _contradiction("mail.tls", message, 'Write "starttls" or "implicit"')
    if not mail.verify and not is_loopback(mail.host):
        message = "must be true, except for a mail server on this machine (a loopback address)"
        hint = "Name the certificate's authority in mail.ca_file"
        yield _contradiction("mail.verify", message, hint)
    if mail.user and not mail.password:
        yield _contradiction("mail.password", "is missing, though mail.user is there")
    if mail.password and not mail.user:
        yield _contradiction("mail.user", "is missing, though mail.password is there")


def _check_theme(theme: Theme) -> Findings:
    if theme.default not in theme.locales:
        yield _contradiction("theme.default", "must be one of theme.locales")


def _check_looks(theme: Theme, looks: Looks) -> Findings:
    yield from _check_theme_name(("theme", "name"), theme.name, looks)
    for number, locale in enumerate(theme.locales):
        if locale not in looks.locales:
            hint = did_you_mean(locale, sorted(looks.locales)) or _there_are(looks.locales)
            message = f'names the language "{locale}", for which there are no words'
            yield Finding(("theme", "locales", number), "E201", message, hint)
        elif locale in theme.locales[:number]:
            path = ("theme", "locales", number)
            yield Finding(path, "E201", f'names "{locale}" a second time')


def _check_theme_name(path: KeyPath, name: str, looks: Looks) -> Findings:
    if name not in looks.themes:
        hint = did_you_mean(name, sorted(looks.themes)) or _there_are(looks.themes)
        yield Finding(path, "E201", f'names the theme "{name}", which does not exist', hint)


def _there_are(names: frozenset[str]) -> str:
    return f"There are {', '.join(sorted(names))}"


def _check_scopes(scopes: Mapping[str, ScopeClaims]) -> Findings:
    first: dict[str, tuple[str, ClaimSource]] = {}
    for name, scope in scopes.items():
        if name in _SCOPES_WITHOUT_CLAIMS:
            message = "opens no claims: it is the protocol's own"
            hint = 'Declare them under "profile", "email" or a scope of your own'
            yield Finding(("scopes", name), "E201", message, hint)
            continue
        for claim, source in scope.claims.items():
            path = ("scopes", name, "claims", claim)
            yield from _check_claim(path, claim, source, *first.setdefault(claim, (name, source)))


def _check_claim(
    path: KeyPath, claim: str, source: ClaimSource, first_scope: str, first: ClaimSource
) -> Findings:
    if claim in RESERVED_CLAIMS:
        yield Finding(path, "E201", "is a claim that the program fills itself", "Take another name")
    elif source != first:
        message = f"comes from elsewhere than scopes.{first_scope}.claims.{claim}"
        hint = "One claim has one source in all scopes"
        yield Finding(path, "E201", message, hint)


def _check_keys(keys: Keys) -> Findings:
    if keys.announce >= keys.rotate:
        yield _contradiction("keys.announce", "must be shorter than keys.rotate")


def _check_tokens(tokens: Tokens) -> Findings:
    if tokens.code > _LONGEST_CODE:
        yield _contradiction("tokens.code", "must be at most 10m (RFC 6749 4.1.2)")
    if tokens.access > _DAY:
        yield _contradiction("tokens.access", "must be at most 24h")
    if tokens.access >= tokens.refresh:
        yield _contradiction("tokens.access", "must be shorter than tokens.refresh")


def _check_kept(keys: Keys, tokens: Tokens) -> Findings:
    if keys.keep < tokens.access:
        yield _contradiction("keys.keep", "must not be shorter than tokens.access")


def _check_aliases(aliases: Aliases, issuer: str) -> Findings:
    end = f"/realms/{aliases.keycloak_realm}"
    if aliases.keycloak_realm and not urlsplit(issuer).path.endswith(end):
        message = f'needs an issuer that ends with "{end}", as applications know it'
        yield _contradiction("aliases.keycloak_realm", message)


_CHECKS: tuple[Callable[..., Findings], ...] = (
    _check_aliases,
    _check_issuer,
    _check_hash_cost,
    _check_classes,
    _check_proxy,
    _check_flow_steps,
    _check_reserved_flows,
    _check_flow_names,
    _check_otp,
    _check_reset,
    _check_session,
    _check_mail,
    _check_theme,
    _check_looks,
    _check_scopes,
    _check_keys,
    _check_tokens,
    _check_kept,
)


def check_client(client: Client, known: Mapping[str, Any]) -> Findings:
    """Yield what is wrong inside one client; see `check_client_fields`."""
    yield from check_client_fields(dict(client), known)


def check_client_fields(fields: Mapping[str, Any], known: Mapping[str, Any]) -> Findings:
    """Yield what is wrong between the fields of a client that are right; paths begin at it.

    `known` holds the keys of the main file that are right, and the looks when they are known.
    In a list of `fields`, None stands for an element that is wrong by itself.
    """
    of_main = {key: known[key] for key in ("mode", "flows", "looks") if key in known}
    if "scopes" in known:
        of_main["declared"] = known["scopes"]
    yield from _run(_CLIENT_CHECKS, {**of_main, **fields})
    if "mode" in known:
        yield from _check_redirects(fields, known["mode"])


def _check_client_scopes(
    scopes: Sequence[str | None], declared: Mapping[str, ScopeClaims]
) -> Findings:
    known = (*STANDARD_SCOPES, *declared)
    for number, scope in enumerate(scopes):
        if scope is not None and scope not in known:
            hint = did_you_mean(scope, known) or "Declare a scope of your own under [scopes]"
            yield Finding(("scopes", number), "E201", f'names an unknown scope "{scope}"', hint)


def _check_client_theme(theme: str | None, looks: Looks) -> Findings:
    if theme is not None:
        yield from _check_theme_name(("theme",), theme, looks)


def _check_client_secrets(auth: str, secrets: Sequence[ClientSecret | None]) -> Findings:
    if auth == "none" and secrets:
        yield _contradiction("secrets", 'must be left out when auth is "none"')
    if auth != "none" and not secrets:
        yield _contradiction("secrets", f'is missing: auth is "{auth}"')


def _check_guesses(client_id: str, secrets: Sequence[ClientSecret | None], mode: str) -> Findings:
    """Yield the secrets that are the first guess of anybody: a hash does not hide a word."""
    if mode != "production":
        return
    words = (*_GUESSES, client_id, f"{client_id}-secret")
    guessed = {hashlib.sha256(word.encode()).digest() for word in words}
    for number, secret in enumerate(secrets):
        if secret is not None and secret.digest in guessed:
            path = ("secrets", number, "hash")
            message = "is the hash of a secret that anybody guesses"
            yield Finding(path, "E201", message, f"Run idp client rotate {client_id}")


def _check_public_grants(auth: str, grants: Sequence[str]) -> Findings:
    if auth == "none" and "client_credentials" in grants:
        message = "must not hold client_credentials when auth is none (RFC 6749 4.4)"
        yield _contradiction("grants", message)


def _check_pkce(auth: str, pkce: str) -> Findings:
    if auth == "none" and pkce == "optional":
        message = "must be required for a client without a secret (RFC 9700 2.1.1)"
        yield _contradiction("pkce", message)


def _check_way_back(grants: Sequence[str], redirect_uris: Sequence[str | None]) -> Findings:
    if "authorization_code" in grants and not redirect_uris:
        yield _contradiction("redirect_uris", "must have at least one element")


def _check_home(
    grants: Sequence[str], home_url: str | None, initiate_login_uri: str | None
) -> Findings:
    if "authorization_code" in grants and home_url is None and initiate_login_uri is None:
        message = "is missing: one of home_url and initiate_login_uri must be there"
        yield _contradiction("home_url", message)


def _check_refresh(grants: Sequence[str]) -> Findings:
    if "refresh_token" in grants and "authorization_code" not in grants:
        message = "must hold authorization_code when it holds refresh_token"
        yield _contradiction("grants", message)


def _check_what_only_people_need(
    grants: Sequence[str],
    post_logout_redirect_uris: Sequence[str | None],
    backchannel_logout_uri: str | None,
    required_roles: Sequence[str],
) -> Findings:
    keys = {
        "post_logout_redirect_uris": post_logout_redirect_uris,
        "backchannel_logout_uri": backchannel_logout_uri,
        "required_roles": required_roles,
    }
    for key, value in keys.items():
        if value and "authorization_code" not in grants:
            yield _contradiction(key, _NO_LOGINS)


def _check_client_flow(flow: str | None, flows: Flows) -> Findings:
    if flow is not None and flow not in flows.named:
        hint = did_you_mean(flow, list(flows.named))
        yield _contradiction("flow", f'names the flow "{flow}", which is not declared', hint)


_CLIENT_CHECKS: tuple[Callable[..., Findings], ...] = (
    _check_client_scopes,
    _check_client_theme,
    _check_client_secrets,
    _check_guesses,
    _check_public_grants,
    _check_pkce,
    _check_way_back,
    _check_home,
    _check_refresh,
    _check_what_only_people_need,
    _check_client_flow,
)


def _check_redirects(fields: Mapping[str, Any], mode: str) -> Findings:
    for key in ("redirect_uris", "post_logout_redirect_uris", "web_origins"):
        for number, uri in enumerate(fields.get(key, ())):
            if uri is not None:
                yield from _check_transport((key, number), uri, mode)
    logout_uri = fields.get("backchannel_logout_uri")
    if logout_uri is not None:
        yield from _check_transport(("backchannel_logout_uri",), logout_uri, mode)


def _check_transport(path: KeyPath, uri: str, mode: str) -> Findings:
    parts = urlsplit(uri)
    if parts.scheme == "https":
        return
    if mode == "development" and is_loopback(parts.hostname or ""):
        return
    message = "must be https (http only for loopback, in development mode)"
    yield Finding(path, "E201", message, f'Did you mean "https{uri.removeprefix("http")}"?')


def _contradiction(path: str, message: str, hint: str = "") -> Finding:
    return Finding(tuple(path.split(".")), "E201", message, hint)
