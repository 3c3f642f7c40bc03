"""SMTP by Flask-Mail, with what its connection lacks: verified TLS, timeouts and an end.

Flask-Mail 0.10 opens a socket without a timeout, wraps it without checking the certificate, and
takes a failed QUIT for a failed delivery. The subclasses here replace these three.
"""

import contextlib
import math
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from types import TracebackType
from typing import Any

from flask import Flask
from flask_mail import Connection, Mail, Message
from typing_extensions import override

from idp.model.letter import RenderedLetter
from idp.outbox.delivery import DeliveryFailed, Fault
from idp.outbox.mail_settings import MailSettings, tls_context
from idp.outbox.mailbox import (
    Sender,
    UnusableAddress,
    check_mailbox,
    is_one_line,
    parse_sender,
)
from idp.outbox.replies import failure_of, reply

__all__ = ["MailSettings", "SmtpPost", "VerifiedConnection", "VerifiedMail"]

TIMEOUTS_A_DELIVERY = 3  # a server that is slow at every reply is cut after this many


class SmtpPost:
    """The post of production: one connection a letter, to one server. Safe in several threads."""

    def __init__(self, settings: MailSettings) -> None:
        """Read the certificates. Raises SettingsRefused."""
        self._mail = VerifiedMail(settings)
        self._sender = parse_sender(settings.sender)
        self._domain = settings.message_id_domain
        self._longest = math.ceil(settings.timeout * TIMEOUTS_A_DELIVERY)

    @property
    def longest(self) -> int:
        """Seconds after which a delivery has ended, well or badly."""
        return self._longest

    def send(self, rendered: RenderedLetter, *, to: str, letter_id: str, now: int) -> None:
        """Deliver a letter to one mailbox; a return means the server's 250 (RFC 5321 4.2.5).

        The Message-ID follows from `letter_id`, so that a letter sent twice is one to a mailbox
        that looks. `now` (seconds since 1970 UTC) is its Date. Raises DeliveryFailed.
        """
        envelope = Envelope(
            rendered,
            sender=_named(self._sender, rendered.brand),
            to=_usable(to, rendered.subject),
            message_id=f"<{letter_id}@{self._domain}>",
            now=now,
        )
        try:
            with self._connected() as connection:
                envelope.send(connection)
        except OSError as error:
            # Without its cause: smtplib's exceptions repeat the address.
            raise failure_of(error) from None

    def greet(self) -> None:
        """Connect, turn TLS on, log in and part again without a letter. Raises DeliveryFailed."""
        try:
            with self._connected():
                pass
        except OSError as error:
            raise failure_of(error) from None

    @contextlib.contextmanager
    def _connected(self) -> Iterator["VerifiedConnection"]:
        with self._mail.flask_app.app_context(), self._mail.connect() as connection:
            yield connection


def _named(sender: Sender, brand: str) -> Sender:
    """Return the sender under the name that its letter speaks in, unless it has one of its own."""
    if sender.name or not is_one_line(brand):
        return sender
    return Sender(brand, address=sender.address)


def _usable(to: str, subject: str) -> str:
    if not is_one_line(subject):
        raise DeliveryFailed(Fault.REFUSED, "unusable subject")
    try:
        return check_mailbox(to)
    except UnusableAddress as error:
        raise DeliveryFailed(Fault.REFUSED, "unusable address", error.reason) from None


class VerifiedMail(Mail):
    """Flask-Mail whose connections are verified; it brings the small application that they need."""

    def __init__(self, settings: MailSettings) -> None:
        self.flask_app = Flask("idp.outbox", static_folder=None, template_folder=None)
        # The login is not put into the application's configuration: error pages print that.
        self.flask_app.config.update(
            MAIL_SERVER=settings.host, MAIL_PORT=settings.port, MAIL_SUPPRESS_SEND=False
        )
        self.settings = settings
        self.context = tls_context(settings)
        super().__init__(self.flask_app)

    @override
    def connect(self) -> "VerifiedConnection":
        return VerifiedConnection(self)


