"""Limits by address: how often one network may come, and offices that share one more often."""

import json
from collections.abc import Mapping
from typing import Final

from idp.accounts.addresses import Network, address_network, parse_address
from idp.model.keyring import Keyring
from idp.stores.ports import AddressBuckets

RATES: Final[Mapping[str, str]] = {
    "anonymous": "300/5 minutes",  # requests, before anything is proven
    "reset": "5/10 minutes",  # requests for a link
    "reset_pair": "1/day",  # tells a user ID that this network has asked for from a new one
    "reset_ids": "30/day",  # different user IDs
    "bad_link": "10/minute",
}


class AddressLimits:
    """Counts what comes from one network: state that may vanish."""

    def __init__(
        self, buckets: AddressBuckets, offices: tuple[tuple[Network, int], ...], form_key: Keyring
    ) -> None:
        """Take the offices with their factors; user IDs are counted under the form key."""
        self._buckets = buckets
        self._offices = offices
        self._form_key = form_key

    def wait(self, bucket: str, address: str) -> int | None:
        """Count one; return the seconds to wait if the network's window is full."""
        network, factor = address_network(address), self._factor(address)
        return self._buckets.hit(bucket, network, factor=factor)

    def wait_for_reset(self, address: str, user_id_canonical: str) -> int | None:
        """Count a request for a link, and whom it is for; return the seconds to wait.

        A user ID that this network has asked for today is not counted among its IDs again.
        """
        wait = self.wait("reset", address)
        if wait is not None:
            return wait
        facts = json.dumps([address_network(address), user_id_canonical])
        pair = self._form_key.mac("reset-pair", facts.encode()).hex()
        if self._buckets.is_full("reset_pair", pair, factor=1):
            return None
        wait = self.wait("reset_ids", address)
        if wait is None:  # else whoever asks twice would get past the limit
            self._buckets.hit("reset_pair", pair, factor=1)
        return wait

    def _factor(self, address: str) -> int:
        parsed = parse_address(address)
        if parsed is None:
            return 1
        return max((factor for network, factor in self._offices if parsed in network), default=1)
