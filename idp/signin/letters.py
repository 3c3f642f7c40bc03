"""What the letters of the conversation say: codes and links are derived at the last moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from idp.flow.authenticators.email_otp import derive_code
from idp.flow.authenticators.reset_credentials import link_secret
from idp.model.keyring import Keyring
from idp.model.letter import Letter, RenderedLetter
from idp.model.page import Facts
from idp.theming import Theme, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Renders each kind of letter. A KeyError means that the key of its secret is gone."""

    issuer: str
    timezone: str
    theme: Theme
    form_key: Keyring

    def by_kind(self) -> Mapping[str, Callable[[Letter], RenderedLetter]]:
        return {"code": self.code, "reset": self.reset, "changed": self.changed}

    def code(self, letter: Letter) -> RenderedLetter:
        """Say the six digits of a challenge."""
        challenge, version = str(letter.facts["challenge"]), int(letter.facts["key_version"])
        return self._render(letter, {"code": derive_code(self.form_key, challenge, version)})

    def reset(self, letter: Letter) -> RenderedLetter:
        """Say the link to set a new password."""
        token, version = str(letter.facts["token"]), int(letter.facts["key_version"])
        link = f"{self.issuer}/reset/{link_secret(self.form_key, token, version)}"
        return self._render(letter, {"url": link})

    def changed(self, letter: Letter) -> RenderedLetter:
        """Say that the password was changed, and what to do about it if that is news."""
        return self._render(letter, {})

    def _reset_page(self, letter: Letter) -> str:
        client_id = letter.facts.get("client")
        query = f"?{urlencode({'client_id': client_id})}" if client_id else ""
        return f"{self.issuer}/reset{query}"

    def _render(self, letter: Letter, facts: Facts) -> RenderedLetter:
        shared: Facts = {
            "email": letter.to,
            "url": self._reset_page(letter),
            "host": urlsplit(self.issuer).netloc,
            "minutes": (letter.expires_at - letter.created_at) // 60,
            "time": moment(letter.created_at, self.timezone, letter.locale),
        }
        return self.theme.letter(letter.kind, letter.locale, {**shared, **facts})
