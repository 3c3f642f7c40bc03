"""Letters for the tests, and a look at what became of them."""

from typing import Any

from sqlalchemy import Engine, text

from idp.model.letter import Letter, RenderedLetter
from idp.stores.sql import SqlStores

TO = "canary.person@example.gov.bd"
CODE = "918273"  # a canary: it may be in the mail and nowhere else


def letter(now: int, **changes: Any) -> Letter:
    values: dict[str, Any] = {
        "id": "L1",
        "kind": "code",
        "to": TO,
        "locale": "bn",
        "reference": "7F3K-21",
        "facts": {"challenge": "c1"},
        "created_at": now,
        "expires_at": now + 600,
    }
    return Letter(**(values | changes))


def put(stores: SqlStores, *letters: Letter) -> None:
    with stores.write() as work:
        for each in letters:
            work.outbox.add(each)


def state(engine: Engine, letter_id: str = "L1") -> tuple[str, str]:
    """Return "unwritten", "waiting", "delivered" or "buried", and the answer written down."""
    statement = text("SELECT closed_at, delivered, answer FROM outbox WHERE id = :id")
    with engine.connect() as connection:
        row = connection.execute(statement, {"id": letter_id}).one_or_none()
    if row is None:
        return "unwritten", ""
    closed_at, delivered, answer = row
    if closed_at is None:
        return "waiting", answer
    return ("delivered" if delivered else "buried"), answer


def render(of: Letter) -> RenderedLetter:
    return RenderedLetter("লগইন কোড", f"কোড {CODE}\n", f"<p>কোড {CODE} {of.locale}</p>\n")


def notice(now: int, **changes: Any) -> Letter:
    values: dict[str, Any] = {
        "id": "N1",
        "kind": "logout",
        "to": "ministry",
        "lane": "notice",
        "batch": "B1",
        "locale": "",
        "facts": {"sid": "s1", "sub": "u1"},
        "expires_at": now + 86400,
    }
    return letter(now, **(values | changes))
