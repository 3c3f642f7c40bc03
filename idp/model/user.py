"""Users: the people and offices that log in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. `id` is its subject (OIDC Core 8): a random UUID, never reassigned."""

    id: str
    email: str  # as typed by the administrator; mails go there
    email_canonical: str  # unique; what a typed user ID is compared with
    email_verified: bool = False
    name_bn: str = ""
    name_en: str = ""
    office: str = ""
    enabled: bool = True
    locale: str = ""  # a language that the person has chosen, like "bn"
    # JSON as it is stored: nearly every request that reads a user has no use for these two.
    attributes: str = "{}"  # an object of texts and lists of texts
    roles: str = "{}"  # {"realm": [...], "clients": {client_id: [...]}}
    credential_version: int = 1  # goes up with every change of password, mailbox or state
    created_at: int = 0
    updated_at: int = 0
