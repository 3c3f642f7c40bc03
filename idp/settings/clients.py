"""Clients: the relying parties that an administrator declares, one file a ministry or so."""

import datetime as dt
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlencode

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from idp.settings.values import (
    Address,
    Flag,
    LocalText,
    Section,
    Text,
    ThemeName,
    WebPage,
    matching,
    split_url,
)

Grant: TypeAlias = Literal["authorization_code", "refresh_token", "client_credentials"]
Scope: TypeAlias = Literal["openid", "profile", "email", "offline_access"]
SigningAlgorithm: TypeAlias = Literal["RS256", "ES256"]
ClientAuthentication: TypeAlias = Literal["client_secret_basic", "client_secret_post", "none"]


def _check_redirect_uri(value: str) -> str:
    """Refuse what RFC 6749 3.1.2 and RFC 9700 2.1 forbid in a registered redirect URI."""
    split_url(value)
    if "#" in value:
        raise ValueError("must not have a fragment")
    if "*" in value:
        raise ValueError("must be exact: a wildcard matches nothing")
    return value


def _check_origin(value: str) -> str:
    parts = split_url(value)
    if value != f"{parts.scheme}://{parts.netloc}" or value != value.lower():
        raise ValueError('must be an origin like "https://app.example.gov.bd", without a path')
    return value


def _to_date(value: object) -> object:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise ValueError("must be a date like 2027-03-01, without quotes")  # noqa: TRY004 - pydantic
    return value


RedirectUri: TypeAlias = Annotated[Text, AfterValidator(_check_redirect_uri)]
Origin: TypeAlias = Annotated[Text, AfterValidator(_check_origin)]
ClientId: TypeAlias = Annotated[
    Text, matching(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}", "1 to 100 Latin letters, digits or . _ ~ -")
]
SecretHash: TypeAlias = Annotated[
    Text, matching(r"sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits in small letters")
]


class ClientSecret(Section):
    """The hash of a client secret of at least 256 random bits, and the last day it is good for."""

    hash: SecretHash = Field(repr=False)
    expires: Annotated[dt.date, BeforeValidator(_to_date)] | None = None

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the secret's UTF-8 bytes."""
        return bytes.fromhex(self.hash.removeprefix("sha256:"))

    def is_live(self, now: int) -> bool:
        """Answer whether it is good at `now` (seconds since 1970 UTC); its last day counts."""
        today = dt.datetime.fromtimestamp(now, dt.UTC).date()
        return self.expires is None or today <= self.expires


class Client(Section):
    """A relying party (OIDC Core 1.2) as its file declares it."""

    client_id: ClientId
    name: LocalText
    owner: Address
    home_url: WebPage | None = None
    initiate_login_uri: WebPage | None = None
    auth: ClientAuthentication = "client_secret_basic"
    secrets: tuple[ClientSecret, ...] = ()
    redirect_uris: tuple[RedirectUri, ...] = ()
    post_logout_redirect_uris: tuple[RedirectUri, ...] = ()
    backchannel_logout_uri: RedirectUri | None = None
    grants: tuple[Grant, ...] = ("authorization_code",)
    scopes: tuple[Scope, ...] = ("openid", "profile", "email")
    web_origins: tuple[Origin, ...] = ()
    pkce: Literal["required", "optional"] = "required"
    id_token_alg: SigningAlgorithm | None = None
    access_token_audience: Annotated[Text, StringConstraints(min_length=1)] | None = None
    flow: Text | None = None
    theme: ThemeName | None = None
    enabled: Flag = True

    def home(self, issuer: str) -> str:
        """Return where a person may go on: the home page, or where a login begins.

        The latter is told who asks (OIDC Core 4). "": the client has neither.
        """
        if self.home_url is not None or self.initiate_login_uri is None:
            return self.home_url or ""
        joint = "&" if "?" in self.initiate_login_uri else "?"
        return f"{self.initiate_login_uri}{joint}{urlencode({'iss': issuer})}"

    @property
    def is_public(self) -> bool:
        """Whether the client cannot keep a secret (RFC 6749 2.1)."""
        return self.auth == "none"
