"""The tables of `idp.toml` and the whole of them: `Settings`.

A key stands here only when the program does what it says.
"""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
)

from idp.settings.claims import ScopeClaims, ScopeName
from idp.settings.clients import Client, SigningAlgorithm
from idp.settings.help_desk import Support
from idp.settings.limits import Limits
from idp.settings.maintenance import Maintenance
from idp.settings.values import (
    Address,
    Duration,
    Flag,
    Issuer,
    Network,
    RelativePath,
    SecretText,
    Section,
    StoreUrl,
    Text,
    ThemeName,
    TimeZone,
    Whole,
    base_of,
    between,
    matching,
    under,
)

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgresql+psycopg://")
_REDIS = ("redis://", "rediss://", "unix://")
_DOMAIN = r"([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*)?"
_REALM = r"([A-Za-z0-9][A-Za-z0-9._-]{0,99})?"  # as the path of an address shows it
# What a running server cannot change: it must be started anew (`idp reload` says so).
STATIC_KEYS = ("issuer", "mode", "secrets_dir", "listen", "database")

Port: TypeAlias = Annotated[Whole, between(1, 65_535)]
Steps: TypeAlias = tuple[Text, ...]
CharacterClass: TypeAlias = Literal["upper", "lower", "digit", "special"]
Locale: TypeAlias = Annotated[Text, matching(r"[a-z]{2,3}", 'a language like "bn"')]


def _check_version(value: Any) -> Any:
    if type(value) is not int:  # true and 1.0 are equal to 1, and nobody means them
        raise ValueError("must be 1")
    return value


def _check_pattern(pattern: str) -> str:
    if "\0" in pattern or "**" in pattern:
        raise ValueError('must be a file or a pattern like "clients.d/*.toml", without "**"')
    return pattern


def _check_database(url: str, info: ValidationInfo) -> str:
    if url.startswith(_SQLITE):
        file = url.removeprefix(_SQLITE)
        if not file or file.startswith(":"):
            raise ValueError("must name a file: a database in memory is forgotten at once")
        return f"{_SQLITE}{under(base_of(info), file)}"
    if not url.startswith(_POSTGRESQL):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return _with_a_port(url)


def _check_redis(url: str) -> str:
    if url and not url.startswith(_REDIS):
        raise ValueError("must be empty or begin with redis://, rediss:// or unix://")
    return _with_a_port(url)


def _with_a_port(url: str) -> str:
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise ValueError("must have a number as its port") from error
    return url


Version: TypeAlias = Annotated[Literal[1], BeforeValidator(_check_version)]
Pattern: TypeAlias = Annotated[Text, AfterValidator(_check_pattern)]


class Listen(Section):
    """Where and with how much the server listens."""

    host: Text = Field(default="127.0.0.1", description="The address that the server listens on.")
    port: Port = Field(default=9000, description="The TCP port that the server listens on.")
    workers: Annotated[Whole, between(1, 256)] = Field(
        default=1, description="How many processes serve."
    )
    threads: Annotated[Whole, between(2, 256)] = Field(
        default=8,
        description="Threads in each process; at most half of them are busy with passwords.",
    )


class Proxy(Section):
    """The proxies in front of the server."""

    trusted: tuple[Network, ...] = Field(
        default=(),
        description="Networks of the proxies whose X-Forwarded-For is believed.",
        examples=[["127.0.0.1/32"]],
    )
    hops: Annotated[Whole, between(1, 10)] = Field(
        default=1, description="How many proxies a request passes on its way here."
    )


class Database(Section):
    """Where the truth is."""

    url: Annotated[StoreUrl, AfterValidator(_check_database)] = Field(
        repr=False,
        description="sqlite:/// and a file, or postgresql://; a password comes by {env} or {file}.",
        examples=[{"env": "IDP_DB_URL", "default": "sqlite:///idp.sqlite"}],
    )


