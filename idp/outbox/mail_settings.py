"""How letters leave: the server, its TLS, the login. A combination that leaks cannot be made."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal, TypeAlias

from idp.model.errors import SettingsRefused
from idp.outbox.mailbox import UnusableAddress, check_domain, parse_sender
from idp.outbox.tls import verified_context

Tls: TypeAlias = Literal["none", "starttls", "implicit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """One SMTP server and who writes through it.

    Making one raises SettingsRefused if letters could be read on the way: without TLS, or without
    a look at the certificate, only a loopback address is spoken to.
    """

    host: str
    port: int
    tls: Tls  # "starttls": RFC 3207, "implicit": RFC 8314 3.3
    verify: bool = True
    timeout: float = 10  # seconds, for the connection and for every reply
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str  # a mailbox, or "display name <mailbox>"
    ca_file: str | None = None  # PEM; None: the system's authorities
    message_id_domain: str  # right of the @ in Message-ID, and our name in EHLO

    def __post_init__(self) -> None:
        check_private(self)
        _check_names(self)
        for secret in (self.user, self.password):
            if secret is not None and not (secret.isascii() and secret.isprintable()):
                raise SettingsRefused("the mail login may hold printable ASCII only")


def _check_names(settings: MailSettings) -> None:
    """Raise SettingsRefused for a name that no connection and no header can carry."""
    checks: tuple[tuple[str, Callable[[str], object], str], ...] = (
        ("sender", parse_sender, settings.sender),
        ("host", _check_host, settings.host),
        ("Message-ID domain", check_domain, settings.message_id_domain),
    )
    for name, check, value in checks:
        try:
            check(value)
        except UnusableAddress as error:
            raise SettingsRefused(f"the mail {name} cannot be used: {error}") from None


def _check_host(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        check_domain(host)


def is_loopback(host: str) -> bool:
    """Tell whether a host can only be this machine (RFC 6761 6.3, RFC 1122 3.2.1.3)."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def check_private(settings: MailSettings) -> None:
    """Raise SettingsRefused if anybody on the way could read or forge the conversation."""
    if is_loopback(settings.host):
        return
    if settings.tls == "none":
        raise SettingsRefused("mail leaves without TLS only to this machine (loopback)")
    if not settings.verify:
        raise SettingsRefused(
            "the mail server's certificate is always checked; name its authority in ca_file"
        )


def tls_context(settings: MailSettings) -> ssl.SSLContext | None:
    """Make the TLS context of these settings, read once; None: no TLS.

    Raises SettingsRefused when the file of authorities cannot be read.
    """
    if settings.tls == "none":
        return None
    context = verified_context(settings.ca_file, whose="the mail server's ca_file")
    if not settings.verify:  # loopback only: check_private
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
