"""Clients of a realm, as the files that declare them here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from idp.admin.clients import secret_hash
from idp.admin.keycloak.findings import Findings
from idp.admin.keycloak.proposal import Table, commented_out, one_line
from idp.admin.keycloak.roles import BUILT_IN
from idp.settings.checks import check_client
from idp.settings.clients import Client
from idp.settings.values import split_url

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
_BENGALI: Final = re.compile(r"[\u0980-\u09ff]")
_SHORT_SECRET: Final = 32  # characters; Keycloak's own have 32
_WEAK_SECRET: Final = 16  # what is shorter can be guessed
_ALL_ROLES: Final = "here its access tokens would tell every role of a person"
_SCOPES: Final = ("profile", "email")
# Opened here without being asked for, or by claims_style.
_SILENT_SCOPES: Final = frozenset(
    {"openid", "basic", "acr", "roles", "web-origins", "service_account", *_SCOPES}
)
_KNOWN: Final = frozenset(
    {
        *("id", "clientId", "name", "description", "enabled", "protocol", "publicClient"),
        *("bearerOnly", "clientAuthenticatorType", "secret", "redirectUris", "webOrigins"),
        *("rootUrl", "baseUrl", "adminUrl", "standardFlowEnabled", "implicitFlowEnabled"),
        *("directAccessGrantsEnabled", "serviceAccountsEnabled", "frontchannelLogout"),
        *("consentRequired", "fullScopeAllowed", "defaultClientScopes", "optionalClientScopes"),
        *("protocolMappers", "authenticationFlowBindingOverrides", "attributes", "notBefore"),
        *("surrogateAuthRequired", "alwaysDisplayInConsole", "nodeReRegistrationTimeout"),
        *("registeredNodes", "authorizationServicesEnabled", "access", "origin", "type"),
    }
)
_KNOWN_ATTRIBUTES: Final = frozenset(
    {
        *("realm_client", "post.logout.redirect.uris", "backchannel.logout.url"),
        *("backchannel.logout.session.required", "pkce.code.challenge.method"),
        *("use.refresh.tokens", "id.token.signed.response.alg", "client.secret.creation.time"),
        *("oauth2.device.authorization.grant.enabled", "oidc.ciba.grant.enabled"),
        *("standard.token.exchange.enabled", "login_theme", "frontchannel.logout.url"),
    }
)
_SWITCHES: Final = {
    "implicitFlowEnabled": "Clients with the implicit flow: they must use the code flow",
    "directAccessGrantsEnabled": (
        "Clients that might send passwords themselves (direct access grants), which is not offered"
    ),
    "consentRequired": "Clients that asked people for consent, which is not asked here",
    "authorizationServicesEnabled": "Clients with authorization services, which are not offered",
    "frontchannelLogout": "Clients with front-channel logout, not offered: use back-channel",
}
_SWITCHED_ATTRIBUTES: Final = {
    "oauth2.device.authorization.grant.enabled": "Clients with the device flow, not offered",
    "oidc.ciba.grant.enabled": "Clients with CIBA, which is not offered",
    "standard.token.exchange.enabled": "Clients with token exchange, which is not offered",
}


@dataclass(frozen=True, slots=True)
class ClientProposal:
    """One client: its file's name and text, and what its administrator must still do.

    `is_ready`: it is valid as it stands; otherwise all of it is commented out.
    """

    client_id: str
    file_name: str
    text: str = field(repr=False)
    is_ready: bool
    to_do: tuple[str, ...]


def propose_clients(
    facts: Mapping[str, Any], owner: str, findings: Findings
) -> Iterator[ClientProposal]:
    """Yield a proposal for each client that logs somebody in or gets tokens of its own."""
    for client in facts.get("clients") or ():
        reason = _left_out(client)
        if reason:
            findings.add("clients", reason, str(client.get("clientId")), name_all=True)
            continue
        yield _Translation(client, findings).proposal(owner)


def _left_out(client: Mapping[str, Any]) -> str:
    name, attributes = str(client.get("clientId") or ""), client.get("attributes") or {}
    if name in BUILT_IN or attributes.get("realm_client") == "true":
        return "Keycloak's own clients, left out"
    if client.get("protocol", "openid-connect") != "openid-connect":
        return f"Clients of the protocol {client['protocol']}, which is not spoken here: left out"
    if client.get("bearerOnly"):
        return "Services that only check tokens (bearer-only), left out: they need no client"
    if client.get("enabled") is False:
        return "Clients that are switched off, left out"
    if not _CLIENT_ID.fullmatch(name):
        return "Clients whose id is no name here (1 to 100 of A-Z a-z 0-9 . _ ~ -): left out"
    if client.get("clientAuthenticatorType", "client-secret") != "client-secret" and not client.get(
        "publicClient"
    ):
        how = client["clientAuthenticatorType"]
        return f"Clients that prove themselves by {how}, which is not offered: left out"
    if not client.get("standardFlowEnabled", True) and not client.get("serviceAccountsEnabled"):
        return "Clients without the code flow or a service account, left out"
    return ""


class _Translation:
    """One client on its way into a file."""

    def __init__(self, client: Mapping[str, Any], findings: Findings) -> None:
        self._client = client
        self._attributes: Mapping[str, Any] = client.get("attributes") or {}
        self._findings = findings
        self._id = str(client["clientId"])
        self._is_public = bool(client.get("publicClient"))
        self._logs_in = bool(client.get("standardFlowEnabled", True))
        self._table = Table("[[clients]]")
        self._values: dict[str, Any] = {}
        self._to_do: list[str] = []
        self._obstacles: list[str] = []  # valid for the loader, but a person must decide

    def proposal(self, owner: str) -> ClientProposal:
        self._put("client_id", self._id)
        self._put_name()
        self._put("owner", owner, "not in Keycloak: write who answers for this application")
        self._put_authentication()
        self._put_grants()
        if self._logs_in:
            self._put_addresses()
        self._put_scopes()
        self._put_signing()
        self._put("claims_style", "keycloak", "roles stand where Keycloak put them")
        if self._logs_in:
            self._judge_roles()
        self._report_rest()
        faults = [*self._obstacles, *_faults_of(self._values)]
        text = f"# From the client {self._id} of Keycloak.\n{self._table}"
        if faults:
            self._to_do += faults
            intro = "".join(f"# To do: {one_line(fault)}\n" for fault in faults)
            text = intro + "# Then take away the # in front of the lines.\n" + commented_out(text)
        return ClientProposal(self._id, f"{self._id}.toml", text, not faults, tuple(self._to_do))

    def _put(self, key: str, value: Any, why: str = "") -> None:
        self._values[key] = value
        self._table.put(key, value, why)

    def _do(self, what: str) -> None:
        self._to_do.append(what)
        self._table.note(what)

    def _find(self, what: str) -> None:
        self._findings.add("clients", what, self._id, name_all=True)

    def _put_name(self) -> None:
        name = str(self._client.get("name") or "")
        if not name or name.startswith("${"):
            self._put("name", {"bn": self._id, "en": self._id}, "Keycloak had no name")
            return
        is_bengali = _BENGALI.search(name) is not None
        both = {"bn": name, "en": self._id} if is_bengali else {"bn": name, "en": name}
        self._put("name", both, "Keycloak: name; it had one language")

    def _put_authentication(self) -> None:
        if self._is_public:
            self._put("auth", "none", "Keycloak: publicClient")
            return
        why = "in the header or the body: claims_style takes both"
        self._put("auth", "client_secret_basic", why)
        secret = str(self._client.get("secret") or "")
        if not secret or secret.startswith("${"):
            self._find("Clients whose secret is not in the export: give them a new one")
            return
        self._put("secrets", [{"hash": secret_hash(secret)}], "of the secret it has already")
        if len(secret) < _WEAK_SECRET:
            self._find("Clients whose secret can be guessed: commented out until it is rotated")
            self._obstacles.append(
                f"rotate: the secret has {len(secret)} characters and can be guessed. Take "
                f"away the #, run idp client rotate {self._id} --expires 0, only then idp reload"
            )
        elif len(secret) < _SHORT_SECRET:
            self._find("Clients with a short secret, which stays valid: rotate it soon")
            self._do(f"the secret has {len(secret)} characters: idp client rotate {self._id}")
        if self._attributes.get("client.secret.rotated"):
            self._find("Clients whose former secret was still good; only the present one is taken")

    def _put_grants(self) -> None:
        grants = []
        if self._logs_in:
            grants.append("authorization_code")
            if self._attributes.get("use.refresh.tokens") != "false":
                grants.append("refresh_token")
        if self._client.get("serviceAccountsEnabled") and not self._is_public:
            grants.append("client_credentials")
        self._put("grants", grants, "Keycloak: standardFlowEnabled, serviceAccountsEnabled")

    def _put_addresses(self) -> None:
        client = self._client
        registered = [str(uri) for uri in client.get("redirectUris") or ()]
        exact = self._exact("redirect_uris", registered)
        self._put_home(registered)
        self._put("redirect_uris", exact, "Keycloak: redirectUris")
        after = str(self._attributes.get("post.logout.redirect.uris") or "")
        # Keycloak joins them by ##; + stands for the redirect URIs, - for none.
        parts = [one for one in after.split("##") if one and one != "-"]
        exact_after = exact if parts == ["+"] else self._exact("post_logout_redirect_uris", parts)
        if exact_after:
            why = "Keycloak: post.logout.redirect.uris"
            self._put("post_logout_redirect_uris", exact_after, why)
        backchannel = str(self._attributes.get("backchannel.logout.url") or "")
        for uri in self._exact("backchannel_logout_uri", [backchannel] if backchannel else []):
            self._put("backchannel_logout_uri", uri, "Keycloak: backchannel.logout.url")
        self._put_origins(registered)
        self._put_pkce()

    def _put_home(self, registered: Sequence[str]) -> None:
        home = self._resolved(str(self._client.get("baseUrl") or ""))
        why = "Keycloak: baseUrl"
        if not _is_web_page(home):
            origins = (_origin_of(self._resolved(uri)) for uri in registered)
            home = next((f"{origin}/" for origin in origins if origin), "")
            why = "Keycloak had no baseUrl: the origin of a redirect URI"
        if home:
            self._put("home_url", home, why)

    def _exact(self, key: str, uris: Sequence[str]) -> list[str]:
        """Return the addresses that may stand in a file; the others become comments and to-dos."""
        kept: list[str] = []
        for uri in map(self._resolved, uris):
            fault = _uri_fault(uri)
            if fault and "*" in uri:
                self._find("Clients with wildcards in their addresses: write each exact address")
            elif fault:
                self._find("Clients with addresses that are not allowed here")
            if fault:
                self._do(f'{key}: "{uri}" {fault}')
            elif uri not in kept:
                kept.append(uri)
        return kept

    def _put_origins(self, registered: Sequence[str]) -> None:
        origins: list[str] = []
        for origin in map(str, self._client.get("webOrigins") or ()):
            if origin == "*":
                self._find("Clients whose scripts were let in from everywhere (webOrigins *)")
                self._do('web_origins: Keycloak had "*"; write the origins of its scripts')
            elif origin == "+":
                origins += [_origin_of(self._resolved(uri)) for uri in registered]
            else:
                origins.append(_origin_of(origin))
                if origins[-1].startswith("http://"):
                    self._do(f'web_origins: "{origins[-1]}" is not https')
        wanted = [one for one in dict.fromkeys(origins) if one.startswith("https://")]
        if wanted:
            self._put("web_origins", wanted, "Keycloak: webOrigins")

    def _put_pkce(self) -> None:
        method = self._attributes.get("pkce.code.challenge.method")
        if method == "S256":
            self._put("pkce", "required", "Keycloak: pkce.code.challenge.method")
        elif self._is_public:
            self._find("Public clients without PKCE (S256) in Keycloak, which must send it here")
            self._put("pkce", "required", "Keycloak did not demand it of this public client")
        else:
            why = "Keycloak did not demand it; required is safer once the application sends it"
            self._put("pkce", "optional", why)
        if method == "plain":
            self._find("Clients with PKCE by the method plain: only S256 is taken here")

    def _put_scopes(self) -> None:
        default = [str(name) for name in self._client.get("defaultClientScopes") or ()]
        optional = [str(name) for name in self._client.get("optionalClientScopes") or ()]
        every = dict.fromkeys([*default, *optional])
        scopes = ["openid", *(name for name in _SCOPES if name in every)]
        if "offline_access" in every and "refresh_token" in self._values["grants"]:
            scopes.append("offline_access")
        self._put("scopes", scopes, "Keycloak: defaultClientScopes, optionalClientScopes")
        for name in [name for name in every if name not in {*_SILENT_SCOPES, "offline_access"}]:
            what = "Client scopes without a counterpart; one of your own opens attributes: [scopes]"
            self._findings.add("clients", what, name, name_all=True)

    def _judge_roles(self) -> None:
        """Stop a client that was told fewer roles than the Keycloak style tells."""
        what = ""
        if self._client.get("fullScopeAllowed") is False:
            self._find("Clients that were told only some roles (fullScopeAllowed = false)")
            what = "Keycloak told it only the roles of its scope (fullScopeAllowed = false)"
        elif "roles" not in self._client.get("defaultClientScopes", ("roles",)):
            self._find("Clients that were told no roles (without the default scope roles)")
            what = "Keycloak told it no roles (its default scopes lack roles)"
        if what:
            self._obstacles.append(
                f"{what}; {_ALL_ROLES}. Take the line claims_style away, and no roles are told; "
                "or leave it, if it may know them all"
            )

    def _put_signing(self) -> None:
        algorithm = self._attributes.get("id.token.signed.response.alg")
        if algorithm in {"RS256", "ES256"}:
            self._put("id_token_alg", algorithm, "Keycloak: id.token.signed.response.alg")
        elif algorithm:
            self._find(f"Clients whose ID tokens were signed by {algorithm}, which is not offered")

    def _report_rest(self) -> None:
        """Tell of everything that nothing was made of."""
        for key, what in _SWITCHES.items():
            if self._client.get(key):
                self._find(what)
        for key, what in _SWITCHED_ATTRIBUTES.items():
            if self._attributes.get(key) == "true":
                self._find(what)
        if self._attributes.get("login_theme"):
            self._find("Clients with a login theme of their own: write theme = a theme of ours")
        if self._client.get("authenticationFlowBindingOverrides"):
            self._find("Clients with a login flow of their own: declare it under [flows]")
        self._report_unknown()

    def _report_unknown(self) -> None:
        for mapper in self._client.get("protocolMappers") or ():
            what = f"Claims by the mapper {mapper.get('protocolMapper')}, not taken over"
            self._find_one(what, str(mapper.get("name")))
        for key in sorted(self._client.keys() - _KNOWN):
            self._find_one("Keys of clients that are not known", key)
        for key in sorted(self._attributes.keys() - _KNOWN_ATTRIBUTES):
            if self._attributes[key] not in {"", "false", None}:
                self._find_one("Attributes of clients that are not taken over", key)

    def _find_one(self, what: str, name: str) -> None:
        self._findings.add("clients", what, f"{self._id}/{name}", name_all=True)

    def _resolved(self, uri: str) -> str:
        """Return an address in full: Keycloak's may be relative to rootUrl."""
        root = str(self._client.get("rootUrl") or "")
        return f"{root.rstrip('/')}{uri}" if uri.startswith("/") and _is_web_page(root) else uri