class Redis(Section):
    """What several nodes share and may lose."""

    url: Annotated[StoreUrl, AfterValidator(_check_redis)] = Field(
        default="",
        repr=False,
        description='Where the limits by address are counted; "" counts in the memory of each '
        "process.",
        examples=[{"env": "IDP_REDIS_URL", "default": "redis://127.0.0.1:6379/0"}],
    )


class Flows(Section):
    """Flat lists of steps by name. `browser` is for everybody; a client may name another one."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Steps] = Field(init=False)

    browser: Steps = Field(
        default=("password", "email_otp"),
        description="The steps of a login, for every client that names no other flow.",
    )

    @property
    def named(self) -> dict[str, Steps]:
        """All flows by their names."""
        return {"browser": self.browser, **self.__pydantic_extra__}


class Password(Section):
    """What a new password must have, and what its hash costs."""

    min_length: Annotated[Whole, between(8, 64)] = Field(
        default=8, description="The fewest characters of a new password."
    )
    require: tuple[CharacterClass, ...] = Field(
        default=("upper", "lower", "digit", "special"),
        description="The classes of which a new password must have a character each.",
    )
    history: Annotated[Whole, between(0, 20)] = Field(
        default=5, description="How many passwords, the present one included, may not come back."
    )
    block_common: Flag = Field(
        default=True, description="Whether common words, the user's own ID and office are refused."
    )
    bcrypt_cost: Annotated[Whole, between(4, 18)] = Field(
        default=12,
        description="A hash costs 2 to the power of this; older hashes follow at a login.",
    )


class Reset(Section):
    """The mailed link to set a new password."""

    ttl: Duration = Field(default=1_800, description="How long a mailed link lives.")
    welcome_ttl: Duration = Field(
        default=86_400,
        description="How long the link of a letter of welcome lives, with which a new user sets "
        "the first password.",
    )
    resend_after: Duration = Field(
        default=60, description="The pause before a link is mailed again."
    )
    then: Literal["login", "continue"] = Field(
        default="login",
        description="After a reset: log in with the new password, or continue without typing it "
        "again.",
    )


class Otp(Section):
    """The e-mail code."""

    ttl: Duration = Field(default=600, description="How long a mailed code lives.")
    resend_after: Duration = Field(
        default=60, description="The pause before a code is mailed again."
    )
    tries: Annotated[Whole, between(1, 10)] = Field(
        default=5, description="How often one code may be typed wrong."
    )


class Session(Section):
    """How long a login lasts."""

    idle: Duration = Field(
        default=3_600, description="A login ends when it was not used for so long."
    )
    max: Duration = Field(default=36_000, description="A login ends so long after it began.")
    login_timeout: Duration = Field(
        default=1_800,
        description="How long somebody may take from the first page to the last step.",
    )


class Mail(Section):
    """The SMTP server that takes our letters."""

    host: Annotated[Text, StringConstraints(min_length=1)] = Field(
        description="The name of the SMTP server.", examples=["smtp.example.gov.bd"]
    )
    port: Port = Field(default=587, description="The TCP port of the SMTP server.")
    tls: Literal["none", "starttls", "implicit"] = Field(
        default="starttls", description="How the line is encrypted; none only to this very machine."
    )
    verify: Flag = Field(
        default=True, description="Whether the server's certificate must be right."
    )
    ca_file: RelativePath | None = Field(
        default=None,
        description="Certificates to trust instead of the system's.",
        examples=["/etc/ssl/certs/ca-certificates.crt"],
    )
    timeout: Duration = Field(
        default=10, description="How long each answer of the server may take."
    )
    user: Text = Field(
        default="", description='The name to log in with; "" logs in nowhere.', examples=["sso"]
    )
    password: SecretText = Field(
        default="",
        repr=False,
        description="The password to log in with, by {env} or {file}.",
        examples=[{"env": "IDP_SMTP_PASSWORD"}],
    )
    sender: Address = Field(
        alias="from",
        description="The address that letters come from.",
        examples=["no-reply@example.gov.bd"],
    )
    message_id_domain: Annotated[Text, matching(_DOMAIN, "the name of a host")] = Field(
        default="",
        description='What stands right of the @ in Message-ID, and our name in EHLO; "" is the '
        "issuer's host.",
        examples=["sso.example.gov.bd"],
    )


class Theme(Section):
    """The look, the languages and the time zone of the pages."""

    name: ThemeName = Field(
        default="portal",
        description="The theme of all pages and letters, by the name of its folder.",
    )
    folder: RelativePath = Field(
        default=Path("themes"),
        validate_default=True,
        description="The folder of themes of your own; none need be there.",
    )
    locales: Annotated[tuple[Locale, ...], Field(min_length=1)] = Field(
        default=("bn", "en"), description="The languages of the pages."
    )
    default: Locale = Field(default="bn", description="The language of somebody who chose none.")
    timezone: TimeZone = Field(default="Asia/Dhaka", description="The time zone of times on pages.")


class Keys(Section):
    """The keys that sign tokens."""

    id_token: SigningAlgorithm = Field(
        default="RS256", description="Signs ID tokens where a client asks for no other."
    )
    access_token: SigningAlgorithm = Field(default="ES256", description="Signs access tokens.")
    rotate: Duration = Field(
        default=7_776_000, description="How long a key signs before the next one."
    )
    announce: Duration = Field(
        default=604_800, description="How long a new key is published before it signs."
    )
    keep: Duration = Field(
        default=2_592_000, description="How long a key that signs no more is still published."
    )


class Tokens(Section):
    """How long codes and tokens live."""

    code: Duration = Field(default=60, description="How long an authorization code lives.")
    access: Duration = Field(default=300, description="How long an access token lives.")
    refresh: Duration = Field(default=2_592_000, description="How long a refresh token lives.")


class Logging(Section):
    """What the log holds."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe of the events that are logged."
    )


