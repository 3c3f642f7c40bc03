"""Checks of what is reached over the network: the issuer as others see it, and the mail."""

import json
import socket
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from idp.admin.doctor.findings import Finding, Patient, failed, fine, warning
from idp.outbox.check import MailRefused, check_line
from idp.outbox.delivery import Fault
from idp.outbox.smtp import SmtpPost
from idp.verdict import mail_settings

_PATIENCE: Final = 5.0  # seconds for an answer
_OF_DNS: Final = 2.0
_MOST: Final = 64 * 1024  # bytes of a discovery document
_DISCOVERY: Final = "/.well-known/openid-configuration"
_DAY: Final = 24 * 3600
_SOON, _VERY_SOON = 21, 3  # days that a certificate is still valid
_OK: Final = 200
_LONGEST_SHOWN: Final = 200  # characters of what another server says


def issuer(patient: Patient) -> Finding:
    """Ask the issuer's address for discovery, which must name it (OIDC Discovery 4.3)."""
    ours = patient.settings.issuer
    try:
        status, body = _get(patient, ours + _DISCOVERY)
    except ssl.SSLError as error:
        return failed(f"{ours} offers no TLS that can be trusted ({_of_tls(error)}).", _CERTIFICATE)
    except (OSError, HTTPException, UnicodeError) as error:
        advice = "Start idp run; then look at the proxy and the name in the DNS."
        return failed(f"{ours} cannot be reached ({_reason(error)}).", advice)
    theirs = _issuer_in(body) if status == _OK else None
    if theirs is None:
        advice = "Let the proxy pass every path on to listen.host and listen.port."
        return failed(f"{ours}{_DISCOVERY} answers {status} without a document.", advice)
    if theirs != ours:
        advice = "Make issuer the address that applications use, then restart."
        return failed(f"Discovery at {ours} names another issuer, {_shown(theirs)}.", advice)
    return fine(f"{ours} answers and names itself.")


def certificate(patient: Patient) -> Finding:
    """Look whether it is trusted, names the host, and does not end soon."""
    if not patient.is_https:
        return fine("The issuer is plain http on this machine: it needs no certificate.")
    host, port = patient.address
    try:
        with (
            socket.create_connection((host, port), _PATIENCE) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            ends = ssl.cert_time_to_seconds(str((secured.getpeercert() or {})["notAfter"]))
    except ssl.SSLError as error:
        told = f"The certificate of {host} cannot be trusted ({_of_tls(error)})."
        return failed(told, _CERTIFICATE)
    except (OSError, UnicodeError) as error:
        told = f"{host}:{port} cannot be reached ({_reason(error)})."
        return failed(told, "Start the proxy that ends TLS.")
    return judge_days(host, (ends - patient.clock()) // _DAY)


def judge_days(host: str, days: int) -> Finding:
    """Return the finding for a trusted certificate that is valid for so many days."""
    told = f"The certificate of {host} is valid for {days} more days."
    if days < _VERY_SOON:
        return failed(told, "Renew it now.")
    if days < _SOON:
        return warning(told, "Renew it, and see why it was not renewed by itself.")
    return fine(told)


def mail_server(patient: Patient) -> Finding:
    """Reach it, turn TLS on and log in; no letter is sent."""
    mail = patient.settings.mail
    try:
        check_line(SmtpPost(mail_settings(patient.settings)))
    except MailRefused as error:
        return failed(str(error), _MAIL_ADVICE.get(error.fault, "See what the server's log says."))
    how = {"none": "", "starttls": " under TLS", "implicit": " under TLS"}[mail.tls]
    login = " and takes the login" if mail.user else ""
    return fine(f"{mail.host}:{mail.port} answers{how}{login}.")


def mail_domain(patient: Patient) -> Finding:
    """Look for SPF and DMARC: without them letters land among spam."""
    if patient.settings.mode == "development":
        return fine("In development letters stay here: SPF and DMARC were not looked up.")
    domain = patient.settings.mail.sender.rpartition("@")[2].rstrip(">").strip()
    resolver = patient.resolver or Resolver()
    missing = []
    try:
        if not _has(resolver, domain, "v=spf1"):
            missing.append(f"SPF (a TXT record of {domain})")
        if not any(_has(resolver, f"_dmarc.{name}", "v=dmarc1") for name in _parents(domain)):
            missing.append(f"DMARC (a TXT record of _dmarc.{domain})")
    except DNSException:
        return fine("No resolver answers here, so SPF and DMARC were not looked up.")
    if missing:
        advice = "Ask whoever looks after the domain's DNS; without them letters look like spam."
        return warning(f"{domain} has no {' and no '.join(missing)}.", advice)
    return fine(f"{domain} has SPF and DMARC.")


_MAIL_ADVICE: Final = {
    Fault.DIAL: "Look at mail.host, mail.port and the firewall.",
    Fault.TLS: "Look at mail.tls and mail.ca_file.",
    Fault.LOGIN: "Look at mail.user and mail.password.",
}
_CERTIFICATE: Final = "Renew the certificate and let the proxy send the whole chain."


def _get(patient: Patient, url: str) -> tuple[int, bytes]:
    host, port = patient.address
    connection: HTTPConnection
    if patient.is_https:
        context = ssl.create_default_context()
        connection = HTTPSConnection(host, port, timeout=_PATIENCE, context=context)
    else:
        connection = HTTPConnection(host, port, timeout=_PATIENCE)
    try:
        connection.request("GET", urlsplit(url).path, headers={"Accept": "application/json"})
        with connection.getresponse() as response:
            return response.status, response.read(_MOST)
    finally:
        connection.close()


def _issuer_in(body: bytes) -> str | None:
    try:
        document: Any = json.loads(body)
    except ValueError:
        return None
    return str(document.get("issuer")) if isinstance(document, dict) else None


def _shown(text: str) -> str:
    """Return what a stranger wrote as a terminal may show it."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:_LONGEST_SHOWN])


def _of_tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    return (error.reason or type(error).__name__).lower().replace("_", " ")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _parents(domain: str) -> list[str]:
    """Return the domain and those above it that may speak for it (RFC 7489 6.6.3)."""
    labels = domain.split(".")
    return [".".join(labels[at:]) for at in range(max(1, len(labels) - 1))]


def _has(resolver: Resolver, name: str, beginning: str) -> bool:
    """Answer whether a TXT record begins so. Raises DNSException when no resolver answers."""
    try:
        records = resolver.resolve(name, "TXT", lifetime=_OF_DNS)
    except (NXDOMAIN, NoAnswer):
        return False
    texts = (b"".join(record.strings).decode("ascii", "replace") for record in records)
    return any(text.lower().startswith(beginning) for text in texts)
