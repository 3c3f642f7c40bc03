"""Network addresses: read in one place, and the network that one attacker holds."""

from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_UNKNOWN_NETWORK = "unknown"
_HOST_BITS = 64


@lru_cache(maxsize=1024)
def parse_address(text: str) -> Address | None:
    """Return an address, None for what is none; an IPv4 peer of a dual-stack socket is IPv4."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # RFC 4291 2.5.5.2
    return getattr(address, "ipv4_mapped", None) or address


def address_network(text: str) -> str:
    """Return the network that one attacker holds: an IPv4 address, or the /64 of an IPv6 one."""
    address = parse_address(text)
    if address is None:
        return _UNKNOWN_NETWORK
    if isinstance(address, IPv4Address):
        return str(address)
    prefix = int(address) >> _HOST_BITS << _HOST_BITS
    return f"{IPv6Address(prefix)}/{_HOST_BITS}"
