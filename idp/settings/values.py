"""The kinds of value that the configuration knows: durations, addresses, networks, URLs, paths."""

import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from idp.settings.references import Referenced
from idp.settings.store_urls import check_escaped, has_password

WORDS = "x-words"  # in a JSON Schema of ours: what the value must be, in words
UNIT = "x-unit"  # and in what it is measured
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"  # RFC 1123 2.1
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_LONGEST_DURATION = 3650 * 86_400  # beyond it cookies and sockets overflow
_LOWEST_VISIBLE = 0x21
_FLAGS = {"true": True, "false": False}


class Section(BaseModel):
    """A table of the configuration: unknown keys and wrong types are mistakes, nothing changes."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
    )


class LocalText(Section):
    """The same words in both languages."""

    model_config = ConfigDict(json_schema_extra={WORDS: "a table of bn and en, each a text"})

    bn: str
    en: str


def split_url(url: str) -> SplitResult:
    """Return the parts of an absolute http or https URL; ValueError says what is wrong with it."""
    if any(ord(letter) < _LOWEST_VISIBLE or letter in '\x7f\\"<>^`{|}' for letter in url):
        raise ValueError("holds a character that no URL may hold")
    parts = urlsplit(url)
    _ = parts.port  # raises ValueError for a port that is no number
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an absolute URL that begins with https://")
    if parts.username is not None:
        raise ValueError("must not hold a user name or password")
    return parts


@dataclass(frozen=True)
class Matching:
    """A check that a whole text matches, which the JSON Schema tells, too."""

    pattern: str
    words: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$", WORDS: self.words}

    def check(self, value: str) -> str:
        """Return the text. Raises ValueError when it does not match."""
        if not re.fullmatch(self.pattern, value):
            raise ValueError(f"must be {self.words}")
        return value


def matching(pattern: str, words: str) -> Matching:
    """Return a check that a whole text matches; `words` tell an administrator what it must be."""
    return Matching(pattern, words)


def between(least: int, most: int) -> Any:
    """Return the limits of a whole number; pydantic's own do not reach the JSON Schema here."""
    return Field(ge=least, le=most, json_schema_extra={"minimum": least, "maximum": most})


def told_as(words: str, kind: str = "string", **schema: Any) -> WithJsonSchema:
    """Return what the JSON Schema tells of a kind of value, and the reference in words."""
    return WithJsonSchema({"type": kind, WORDS: words, **schema}, mode="validation")


def base_of(info: ValidationInfo) -> Path:
    """Return the directory that relative paths are relative to."""
    base: Path = (info.context or {}).get("base", Path())
    return base


def under(base: Path, name: str) -> Path:
    """Return the path that `name` means when it is written in a file in `base`.

    Raises ValueError for a name that no file can have.
    """
    if "\0" in name:
        raise ValueError("holds a null character")
    return Path(os.path.normpath(base / name))


def is_loopback(host: str) -> bool:
    """Answer whether `host` means this machine itself (RFC 6761 6.3 for the name)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_duration(value: Any) -> int:
    """Return a duration in seconds: `"30m"` is 1800. Units are s, m, h and d."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be a duration like "60s", "30m", "10h" or "90d"')
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > _LONGEST_DURATION:
        raise ValueError("must not be longer than 3650d")
    return seconds


def _to_whole(value: Any) -> Any:
    # The environment knows only texts; a number is read from one only there.
    is_number = isinstance(value, Referenced) and re.fullmatch(r"[0-9]{1,18}", value)
    return int(value) if is_number else value


def _to_flag(value: Any) -> Any:
    return _FLAGS.get(value, value) if isinstance(value, Referenced) else value


def _to_plain_text(value: Any) -> Any:
    return str.__str__(value) if isinstance(value, Referenced) else value


def _check_referenced(value: Any, info: ValidationInfo) -> Any:
    if info.context and isinstance(value, str) and value and not isinstance(value, Referenced):
        raise ValueError('is a secret: write {file = "name"} or {env = "NAME"} instead of it')
    return _to_plain_text(value)


def _check_store_url(value: Any) -> Any:
    if isinstance(value, str):
        if not isinstance(value, Referenced) and has_password(value):
            raise ValueError('holds a password: write {env = "NAME"} or {file = "name"} instead')
        check_escaped(value)
    return _to_plain_text(value)


def _to_network(value: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    if not isinstance(value, str):
        raise ValueError('must be a network like "203.0.113.0/24"')  # noqa: TRY004 - pydantic reads it
    try:
        return ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(f'must be a network like "203.0.113.0/24": {error}') from error


def _to_path(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str | Path):  # a default is a path already
        return value
    return under(base_of(info), str(value))


def _check_address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("must be a mail address like office@example.gov.bd")
    return value


def _check_web_page(value: str) -> str:
    split_url(value)
    return value


def _check_timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError) as error:
        raise ValueError("is not a time zone that this machine knows") from error
    return value


def _check_issuer(value: str) -> str:
    parts = split_url(value)
    if "?" in value or "#" in value:
        raise ValueError("must not have a query or a fragment")
    if value.endswith("/"):
        raise ValueError("must not end with a slash")
    if parts.netloc != parts.netloc.lower():
        raise ValueError("must be written in small letters up to its path")
    host = parts.hostname or ""
    if not host.isascii():
        raise ValueError("must be written in ASCII: its host as xn--…")
    if not re.fullmatch(_HOST, host) and not parts.netloc.startswith("["):
        raise ValueError("must have the name of a host, without a wildcard")
    return value


_A_DURATION = told_as(
    'a duration like "60s", "30m", "10h" or "90d"',
    pattern=f"^{_DURATION.pattern}$",
    **{UNIT: "s, m, h or d"},
)
_A_SECRET = told_as("a secret, by {env} or {file} only", maxLength=0)
_A_NETWORK = told_as('a network like "203.0.113.0/24"')
_AN_ADDRESS = told_as("a mail address", pattern=f"^{_ADDRESS.pattern}$")
_A_URL = told_as("an address that begins with https://", pattern="^[hH][tT][tT][pP][sS]?://")

Text: TypeAlias = Annotated[str, BeforeValidator(_to_plain_text)]
Whole: TypeAlias = Annotated[int, BeforeValidator(_to_whole)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_to_flag)]
Duration: TypeAlias = Annotated[int, BeforeValidator(parse_duration), _A_DURATION]  # seconds
SecretText: TypeAlias = Annotated[str, BeforeValidator(_check_referenced), _A_SECRET]
StoreUrl: TypeAlias = Annotated[
    str, BeforeValidator(_check_store_url), told_as("an address without a password")
]
RelativePath: TypeAlias = Annotated[Path, BeforeValidator(_to_path), told_as("a file or folder")]
Network: TypeAlias = Annotated[
    ipaddress.IPv4Network | ipaddress.IPv6Network, PlainValidator(_to_network), _A_NETWORK
]
Address: TypeAlias = Annotated[Text, AfterValidator(_check_address), _AN_ADDRESS]
WebPage: TypeAlias = Annotated[Text, AfterValidator(_check_web_page), _A_URL]
TimeZone: TypeAlias = Annotated[Text, AfterValidator(_check_timezone), told_as("a time zone")]
Issuer: TypeAlias = Annotated[Text, AfterValidator(_check_issuer), _A_URL]
ThemeName: TypeAlias = Annotated[
    Text, matching(r"[a-z][a-z0-9_-]{0,40}", "a short name in small letters")
]
