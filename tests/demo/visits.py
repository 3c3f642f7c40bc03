"""A person before a relying party: the walk to the provider and back, the forms of the pages."""

import re
from dataclasses import dataclass

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp.demo.settings import BACKOFFICE, Look
from idp.model.clock import system_clock

BASE_URL = "http://localhost"


@dataclass
class Watch:
    """Goes ahead of the real time, by which Authlib judges an ID token (seconds)."""

    ahead: int = 0

    def __call__(self) -> float:
        return system_clock() + self.ahead


def answered(visitor: FlaskClient) -> str:
    """Walk to the provider; return the callback's path with the provider's answer."""
    started = visitor.get("/")
    assert started.status_code == 302, started.text
    return at_provider(started)


def at_provider(sent: TestResponse) -> str:
    """Follow a redirect to the provider; return the path on which it sends the person back."""
    answer = requests.get(sent.headers["Location"], allow_redirects=False, timeout=5)
    return answer.headers["Location"].removeprefix(BASE_URL)


def log_in(visitor: FlaskClient) -> TestResponse:
    """Walk to the provider and back; return the answer of the callback."""
    return visitor.get(answered(visitor))


def is_logged_in(visitor: FlaskClient) -> bool:
    """Tell whether the home page shows somebody, rather than leading to the provider."""
    return visitor.get("/").status_code == 200


def token_of_form(page: str, path: str) -> str:
    """Return the hidden token of the form that leads to this path."""
    form = re.search(rf'action="{path}"><input type="hidden" name="csrf" value="([^"]+)"', page)
    assert form, page
    return form[1]


def press(member: FlaskClient, path: str) -> TestResponse:
    """Send the form of the home page that leads to this path."""
    return member.post(path, data={"csrf": token_of_form(member.get("/").text, path)})


def cookie(visitor: FlaskClient, look: Look = BACKOFFICE) -> str:
    found = visitor.get_cookie(look.cookie)
    return found.value if found else ""


def fact(answer: TestResponse) -> tuple[int, str]:
    """Return the status of a problem page and what it tells developers."""
    told = re.search(r'<code lang="en">([^<]*)</code>', answer.text)
    assert told, answer.text
    return answer.status_code, told[1]
