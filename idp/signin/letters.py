"""What the letters of the conversation say: codes and links are derived at the last moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from idp.flow.authenticators.reset_credentials import link_secret
from idp.flow.codes import derive_code
from idp.model.keyring import Keyring
from idp.model.letter import Letter, RenderedLetter
from idp.model.page import Facts
from idp.settings.clients import Client
from idp.theming import Themes, moment

_MINUTE, _HOUR = 60, 3600  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Renders each kind of letter. A KeyError means that the key of its secret is gone."""

    issuer: str
    timezone: str
    themes: Themes
    clients: Mapping[str, Client]
    form_key: Keyring

    def by_kind(self) -> Mapping[str, Callable[[Letter], RenderedLetter]]:
        """Return what renders a letter, by its kind."""
        return {
            "code": self.code,
            "reset": self.link,
            "welcome": self.link,
            "changed": self.plain,
            "new_device": self.plain,
            "paused": self.plain,
        }

    def code(self, letter: Letter) -> RenderedLetter:
        """Say the six digits of a challenge."""
        challenge, version = str(letter.facts["challenge"]), int(letter.facts["key_version"])
        return self._render(letter, {"code": derive_code(self.form_key, challenge, version)})

    def link(self, letter: Letter) -> RenderedLetter:
        """Say the link to set a new password, or the first one."""
        token, version = str(letter.facts["token"]), int(letter.facts["key_version"])
        secret = link_secret(self.form_key, token, version)
        spoken = urlencode({"ui_locales": letter.locale})
        return self._render(letter, {"url": f"{self.issuer}/reset/{secret}?{spoken}"})

    def plain(self, letter: Letter) -> RenderedLetter:
        """Say what has happened to an account, and where to go if that is news."""
        return self._render(letter, {})

    def _render(self, letter: Letter, facts: Facts) -> RenderedLetter:
        client_id = str(letter.facts.get("client", ""))
        client, theme = self.clients.get(client_id), self.themes.of(client_id)
        locale = theme.spoken(letter.locale)
        page = self._reset_page(client_id, locale)
        life = letter.expires_at - letter.created_at
        shared: Facts = {
            "email": letter.to,
            "url": page,
            "page": page,
            "host": urlsplit(self.issuer).netloc,
            "minutes": life // _MINUTE,
            "hours": life // _HOUR,
            "time": moment(letter.created_at, self.timezone, locale),
            "client": getattr(client.name, locale) if client else "",
            "ip": letter.facts.get("ip", ""),
            "ua": letter.facts.get("ua", ""),
        }
        return theme.letter(letter.kind, locale, {**shared, **facts})

    def _reset_page(self, client_id: str, locale: str) -> str:
        facts = {"client_id": client_id, "ui_locales": locale}
        query = urlencode({name: fact for name, fact in facts.items() if fact})
        return f"{self.issuer}/reset?{query}"