class Aliases(Section):
    """Other addresses of the same endpoints."""

    keycloak_realm: Annotated[Text, matching(_REALM, "the name of a realm")] = Field(
        default="",
        description="The Keycloak realm whose addresses are answered, too; the issuer must end "
        "with /realms/ and this name.",
        examples=["portal"],
    )


class Settings(Section):
    """The whole configuration. Relative paths in it are relative to the file it came from."""

    config_version: Version = Field(description="The version of this file's format.", examples=[1])
    issuer: Issuer = Field(
        description="The address of this provider, exactly as applications write it.",
        examples=["https://sso.example.gov.bd"],
    )
    mode: Literal["production", "development"] = Field(
        default="production", description="development is for a loopback issuer on plain http only."
    )
    include: tuple[Pattern, ...] = Field(
        default=(),
        description="Files of clients, by name or pattern; one file a ministry or so.",
        examples=[["clients.d/*.toml"]],
    )
    secrets_dir: RelativePath = Field(
        default=Path("secrets"), description="The directory of the secrets that idp init makes."
    )
    listen: Listen = Listen()
    proxy: Proxy = Proxy()
    database: Database
    redis: Redis = Redis()
    flows: Flows = Flows()
    password: Password = Password()
    reset: Reset = Reset()
    otp: Otp = Otp()
    session: Session = Session()
    limits: Limits = Limits()
    mail: Mail
    support: Support = Support()
    theme: Theme = Theme()
    keys: Keys = Keys()
    tokens: Tokens = Tokens()
    scopes: dict[ScopeName, ScopeClaims] = Field(
        default={},
        description="Claims from attributes of users, and scopes of one's own, by scope.",
    )
    aliases: Aliases = Aliases()
    logging: Logging = Logging()
    maintenance: Maintenance = Maintenance()
    clients: tuple[Client, ...] = Field(
        default=(), description="The applications that log people in here."
    )

    @cached_property
    def clients_by_id(self) -> dict[str, Client]:
        """The clients by `client_id`."""
        return {client.client_id: client for client in self.clients}
