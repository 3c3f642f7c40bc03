"""Requests of people who forgot their password or log out, each of a person of its own."""

import ipaddress
import re
from collections.abc import Callable
from itertools import count as numbers
from urllib.parse import urlencode

from idp.accounts.hash_gate import HashGate
from idp.accounts.passwords import Hasher
from idp.model.sessions import UserSession
from idp.model.tokens import digest, new_id, new_secret
from idp.model.user import User
from tests.bench.harness import Environ, environ
from tests.browser import Browser, form_with
from tests.signin.leaving import BYE, redeem
from tests.system import ISSUER, PASSWORD, System, authorize_url

_NEW = "Sobuj#Pata2027"
_AMR = ("pwd", "email")  # of somebody who has taken every step
_COOKIES = ("browser", "session", "known", "link")


def cookies(browser: Browser) -> str:
    """Return the Cookie header that this browser sends."""
    found = ((f"probesh_{noun}", browser.cookie(f"probesh_{noun}")) for noun in _COOKIES)
    return "; ".join(f"{name}={value}" for name, value in found if value is not None)


class Leavers:
    """Makes people and their requests. Each has an address, for addresses are limited too."""

    def __init__(self, system: System) -> None:
        self._system = system
        assembly = system.assembly
        cost = assembly.settings.password.bcrypt_cost
        self._hasher = Hasher(assembly.secrets.pepper, cost, HashGate(2))
        self._hash = self._hasher.hash(PASSWORD)
        self._addresses = (str(ipaddress.ip_address("127.1.0.0") + n) for n in numbers(1))

    # Each of these makes `count` requests that no request before them was like.

    def ask_for_link(self, count: int) -> list[Environ]:
        return [self._asking(user)[1] for user in self._people(count)]

    def update(self, count: int) -> list[Environ]:
        """Return posts of a new password, each on the page of a fresh link."""
        people = self._people(count)
        browsers = [self._asking(user)[0] for user in people]
        for user, browser in zip(people, browsers, strict=True):
            browser.press("submit", userid=user.email)
        while self._system.deliver():  # a courier settles only so many at a time
            pass
        letters = {to: rendered.text for to, rendered in self._system.desk.letters}
        self._system.desk.letters.clear()
        new = {"new_password": _NEW, "confirm_password": _NEW}
        return [
            _post(browser.get(_link_in(letters[user.email])), **new)
            for user, browser in zip(people, browsers, strict=True)
        ]

    def log_out(self, count: int) -> list[Environ]:
        """Return logout requests with a hint, each of a live session that holds one grant."""
        return [self._logout(user) for user in self._people(count)]

    def hashes_of_update(self) -> Callable[[], object]:
        """Return what one update hashes: the look at the present password, and the new one."""

        def work() -> None:
            self._hasher.verify(_NEW, self._hash)
            self._hasher.hash(_NEW)

        return work

    def _people(self, count: int) -> list[User]:
        emails = [f"{new_id()}@example.gov.bd".lower() for _ in range(count)]
        people = [User(id=new_id(), email=email, email_canonical=email) for email in emails]
        with self._system.stores.write() as work:
            for user in people:
                work.users.add(user)
                work.credentials.set_password(
                    user.id, self._hash, version=user.credential_version, keep=4, now=0
                )
        return people

    def _asking(self, user: User) -> tuple[Browser, Environ]:
        browser = self._system.browser(address=next(self._addresses))
        page = browser.get("/reset?client_id=backoffice")
        return browser, _post(page, userid=user.email)

    def _logout(self, user: User) -> Environ:
        browser, now = self._system.browser(address="127.0.0.1"), self._system.clock()
        cookie = new_secret()
        session = UserSession(
            sid=new_id(),
            digest=digest(cookie),
            user_id=user.id,
            amr=_AMR,
            auth_time=now,
            created_at=now,
            last_seen_at=now,
            expires_at=now + 36_000,
        )
        with self._system.stores.write() as work:
            work.user_sessions.add(session)
        browser.take_cookie("probesh_session", cookie)
        code = browser.get(authorize_url()).answer["code"]
        hint = redeem(self._system, code).get_json()["id_token"]
        query = {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "a-state"}
        headers = {"Cookie": cookies(browser)}
        return environ("GET", f"/logout?{urlencode(query)}", headers=headers)


def _post(page: Browser, **fields: str) -> Environ:
    """Return the post of the form that this browser was just shown, filled in."""
    form = form_with(page.forms, "action", "submit")
    assert form, page.text
    filled = {**form.fields, **fields, "action": "submit"}
    headers = {"Cookie": cookies(page), "Origin": ISSUER}
    request = environ("POST", form.action, form=filled, headers=headers)
    return {**request, "REMOTE_ADDR": page.address}


def _link_in(letter: str) -> str:
    found = re.search(r"/reset/\S+", letter)
    assert found
    return found[0]
