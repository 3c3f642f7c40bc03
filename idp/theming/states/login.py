"""The login page in every state."""

from idp.model.page import Message, Page
from idp.theming.states.state import CLIENT, HOME, USER, State


def _login(
    name: str, *errors: Message, notice: Message | None = None, user_id: str = "", status: int = 200
) -> State:
    page = Page("login", {"user_id": user_id}, errors, notice, status)
    return State(name=f"login {name}", page=page, client=CLIENT, client_home=HOME)


STATES = (
    State(name="login fresh", page=Page("login", {"user_id": ""})),
    _login("client named"),
    _login("user carried", user_id=USER),
    _login("userid empty", Message("err.userid.empty", field="userid")),
    _login("password empty", Message("err.pw.empty", field="password"), user_id=USER),
    _login(
        "both empty",
        Message("err.userid.empty", field="userid"),
        Message("err.pw.empty", field="password"),
    ),
    _login("format", Message("err.userid.format", field="userid"), user_id="office@"),
    _login("script", Message("err.userid.script", field="userid"), user_id="অফিস"),
    _login("wrong pair", Message("err.login", field="password"), user_id=USER),
    _login("rate minutes", Message("err.rate", {"n": 12}), user_id=USER, status=429),
    _login("rate one minute", Message("err.rate", {"n": 1}), user_id=USER, status=429),
    _login("rate seconds", Message("err.rate.s", {"s": 42}), user_id=USER, status=429),
    _login("rate an hour", Message("err.rate", {"n": 60}), user_id=USER, status=429),
    _login("disabled", Message("err.disabled"), user_id=USER),
    _login("timeout", notice=Message("login.timeout"), user_id=USER),
    _login("reauth", notice=Message("login.reauth"), user_id=USER),
    _login("cookies off", Message("err.cookies"), user_id=USER),
    _login("busy", Message("e503.soon"), user_id=USER, status=503),
    _login("form expired", Message("form.expired"), user_id=USER, status=403),
    _login("code locked", Message("otp.err.locked"), user_id=USER),
    _login("closed", Message("otp.err.closed"), user_id=USER),
    _login("cancelled", notice=Message("upd.cancelled"), user_id=USER),
    _login("cancelled first password", notice=Message("upd.cancelled.first"), user_id=USER),
)
