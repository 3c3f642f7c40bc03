"""All checks in their order, at once and apart: one that breaks hides no other."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeAlias

from idp.admin.doctor import network, stores, this_machine
from idp.admin.doctor.findings import Finding, Patient, failed
from idp.model.errors import ProbeshError, SettingsRefused, StoreUnavailable

Check: TypeAlias = Callable[[Patient], Finding]

CHECKS: Final[Mapping[str, Check]] = {
    "configuration": this_machine.configuration,
    "secrets": this_machine.secrets,
    "themes": this_machine.themes,
    "time zone": this_machine.time_zone,
    "disk": this_machine.disk,
    "database": stores.database,
    "database clock": stores.clock,
    "signing keys": stores.signing_keys,
    "nodes": stores.nodes,
    "redis": stores.redis,
    "issuer": network.issuer,
    "certificate": network.certificate,
    "mail server": network.mail_server,
    "mail domain": network.mail_domain,
}

_DATABASE: Final = "Check database.url and the server, then run idp init."
_AGAIN: Final = "Mend that, then look again."


def examine(patient: Patient, checks: Mapping[str, Check] = CHECKS) -> dict[str, Finding]:
    """Return what every check found, by its name."""
    with ThreadPoolExecutor(len(checks)) as pool:
        asked = {name: pool.submit(check, patient) for name, check in checks.items()}
    return {name: _answer(future) for name, future in asked.items()}


def _answer(future: Future[Finding]) -> Finding:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, StoreUnavailable):
        return failed(f"The database cannot be used ({error}).", _DATABASE)
    if isinstance(error, SettingsRefused):  # what is wrong: what to do
        sentence, _, advice = str(error).rstrip(".").rpartition(": ")
        advice = f"{advice[:1].upper()}{advice[1:]}."
        return failed(f"{sentence}.", advice) if sentence else failed(advice, "")
    if isinstance(error, ProbeshError):
        return failed(f"{error}", _AGAIN)
    if isinstance(error, OSError):
        return failed(f"{error.filename or 'A file'}: {error.strerror or error}.", _AGAIN)
    return failed(f"The check itself broke ({type(error).__name__}).", "Please report this to us.")
