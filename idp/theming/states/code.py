"""The page of the mailed code in every state."""

from idp.model.page import Message, Page
from idp.theming.states.state import CLIENT, HOME, MASKED, State


def _code(
    name: str,
    *errors: Message,
    notice: Message | None = None,
    is_sent: bool = True,
    wait: int = 42,
    minutes: int = 10,
    status: int = 200,
) -> State:
    view = {"masked": MASKED, "is_sent": is_sent, "minutes": minutes, "wait": wait}
    page = Page("code", view, errors, notice, status)
    return State(name=f"code {name}", page=page, client=CLIENT, client_home=HOME, is_stored=True)


STATES = (
    _code("fresh"),
    _code("after a new password", notice=Message("upd.done")),
    _code("wait of minutes", wait=300),
    _code("ready to resend", wait=0, minutes=9),
    _code("last minute", wait=0, minutes=1),
    _code("too late", wait=0, minutes=0),
    _code("empty", Message("otp.err.empty", field="code")),
    _code("chars", Message("otp.err.chars", field="code")),
    _code("length", Message("otp.err.len", {"n": 5}, "code")),
    _code("wrong", Message("otp.err.wrong", {"n": 3}, "code"), wait=0),
    _code("wrong, last try", Message("otp.err.wrong", {"n": 1}, "code"), wait=0),
    _code("expired", Message("otp.err.expired", field="code")),
    _code("resent", notice=Message("otp.resent", {"masked": MASKED})),
    _code("asked too early", notice=Message("resend.early")),
    _code("paused", Message("otp.err.paused", {"n": 15}, "code"), wait=0),
    _code("mail failed", Message("otp.mailfail"), is_sent=False, wait=0),
    _code("letter has to wait", Message("otp.limit", {"n": 12}), is_sent=False, wait=0),
    _code("letter may go now", is_sent=False, wait=0),
    _code("send limit", Message("otp.limit", {"n": 7}), wait=0, minutes=7),
    _code("form expired", Message("form.expired"), status=403),
    _code("busy", Message("e503.soon"), status=503),
)
