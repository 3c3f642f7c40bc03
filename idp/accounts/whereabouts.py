"""Where a request came from, as much of it as its account's owner may read in a letter.

Letters wait in the database and lie in mailboxes that several people read: neither holds a whole
address or a whole User-Agent.
"""

from ipaddress import IPv4Address

from idp.accounts.addresses import parse_address

_DOTS = "•••"
_OCTETS = 3  # of four: the network is told, not the machine
_HEXTETS = 3  # of eight: a site's prefix (RFC 6177 2)

# The first mark that is found names it: most browsers call themselves Chrome or Safari as well.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("OPiOS/", "Opera"),
    ("Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("UCBrowser/", "UC Browser"),
    ("UCWEB", "UC Browser"),
    ("YaBrowser/", "Yandex Browser"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("MSIE ", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("KAIOS", "KaiOS"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def masked_address(address: str) -> str:
    """Return `203.0.113.•••` or `2001:db8:85a3:•••`, and "" for what is no address."""
    found = parse_address(address)
    if found is None:
        return ""
    if isinstance(found, IPv4Address):
        return ".".join([*str(found).split(".")[:_OCTETS], _DOTS])
    hextets = (int(part, 16) for part in found.exploded.split(":")[:_HEXTETS])
    return ":".join([*(f"{hextet:x}" for hextet in hextets), _DOTS])


def browser_name(agent: str) -> str:
    """Return a name like `Chrome, Android` for a User-Agent (RFC 9110 10.1.5), or "".

    Nothing of the header itself is in it: the words are those of our own tables.
    """
    return ", ".join(filter(None, (_named(agent, _BROWSERS), _named(agent, _SYSTEMS))))


def whereabouts(address: str, agent: str) -> dict[str, str]:
    """Return what a letter may keep of where a request came from."""
    return {"ip": masked_address(address), "ua": browser_name(agent)}


def _named(agent: str, table: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in table if mark in agent), "")
