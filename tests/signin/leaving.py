"""What people and their clients do on the way out: logout requests, tokens, services."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from idp.accounts.directory import Directory
from idp.admin import installation
from idp.stores.sql import SqlStores
from idp.stores.sql.tables import outbox
from tests.browser import Browser, form_with
from tests.outbox.clients import Client as Service
from tests.outbox.clients import serving
from tests.system import (
    CALLBACK,
    ISSUER,
    SECRET,
    VERIFIER,
    System,
    authorize_url,
    start,
    write_config,
)

USER = "office@example.gov.bd"
DONE = "আপনি লগআউট করেছেন"
QUESTION = "লগআউট করবেন?"
BYE = "http://127.0.0.1:9001/bye"
HOMES = {
    "backoffice": "http://127.0.0.1:9001/",
    "app": "http://127.0.0.1:9005/",
    "simple": "http://127.0.0.1:9006/",
}


def logout_url(*more: tuple[str, str], **parameters: str) -> str:
    """Return the address of a logout request."""
    pairs = [*parameters.items(), *more]
    return f"/logout?{urlencode(pairs)}" if pairs else "/logout"


def tab(browser: Browser) -> Browser:
    """Return another tab: the same cookies, another page."""
    other = Browser(browser.client.application, browser.origin, address=browser.address)
    other.client = browser.client
    return other


def is_logged_in(browser: Browser, client_id: str = "backoffice") -> bool:
    """Ask with prompt=none, in another tab of the same browser."""
    answer = tab(browser).get(authorize_url(client_id, prompt="none")).answer
    assert ("code" in answer) != (answer.get("error") == "login_required"), answer
    return "code" in answer


def copied(system: System, cookie: str | None) -> Browser:
    """Return a browser of somebody who has copied a session cookie."""
    return system.browser(address="203.0.113.99").take_cookie("probesh_session", cookie)


def ask(system: System, path: str, form: Mapping[str, str], client_id: str) -> TestResponse:
    """Post what a client posts, in the way it proves who it is."""
    data = dict(form) if client_id != "app" else {**form, "client_id": "app"}
    return Client(system.assembly.wsgi).post(
        path, base_url=ISSUER, data=data, auth=None if client_id == "app" else (client_id, SECRET)
    )


def redeem(system: System, code: str, client_id: str = "backoffice") -> TestResponse:
    """Present a code at the token endpoint."""
    redirect_uri = CALLBACK if client_id == "backoffice" else f"{HOMES[client_id]}callback"
    form = {"code": code, "redirect_uri": redirect_uri, "code_verifier": VERIFIER}
    return ask(system, "/token", {**form, "grant_type": "authorization_code"}, client_id)


def tokens(system: System, browser: Browser, client_id: str = "backoffice") -> dict[str, str]:
    """Return what a client gets for the code that this browser has just brought it."""
    answer = redeem(system, browser.answer["code"], client_id)
    assert answer.status_code == 200, answer.text
    given: dict[str, str] = answer.get_json()
    return given


def refresh(system: System, refresh_token: str, client_id: str = "backoffice") -> TestResponse:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return ask(system, "/token", form, client_id)


def userinfo(system: System, access_token: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {access_token}"}
    return Client(system.assembly.wsgi).get("/userinfo", base_url=ISSUER, headers=headers)


def is_active(system: System, access_token: str) -> bool:
    """Ask the introspection endpoint (RFC 7662 2.2)."""
    answer: Any = ask(system, "/introspect", {"token": access_token}, "backoffice").get_json()
    return bool(answer["active"])


def mailed_link(system: System, browser: Browser) -> str:
    """Ask for a reset; return the path of the link that comes."""
    browser.get(authorize_url(prompt="login")).press("forgot")
    browser.press("submit", userid=USER)
    found = [re.search(r"/reset/\S+", letter.text) for _, letter in system.deliver()]
    [link] = [one[0] for one in found if one]
    return link


@contextmanager
def directory(system: System) -> Iterator[Directory]:
    """Yield the directory as the command line has it: another process on the same database."""
    people = installation.directory(system.assembly.settings, system.clock)
    yield people
    assert isinstance(people._stores, SqlStores)
    people._stores.engine.dispose()


def declare(folder: Path, lines: Mapping[str, str]) -> None:
    """Add a line to the declaration of each of these clients."""
    path = folder / "clients.d" / "all.toml"
    text = path.read_text(encoding="utf-8")
    for client_id, line in lines.items():
        home = f'home_url = "{HOMES[client_id]}"\n'
        assert text.count(home) == 1
        text = text.replace(home, f"{home}{line}\n")
    path.write_text(text, encoding="utf-8")


@dataclass
class House:
    """A provider whose clients backoffice and app want to be told, and what they are told."""

    config: Path
    system: System
    services: Mapping[str, Service]

    def again(self) -> System:
        """Return a second process on the same database, in the same time."""
        return start(self.config, self.system.clock)

    def deliver(self) -> None:
        self.system.assembly.notifier.deliver_due()

    @property
    def told(self) -> dict[str, int]:
        """How many notices each of the services has got."""
        return {name: len(service.asked) for name, service in self.services.items()}

    @property
    def promised(self) -> list[str]:
        """The clients that notices were promised to, in alphabetical order."""
        with self.system.stores.engine.connect() as connection:
            notices = select(outbox.c.to).where(outbox.c.lane == "notice")
            return sorted(connection.execute(notices).scalars())


@contextmanager
def house_in(
    folder: Path, database: str, *, dead: Mapping[str, int] | None = None
) -> Iterator[House]:
    """Run a provider and the services of its clients; the `dead` ones have a port and no server."""
    config = write_config(folder, database=database)
    backoffice, app = Service(), Service()
    with serving(backoffice) as one, serving(app) as two:
        ports = {"backoffice": one, "app": two, **(dead or {})}
        uris = {
            name: f'backchannel_logout_uri = "http://127.0.0.1:{port}/bcl"'
            for name, port in ports.items()
        }
        declare(folder, uris)
        system = start(config)
        yield House(config, system, {"backoffice": backoffice, "app": app})
        system.stores.engine.dispose()


def check_asked(browser: Browser, reason: str = "") -> None:
    """The question stands there, leads nowhere by itself, and nobody is logged out yet."""
    assert (browser.status, browser.left_to) == (200, "")
    assert QUESTION in browser.text
    assert form_with(browser.forms, "action", "logout")
    assert is_logged_in(browser)
    assert reason in browser.html


def check_done(browser: Browser) -> None:
    assert (browser.status, browser.left_to) == (200, "")
    assert urlsplit(browser.url).path.startswith("/logout/")
    assert DONE in browser.text
    assert not is_logged_in(browser)
