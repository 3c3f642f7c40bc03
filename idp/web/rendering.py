"""Answers of the conversation as HTTP responses: pages, redirects, form posts."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from flask import Response, request

from idp.model.page import Page
from idp.settings.clients import Client
from idp.signin.answers import Answer, GoTo, LoggedOut, Reply, ShowPage
from idp.theming import Frame, Themes
from idp.web.browser import CookieJar
from idp.web.forms import FormTokens
from idp.web.way_back import way_back

LANGUAGE = "/language"  # where the switch of pages outside a conversation posts to


@dataclass(frozen=True)
class Renderer:
    """Turns answers into responses. Redirects after a POST are 303 (RFC 9700 4.12)."""

    themes: Themes
    clients: Mapping[str, Client]
    tokens: FormTokens
    jar: CookieJar
    issuer: str
    home: str  # where somebody goes on who came from no client; "": nowhere

    @property
    def base(self) -> str:
        """The path of the issuer: "" or "/sso"."""
        return urlsplit(self.issuer).path

    def spoken(self, locale: str, client_id: str) -> str:
        """Return the language in which a client's pages are shown to whoever has chosen one."""
        return self.themes.of(client_id).spoken(locale)

    def response(self, answer: Answer) -> Response:
        response = self._bare(answer)
        self.jar.set(response, answer.cookies)
        return response

    def _bare(self, answer: Answer) -> Response:
        match answer:
            case ShowPage():
                return self._page(answer)
            case GoTo():
                return see_other(f"{self.base}/signin/{answer.handle}")
            case Reply():
                return self._reply(answer)
            case LoggedOut():
                return see_other(answer.location or self._farewell(answer))

    def _page(self, answer: ShowPage) -> Response:
        bound_to = answer.sealed or answer.handle or answer.form
        hidden = dict(answer.fields)
        if bound_to:
            hidden["form_token"] = self.tokens.make(answer.browser_key, bound_to)
        if answer.sealed:
            hidden["conversation"] = answer.sealed
        client = self.clients.get(answer.client_id)
        locale = self.spoken(answer.locale, answer.client_id)
        path = answer.form or "/signin" + (f"/{answer.handle}" if answer.handle else "")
        action = f"{self.base}{path}" if bound_to else ""
        return_to = "" if action else way_back(request)
        frame = Frame(
            action=action,
            hidden=hidden,
            locale=locale,
            client=_display_name(client, locale),
            client_home=client.home(self.issuer) if client else self.home,
            reference=answer.reference,
            developer=answer.developer,
            language_action=action or (f"{self.base}{LANGUAGE}" if return_to else ""),
            language_hidden={"return": return_to} if return_to else {},
            base=self.base,
        )
        html = self.themes.of(answer.client_id).page(answer.page, frame)
        response = Response(
            html, status=answer.page.status, content_type="text/html; charset=utf-8"
        )
        if answer.page.retry_after is not None:
            response.headers["Retry-After"] = str(answer.page.retry_after)
        return response

    def _farewell(self, answer: LoggedOut) -> str:
        facts = {"client_id": answer.client_id, "ui_locales": " ".join(answer.ui_locales)}
        query = urlencode({name: fact for name, fact in facts.items() if fact})
        return f"{self.base}/logout/{answer.batch}" + (query and f"?{query}")

    def _reply(self, answer: Reply) -> Response:
        if answer.response.mode != "form_post":
            return see_other(answer.response.location)
        # OAuth 2.0 Form Post Response Mode 2: the answer is a page that posts itself.
        fields = {"uri": answer.response.location, "fields": dict(answer.response.fields)}
        page = ShowPage(
            page=Page("form_post", fields),
            locale=answer.locale,
            reference=answer.reference,
            client_id=answer.client_id,
        )
        return self._page(page)


def see_other(location: str) -> Response:
    # Without a body: Werkzeug's repeats the address, and the address may hold a code.
    return Response(status=303, headers={"Location": location})


def _display_name(client: Client | None, locale: str) -> str:
    if client is None:
        return ""
    name: str = getattr(client.name, locale)
    return name
