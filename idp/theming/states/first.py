"""The code before the password, and the password after it, in every state."""

from idp.model.page import Message, Page
from idp.theming.states.state import CLIENT, HOME, MASKED, USER, State


def _first(
    name: str,
    *errors: Message,
    notice: Message | None = None,
    is_sent: bool = True,
    wait: int = 42,
    status: int = 200,
) -> State:
    view = {"masked": MASKED, "is_sent": is_sent, "minutes": 10, "wait": wait}
    page = Page("first", view, errors, notice, status)
    return State(name=f"first {name}", page=page, client=CLIENT, client_home=HOME)


def _password(name: str, *errors: Message, status: int = 200) -> State:
    page = Page("password", {"user_id": USER}, errors, status=status)
    return State(
        name=f"password {name}", page=page, client=CLIENT, client_home=HOME, is_stored=True
    )


STATES = (
    _first("fresh"),
    _first("ready to resend", wait=0),
    _first("empty", Message("otp.err.empty", field="code")),
    _first("wrong", Message("otp.err.wrong", {"n": 3}, "code"), wait=0),
    _first("expired", Message("first.expired", field="code")),
    _first("resent", notice=Message("first.resent", {"masked": MASKED})),
    _first("send limit", Message("otp.limit", {"n": 7}), wait=0),
    _first("letter has to wait", Message("otp.limit", {"n": 12}), is_sent=False, wait=0),
    _first("letter may go now", is_sent=False, wait=0),
    _first("chars", Message("otp.err.chars", field="code")),
    _first("length", Message("otp.err.len", {"n": 7}, "code")),
    _first("form expired", Message("form.expired"), status=403),
    _password("after the code"),
    _password("empty", Message("err.pw.empty", field="password")),
    _password("wrong", Message("err.login", field="password")),
    _password("rate minutes", Message("err.rate", {"n": 12})),
    _password("rate seconds", Message("err.rate.s", {"s": 42})),
    _password("form expired", Message("form.expired"), status=403),
    _password("busy", Message("e503.soon"), status=503),
)
