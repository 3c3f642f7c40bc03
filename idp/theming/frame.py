"""What surrounds a page: where its forms go, in which language, and for which client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The facts of one answer that are the same whatever page it shows."""

    action: str  # where the page's form posts to
    hidden: Mapping[str, str] = field(
        default_factory=dict, repr=False
    )  # form token, sealed request
    locale: str
    client: str = ""  # display name in that language
    client_home: str = ""
    reference: str = ""
    developer: Mapping[str, str] = field(
        default_factory=dict
    )  # facts for a relying party's developer
    language_action: str = ""  # "" hides the language switch
    language_hidden: Mapping[str, str] = field(
        default_factory=dict, repr=False
    )  # what the switch sends where no conversation goes on
    base: str = ""  # path of the issuer, in front of every address of ours


class Hours(Protocol):
    """When the phones are answered, in both languages."""

    @property
    def bn(self) -> str: ...
    @property
    def en(self) -> str: ...


class Support(Protocol):
    """Where people find help; a row whose value is empty is left out."""

    @property
    def phones(self) -> tuple[str, ...]: ...
    @property
    def hours(self) -> Hours | None: ...
    @property
    def ticket(self) -> str | None: ...
    @property
    def manual(self) -> str | None: ...
    @property
    def domain_form(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class HelpRows:
    """The rows of the sidebar, ready to be linked: only http(s) addresses are left."""

    phones: tuple[tuple[str, str], ...]  # (as typed, for a tel: link)
    hours: Mapping[str, str]  # by language; empty: those of the catalogue
    ticket: str
    ticket_host: str
    manual: str
    domain_form: str
    email: str

    @classmethod
    def of(cls, support: Support) -> "HelpRows":
        ticket, hours = web_address(support.ticket), support.hours
        return cls(
            phones=tuple((phone, phone.replace(" ", "")) for phone in support.phones if phone),
            hours={"bn": hours.bn, "en": hours.en} if hours else {},
            ticket=ticket,
            ticket_host=urlsplit(ticket).hostname or "",
            manual=web_address(support.manual),
            domain_form=web_address(support.domain_form),
            email=support.email or "",
        )

    @property
    def contacts(self) -> str:
        """Phones and mailbox for one line of a mail."""
        return ", ".join([*(shown for shown, _ in self.phones), *filter(None, [self.email])])


def web_address(address: str | None) -> str:
    """Return the address if a link may lead to it; escaping alone does not stop `javascript:`."""
    return address if address and address.startswith(("https://", "http://")) else ""
