"""Logging out in every state, and the pages of a log-in that is already there or has ended."""

from collections.abc import Mapping

from babel.lists import format_list

from idp.model.page import Message, Page
from idp.theming.states.state import CLIENT, HOME, NO_TEXT, USER, State

_MINISTRY = {"bn": "মন্ত্রণালয়", "en": "Ministry"}
_BOTH = {
    locale: format_list([CLIENT[locale], _MINISTRY[locale]], locale=locale) for locale in CLIENT
}


def _logout(
    name: str,
    *errors: Message,
    client: Mapping[str, str] = NO_TEXT,
    developer: Mapping[str, str] = NO_TEXT,
    status: int = 200,
) -> State:
    bn, en = (
        Page("logout", {"client": client.get(locale, "")}, errors, status=status)
        for locale in CLIENT
    )
    return State(
        name=f"logout {name}",
        page=bn,
        english=en,
        client=client,
        client_home=HOME if client else "",
        developer=developer,
        is_stored=True,
    )


def _expired(name: str, *, email: str = "", has_ended: bool = False, home: str = "") -> State:
    return State(
        name=f"expired {name}",
        page=Page("expired", {"email": email, "has_ended": has_ended}, status=400),
        client=CLIENT if home else NO_TEXT,
        client_home=home,
        in_conversation=False,
    )


def _logged_out(
    name: str,
    *,
    unconfirmed: Mapping[str, str] = NO_TEXT,
    is_waiting: bool = False,
    return_to: str = "",
) -> State:
    client = CLIENT if return_to else NO_TEXT
    bn, en = (
        Page(
            "logged_out",
            {
                "unconfirmed": unconfirmed.get(locale, ""),
                "is_waiting": is_waiting,
                "return_to": return_to,
                "client": client.get(locale, ""),
            },
        )
        for locale in CLIENT
    )
    return State(
        name=f"logged_out {name}", page=bn, english=en, client=client, in_conversation=False
    )


STATES = (
    _logout("client known", client=CLIENT),
    _logout("client unknown"),
    _logout("form expired", Message("form.expired"), client=CLIENT, status=403),
    _logout(
        "with facts for a developer",
        client=CLIENT,
        developer={"reason": "unregistered_post_logout_redirect_uri"},
    ),
    _logged_out("plain"),
    _logged_out("waiting", is_waiting=True),
    _logged_out("a service silent", unconfirmed=_BOTH),
    _logged_out("with return", return_to=f"{HOME}bye"),
    _logged_out(
        "a service silent, with return",
        unconfirmed=_MINISTRY,
        return_to=f"{HOME}bye",
    ),
    State(name="already", page=Page("already", {"email": USER}), client=CLIENT),
    _expired("page gone"),
    _expired("page gone, client known", home=HOME),
    _expired("page gone, logged in", email=USER),
    _expired("page gone, logged in, client known", email=USER, home=HOME),
    _expired("logged out", has_ended=True),
    _expired("logged out, client known", has_ended=True, home=HOME),
)
