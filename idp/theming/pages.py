"""The list of every page in every state that a person can meet, each with a fixture.

The tests, the look at the screenshots, the trial of a theme and docs/pages.md all read it.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from idp.model.page import Message, Page
from idp.theming.developer_pages import DEVELOPER_PAGES
from idp.theming.frame import Frame

# The pages, each with the fields that an error can be about.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "login": ("userid", "password"),
    "code": ("code",),
    "reset": ("userid",),
    "sent": (),
    "update": ("new_password", "confirm_password"),
    "link": (),
    "done": (),
    "cancelled": (),
    "logout": (),
    "logged_out": (),
    "already": (),
    "expired": (),
    "error": (),
    "mismatch": (),
    "developers": ("url",),
    "request_check": ("url",),
    "form_post": (),
}
_CLIENT = {"bn": "ব্যাকঅফিস", "en": "Back office"}
_HOME = "https://backoffice.example.gov.bd/"
_USER = "office@example.gov.bd"
_NO_TEXT: Mapping[str, str] = {}
_RULES = (
    Message("policy.len", {"n": 8}),
    Message("policy.upper"),
    Message("policy.lower"),
    Message("policy.digit"),
    Message("policy.special"),
)
_FROM_A_LINK = Page("reset", {"user_id": "", "can_return": False})


def _noise(length: int) -> str:
    """Text that compresses as badly as a sealed request does."""
    blocks = (hashlib.sha256(bytes([n])).digest() for n in range(length // 40 + 1))
    return base64.urlsafe_b64encode(b"".join(blocks)).decode()[:length]


_SEALED = {"form_token": _noise(91), "conversation": _noise(1400)[100:1300]}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One page in one state."""

    name: str
    page: Page
    client: Mapping[str, str] = field(default_factory=lambda: _NO_TEXT)  # by language
    client_home: str = ""
    developer: Mapping[str, str] = field(default_factory=lambda: _NO_TEXT)
    in_conversation: bool = True

    def frame(self, locale: str) -> Frame:
        """Return the fixture of what surrounds the page."""
        return Frame(
            action="/signin",
            hidden=_SEALED if self.in_conversation else {},
            locale=locale,
            client=self.client.get(locale, ""),
            client_home=self.client_home,
            reference="7F3K-21",
            developer=self.developer,
            language_action="/language" if self.in_conversation else "",
        )


def _login(
    name: str, *errors: Message, notice: Message | None = None, user_id: str = "", status: int = 200
) -> State:
    page = Page("login", {"user_id": user_id}, errors, notice, status)
    return State(name=f"login {name}", page=page, client=_CLIENT, client_home=_HOME)


def _code(name: str, *errors: Message, notice: Message | None = None, wait: int = 42) -> State:
    view = {"masked": "o•••••@example.gov.bd", "minutes": 10, "wait": wait}
    page = Page("code", view, errors, notice)
    return State(name=f"code {name}", page=page, client=_CLIENT, client_home=_HOME)


def _reset(name: str, *errors: Message, user_id: str = "", status: int = 200) -> State:
    page = Page("reset", {"user_id": user_id, "can_return": True}, errors, status=status)
    return State(name=f"reset {name}", page=page, client=_CLIENT, client_home=_HOME)


def _sent(
    name: str, *errors: Message, key: str = "sent.flash", wait: int = 0, can_return: bool = True
) -> State:
    view = {"email": _USER, "minutes": 30, "wait": wait, "can_return": can_return}
    page = Page("sent", view, errors, Message(key), 429 if errors else 200)
    return State(name=f"sent {name}", page=page, client=_CLIENT)


def _update(
    name: str, *errors: Message, others: bool = True, other: str = "", status: int = 200
) -> State:
    view = {"email": _USER, "rules": _RULES, "others": others, "other": other}
    page = Page("update", view, errors, Message("upd.warn"), status)
    return State(name=f"update {name}", page=page, client=_CLIENT, client_home=_HOME)


def _wrong(key: str, **facts: int) -> Message:
    """Return an error about the new password."""
    return Message(key, facts, "new_password")


def _link(name: str, title: str, body: str, facts: Mapping[str, str | int] | None = None) -> State:
    page = Page("link", {"title": title, "body": body, "facts": facts or {}})
    return State(name=f"link {name}", page=page)


def _done(name: str, *, can_return: bool, home: str = "") -> State:
    page = Page("done", {"can_return": can_return})
    return State(name=f"done {name}", page=page, client_home=home, in_conversation=can_return)


def _logout(name: str, *, client: str = "", developer: Mapping[str, str] = _NO_TEXT) -> State:
    page = Page("logout", {"client": client})
    return State(
        name=f"logout {name}", page=page, client_home=_HOME if client else "", developer=developer
    )


