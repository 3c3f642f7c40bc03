"""What went wrong on the wire, told apart: smtplib's exceptions become faults of a delivery."""

import re
import smtplib
import ssl

from idp.outbox.delivery import DeliveryFailed, Fault

AUTHENTICATION_REQUIRED = 530  # RFC 4954 6: the server wants a login, whatever was asked
_ENHANCED_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")  # RFC 3463 2
_LONGEST_WORDS = 200


def failure_of(error: OSError) -> DeliveryFailed:
    """Name the fault of an exception of a socket, of TLS or of smtplib (all are OSErrors)."""
    match error:
        case ssl.SSLCertVerificationError():
            return DeliveryFailed(Fault.TLS, f"certificate: {error.verify_message}")
        case ssl.SSLError():
            return DeliveryFailed(Fault.TLS, error.reason or "handshake")
        case TimeoutError():
            return DeliveryFailed(Fault.DIAL, "timeout")
        case smtplib.SMTPException():
            return _smtp_failure(error)
        case _:
            return DeliveryFailed(Fault.DIAL, error.strerror or type(error).__name__)


def _smtp_failure(error: smtplib.SMTPException) -> DeliveryFailed:
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, words = next(iter(error.recipients.values()))
            return _refusal(Fault.REFUSED, code, words)
        case smtplib.SMTPAuthenticationError():
            return reply(Fault.LOGIN, error.smtp_code, error.smtp_error)
        case smtplib.SMTPSenderRefused():
            return _refusal(Fault.SENDER, error.smtp_code, error.smtp_error)
        case smtplib.SMTPDataError():
            return _refusal(Fault.REFUSED, error.smtp_code, error.smtp_error)
        case smtplib.SMTPResponseException():
            return reply(Fault.DIAL, error.smtp_code, error.smtp_error)
        case _ if isinstance(error.__context__, OSError):  # smtplib rewraps what a reply met
            return failure_of(error.__context__)
        case smtplib.SMTPServerDisconnected():
            return DeliveryFailed(Fault.DIAL, "connection closed")
        case _:  # what is left is login()'s "No suitable authentication method found."
            return DeliveryFailed(Fault.LOGIN, "no common AUTH mechanism")


def _refusal(for_good: Fault, code: int, words: bytes | str) -> DeliveryFailed:
    """Judge a reply to MAIL, RCPT or DATA by its first digit (RFC 5321 4.2.1)."""
    if code == AUTHENTICATION_REQUIRED:
        return reply(Fault.LOGIN, code, words)
    return reply(for_good if code // 100 == 5 else Fault.LATER, code, words)  # noqa: PLR2004


def reply(fault: Fault, code: int, words: bytes | str) -> DeliveryFailed:
    """Keep code and enhanced status as the answer; the words apart, for they may name a mailbox."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    enhanced = _ENHANCED_STATUS.match(text)
    answer = f"{code} {enhanced[0]}" if enhanced else str(code)
    one_line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return DeliveryFailed(fault, answer, one_line[:_LONGEST_WORDS])
