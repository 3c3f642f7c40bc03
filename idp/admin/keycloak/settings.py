"""A realm's settings, as the configuration file that is proposed for it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from idp.admin.keycloak.export import ExportRefused
from idp.admin.keycloak.findings import Findings
from idp.admin.keycloak.flows import flows_table
from idp.admin.keycloak.proposal import Table, joined
from idp.settings.toml_text import duration_text
from idp.settings.values import Issuer

PLACEHOLDER: Final = "https://sso.example.gov.bd"
_NO_ADDRESS: Final = "no-reply@example.gov.bd"
_LONGEST_CODE: Final = 600  # seconds: our own limits (settings/checks.py)
_LONGEST_ACCESS: Final = 86_400
_LOCALES: Final = ("bn", "en")
_REALM_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")
_RULE: Final = re.compile(r"([A-Za-z0-9]+)\((.*)\)|([A-Za-z0-9]+)", re.DOTALL)
_CLASSES: Final = {
    "upperCase": "upper",
    "lowerCase": "lower",
    "digits": "digit",
    "specialChars": "special",
}
_SILENT_RULES: Final = frozenset(
    {
        *("length", "passwordHistory", "hashAlgorithm", "hashIterations", "passwordBlacklist"),
        *("notUsername", "notEmail", "notContainsUsername"),
    }
)
_BUILT_IN_SCOPES: Final = frozenset(
    {
        *("acr", "address", "basic", "email", "microprofile-jwt", "offline_access"),
        *("organization", "phone", "profile", "roles", "service_account", "web-origins"),
    }
)
_BRUTE_FORCE: Final = (
    *("bruteForceProtected", "permanentLockout", "maxTemporaryLockouts", "bruteForceStrategy"),
    *("maxFailureWaitSeconds", "minimumQuickLoginWaitSeconds", "waitIncrementSeconds"),
    *("quickLoginCheckMilliSeconds", "maxDeltaTimeSeconds", "failureFactor"),
)
# Read by this importer, here or elsewhere.
_READ: Final = frozenset(
    {
        *("id", "realm", "displayName", "roles", "groups", "defaultRole", "users", "clients"),
        *("clientScopes", "keycloakVersion", "accessTokenLifespan", "accessCodeLifespan"),
        *("accessCodeLifespanLogin", "actionTokenGeneratedByUserLifespan", "passwordPolicy"),
        *("ssoSessionIdleTimeout", "ssoSessionMaxLifespan", "defaultSignatureAlgorithm"),
        *("smtpServer", "internationalizationEnabled", "supportedLocales", "defaultLocale"),
        *("authenticationFlows", "browserFlow", "attributes", "sslRequired"),
        "registrationEmailAsUsername",
        *_BRUTE_FORCE,
    }
)
_SWITCHES: Final = {
    "registrationAllowed": "people registered themselves, which is not offered: idp user add",
    "rememberMe": "remember me is not offered",
    "verifyEmail": "a mailbox is proven by the e-mail code or a mailed link here",
    "duplicateEmailsAllowed": "one address is one account here: the second is told as a fault",
    "organizationsEnabled": "organizations are not offered",
    "userManagedAccessAllowed": "user-managed access is not offered",
    "adminEventsEnabled": "admin events are not stored here",
    "eventsEnabled": "events are not stored here",
    "editUsernameAllowed": "the user ID is the e-mail address, which an administrator changes",
    "revokeRefreshToken": "refresh tokens of public clients are always rotated",
}

_OFF_SWITCHES: Final = {
    "enabled": "the realm is switched off in Keycloak",
    "resetPasswordAllowed": "here everybody may reset a password",
    "loginWithEmailAllowed": "here everybody logs in with an e-mail address",
}
_RESET_LIFETIME: Final = "actionTokenGeneratedByUserLifespan.reset-credentials"


@dataclass(frozen=True, slots=True)
class SettingsProposal:
    """The proposed configuration file, and whom to name as owner of clients."""

    text: str
    issuer: str
    owner: str


def propose_settings(
    facts: Mapping[str, Any],
    findings: Findings,
    *,
    issuer: str = "",
    has_second_factor: bool = False,
) -> SettingsProposal:
    """Return the file of a realm; `issuer` instead of what the realm knows of its address.

    `has_second_factor`: its users have more than a password. The file is valid as it stands, but
    for IDP_SMTP_PASSWORD where the mail server wants a password.
    """
    name = str(facts["realm"])
    chosen, why = _issuer(facts, name, issuer, findings)
    top = Table(f"# Proposed from the Keycloak realm {name!a}. Read every line before you use it.")
    top.put("config_version", 1)
    top.put("issuer", chosen, why)
    top.put("include", ["clients.d/*.toml"])
    database = Table("[database]")
    default = '"sqlite:///idp.sqlite"'
    database.raw("url", f'{{ env = "IDP_DB_URL", default = {default} }}', "not Keycloak's own")
    mail, sender = _mail(facts.get("smtpServer") or {}, findings)
    tables = [
        top,
        _aliases(name, chosen, findings),
        database,
        flows_table(facts, findings, has_second_factor=has_second_factor),
        _password(str(facts.get("passwordPolicy") or ""), findings),
        _reset(facts),
        _session(facts),
        _lockout(facts),
        mail,
        _theme(facts, findings),
        _keys(facts, findings),
        _tokens(facts),
        _scopes(facts),
    ]
    _report_rest(facts, findings)
    return SettingsProposal(joined(table for table in tables if table.lines), chosen, sender)


def _issuer(
    facts: Mapping[str, Any], name: str, issuer: str, findings: Findings
) -> tuple[str, str]:
    if issuer:
        if not _is_issuer(issuer):
            raise ExportRefused("--issuer must be an address that begins with https://, no slash.")
        return issuer, "as given by --issuer"
    front = str((facts.get("attributes") or {}).get("frontendUrl") or "").rstrip("/")
    if _is_issuer(f"{front}/realms/{name}"):
        return f"{front}/realms/{name}", "Keycloak: frontendUrl and realm"
    findings.add("settings", "issuer: not in the export; give it by --issuer or write it")
    why = "not in the export: write the address that applications use today"
    path = f"/realms/{name}" if _REALM_NAME.fullmatch(name) else ""
    return f"{PLACEHOLDER}{path}", why


def _is_issuer(url: str) -> bool:
    try:
        TypeAdapter(Issuer).validate_python(url)
    except ValidationError:
        return False
    return url.startswith("https://")


def _aliases(name: str, issuer: str, findings: Findings) -> Table:
    table = Table("[aliases]")
    if _REALM_NAME.fullmatch(name) and issuer.endswith(f"/realms/{name}"):
        table.put("keycloak_realm", name, "Keycloak's addresses stay good for its applications")
    else:
        table.note("keycloak_realm needs an issuer that ends with /realms/ and the realm's name")
        findings.add("settings", "aliases: Keycloak's addresses are not answered with this issuer")
    return table


def _password(policy: str, findings: Findings) -> Table:
    table = Table("[password]")
    if policy:
        table.note(f"Keycloak: passwordPolicy = {policy}")
    rules = dict(_rules(policy))
    length = _number(rules.get("length"), 8) if "length" in rules else 8
    table.put("min_length", min(64, max(8, length)), "Keycloak: length" if length >= 8 else "")  # noqa: PLR2004 - ours
    if length < 8:  # noqa: PLR2004 - ours
        findings.add("settings", f"passwordPolicy: length({length}) is 8 here, the least")
    classes = [ours for theirs, ours in _CLASSES.items() if theirs in rules]
    table.put("require", classes, "Keycloak: upperCase, lowerCase, digits, specialChars")
    history = _number(rules.get("passwordHistory"), 3) if "passwordHistory" in rules else 0
    table.put("history", min(20, history), "Keycloak: passwordHistory")
    for theirs in _CLASSES:
        if _number(rules.get(theirs), 1) > 1:
            findings.add("settings", "passwordPolicy: one character of a class is enough", theirs)
    for name in rules:
        if name not in _SILENT_RULES and name not in _CLASSES:
            findings.add("settings", "passwordPolicy: rules that are not offered", name)
    return table


def _rules(policy: str) -> list[tuple[str, str]]:
    found = (_RULE.fullmatch(part.strip()) for part in policy.split(" and "))
    return [(one[1] or one[3], one[2] or "") for one in found if one]


def _reset(facts: Mapping[str, Any]) -> Table:
    table = Table("[reset]")
    own = (facts.get("attributes") or {}).get(_RESET_LIFETIME)
    seconds = _number(own or facts.get("actionTokenGeneratedByUserLifespan"), 1800)
    table.put(
        "ttl", duration_text(_within(seconds, 61, 86_400)), "Keycloak: the user action lifespan"
    )
    return table


def _session(facts: Mapping[str, Any]) -> Table:
    table = Table("[session]")
    longest = _seconds(facts, "ssoSessionMaxLifespan", 36_000)
    idle = min(_seconds(facts, "ssoSessionIdleTimeout", 1800), longest)
    table.put("idle", duration_text(idle), "Keycloak: ssoSessionIdleTimeout")
    table.put("max", duration_text(longest), "Keycloak: ssoSessionMaxLifespan")
    timeout = _seconds(facts, "accessCodeLifespanLogin", 1800)
    table.put("login_timeout", duration_text(timeout), "Keycloak: accessCodeLifespanLogin")
    return table


def _lockout(facts: Mapping[str, Any]) -> Table:
    table = Table("# Brute force: the limits of this program are built in and lock nobody out.")
    for key in _BRUTE_FORCE:
        if key in facts:
            table.note(f"Keycloak: {key} = {json.dumps(facts[key])}")
    return table


def _mail(smtp: Mapping[str, Any], findings: Findings) -> tuple[Table, str]:
    table = Table("[mail]")
    sender = str(smtp.get("from") or "")
    if not smtp.get("host") or not _ADDRESS.fullmatch(sender):
        findings.add("settings", "mail: the realm names no mail server or sender; write them")
        table.put("host", "127.0.0.1", "not in the export")
        table.put("port", 25)
        table.put("tls", "none")
        table.put("from", _NO_ADDRESS, "not in the export")
        return table, _NO_ADDRESS
    table.put("host", str(smtp["host"]), "Keycloak: smtpServer")
    is_implicit = smtp.get("ssl") == "true"
    table.put("port", _within(_number(smtp.get("port"), 465 if is_implicit else 587), 1, 65_535))
    if not is_implicit and smtp.get("starttls") != "true":
        findings.add("settings", "mail: Keycloak spoke in clear text; STARTTLS is proposed")
    table.put("tls", "implicit" if is_implicit else "starttls", "Keycloak: ssl, starttls")
    if smtp.get("auth") == "true" and smtp.get("user"):
        table.put("user", str(smtp["user"]), "Keycloak: smtpServer.user")
        why = "Keycloak's is not written into files: set the variable"
        table.raw("password", '{ env = "IDP_SMTP_PASSWORD" }', why)
    table.put("from", sender, "Keycloak: smtpServer.from")
    known = {"host", "port", "ssl", "starttls", "auth", "user", "password", "from"}
    for key in smtp.keys() - known:
        if smtp[key] not in {"", "false", None}:
            findings.add("settings", "mail: keys of smtpServer that are not taken over", key)
    return table, sender


def _theme(facts: Mapping[str, Any], findings: Findings) -> Table:
    table = Table("[theme]")
    wanted: Sequence[str] = facts.get("supportedLocales") or ()
    if not facts.get("internationalizationEnabled"):
        wanted = ()
    kept = [locale for locale in wanted if locale in _LOCALES] or list(_LOCALES)
    for locale in wanted:
        if locale not in _LOCALES:
            findings.add("settings", "theme: languages that the pages do not speak", locale)
    default = facts.get("defaultLocale")
    default = default if default in kept else kept[0]
    kept = [default, *(locale for locale in kept if locale != default)]
    table.put("locales", kept, "Keycloak: supportedLocales")
    table.put("default", default, "Keycloak: defaultLocale")
    return table


def _keys(facts: Mapping[str, Any], findings: Findings) -> Table:
    table = Table("[keys]")
    algorithm = str(facts.get("defaultSignatureAlgorithm") or "RS256")
    if algorithm not in {"RS256", "ES256"}:
        findings.add("settings", "keys: an algorithm that is not offered; RS256 instead", algorithm)
        algorithm = "RS256"
    table.put("id_token", algorithm, "Keycloak: defaultSignatureAlgorithm")
    table.put("access_token", algorithm, "the same, for applications that look for it")
    return table


def _tokens(facts: Mapping[str, Any]) -> Table:
    table = Table("[tokens]")
    code = min(_seconds(facts, "accessCodeLifespan", 60), _LONGEST_CODE)
    table.put("code", duration_text(code), "Keycloak: accessCodeLifespan")
    longest = max(2, _seconds(facts, "ssoSessionMaxLifespan", 36_000))
    # No token outlives its session, there or here.
    access = min(_seconds(facts, "accessTokenLifespan", 300), longest - 1, _LONGEST_ACCESS)
    table.put("access", duration_text(access), "Keycloak: accessTokenLifespan")
    table.put("refresh", duration_text(longest), "Keycloak: as long as ssoSessionMaxLifespan")
    return table


def _report_rest(facts: Mapping[str, Any], findings: Findings) -> None:
    """Tell of every key that nothing was made of."""
    _report_switches(facts, findings)
    for key, value in facts.items():
        if key not in _READ and key not in _SWITCHES and key not in _OFF_SWITCHES:
            what = "Keys without a counterpart" if value else "Keys without a counterpart, empty"
            findings.add("realm", what, key, name_all=True)
    for key in facts.get("attributes") or {}:
        if key not in {"frontendUrl", _RESET_LIFETIME}:
            findings.add("realm", "Attributes without a counterpart", key, name_all=True)
    for flow in facts.get("authenticationFlows") or ():
        if not flow.get("builtIn"):
            what = "Login flows of your own: say what they did under [flows]"
            findings.add("realm", what, str(flow.get("alias")), name_all=True)
    for scope, mapper in _own_mappers(facts):
        what = "Claims of client scopes of your own: open them under [scopes]"
        findings.add("realm", what, f"{scope}/{mapper.get('name')}", name_all=True)


def _report_switches(facts: Mapping[str, Any], findings: Findings) -> None:
    version = str(facts.get("keycloakVersion") or "an unknown version")
    if not version.startswith("26."):
        findings.add("realm", "This program knows exports of Keycloak 26; this one is of", version)
    for key, what in _SWITCHES.items():
        if facts.get(key):
            findings.add("realm", f"{key}: {what}")
    for key, what in _OFF_SWITCHES.items():
        if facts.get(key) is False:
            findings.add("realm", f"{key} = false: {what}")
    if facts.get("sslRequired") == "none":
        findings.add("realm", "sslRequired = none: here every address is https")


def _scopes(facts: Mapping[str, Any]) -> Table:
    """Return what may be said under [scopes], as comments: who asks for what is a choice."""
    table = Table(
        "# Claims from attributes. Keycloak told some unasked; here a client asks for one."
    )
    for scope, mapper in _own_mappers(facts):
        config = mapper.get("config") or {}
        claim, attribute = config.get("claim.name"), config.get("user.attribute")
        if mapper.get("protocolMapper") == "oidc-usermodel-attribute-mapper" and claim:
            table.note(f'[scopes.{scope}] claims."{claim}" = "attributes.{attribute}"')
    return table


def _own_mappers(facts: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for scope in facts.get("clientScopes") or ():
        name = str(scope.get("name"))
        if name not in _BUILT_IN_SCOPES and scope.get("protocol") == "openid-connect":
            for mapper in scope.get("protocolMappers") or ():
                yield name, mapper


def _seconds(facts: Mapping[str, Any], key: str, default: int) -> int:
    """Return a lifetime; 0 means Keycloak's default, and none is longer than ours may be."""
    return _within(_number(facts.get(key), default) or default, 1, 3650 * 86_400)


def _number(value: Any, default: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def _within(value: int, least: int, most: int) -> int:
    return min(most, max(least, value))
