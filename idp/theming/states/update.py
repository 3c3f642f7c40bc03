"""The new password: its page, and what follows it, in every state."""

from dataclasses import replace

from idp.model.page import Message, Page
from idp.model.password_rule import Rule
from idp.theming.states.state import CLIENT, HOME, USER, State

_OTHER = "registry@example.gov.bd"
# As accounts.policy gives them; a test compares.
RULES = (
    Rule("len", Message("policy.len", {"n": 8}), 8),
    Rule("upper", Message("policy.upper"), span=("A", "Z")),
    Rule("lower", Message("policy.lower"), span=("a", "z")),
    Rule("digit", Message("policy.digit"), categories=("Nd",)),
    Rule("special", Message("policy.special"), categories=("P", "S")),
)
_UNMET = tuple(rule.message for rule in RULES)


def _update(
    name: str,
    *errors: Message,
    others: bool = True,
    other: str = "",
    status: int = 200,
    notice: str = "upd.warn",
) -> State:
    view = {"email": USER, "rules": RULES, "others": others, "other": other}
    page = Page("update", view, errors, Message(notice), status)
    return State(name=f"update {name}", page=page, client=CLIENT, client_home=HOME)


def _demanded(name: str, *errors: Message) -> State:
    """Return a new password that is demanded at login, where no link was opened."""
    return replace(_update(name, *errors), is_stored=True)


def _wrong(key: str, **facts: int) -> Message:
    """Return an error about the new password."""
    return Message(key, facts, "new_password")


def _done(name: str, *, can_return: bool, home: str = "") -> State:
    page = Page("done", {"can_return": can_return})
    return State(name=f"done {name}", page=page, client_home=home, is_stored=True)


STATES = (
    _update("fresh"),
    _update("another user logged in", other=_OTHER),
    _update("all rules failed", Message("err.policy", {"list": _UNMET}, "new_password")),
    _update("one rule failed", Message("err.policy", {"list": _UNMET[-1:]}, "new_password")),
    _update("empty", _wrong("err.pw.empty")),
    _update(
        "both empty",
        _wrong("err.pw.empty"),
        Message("err.confirm.empty", field="confirm_password"),
    ),
    _update("confirmation empty", Message("err.confirm.empty", field="confirm_password")),
    _update("mismatch", Message("err.mismatch", field="confirm_password")),
    _update("reuse", _wrong("err.reuse")),
    _update("common", _wrong("err.common")),
    _update("contains the user ID", _wrong("err.contains")),
    _update("too long", _wrong("err.long", n=1024)),
    _update("space at an edge", _wrong("err.space")),
    _update(
        "several at once",
        Message("err.policy", {"list": _UNMET[1:3]}, "new_password"),
        _wrong("err.contains"),
        Message("err.mismatch", {}, "confirm_password"),
        other=_OTHER,
    ),
    _update("others unchecked", _wrong("err.common"), others=False),
    _update("first password", notice="upd.first"),
    _update("form expired", Message("form.expired"), status=403),
    _update("rate minutes", Message("err.rate", {"n": 30}), status=429),
    _update("rate seconds", Message("err.rate.s", {"s": 42}), status=429),
    _update("busy", Message("e503.soon"), status=503),
    _demanded("first login"),
    _demanded("first login, mismatch", Message("err.mismatch", field="confirm_password")),
    _done("same browser", can_return=True, home=HOME),
    _done("another browser", can_return=False, home=HOME),
    _done("nowhere to go", can_return=False),
    State(
        name="cancelled",
        page=Page("cancelled", notice=Message("upd.cancelled")),
        client_home=HOME,
        in_conversation=False,
    ),
    State(
        name="cancelled first password",
        page=Page("cancelled", notice=Message("upd.cancelled.first")),
        client_home=HOME,
        in_conversation=False,
    ),
    State(
        name="cancelled, nowhere to go",
        page=Page("cancelled", notice=Message("upd.cancelled")),
        in_conversation=False,
    ),
)
