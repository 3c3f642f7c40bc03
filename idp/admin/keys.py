"""The signing keys of an installation: what state each is in, and the next ones."""

import socket
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from idp.admin.database import opened_stores
from idp.admin.generations import LIVE, POLL, is_running
from idp.model.clock import Clock, system_clock
from idp.model.keyring import Keyring
from idp.oidc.key_schedule import KeyLife, KeySchedule
from idp.oidc.keys import announce_keys, replace_keys
from idp.serving import KEYS_FAULT, REPORT_EVERY
from idp.settings import Settings, load_secrets
from idp.stores.ports import ServingProcess, Stores

WAIT = REPORT_EVERY + 2  # seconds in which every process reports; after a change within three


@dataclass(frozen=True)
class SigningKeyring:
    """The keys in the database of one configuration."""

    stores: Stores
    kek: Keyring
    schedule: KeySchedule
    clock: Clock

    def lives(self) -> list[KeyLife]:
        """Return every key that is still published, with its state and its times."""
        with self.stores.read() as work:
            stored = work.signing_keys.all()
        lives = self.schedule.lives(stored, self.clock())
        return [life for life in lives if life.state != "gone"]

    def announce(self, algs: Collection[str]) -> list[KeyLife]:
        """Make successors that sign after their announcement; those announced already stay."""
        return self._of(announce_keys(self.stores, self.kek, self.schedule, self.clock, algs))

    def replace(self, alg: str | None = None) -> list[KeyLife]:
        """Withdraw all keys, or those of one algorithm, for new ones that sign at once."""
        return self._of(replace_keys(self.stores, self.kek, self.schedule, self.clock, alg))

    def unconfirmed(self, wait: float = WAIT) -> list[ServingProcess]:
        """Wait until every process has looked at the keys; return those that have not, or failed.

        The processes of all nodes are asked, at most `wait` seconds.
        """
        since, deadline = self.clock(), time.monotonic() + wait
        while True:
            with self.stores.read() as work:
                live = work.serving_processes.live(not_before=self.clock() - LIVE)
            silent = [p for p in live if p.seen_at <= since and _may_serve(p)]
            if not silent or time.monotonic() >= deadline:
                return [*silent, *(p for p in live if p.seen_at > since and has_no_keys(p))]
            time.sleep(POLL)

    def _of(self, kids: Collection[str]) -> list[KeyLife]:
        return [life for life in self.lives() if life.key.kid in kids]


def has_no_keys(process: ServingProcess) -> bool:
    """Tell whether a process lost its keys and could not take the new ones."""
    return process.fault.startswith(KEYS_FAULT)


def _may_serve(process: ServingProcess) -> bool:
    """Tell whether a process may be alive; of another machine only its reports tell."""
    machine = process.node.partition(":")[0]
    return machine != socket.gethostname() or is_running(process)


@contextmanager
def signing_keyring(settings: Settings, clock: Clock = system_clock) -> Iterator[SigningKeyring]:
    """Open the signing keys of a configuration. Raises SettingsRefused, StoreUnavailable."""
    kek = load_secrets(settings.secrets_dir).key_encryption_key
    with opened_stores(settings) as stores:
        yield SigningKeyring(stores, kek, KeySchedule.of(settings), clock)
