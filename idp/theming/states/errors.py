"""Errors by their status, and the page that carries an answer to a client."""

from collections.abc import Mapping
from dataclasses import replace

from idp.model.page import Page
from idp.theming.states.state import CLIENT, HOME, NO_TEXT, USER, State, noise

_AGAIN, _LOGIN, _HOME = ("e.again", ""), ("e.login", None), ("btn.back", None)
_ON = ("btn.back", "/signin/q7Zt3xVb")


def _error(  # noqa: PLR0913 - a state is a row of facts
    name: str,
    status: int,
    title: str,
    body: str,
    step: tuple[str, str | None] = _HOME,
    facts: Mapping[str, str | int] | None = None,
    *,
    home: str = "",
    in_conversation: bool = False,
) -> State:
    words, to = step
    view = {"title": title, "body": body, "facts": facts or {}, "next": words, "to": to}
    return State(
        name=f"error {name}",
        page=Page("error", view, status=status),
        client=CLIENT if home else NO_TEXT,
        client_home=home,
        in_conversation=in_conversation,
    )


def _closed(name: str, time: Mapping[str, str]) -> State:
    """Return the page of a planned closure; its end is told in the language of the page."""
    bn, en = (
        _error(name, 503, "e503.title", "e503.body", _AGAIN, {"time": time[locale]})
        for locale in CLIENT
    )
    return replace(bn, english=en.page)


STATES = (
    State(
        name="form_post",
        page=Page(
            "form_post",
            {"uri": f"{HOME}cb", "fields": {"code": noise(43), "state": "af0ifjsldkj"}},
        ),
        in_conversation=False,
    ),
    _error("400", 400, "e400.title", "e400.body"),
    _error("400 client known", 400, "e400.title", "e400.body", home=HOME),
    _error("400 in a login", 400, "e400.title", "e400.body", _ON, home=HOME, in_conversation=True),
    _error("403", 403, "e403.form.title", "e403.form.body"),
    _error("404", 404, "e404.title", "e404.body", _LOGIN),
    _error("405", 405, "e405.title", "e405.body"),
    _error("413", 413, "e413.title", "e413.body"),
    _error("429", 429, "e429.title", "err.rate", _AGAIN, {"n": 2}),
    _error("429 for seconds", 429, "e429.title", "err.rate.s", _AGAIN, {"s": 42}),
    _error(
        "429 before a proof",
        429,
        "e429.title",
        "err.rate",
        ("e.again", None),
        {"n": 1},
        home=HOME,
        in_conversation=True,
    ),
    _error("500", 500, "e500.title", "e500.body", _AGAIN),
    _error("503", 503, "e503.title", "e503.soon", _AGAIN),
    _closed("503 until a time", {"bn": "রাত ৯:০৪", "en": "9:04 pm"}),
    _closed(
        "503 until another day",
        {"bn": "১৯ নভেম্বর ২০২৬, সকাল ৮:০০", "en": "19 November 2026, 8:00 am"},
    ),
    State(
        name="error client unknown",
        page=Page(
            "error",
            {
                "title": "eclient.title",
                "body": "eclient.body",
                "facts": {},
                "next": "btn.back",
                "to": None,
            },
            status=400,
        ),
        client_home=HOME,
        developer={"reason": "unknown_client", "client_id": "backofice"},
        in_conversation=False,
    ),
    State(
        name="forbidden",
        page=Page("forbidden", {"email": USER}, status=403),
        client=CLIENT,
        client_home=HOME,
    ),
    State(name="start", page=Page("start"), client_home=HOME, in_conversation=False),
    State(name="start, no home", page=Page("start"), in_conversation=False),
)
