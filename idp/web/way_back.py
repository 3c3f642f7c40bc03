"""The way back to a page of ours: an address that is shown in a page and believed in a form.

Only what stays here is ever believed, and no address that holds a secret is ever shown.
"""

import re
from urllib.parse import quote

from werkzeug.wrappers import Request

_OURS = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # no second slash, no backslash, nothing invisible
_LONGEST = 2048  # characters; longer than any address that a page of ours has
_RESERVED = "/?:@&+,;=~%"  # what an address of ours means something by, and what is escaped
_SECRETS = ("/reset/",)  # addresses that hold one
_SECRET_PARAMETERS = ("id_token_hint", "login_hint")


def way_back(request: Request) -> str:
    """Return the address of the page that a request asked for; "" if it cannot be asked for again.

    It begins after the issuer's own path. What a form has led to leads to the entrance.
    """
    if request.method not in {"GET", "HEAD"}:
        return "/login"
    if request.path.startswith(_SECRETS):
        return ""
    if any(name in request.args for name in _SECRET_PARAMETERS):
        return ""
    query = quote(request.query_string, safe=_RESERVED)
    address = quote(request.path, safe=_RESERVED.replace("%", "")) + (query and f"?{query}")
    return address if is_ours(address) else ""


def is_ours(address: str) -> bool:
    """Tell whether an address that was posted leads to a page of ours, and nowhere else."""
    return len(address) <= _LONGEST and _OURS.fullmatch(address) is not None


def without_wish(address: str) -> str:
    """Return the address without the language that a client asked for there (`ui_locales`)."""
    path, _, query = address.partition("?")
    kept = "&".join(part for part in query.split("&") if not part.startswith("ui_locales="))
    return f"{path}?{kept}" if kept else path
