"""The signing keys of an installation: what state each is in, and the next ones."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from idp.admin.database import opened_stores
from idp.model.clock import Clock, system_clock
from idp.model.keyring import Keyring
from idp.oidc.key_schedule import KeyLife, KeySchedule
from idp.oidc.keys import announce_keys, replace_keys
from idp.settings import Settings, load_secrets
from idp.stores.ports import Stores


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

    def replace(self, algs: Collection[str]) -> list[KeyLife]:
        """Withdraw all keys of these algorithms for new ones that sign at once."""
        return self._of(replace_keys(self.stores, self.kek, self.clock, algs))

    def _of(self, kids: Collection[str]) -> list[KeyLife]:
        return [life for life in self.lives() if life.key.kid in kids]


@contextmanager
def signing_keyring(settings: Settings, clock: Clock = system_clock) -> Iterator[SigningKeyring]:
    """Open the signing keys of a configuration. Raises SettingsRefused, StoreUnavailable."""
    kek = load_secrets(settings.secrets_dir).key_encryption_key
    with opened_stores(settings) as stores:
        yield SigningKeyring(stores, kek, KeySchedule.of(settings), clock)
