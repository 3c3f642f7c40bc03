"""Logging out in every state, and the pages of a log-in that is already there or has ended."""

from collections.abc import Mapping

from idp.model.page import Message, Page
from idp.theming.states.state import CLIENT, HOME, NO_TEXT, USER, State

_MINISTRY = {"bn": "মন্ত্রণালয়", "en": "Ministry"}
_BOTH = {locale: f"{CLIENT[locale]}, {_MINISTRY[locale]}" for locale in CLIENT}


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
    State(name="expired", page=Page("expired", status=400), in_conversation=False),
    State(
        name="expired, client known",
        page=Page("expired", status=400),
        client=CLIENT,
        client_home=HOME,
        in_conversation=False,
    ),
    State(
        name="expired, cookies off",
        page=Page("expired", errors=(Message("err.cookies"),), status=400),
        in_conversation=False,
    ),
)
