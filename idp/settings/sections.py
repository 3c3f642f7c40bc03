"""The tables of `idp.toml` and the whole of them: `Settings`.

A key stands here only when the program does what it says.
"""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, ValidationInfo

from idp.settings.clients import Client, SigningAlgorithm
from idp.settings.values import (
    Address,
    Duration,
    Flag,
    Issuer,
    LocalText,
    Network,
    RelativePath,
    SecretText,
    Section,
    StoreUrl,
    Text,
    ThemeName,
    TimeZone,
    WebPage,
    Whole,
    base_of,
    matching,
    under,
)

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgresql+psycopg://")
_REDIS = ("redis://", "rediss://", "unix://")

Port: TypeAlias = Annotated[Whole, Field(ge=1, le=65_535)]
Steps: TypeAlias = tuple[Text, ...]
CharacterClass: TypeAlias = Literal["upper", "lower", "digit", "special"]
Locale: TypeAlias = Annotated[Text, matching(r"[a-z]{2,3}", 'a language like "bn"')]


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


Pattern: TypeAlias = Annotated[Text, AfterValidator(_check_pattern)]


class Listen(Section):
    """Where and with how much the server listens. Half of the threads may be busy with hashes."""

    host: Text = "127.0.0.1"
    port: Port = 9000
    workers: Annotated[Whole, Field(ge=1, le=256)] = 1
    threads: Annotated[Whole, Field(ge=2, le=256)] = 8


class Proxy(Section):
    """The proxies whose X-Forwarded-For is believed; `hops` counts them."""

    trusted: tuple[Network, ...] = ()
    hops: Annotated[Whole, Field(ge=1, le=10)] = 1


class Database(Section):
    """Where the truth is."""

    url: Annotated[StoreUrl, AfterValidator(_check_database)] = Field(repr=False)


class Redis(Section):
    """Where address buckets are shared; an empty URL keeps them in memory."""

    url: Annotated[StoreUrl, AfterValidator(_check_redis)] = Field(default="", repr=False)


class Flows(Section):
    """Flat lists of steps by name. `browser` is for everybody; a client may name another one."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Steps] = Field(init=False)

    browser: Steps = ("password", "email_otp")

    @property
    def named(self) -> dict[str, Steps]:
        """All flows by their names."""
        return {"browser": self.browser, **self.__pydantic_extra__}


class Password(Section):
    """What a new password must have, and what its hash costs: 2 to the power of `bcrypt_cost`.

    `history` passwords, the present one included, may not come back; 0 switches that off.
    """

    min_length: Annotated[Whole, Field(ge=8, le=64)] = 8
    require: tuple[CharacterClass, ...] = ("upper", "lower", "digit", "special")
    history: Annotated[Whole, Field(ge=0, le=20)] = 5
    block_common: Flag = True
    bcrypt_cost: Annotated[Whole, Field(ge=4, le=18)] = 12


class Reset(Section):
    """The mailed link to set a new password; durations in seconds.

    `then`: "login" lets the person log in with the new password; "continue" skips typing it again,
    never the steps after it.
    """

    ttl: Duration = 1_800
    resend_after: Duration = 60
    then: Literal["login", "continue"] = "login"


class Otp(Section):
    """The e-mail code; durations in seconds."""

    ttl: Duration = 600
    resend_after: Duration = 60
    tries: Annotated[Whole, Field(ge=1, le=10)] = 5


class Session(Section):
    """How long a log-in lasts; durations in seconds."""

    idle: Duration = 3_600
    max: Duration = 36_000
    login_timeout: Duration = 1_800


class Office(Section):
    """A network with many people behind one address, which may therefore try `factor` as often."""

    network: Network
    factor: Annotated[Whole, Field(ge=1, le=1_000)]


class Limits(Section):
    """Exceptions from the limits by address."""

    offices: tuple[Office, ...] = ()


class Mail(Section):
    """The SMTP server that takes our letters; `timeout` in seconds. `from` is the sender."""

    host: Annotated[Text, StringConstraints(min_length=1)]
    port: Port = 587
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    verify: Flag = True
    ca_file: RelativePath | None = None
    timeout: Duration = 10
    user: Text = ""
    password: SecretText = Field(default="", repr=False)
    sender: Address = Field(alias="from")


class Support(Section):
    """Whom a person may ask; what is left out does not appear on the pages.

    `home` is where somebody goes on who came from no application: the portal's own address.
    """

    phones: tuple[Text, ...] = ()
    hours: LocalText | None = None
    ticket: WebPage | None = None
    manual: WebPage | None = None
    domain_form: WebPage | None = None
    email: Address | None = None
    home: WebPage | None = None


class Theme(Section):
    """The look, the languages and the time zone of the pages."""

    name: ThemeName = "portal"
    locales: Annotated[tuple[Locale, ...], Field(min_length=1)] = ("bn", "en")
    default: Locale = "bn"
    timezone: TimeZone = "Asia/Dhaka"


class Keys(Section):
    """The algorithms that sign where a client asks for no other."""

    id_token: SigningAlgorithm = "RS256"  # noqa: S105 - an algorithm
    access_token: SigningAlgorithm = "ES256"  # noqa: S105 - an algorithm


class Tokens(Section):
    """How long codes and tokens live; durations in seconds."""

    code: Duration = 60
    access: Duration = 300
    refresh: Duration = 2_592_000


class Logging(Section):
    """What the log holds."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(Section):
    """The whole configuration. Relative paths in it are relative to the file it came from."""

    config_version: Literal[1]
    issuer: Issuer
    mode: Literal["production", "development"] = "production"
    include: tuple[Pattern, ...] = ()
    secrets_dir: RelativePath = Path("secrets")
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
    logging: Logging = Logging()
    clients: tuple[Client, ...] = ()

    @cached_property
    def clients_by_id(self) -> dict[str, Client]:
        """The clients by `client_id`."""
        return {client.client_id: client for client in self.clients}
