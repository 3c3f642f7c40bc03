"""The development mailbox: an SMTP listener on loopback, a page, and two calls of Mailpit's API.

It shows other people's letters to whoever asks, so it answers on loopback and by its loopback
names only (a foreign page that rebinds its own name to 127.0.0.1 is refused).
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask, Response, abort, render_template, request

from idp.demo.letters import Address, Letter, Letterbox, read_letter, with_links_outside
from idp.demo.pages import LOOPBACK, host_name, prepare, serve

HOST_NAMES = frozenset({LOOPBACK, "localhost"})
LETTER_BYTES = 1024 * 1024
VIEWS = ("html", "text", "source")
LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


class Receiver:
    """What aiosmtpd calls with each letter."""

    def __init__(self, letterbox: Letterbox) -> None:
        self._letterbox = letterbox

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the letter and accept it."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content or "").encode()
        self._letterbox.put(read_letter(raw, datetime.now(UTC)))
        return "250 OK"


@contextlib.contextmanager
def receiving(letterbox: Letterbox, port: int) -> Iterator[None]:
    """Listen for SMTP on loopback while the block runs."""
    controller = Controller(
        Receiver(letterbox),
        hostname=LOOPBACK,
        port=port,
        data_size_limit=LETTER_BYTES,
        enable_SMTPUTF8=True,
        ident="development mailbox",
    )
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def create_app(letterbox: Letterbox) -> Flask:
    """Put the mailbox's page and API together."""
    app = prepare(Flask(__name__))
    app.before_request(_check_host)
    pages = Pages(letterbox)
    app.add_url_rule("/", "list", pages.list)
    app.add_url_rule("/letter/<letter_id>", "letter", pages.letter)
    app.add_url_rule("/letter/<letter_id>/<any(html,text,source):view>", "view", pages.letter)
    app.add_url_rule("/letter/<letter_id>/body", "body", pages.body)
    app.add_url_rule("/api/v1/messages", "messages", pages.messages)
    app.add_url_rule("/api/v1/message/<letter_id>", "message", pages.message)
    return app


class Pages:
    """The mailbox as people and scripts see it."""

    def __init__(self, letterbox: Letterbox) -> None:
        self._letterbox = letterbox

    def list(self) -> str:
        """Show the letters, newest first."""
        return render_template("letters.html", letters=self._letterbox.all())

    def letter(self, letter_id: str, view: str = "") -> str:
        """Show one letter as HTML, text or source; as HTML at first, if it has any."""
        letter = self._require(letter_id)
        chosen = view or ("html" if letter.html else "text")
        return render_template("letter.html", letter=letter, view=chosen, views=VIEWS)

    def body(self, letter_id: str) -> Response:
        """Answer the letter's own HTML, shut in by its own policy."""
        answer = Response(with_links_outside(self._require(letter_id).html))
        answer.headers["Content-Security-Policy"] = LETTER_POLICY
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    def messages(self) -> dict[str, Any]:
        """Answer the letters, newest first, as Mailpit does."""
        return {"messages": [_summary(letter) for letter in self._letterbox.all()]}

    def message(self, letter_id: str) -> dict[str, Any]:
        """Answer one letter with its bodies, as Mailpit does."""
        letter = self._require(letter_id)
        more = {"Text": letter.text, "HTML": letter.html, "Date": letter.date.isoformat()}
        return {**_summary(letter), **more}

    def _require(self, letter_id: str) -> Letter:
        return self._letterbox.find(letter_id) or abort(404)


def _summary(letter: Letter) -> dict[str, Any]:
    return {
        "ID": letter.id,
        "From": _mailpit_address(letter.sender),
        "To": [_mailpit_address(address) for address in letter.recipients],
        "Subject": letter.subject,
        "Created": letter.created.isoformat(),
    }


def _mailpit_address(address: Address) -> dict[str, str]:
    return {"Name": address.name, "Address": address.address}


def _check_host() -> Response | None:
    if host_name(request.host) in HOST_NAMES:
        return None
    return Response("This mailbox answers to 127.0.0.1 and localhost only.\n", 421)


def main(arguments: list[str] | None = None) -> int:
    """Serve the mailbox until SIGINT or SIGTERM."""
    environ = os.environ.get
    parser = argparse.ArgumentParser(prog="python -m idp.demo.mailbox")
    parser.add_argument("--port", type=int, default=int(environ("MAILBOX_PORT", "9003")))
    parser.add_argument("--smtp-port", type=int, default=int(environ("IDP_SMTP_PORT", "9025")))
    chosen = parser.parse_args(arguments)
    letterbox = Letterbox()
    with receiving(letterbox, chosen.smtp_port):
        serve(create_app(letterbox), chosen.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