def _uri_fault(uri: str) -> str:
    """Return why an address cannot stand in a client's file; "": it can."""
    if "*" in uri:
        return "matched by its beginning in Keycloak: write each exact address"
    if uri == "+":
        return "stood for other addresses in Keycloak: write each exact address"
    try:
        parts = split_url(uri)
    except ValueError as error:
        return str(error)
    if parts.scheme != "https":
        return "is not https"
    return "has a fragment" if "#" in uri else ""


def _is_web_page(url: str) -> bool:
    try:
        split_url(url)
    except ValueError:
        return False
    return True


def _origin_of(url: str) -> str:
    """Return the origin of an address, also of one that ends with a wildcard; "": it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    return origin if _is_web_page(origin) and "*" not in origin else ""


def _faults_of(values: Mapping[str, Any]) -> list[str]:
    """Return what the loader would refuse, so that every file that is written can be loaded."""
    try:
        client = TypeAdapter(Client).validate_python(
            _as_read(values), strict=True, by_alias=True, by_name=False
        )
    except ValidationError as error:
        return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    found = check_client(client, {"mode": "production"})
    return [f"{'.'.join(map(str, one.path))} {one.message}" for one in found]


def _as_read(value: Any) -> Any:
    """Return a value as the reader of TOML hands it out: lists are tuples."""
    if isinstance(value, Mapping):
        return {key: _as_read(one) for key, one in value.items()}
    return tuple(map(_as_read, value)) if isinstance(value, list) else value