class VerifiedConnection(Connection):
    """A connection that ends: every reply has a timeout, the whole of it a limit."""

    def __init__(self, mail: VerifiedMail) -> None:
        super().__init__(mail)
        self._settings = mail.settings
        self._context = mail.context
        limit = mail.settings.timeout * TIMEOUTS_A_DELIVERY
        self._limit = threading.Timer(limit, self._cut)
        self._limit.daemon = True
        self._dialled: smtplib.SMTP | None = None

    @override
    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        """Connect, turn TLS on, log in. Raises DeliveryFailed and OSErrors, all closed again."""
        try:
            host = self._dial()
            if self._settings.tls == "starttls":
                self._start_tls(host)
            if self._settings.user is not None:
                self._log_in(host)
        except (OSError, DeliveryFailed):
            self._hang_up()
            raise
        return host

    def _dial(self) -> smtplib.SMTP:
        settings = self._settings
        # Named by us: smtplib would ask the DNS for our own name, without a timeout.
        name = settings.message_id_domain
        if settings.tls == "implicit":
            return _WatchedTls(
                self._watch,
                settings.host,
                settings.port,
                name,
                timeout=settings.timeout,
                context=self._context,
            )
        return _Watched(self._watch, settings.host, settings.port, name, timeout=settings.timeout)

    def _watch(self, dialled: smtplib.SMTP) -> None:
        self._dialled = dialled
        self._limit.start()

    def _start_tls(self, host: smtplib.SMTP) -> None:
        """Go on under TLS or not at all (RFC 3207 4; no downgrade, RFC 8314 4.1)."""
        host.ehlo_or_helo_if_needed()
        if not host.has_extn("starttls"):
            raise DeliveryFailed(Fault.TLS, "STARTTLS not offered")
        try:
            host.starttls(context=self._context)
        except smtplib.SMTPResponseException as error:
            raise reply(Fault.TLS, error.smtp_code, error.smtp_error) from None

    def _log_in(self, host: smtplib.SMTP) -> None:
        host.ehlo_or_helo_if_needed()
        if not host.has_extn("auth"):
            raise DeliveryFailed(Fault.LOGIN, "AUTH not offered")
        host.login(self._settings.user or "", self._settings.password or "")

    @override
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Part politely from a server that still answers; a failed QUIT undoes no delivery."""
        answered = isinstance(
            exc_value, smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException
        )
        try:
            if self.host is not None and (exc_value is None or answered):
                with contextlib.suppress(OSError):
                    self.host.quit()
        finally:
            self._hang_up()

    def _cut(self) -> None:
        """End the conversation from the timer's thread: who waits for a reply sees it closed."""
        sock = self._dialled.sock if self._dialled is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):  # closed meanwhile
                # The plain socket's method: an SSLSocket's own would drop its TLS state first.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _hang_up(self) -> None:
        self._limit.cancel()
        if self._dialled is not None:
            self._dialled.close()


class _Watched(smtplib.SMTP):
    """A client that shows itself before it connects, so that a slow greeting can be cut too."""

    def __init__(self, watch: Callable[[smtplib.SMTP], None], *args: Any, **kwargs: Any) -> None:
        watch(self)
        super().__init__(*args, **kwargs)


class _WatchedTls(smtplib.SMTP_SSL):
    """The same under implicit TLS."""

    def __init__(self, watch: Callable[[smtplib.SMTP], None], *args: Any, **kwargs: Any) -> None:
        watch(self)
        super().__init__(*args, **kwargs)


class Envelope(Message):
    """A letter as bytes: text and HTML alternatives in base64, one recipient."""

    def __init__(  # no super(): Flask-Mail's asks the DNS for our own name (make_msgid)
        self, rendered: RenderedLetter, *, sender: Sender, to: str, message_id: str, now: int
    ) -> None:
        self.subject = rendered.subject
        self.body = rendered.text
        self.alts = {"html": rendered.html}
        self.sender = sender.address
        self.sender_name = sender.name
        self.recipients = [to]
        self.msgId = message_id
        self.date = float(now)
        self.reply_to, self.charset, self.extra_headers = None, None, None
        self.cc, self.bcc, self.attachments = [], [], []
        self.mail_options, self.rcpt_options = [], []
        self._bytes = _mime(self, to, now)

    @override
    def as_bytes(self) -> bytes:
        return self._bytes

    @override
    def as_string(self) -> str:
        return self._bytes.decode("ascii")


def _mime(envelope: Envelope, to: str, now: int) -> bytes:
    mime = EmailMessage(policy=SMTP_POLICY)
    mime["Subject"] = envelope.subject
    mime["From"] = Address(envelope.sender_name, addr_spec=str(envelope.sender))
    mime["To"] = Address(addr_spec=to)
    mime["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    mime["Message-ID"] = envelope.msgId
    mime["Auto-Submitted"] = "auto-generated"  # RFC 3834 5: no vacation notice comes back
    # Quoted-printable takes nine bytes for a Bengali letter, base64 four; 8bit is not everywhere.
    mime.set_content(envelope.body, cte="base64")
    mime.add_alternative(envelope.html, subtype="html", cte="base64")
    return mime.as_bytes()
