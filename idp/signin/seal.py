"""Seals: a conversation without a proof travels encrypted in its page; a GET writes nothing."""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from idp.model.errors import ProbeshError
from idp.model.keyring import Keyring
from idp.model.request import AuthorizationRequest
from idp.model.sessions import AuthenticationSession

_ALWAYS = frozenset("irbflt")


class SealBroken(ProbeshError):
    """The sealed value was not made with a key of ours, or has been changed."""


class Seal:
    """Closes and opens sealed conversations under the form key, newest version first."""

    def __init__(self, form_key: Keyring, *, lifetime: int) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in form_key.fernet_keys("seal")])
        self._lifetime = lifetime

    def close(self, session: AuthenticationSession) -> str:
        """Return the sealed form of a conversation, different each time."""
        fields = {
            "i": session.id,
            "r": session.reference,
            "b": session.browser_digest.hex(),
            "q": session.request and session.request.as_dict(),
            "c": "" if session.request else session.client_id,
            "f": session.flow,
            "l": session.locale,
            "t": session.created_at,
            "u": session.user_typed,
            "s": session.step,
            "p": session.user_id,
            "n": dict(session.notes),
        }
        # What is left out is nothing: the login page must stay one small answer.
        told = {name: value for name, value in fields.items() if value or name in _ALWAYS}
        plain = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
        return self._fernet.encrypt(plain.encode("utf-8", "replace")).decode("ascii")

    def open(self, sealed: str) -> AuthenticationSession:
        """Return the conversation, however old and whosever browser it was made for.

        Raises SealBroken.
        """
        try:
            fields = json.loads(self._fernet.decrypt(sealed.encode("utf-8", "replace")))
            return self._session(fields)
        except (InvalidToken, KeyError, TypeError) as error:
            # The last two: another version of this program closed it.
            raise SealBroken from error

    def _session(self, fields: Mapping[str, Any]) -> AuthenticationSession:
        request = AuthorizationRequest.from_dict(fields["q"]) if fields.get("q") else None
        return AuthenticationSession(
            id=fields["i"],
            reference=fields["r"],
            browser_digest=bytes.fromhex(fields["b"]),
            request=request,
            client_id=request.client_id if request else fields.get("c", ""),
            flow=fields["f"],
            locale=fields["l"],
            created_at=fields["t"],
            expires_at=fields["t"] + self._lifetime,
            user_typed=fields.get("u", ""),
            step=fields.get("s", 0),
            user_id=fields.get("p"),
            notes=fields.get("n", {}),
        )
