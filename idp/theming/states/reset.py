"""Asking for a link, and the page that says it was sent, in every state."""

from idp.model.page import Message, Page
from idp.theming.states.state import CLIENT, HOME, USER, State

_FROM_A_LINK = Page("reset", {"user_id": "", "can_return": False})


def _reset(
    name: str,
    *errors: Message,
    user_id: str = "",
    notice: Message | None = None,
    status: int = 200,
    can_return: bool = True,
) -> State:
    page = Page("reset", {"user_id": user_id, "can_return": can_return}, errors, notice, status)
    return State(name=f"reset {name}", page=page, client=CLIENT, client_home=HOME)


def _sent(
    name: str,
    *errors: Message,
    key: str = "sent.flash",
    wait: int = 0,
    can_return: bool = True,
    status: int = 200,
) -> State:
    view = {"email": USER, "minutes": 30, "wait": wait, "can_return": can_return}
    page = Page("sent", view, errors, Message(key), status)
    return State(name=f"sent {name}", page=page, client=CLIENT)


STATES = (
    _reset("fresh"),
    _reset("carried", user_id=USER),
    _reset("empty", Message("err.userid.empty", field="userid")),
    _reset("format", Message("err.userid.format", field="userid"), user_id="office@"),
    _reset("script", Message("err.userid.script", field="userid"), user_id="অফিস"),
    _reset("rate minutes", Message("err.rate", {"n": 10}), user_id=USER, status=429),
    _reset("rate seconds", Message("err.rate.s", {"s": 42}), user_id=USER, status=429),
    _reset("cookies off", Message("err.cookies"), status=400, can_return=False),
    _reset("cookies off, asked", Message("err.cookies"), user_id=USER, can_return=False),
    _reset("busy", Message("e503.soon"), user_id=USER, status=503),
    _reset("timeout", notice=Message("reset.timeout"), user_id=USER, can_return=False),
    _reset("form expired", Message("form.expired"), user_id=USER, status=403),
    _reset("disabled", Message("err.disabled"), can_return=False),
    State(name="reset, another browser", page=_FROM_A_LINK, client=CLIENT, client_home=HOME),
    State(name="reset, no way back", page=_FROM_A_LINK),
    _sent("fresh", wait=60),
    _sent("a second left", wait=1),
    _sent("ready to resend"),
    _sent("resent", key="sent.resent", wait=58),
    _sent("limit", wait=840),
    _sent("asked too early", key="resend.early", wait=42),
    _sent("rate", Message("err.rate", {"n": 10}), status=429),
    _sent("rate seconds", Message("err.rate.s", {"s": 42}), status=429),
    _sent("form expired", Message("form.expired"), status=403),
    _sent("busy", Message("e503.soon"), status=503),
    _sent("no way back", wait=42, can_return=False),
)
