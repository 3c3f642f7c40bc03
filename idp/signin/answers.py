"""What the conversation answers, and what it is told about the browser."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from idp.flow.step import Visit
from idp.model.page import Page
from idp.model.tokens import new_secret
from idp.oidc.responses import AuthorizationResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookies:
    """Cookies to set with the answer; None leaves one alone, "" takes it away."""

    key: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
    known: str | None = field(default=None, repr=False)
    link: str | None = field(default=None, repr=False)  # what was mailed, out of the URL
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """What one request tells of its browser: its cookies, its languages and its address."""

    key: str | None = field(repr=False)
    session: str | None = field(repr=False)
    known: str | None = field(repr=False)
    link: str | None = field(repr=False)
    saved_language: str
    accept_language: str
    address: str
    agent: str = field(default="", repr=False)

    def keyed(self) -> tuple[str, Cookies]:
        """Return the browser's key, and the cookie that gives it one if it has none."""
        if self.key is not None:
            return self.key, Cookies()
        key = new_secret()
        return key, Cookies(key=key)

    def visit(self, now: int) -> Visit:
        return Visit(self.address, self.known, self.session, now, self.agent)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPage:
    """Answer with a page. `sealed` or `handle` is the conversation that its form goes on with.

    A form outside of any conversation names where it posts to in `form`, and what in `fields`.
    """

    page: Page
    locale: str
    reference: str
    client_id: str = ""
    sealed: str = field(default="", repr=False)
    handle: str = ""
    form: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    browser_key: str = field(default="", repr=False)  # what the form's token is bound to
    developer: Mapping[str, str] = field(default_factory=dict)
    cookies: Cookies = Cookies()


@dataclass(frozen=True, slots=True)
class GoTo:
    """Send the browser to the page of a stored conversation."""

    handle: str
    cookies: Cookies = Cookies()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Send the browser back to its client with the answer to its authorization request."""

    response: AuthorizationResponse
    locale: str
    reference: str
    client_id: str
    cookies: Cookies = Cookies()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOut:
    """Send the browser on after a logout: to its client, or to the page that tells the end."""

    location: str = ""  # of the client
    batch: str = ""  # of the notices that were promised
    client_id: str = ""
    ui_locales: tuple[str, ...] = ()
    cookies: Cookies = Cookies()


Answer: TypeAlias = ShowPage | GoTo | Reply | LoggedOut


@dataclass(frozen=True, slots=True)
class Submission:
    """A posted form. `is_genuine`: its token is of a page that we showed to this browser."""

    form: Mapping[str, str] = field(repr=False)
    is_genuine: bool

    @property
    def action(self) -> str:
        return self.form.get("action", "")

    @property
    def language(self) -> str:
        return self.form.get("language", "")
