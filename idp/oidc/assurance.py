"""How sure a login is, told honestly: a code in a mailbox is no second factor.

Whoever reads the mailbox can reset the password too, so `amr` never says `mfa` and `acr` has names
of its own (docs/decisions/).
"""

from collections.abc import Iterable
from typing import Final

PASSWORD: Final = "urn:probesh:acr:password"  # noqa: S105 - a name
PASSWORD_AND_EMAIL_CODE: Final = "urn:probesh:acr:password+email-code"  # noqa: S105 - a name
INDEPENDENT_FACTOR: Final = "urn:probesh:acr:independent-factor"
NO_ASSURANCE: Final = "0"  # OIDC Core 2, acr: nothing that a relying party should lean on

ACR_VALUES: Final = (PASSWORD, PASSWORD_AND_EMAIL_CODE, INDEPENDENT_FACTOR)
_INDEPENDENT: Final = frozenset({"otp", "hwk", "swk"})  # RFC 8176 2


def acr_of(amr: Iterable[str]) -> str:
    """Return the `acr` that these authentication methods (RFC 8176) earn together."""
    methods = frozenset(amr)
    if "pwd" not in methods:
        return NO_ASSURANCE
    if methods & _INDEPENDENT:
        return INDEPENDENT_FACTOR
    return PASSWORD_AND_EMAIL_CODE if "email" in methods else PASSWORD
