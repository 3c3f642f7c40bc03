"""Which flows there are: the configured ones, and what a reset or a shut password makes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypedDict

from idp.flow.authenticators.email_otp import EmailOtp
from idp.flow.authenticators.mailbox_first import MailboxFirst
from idp.flow.authenticators.password import MAILBOX_FIRST, Password
from idp.flow.authenticators.reset_credentials import ResetCredentials
from idp.flow.engine import led_by
from idp.flow.required_actions.update_password import UpdatePassword
from idp.flow.step import Step
from idp.signin.showing import RESET, after_reset


class Steps(TypedDict):
    """Every step that is built, by its name."""

    password: Password
    email_otp: EmailOtp
    mailbox_first: MailboxFirst
    reset_credentials: ResetCredentials
    update_password: UpdatePassword


def flows_of(named: Mapping[str, Sequence[str]], steps: Steps) -> dict[str, tuple[Step, ...]]:
    """Return the flows by name: the configured ones, and those that begin at the mailbox."""
    reset: tuple[Step, ...] = (steps["reset_credentials"], steps["update_password"])
    flows = {name: _flow(names, steps) for name, names in named.items()}
    asking = {name: flow for name, flow in flows.items() if steps["email_otp"] in flow}
    first = {led_by(MAILBOX_FIRST, n): _mailbox_first(flow, steps) for n, flow in asking.items()}
    # After a reset the new password may be taken as typed, never a step that follows it.
    rest = {name: tuple(s for s in flow if s.name != "password") for name, flow in flows.items()}
    longer = {after_reset(name): (*reset, *after) for name, after in rest.items() if after}
    return {**flows, RESET: reset, **longer, **first}


def _flow(names: Sequence[str], steps: Steps) -> tuple[Step, ...]:
    password = replace(steps["password"], has_code="email_otp" in names)
    named: Mapping[str, Step] = {"password": password, "email_otp": steps["email_otp"]}
    return tuple(named[name] for name in names)


def _mailbox_first(flow: tuple[Step, ...], steps: Steps) -> tuple[Step, ...]:
    """Return a flow in the other order: what proves the mailbox, then the rest."""
    return (steps["mailbox_first"], *(step for step in flow if step.name != "email_otp"))
