"""Generations of the configuration from outside: tell a node the next one, or what it would change.

The processes of a node take what they are told by themselves (`idp/serving.py`).
"""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from idp.admin.database import check_database
from idp.app import Foundation, assemble
from idp.model.clock import Clock, system_clock
from idp.serving import LOOK_EVERY, REPORT_EVERY, node_of
from idp.settings import Loaded, load_secrets
from idp.settings.diff import Difference, differences, shared_digest, snapshot_text
from idp.settings.succession import check_static
from idp.stores.ports import Generation, ServingProcess, Stores, Work
from idp.verdict import read_and_judge

WAIT = 5.0  # seconds that processes get to judge a generation
LIVE = 3 * REPORT_EVERY  # seconds after which a silent process serves no more
POLL = LOOK_EVERY / 10

_Found = dict[str, ServingProcess]


@dataclass(frozen=True)
class Reload:
    """What became of a generation: who took it, who kept the old one, who has not answered."""

    number: int
    took: tuple[ServingProcess, ...]
    kept: tuple[ServingProcess, ...]
    silent: tuple[ServingProcess, ...]
    differing: tuple[str, ...]  # other nodes that serve something else

    @property
    def is_done(self) -> bool:
        return not self.kept and not self.silent


@dataclass(frozen=True)
class Comparison:
    """What the file would change in what was told last; `number` 0: nothing was told yet."""

    number: int
    differences: tuple[Difference, ...]
    faults: tuple[str, ...] = ()  # why processes that serve have not taken what was told last


def reload(config: Path, *, clock: Clock = system_clock, wait: float = WAIT) -> Reload:
    """Judge the configuration, tell it to the processes of this node and wait for their answers.

    Raises SettingsRefused or RestartNeeded, and then nothing was told; StoreUnavailable.
    """
    loaded = read_and_judge(config)
    check_database(loaded.settings)
    foundation = Foundation(loaded.settings)
    try:
        secrets = load_secrets(loaded.settings.secrets_dir)
        assemble(loaded.settings, secrets, clock=clock, foundation=foundation)
        return _Node(node_of(config), foundation.stores, clock).tell(loaded, wait)
    finally:
        foundation.engine.dispose()


def compare(config: Path, *, clock: Clock = system_clock) -> Comparison:
    """Return what the file would change. Raises SettingsRefused, StoreUnavailable."""
    loaded = read_and_judge(config)
    check_database(loaded.settings)
    foundation = Foundation(loaded.settings)
    try:
        return _Node(node_of(config), foundation.stores, clock).compare(loaded)
    finally:
        foundation.engine.dispose()


@dataclass(frozen=True)
class _Node:
    """The processes that read one file on one machine."""

    name: str
    stores: Stores
    clock: Clock

    def tell(self, loaded: Loaded, wait: float) -> Reload:
        with self.stores.read() as work:
            old, before = work.generations.find(self.name), self._live(work)
        if old is not None and before:
            check_static(json.loads(old.snapshot), loaded.snapshot)
        digest, text = shared_digest(loaded.snapshot), snapshot_text(loaded.snapshot)
        with self.stores.write() as work:
            number = work.generations.store(self.name, digest, text, now=self.clock())
        told = self._outcome(number, self._answers(number, before, wait), digest)
        if old is not None and told.kept and not told.took:
            self._withdraw(number, old)
        return told

    def compare(self, loaded: Loaded) -> Comparison:
        with self.stores.read() as work:
            told = work.generations.find(self.name)
            if told is None:
                return Comparison(0, ())
            counts = _Counts(work, self.clock())
            found = differences(json.loads(told.snapshot), loaded.snapshot, counts)
            faults = {p.fault: None for p in self._live(work).values() if p.fault}
        return Comparison(told.number, tuple(found), tuple(faults))

    def _live(self, work: Work) -> _Found:
        live = work.serving_processes.live(not_before=self.clock() - LIVE)
        return {process.id: process for process in live if process.node == self.name}

    def _answers(self, number: int, processes: _Found, wait: float) -> _Found:
        """Wait until all processes have judged the generation, or `wait` seconds are over."""
        deadline = time.monotonic() + wait
        while any(p.number < number for p in processes.values()) and time.monotonic() < deadline:
            time.sleep(POLL)
            with self.stores.read() as work:
                now_live = self._live(work)
            # Who has stopped meanwhile has nothing to answer.
            processes = {
                name: p for name, p in now_live.items() if p.number >= number or is_running(p)
            }
        return processes

    def _outcome(self, number: int, processes: _Found, digest: str) -> Reload:
        with self.stores.read() as work:
            live = work.serving_processes.live(not_before=self.clock() - LIVE)
        others = {p.node: None for p in live if p.node != self.name and p.digest != digest}
        judged = [p for p in processes.values() if p.number >= number]
        return Reload(
            number,
            took=tuple(p for p in judged if not p.fault),
            kept=tuple(p for p in judged if p.fault),
            silent=tuple(p for p in processes.values() if p.number < number),
            differing=tuple(others),
        )

    def _withdraw(self, number: int, old: Generation) -> None:
        with self.stores.write() as work:
            work.generations.withdraw(self.name, number, old)


@dataclass(frozen=True)
class _Counts:
    """See `settings.diff.Counts`: counted now."""

    work: Work
    now: int

    def idle_sessions(self, *, old: int, new: int) -> int:
        return self.work.reach.idle_sessions(old=old, new=new, now=self.now)

    def live_grants(self, client_id: str) -> int:
        return self.work.reach.live_grants(client_id, now=self.now)


def is_running(process: ServingProcess) -> bool:
    """Tell whether a process of this machine still runs; killed ones leave their report behind."""
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's, like the server's when an administrator asks
    return True
