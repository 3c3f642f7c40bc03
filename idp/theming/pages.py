"""The list of every page in every state that a person can meet, each with a fixture.

The tests, the look at the screenshots, the trial of a theme and docs/pages.md all read it.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from idp.model.page import Message, Page
from idp.theming.frame import Frame

# The pages, each with the fields that an error can be about.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "login": ("userid", "password"),
    "code": ("code",),
    "already": (),
    "expired": (),
    "error": (),
    "form_post": (),
}
_CLIENT = {"bn": "ব্যাকঅফিস", "en": "Back office"}
_HOME = "https://backoffice.example.gov.bd/"
_USER = "office@example.gov.bd"
_NO_TEXT: Mapping[str, str] = {}


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
    _code("closed", Message("otp.err.closed", field="code"), wait=0),
    _code("send limit", Message("otp.limit", {"n": 30}), wait=0),
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
STATES: tuple[State, ...] = (*_LOGIN, *_CODE, *_OTHER, *_ERRORS)
