"""The steps of a login: what a realm's browser flow becomes here."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from idp.admin.keycloak.export import SECOND_FACTOR_ACTIONS
from idp.admin.keycloak.findings import Findings
from idp.admin.keycloak.proposal import Table

_TWO_STEPS: Final = ["password", "email_otp"]


def flows_table(facts: Mapping[str, Any], findings: Findings, *, has_second_factor: bool) -> Table:
    """Return [flows]: who had more than a password in Keycloak has more here, too."""
    table = Table("[flows]")
    flow = str(facts.get("browserFlow") or "browser")
    if _has_step(facts, flow, _mails_code, set()):
        table.put("browser", _TWO_STEPS, "Keycloak: browserFlow mails a code")
    elif has_second_factor or _asks_second(facts, flow):
        why = "a second factor in Keycloak; a mailed code takes its place"
        table.put("browser", _TWO_STEPS, why)
        findings.add("settings", "flows: a mailed code takes the place of every second factor")
    else:
        table.put("browser", ["password"], "Keycloak: browserFlow")
        table.note('add "email_otp" to mail a code at each login, which protects stolen passwords')
    return table


def _asks_second(facts: Mapping[str, Any], flow: str) -> bool:
    """Tell whether the realm asks anybody for more than a password."""
    demanded = (
        one.get("alias") in SECOND_FACTOR_ACTIONS and one.get("defaultAction")
        for one in facts.get("requiredActions") or ()
    )
    return any(demanded) or _has_step(facts, flow, _is_second, set())


def _mails_code(authenticator: str) -> bool:
    return "email" in authenticator and ("otp" in authenticator or "code" in authenticator)


def _is_second(authenticator: str) -> bool:
    return "otp" in authenticator or "webauthn" in authenticator or "sms" in authenticator


def _has_step(
    facts: Mapping[str, Any], alias: str, is_wanted: Callable[[str], bool], seen: set[str]
) -> bool:
    """Tell whether a flow, or one within it, has such an authenticator that is not disabled."""
    seen.add(alias)
    flows = {flow.get("alias"): flow for flow in facts.get("authenticationFlows") or ()}
    for step in (flows.get(alias) or {}).get("authenticationExecutions") or ():
        if step.get("requirement") == "DISABLED":
            continue
        if is_wanted(str(step.get("authenticator") or "").lower()):
            return True
        inner = str(step.get("flowAlias") or "")
        if inner and inner not in seen and _has_step(facts, inner, is_wanted, seen):
            return True
    return False
