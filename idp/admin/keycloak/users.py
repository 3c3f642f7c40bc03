"""Users of an export, as records that are brought in like those of any file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from idp.accounts import user_id
from idp.accounts.credentials import UPDATE_PASSWORD
from idp.accounts.user_record import RecordFault, UserRecord
from idp.admin.keycloak.credentials import HashRefused, tagged_hash
from idp.admin.keycloak.export import Export
from idp.admin.keycloak.findings import Findings
from idp.admin.keycloak.proposal import one_line
from idp.admin.keycloak.roles import Roles

_BENGALI: Final = re.compile(r"[\u0980-\u09ff]")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_ACTIONS: Final = {"UPDATE_PASSWORD": UPDATE_PASSWORD}
_CLAIMS: Final = {
    "given_name": "firstName",
    "family_name": "lastName",
    "preferred_username": "username",
}
# Taken over, or without a meaning once a user has left Keycloak.
_KNOWN: Final = frozenset(
    {
        *("id", "username", "firstName", "lastName", "email", "emailVerified", "attributes"),
        *("enabled", "createdTimestamp", "credentials", "requiredActions", "realmRoles"),
        *("clientRoles", "groups", "totp", "disableableCredentialTypes", "notBefore"),
        *("serviceAccountClientId", "serviceAccountClientLink", "federationLink"),
        *("federatedIdentities", "access", "origin", "self"),
    }
)
_LONGEST_NAME: Final = 100  # characters of a place, of which there may be many
_LONGEST_REASON: Final = 200
_OF_NAME: Final = "Attributes in the place of a username or name, left out: the real ones count"
_NO_EMAIL: Final = "Users without an e-mail address, who cannot be taken over"
_FEDERATED: Final = "Users of another directory (federation) without a password here: left out"
_LINKED: Final = "Users whose links to other providers are lost; their password stays"
_SERVICE: Final = "Accounts of services, which are client_credentials of their clients here"
_NO_HASH: Final = 'Users without a password: they set one by "forgotten password"'
_OTHER_NAME: Final = "Users who logged in by a name and log in by their e-mail address from now on"


@dataclass
class Users:
    """The users of an export as records, each time from the beginning.

    `findings` are those of the last time.
    """

    export: Export
    roles: Roles
    findings: Findings = field(default_factory=Findings, init=False)

    def __iter__(self) -> Iterator[UserRecord | RecordFault]:
        self.findings = Findings()  # of this time alone: users are gone through more than once
        for number, user in self.export.users():
            record = self._record(number, user)
            if record is not None:
                yield record

    def _record(self, number: int, user: Mapping[str, Any]) -> UserRecord | RecordFault | None:
        """Return a user's record; None: left out, and said so."""
        name = str(user.get("username") or user.get("email") or number)
        place = f"user {number} ({one_line(name)[:_LONGEST_NAME]})"
        try:
            if self._is_left_out(user, name):
                return None
            return self._translated(place, name, user)
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            reason = one_line(str(error))[:_LONGEST_REASON]
            return RecordFault(place, f"Not a user as Keycloak exports them ({reason}).")

    def _is_left_out(self, user: Mapping[str, Any], name: str) -> bool:
        if user.get("serviceAccountClientId") or user.get("serviceAccountClientLink"):
            self.findings.add("users", _SERVICE, name)
            return True
        has_password = any(one.get("type") == "password" for one in user.get("credentials") or ())
        if user.get("federationLink") and not has_password:
            self.findings.add("users", _FEDERATED, name)
            return True
        if not user.get("email"):
            self.findings.add("users", _NO_EMAIL, name)
            return True
        return False

    def _translated(self, place: str, name: str, user: Mapping[str, Any]) -> UserRecord:
        email, subject = str(user["email"]), user["id"]
        if not isinstance(subject, str):
            raise TypeError("its id is no text")
        if name != email and user_id.canonical(name) != user_id.canonical(email):
            self.findings.add("users", _OTHER_NAME, name)
        if user.get("federatedIdentities") or user.get("federationLink"):
            self.findings.add("users", _LINKED, name)
        for key in user.keys() - _KNOWN:
            self.findings.add("users", "Keys of users that are not known", key, name_all=True)
        name_bn, name_en = _names(user)
        attributes, locale = self._attributes(user, name)
        hashes = self._hashes(user, name)
        return UserRecord(
            place=place,
            id=subject,
            email=email,
            name_bn=name_bn,
            name_en=name_en,
            enabled=user.get("enabled", True) is True,
            email_verified=user.get("emailVerified") is True,
            locale=locale,
            required_actions=self._actions(user),
            attributes=attributes,
            roles=self.roles.of_user(user, self.findings),
            created_at=max(0, int(user.get("createdTimestamp") or 0) // 1000),
            tagged_hash=hashes[0],
            history=hashes[1],
        )

    def _hashes(self, user: Mapping[str, Any], name: str) -> tuple[str | None, tuple[str, ...]]:
        """Return the tagged hash of the password, and those of earlier ones, newest first."""
        present: list[str] = []
        earlier: list[str] = []
        for one in _newest_first(user.get("credentials") or ()):
            kind = str(one.get("type"))
            if kind not in {"password", "password-history"}:
                what = f"Credentials of the type {kind}, which are not taken over"
                self.findings.add("users", what, name)
                continue
            try:
                (present if kind == "password" else earlier).append(tagged_hash(one))
            except HashRefused as refused:
                what = f"{refused}; their owners set a new password"
                self.findings.add(
                    "users", what if kind == "password" else f"{refused}: earlier ones", name
                )
        if not present:
            self.findings.add("users", _NO_HASH, name)
        return (present[0] if present else None), tuple(earlier)

    def _actions(self, user: Mapping[str, Any]) -> tuple[str, ...]:
        demanded = [str(action) for action in user.get("requiredActions") or ()]
        for action in demanded:
            if action not in _ACTIONS:
                what = f"Users of whom {action} was required, which is not demanded here"
                self.findings.add("users", what, str(user.get("username", "")))
        return tuple(_ACTIONS[action] for action in demanded if action in _ACTIONS)

    def _attributes(
        self, user: Mapping[str, Any], username: str
    ) -> tuple[dict[str, str | tuple[str, ...]], str]:
        """Return the attributes, and the language among them, which is none here."""
        attributes: dict[str, str | tuple[str, ...]] = {}
        locale = ""
        for name, values in (user.get("attributes") or {}).items():
            several = values if isinstance(values, list) else [values]
            texts = tuple(str(value) for value in several if value is not None)
            if name in _CLAIMS:  # people may write their own attributes, but be nobody else by them
                if texts != (user.get(_CLAIMS[name]),):
                    self.findings.add("users", _OF_NAME, f"{username}/{name}")
                continue
            if name == "locale" and len(texts) == 1 and _LANGUAGE.fullmatch(texts[0]):
                locale = texts[0]
                continue
            attributes[name] = texts[0] if len(texts) == 1 else texts
            what = "Attributes of users; clients see those that a scope maps to a claim"
            self.findings.add("users", what, name)
        # One name here was two there: clients of the Keycloak style are told them as before.
        for name, key in _CLAIMS.items():
            text = str(user.get(key) or "")
            if text and text != user.get("email"):
                attributes[name] = text
        return attributes, locale


def _names(user: Mapping[str, Any]) -> tuple[str, str]:
    """Return the whole name in the field of its script: Bengali, English."""
    parts = (str(user.get(key) or "").strip() for key in ("firstName", "lastName"))
    whole = " ".join(part for part in parts if part)
    return (whole, "") if _BENGALI.search(whole) else ("", whole)


def _newest_first(credentials: Any) -> list[Mapping[str, Any]]:
    if not all(isinstance(one, Mapping) for one in credentials):
        raise TypeError("a credential is no object")
    return sorted(credentials, key=lambda one: int(one.get("createdDate") or 0), reverse=True)
