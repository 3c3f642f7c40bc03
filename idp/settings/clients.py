"""Clients: the relying parties that an administrator declares, one file a ministry or so."""

import datetime as dt
import re
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlencode

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from idp.settings.claims import ScopeName
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
    told_as,
)

Grant: TypeAlias = Literal["authorization_code", "refresh_token", "client_credentials"]
STANDARD_SCOPES = ("openid", "profile", "email", "offline_access")
_ORIGIN = r"https?://(?:[a-z0-9]+(?:[.-]+[a-z0-9]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
ClientScope: TypeAlias = ScopeName
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
    split_url(value)
    if not re.fullmatch(_ORIGIN, value):  # it stands in a policy, where ; , and * mean something
        raise ValueError('must be an origin like "https://app.example.gov.bd", without a path')
    return value


def _to_date(value: object) -> object:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise ValueError("must be a date like 2027-03-01, without quotes")  # noqa: TRY004 - pydantic
    return value


RedirectUri: TypeAlias = Annotated[
    Text,
    AfterValidator(_check_redirect_uri),
    told_as("an exact address", pattern=r"^[hH][tT][tT][pP][sS]?://[^#*]*$"),
]
Origin: TypeAlias = Annotated[
    Text,
    AfterValidator(_check_origin),
    told_as('an origin like "https://app.example.gov.bd"', pattern=f"^{_ORIGIN}$"),
]
Day: TypeAlias = Annotated[
    dt.date, BeforeValidator(_to_date), told_as("a date like 2027-03-01", format="date")
]
ClientId: TypeAlias = Annotated[
    Text, matching(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}", "1 to 100 Latin letters, digits or . _ ~ -")
]
Role: TypeAlias = Annotated[Text, matching(r"[^\x00-\x1f\x7f]{1,100}", "the name of a role")]
SecretHash: TypeAlias = Annotated[
    Text, matching(r"sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits in small letters")
]


class ClientSecret(Section):
    """The hash of a client secret of at least 256 random bits, and the last day it is good for."""

    hash: SecretHash = Field(
        repr=False,
        description="sha256: and the SHA-256 of the secret in hexadecimal digits.",
        examples=["sha256:" + "0" * 64],
    )
    expires: Day | None = Field(
        default=None,
        description="The last day it is good for; left out: it does not end.",
        examples=["2027-03-01"],
    )

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the secret's UTF-8 bytes."""
        return bytes.fromhex(self.hash.removeprefix("sha256:"))

    @property
    def short(self) -> str:
        """The first eight digits of the hash: what people and notes call this secret."""
        return self.hash.removeprefix("sha256:")[:8]

    def is_live(self, now: int) -> bool:
        """Answer whether it is good at `now` (seconds since 1970 UTC); its last day counts."""
        today = dt.datetime.fromtimestamp(now, dt.UTC).date()
        return self.expires is None or today <= self.expires


class Client(Section):
    """A relying party (OIDC Core 1.2) as its file declares it."""

    client_id: ClientId = Field(
        description="The name that the application gives of itself.", examples=["backoffice"]
    )
    name: LocalText = Field(
        description="What people read on the pages, in both languages.",
        examples=[{"bn": "ব্যাকঅফিস", "en": "Back office"}],
    )
    owner: Address = Field(
        description="Whom to write to about this application.", examples=["ops@example.gov.bd"]
    )
    home_url: WebPage | None = Field(
        default=None,
        description="The application's own first page.",
        examples=["https://backoffice.example.gov.bd/"],
    )
    initiate_login_uri: WebPage | None = Field(
        default=None,
        description="Where the application begins a login (OIDC Core 4).",
        examples=["https://backoffice.example.gov.bd/login"],
    )
    auth: ClientAuthentication = Field(
        default="client_secret_basic",
        description="How the application proves who it is; none for those that keep no secret.",
    )
    secrets: tuple[ClientSecret, ...] = Field(
        default=(),
        description="Hashes of its secrets; two while one follows the other.",
        examples=[[{"hash": "sha256:" + "0" * 64}]],
    )
    redirect_uris: tuple[RedirectUri, ...] = Field(
        default=(),
        description="The exact addresses that people come back to after a login.",
        examples=[["https://backoffice.example.gov.bd/callback"]],
    )
    post_logout_redirect_uris: tuple[RedirectUri, ...] = Field(
        default=(),
        description="The exact addresses that people come back to after a logout.",
        examples=[["https://backoffice.example.gov.bd/bye"]],
    )
    backchannel_logout_uri: RedirectUri | None = Field(
        default=None,
        description="Where the application is told that a login has ended.",
        examples=["https://backoffice.example.gov.bd/backchannel-logout"],
    )
    grants: tuple[Grant, ...] = Field(
        default=("authorization_code",),
        description="What the application may ask the token endpoint for.",
    )
    scopes: tuple[ClientScope, ...] = Field(
        default=("openid", "profile", "email"),
        description="What the application may learn; also scopes of the table scopes.",
    )
    web_origins: tuple[Origin, ...] = Field(
        default=(),
        description="Origins whose scripts may call token, userinfo and revocation (CORS).",
        examples=[["https://backoffice.example.gov.bd"]],
    )
    pkce: Literal["required", "optional"] = Field(
        default="required",
        description="Whether each request must carry a code challenge (RFC 7636).",
    )
    id_token_alg: SigningAlgorithm | None = Field(
        default=None,
        description="Signs its ID tokens instead of keys.id_token.",
        examples=["ES256"],
    )
    access_token_audience: Annotated[Text, StringConstraints(min_length=1)] | None = Field(
        default=None,
        description="Whom its access tokens are for instead of the issuer.",
        examples=["https://api.example.gov.bd"],
    )
    flow: Text | None = Field(
        default=None,
        description="The flow of its logins instead of browser.",
        examples=["staff"],
    )
    required_roles: tuple[Role, ...] = Field(
        default=(),
        description="Roles of which a person must have one, of the realm or of this client; empty: "
        "everybody may log in there.",
        examples=[["content-editor"]],
    )
    theme: ThemeName | None = Field(
        default=None, description="The theme of its pages.", examples=["ministry"]
    )
    claims_style: Literal["standard", "keycloak"] = Field(
        default="standard",
        description="keycloak serves it as Keycloak did: roles and names in its tokens, profile "
        "and email with every login, its secret in the header or in the body.",
    )
    test: Flag = Field(
        default=False,
        description="Whether developers may have its requests checked and its addresses shown.",
    )
    enabled: Flag = Field(default=True, description="Whether anybody may log in there.")

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
