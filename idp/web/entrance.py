"""Where somebody stands who comes without an application, and the language of such pages."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from idp.model.page import Page
from idp.signin.answers import Cookies, ShowPage
from idp.web.pages import Pages
from idp.web.rendering import LANGUAGE, see_other
from idp.web.way_back import is_ours, without_wish


@dataclass(frozen=True)
class Entrance:
    """The routes `/`, `/login` and `/language`."""

    pages: Pages

    def blueprint(self) -> Blueprint:
        entrance = Blueprint("entrance", __name__)
        entrance.before_request(self.pages.limit)
        for path in ("/", "/login", LANGUAGE):
            entrance.add_url_rule(path, view_func=self.show, methods=["GET"])
        entrance.add_url_rule(LANGUAGE, view_func=self.speak, methods=["POST"])
        return entrance

    def show(self) -> Response:
        """Say where logging in begins: only an application can ask for a login."""
        locale = self.pages.locale(self.pages.reader.read(request))
        return self.pages.renderer.response(
            ShowPage(page=Page("start"), locale=locale, reference="")
        )

    def speak(self) -> Response:
        """Keep the language that was chosen, and go back to the page on which it was.

        An address that is not ours leads to the entrance; a language that is not offered changes
        nothing.
        """
        self.pages.check_form()
        address, language = request.form.get("return", ""), request.form.get("language", "")
        address = without_wish(address) if is_ours(address) else "/login"
        renderer = self.pages.renderer
        response = see_other(renderer.base + address)
        if language in self.pages.sign_in.showing.rules.locales:
            renderer.jar.set(response, Cookies(language=language))
        return response