def _logged_out(
    name: str,
    *,
    unconfirmed: str = "",
    is_waiting: bool = False,
    return_to: str = "",
    client: str = "",
) -> State:
    view = {
        "unconfirmed": unconfirmed,
        "is_waiting": is_waiting,
        "return_to": return_to,
        "client": client,
    }
    return State(name=f"logged_out {name}", page=Page("logged_out", view), in_conversation=False)


def _error(
    status: int, title: str, body: str, facts: Mapping[str, str | int] | None = None
) -> State:
    page = Page("error", {"title": title, "body": body, "facts": facts or {}}, status=status)
    return State(name=f"error {status}", page=page, in_conversation=False)


_LOGIN = (
    State(name="login fresh", page=Page("login", {"user_id": ""})),
    _login("client named"),
    _login("user carried", user_id=_USER),
    _login("userid empty", Message("err.userid.empty", field="userid")),
    _login("password empty", Message("err.pw.empty", field="password"), user_id=_USER),
    _login(
        "both empty",
        Message("err.userid.empty", field="userid"),
        Message("err.pw.empty", field="password"),
    ),
    _login("format", Message("err.userid.format", field="userid"), user_id="office@"),
    _login("script", Message("err.userid.script", field="userid"), user_id="অফিস"),
    _login("wrong pair", Message("err.login", field="password"), user_id=_USER),
    _login("rate minutes", Message("err.rate", {"n": 12}), user_id=_USER, status=429),
    _login("rate one minute", Message("err.rate", {"n": 1}), user_id=_USER, status=429),
    _login("rate seconds", Message("err.rate.s", {"s": 42}), user_id=_USER, status=429),
    _login("disabled", Message("err.disabled"), user_id=_USER),
    _login("timeout", notice=Message("login.timeout"), user_id=_USER),
    _login("reauth", notice=Message("login.reauth"), user_id=_USER),
    _login("cookies off", Message("err.cookies"), user_id=_USER),
    _login("busy", Message("e503.soon"), user_id=_USER, status=503),
    _login("code locked", Message("otp.err.locked"), user_id=_USER),
    _login("closed", Message("otp.err.closed"), user_id=_USER),
    _login("cancelled", notice=Message("upd.cancelled"), user_id=_USER),
)
_CODE = (
    _code("fresh"),
    _code("ready to resend", wait=0),
    _code("empty", Message("otp.err.empty", field="code")),
    _code("chars", Message("otp.err.chars", field="code")),
    _code("length", Message("otp.err.len", {"n": 5}, "code")),
    _code("wrong", Message("otp.err.wrong", {"n": 3}, "code"), wait=0),
    _code("wrong, last try", Message("otp.err.wrong", {"n": 1}, "code"), wait=0),
    _code("expired", Message("otp.err.expired", field="code")),
    _code("resent", notice=Message("otp.resent", {"masked": "o•••••@example.gov.bd"})),
    _code("paused", Message("otp.err.paused", {"n": 15}, "code"), wait=0),
    _code("send limit", Message("otp.limit", {"n": 30}), wait=0),
)
_RESET = (
    _reset("fresh"),
    _reset("carried", user_id=_USER),
    _reset("empty", Message("err.userid.empty", field="userid")),
    _reset("format", Message("err.userid.format", field="userid"), user_id="office@"),
    _reset("script", Message("err.userid.script", field="userid"), user_id="অফিস"),
    _reset("rate minutes", Message("err.rate", {"n": 10}), user_id=_USER, status=429),
    _reset("rate seconds", Message("err.rate.s", {"s": 42}), user_id=_USER, status=429),
    _reset("cookies off", Message("err.cookies"), user_id=_USER),
    _reset("busy", Message("e503.soon"), user_id=_USER, status=503),
    State(
        name="reset timeout",
        page=Page("reset", {"user_id": _USER, "can_return": True}, notice=Message("login.timeout")),
        client=_CLIENT,
    ),
    State(name="reset, another browser", page=_FROM_A_LINK, client=_CLIENT, client_home=_HOME),
    State(name="reset, no way back", page=_FROM_A_LINK),
)
_SENT = (
    _sent("fresh", wait=60),
    _sent("ready to resend"),
    _sent("resent", key="sent.resent", wait=58),
    _sent("limit", wait=840),
    _sent("rate", Message("err.rate", {"n": 10})),
    _sent("no way back", wait=42, can_return=False),
)
_UPDATE = (
    _update("fresh"),
    _update("another user logged in", other="registry@example.gov.bd"),
    _update("all rules failed", Message("err.policy", {"list": _RULES}, "new_password")),
    _update("one rule failed", Message("err.policy", {"list": _RULES[-1:]}, "new_password")),
    _update("empty", _wrong("err.pw.empty")),
    _update("confirmation empty", Message("err.confirm.empty", field="confirm_password")),
    _update("mismatch", Message("err.mismatch", field="confirm_password")),
    _update("reuse", _wrong("err.reuse")),
    _update("common", _wrong("err.common")),
    _update("contains the user ID", _wrong("err.contains")),
    _update("too long", _wrong("err.long", n=1024)),
    _update("space at an edge", _wrong("err.space")),
    _update(
        "several at once",
        Message("err.policy", {"list": _RULES[1:3]}, "new_password"),
        _wrong("err.contains"),
        Message("err.mismatch", {}, "confirm_password"),
        other="registry@example.gov.bd",
    ),
    _update("others unchecked", _wrong("err.common"), others=False),
    _update("busy", Message("e503.soon"), status=503),
)
_LINK = (
    _link("expired", "link.expired.title", "link.expired.body", {"n": 30}),
    _link("used", "link.used.title", "link.used.body"),
    _link("invalid", "link.invalid.title", "link.invalid.body"),
    _link("foreign", "link.invalid.title", "link.foreign"),
    _link("dead", "link.dead.title", "link.dead"),
    _link("dead, disabled", "link.dead.title", "err.disabled"),
    _done("same browser", can_return=True, home=_HOME),
    _done("another browser", can_return=False, home=_HOME),
    _done("nowhere to go", can_return=False),
    State(
        name="cancelled",
        page=Page("cancelled", notice=Message("upd.cancelled")),
        client_home=_HOME,
        in_conversation=False,
    ),
    State(
        name="cancelled, nowhere to go",
        page=Page("cancelled", notice=Message("upd.cancelled")),
        in_conversation=False,
    ),
)
_LOGOUT = (
    _logout("client known", client="ব্যাকঅফিস"),
    _logout("client unknown"),
    _logout(
        "with facts for a developer",
        client="ব্যাকঅফিস",
        developer={"error": "post_logout_redirect_uri is not registered"},
    ),
    _logged_out("plain"),
    _logged_out("waiting", is_waiting=True),
    _logged_out("a service silent", unconfirmed="ব্যাকঅফিস, মন্ত্রণালয়"),
    _logged_out("with return", return_to=f"{_HOME}bye", client="ব্যাকঅফিস"),
    _logged_out(
        "a service silent, with return",
        unconfirmed="মন্ত্রণালয়",
        return_to=f"{_HOME}bye",
        client="ব্যাকঅফিস",
    ),
)
_OTHER = (
    State(name="already", page=Page("already", {"email": _USER}), client=_CLIENT),
    State(name="expired", page=Page("expired"), in_conversation=False),
    State(
        name="expired, client known",
        page=Page("expired"),
        client=_CLIENT,
        client_home=_HOME,
        in_conversation=False,
    ),
    State(
        name="expired, cookies off",
        page=Page("expired", errors=(Message("err.cookies"),), status=400),
        in_conversation=False,
    ),
    State(
        name="form_post",
        page=Page(
            "form_post",
            {"uri": f"{_HOME}cb", "fields": {"code": _noise(43), "state": "af0ifjsldkj"}},
        ),
        in_conversation=False,
    ),
)
_ERRORS = (
    _error(400, "e400.title", "e400.body"),
    _error(403, "e400.title", "e400.body"),
    _error(404, "e404.title", "e404.body"),
    _error(405, "e400.title", "e400.body"),
    _error(413, "e400.title", "e400.body"),
    _error(429, "e429.title", "err.rate", {"n": 2}),
    _error(500, "e500.title", "e500.body"),
    _error(503, "e503.title", "e503.soon"),
    State(
        name="error client unknown",
        page=Page(
            "error", {"title": "eclient.title", "body": "eclient.body", "facts": {}}, status=400
        ),
        client_home=_HOME,
        developer={"error": "unknown client", "client_id": "backofice"},
        in_conversation=False,
    ),
)
_DEVELOPERS = tuple(
    State(
        name=name,
        page=page,
        client=_CLIENT if page.name == "mismatch" else _NO_TEXT,
        client_home=_HOME if page.name == "mismatch" else "",
        in_conversation=False,
    )
    for name, page in DEVELOPER_PAGES.items()
)
STATES: tuple[State, ...] = (
    *_LOGIN,
    *_CODE,
    *_RESET,
    *_SENT,
    *_UPDATE,
    *_LINK,
    *_LOGOUT,
    *_OTHER,
    *_ERRORS,
    *_DEVELOPERS,
)
