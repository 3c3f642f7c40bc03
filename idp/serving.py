"""The process that serves: one assembly at a time, the next one built beside it.

A watch looks once a second whether its node was told another generation of the configuration; it
builds, and swaps between requests. What fails changes nothing. When the signing keys are others,
they alone are taken, and a key that was withdrawn is used no more, whatever fails.
"""

import logging
import os
import socket
import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from idp.app import Assembly, Foundation, assemble
from idp.model.clock import Clock, system_clock
from idp.model.errors import ProbeshError, SettingsRefused, StoreUnavailable
from idp.model.keyring import Keyring
from idp.model.tokens import new_id
from idp.oidc.key_schedule import KeySchedule
from idp.oidc.keys import KeySet, key_stamp, rotate_if_due
from idp.outbox.delivery import Post
from idp.settings import Loaded, Secrets, load_secrets
from idp.settings.diff import shared_digest, snapshot_text
from idp.settings.succession import check_secrets, check_static
from idp.stores.ports import ServingProcess
from idp.theming import Themes
from idp.verdict import DEFAULT_CONFIG, judge
from idp.web.constants import Wsgi

LOOK_EVERY = 1  # seconds
REPORT_EVERY = 15  # seconds
KEYS_FAULT = "The signing keys cannot be taken: "  # how such a fault of a process begins
ROTATE_EVERY = 3600  # seconds between two looks whether one of them is due for a successor
_LONGEST_FAULT = 10_000  # characters

_log = logging.getLogger(__name__)


def create_app() -> Wsgi:
    """Return the WSGI application of the configuration that `IDP_CONFIG` names.

    This process then serves: threads of it deliver letters and do what `idp reload` tells. Raises
    SettingsRefused; the database must be current (`idp db upgrade`).
    """
    config = Path(os.environ.get("IDP_CONFIG", DEFAULT_CONFIG))
    loaded, themes = judge(config)
    level = loaded.settings.logging.level.upper()
    logging.basicConfig(level=level, format="%(levelname)s %(name)s %(message)s")
    serving = Serving(config, loaded, themes=themes)
    serving.start()
    return serving


def node_of(config: Path) -> str:
    """Return the name of a node: the machine, and the file that its processes read."""
    return f"{socket.gethostname()}:{Path(os.path.normpath(config.absolute()))}"


class Serving:
    """A WSGI application whose inside is exchanged while it answers."""

    def __init__(
        self,
        config: Path,
        loaded: Loaded,
        *,
        clock: Clock = system_clock,
        post: Post | None = None,
        themes: Themes | None = None,
    ) -> None:
        """Assemble what was loaded and tell the node. Raises SettingsRefused, StoreUnavailable.

        `themes` are those of the settings if they are open already; `post` stands in for the SMTP
        server in tests.
        """
        self._config, self._clock, self._post = config, clock, post
        self._foundation = Foundation(loaded.settings)
        self._stores = self._foundation.stores
        self._keys, self._keys_fault = self._key_stamp(loaded), ""
        self.assembly = self._assemble(loaded, load_secrets(loaded.settings.secrets_dir), themes)
        self._loaded = loaded
        self._process = self._introduce(node_of(config))
        self._due = dict.fromkeys(("report", "rotation"), 0)
        self._trouble = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="configuration")

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        # Read once: a request ends in the assembly in which it began.
        return self.assembly.wsgi(environ, start_response)

    def start(self) -> None:
        """Start to deliver letters and to watch."""
        self.assembly.worker.start()
        self._thread.start()

    def stop(self) -> bool:
        """End the threads; a letter in hand is delivered first. True: all have ended."""
        self._stopping.set()
        self._thread.join()
        return self.assembly.worker.stop()

    def look(self) -> None:
        """Do what is due: take new keys or a new generation, report. Raises StoreUnavailable."""
        # Before the keys are read: who reports this moment uses no key withdrawn earlier.
        began = self._clock()
        self._look_at_keys(began)
        with self._stores.read() as work:
            number = work.generations.number(self._process.node)
        if number != self._process.number:
            self._take(number)
        if self._is_due("rotation", ROTATE_EVERY):
            self._rotate()
        if self._is_due("report", REPORT_EVERY):
            self._report(began)

    # -- keys ---------------------------------------------------------------------------------

    def _look_at_keys(self, now: int) -> None:
        """Use the keys of the store and no others; when that fails, those of them it had."""
        stamp = self._key_stamp(self._loaded)
        if stamp == self._keys:
            return
        # By the next look at the latest: whoever withdrew a key waits for it.
        self._due["report"] = min(self._due["report"], now + LOOK_EVERY)
        provider = self.assembly.provider
        keys = provider.keys.only(stamp)
        try:
            kek, schedule = self._of_keys()
            keys = KeySet.load(self._stores, kek, schedule, now)
            self._keys, self._keys_fault = stamp, ""
        except SettingsRefused as error:
            self._keys_fault = f"{KEYS_FAULT}{error}"
            _log.error("%s", self._keys_fault)
        finally:
            provider.take_keys(keys)

    def _rotate(self) -> None:
        try:
            kek, schedule = self._of_keys()
            rotate_if_due(self._stores, kek, schedule, self._clock)
        except SettingsRefused as error:
            _log.error("the signing keys cannot be rotated: %s", error)

    def _of_keys(self) -> tuple[Keyring, KeySchedule]:
        """Return what opens the keys, which may be newer than all else, and their times.

        Another key-encryption key opens none of them. Raises SettingsRefused.
        """
        settings = self._loaded.settings
        return load_secrets(settings.secrets_dir).key_encryption_key, KeySchedule.of(settings)

    def _key_stamp(self, loaded: Loaded) -> dict[str, bool]:
        return key_stamp(self._stores, KeySchedule.of(loaded.settings), self._clock())

    # -- one generation after another ---------------------------------------------------------

    def _take(self, number: int) -> None:
        """Serve the generation `number` if the files allow it; else tell why and go on."""
        fault = ""
        try:
            self._swap(*self._read_next())
        except StoreUnavailable:
            raise  # this says nothing of the configuration: the next look tries again
        except (ProbeshError, OSError) as error:
            fault = str(error)[:_LONGEST_FAULT] or type(error).__name__
            _log.error("the old configuration is kept: %s", fault)
        else:
            _log.info("generation %d of the configuration is served", number)
        digest = shared_digest(self._loaded.snapshot)
        self._process = replace(self._process, number=number, digest=digest, fault=fault)
        self._due["report"] = 0

    def _read_next(self) -> tuple[Loaded, Secrets, Themes]:
        """Read files and secrets again. Raises SettingsRefused when they cannot follow."""
        loaded, themes = judge(self._config)
        secrets = load_secrets(loaded.settings.secrets_dir)
        check_secrets(self.assembly.secrets, secrets)
        check_static(self._loaded.snapshot, loaded.snapshot)
        return loaded, secrets, themes

    def _swap(self, loaded: Loaded, secrets: Secrets, themes: Themes) -> None:
        """Build beside what serves, then exchange the two by one assignment."""
        stamp = self._key_stamp(loaded)  # before the keys themselves: never newer than they are
        old, new = self.assembly, self._assemble(loaded, secrets, themes)
        self.assembly, self._loaded = new, loaded
        self._keys, self._keys_fault = stamp, ""
        logging.getLogger().setLevel(loaded.settings.logging.level.upper())
        # Nobody waits for the old one's letter in hand: a lease keeps the two apart.
        old.worker.stop(timeout=0)
        new.worker.start()

    def _assemble(self, loaded: Loaded, secrets: Secrets, themes: Themes | None) -> Assembly:
        return assemble(
            loaded.settings,
            secrets,
            clock=self._clock,
            post=self._post,
            foundation=self._foundation,
            themes=themes,
        )

    # -- what others know of this process -----------------------------------------------------

    def _introduce(self, node: str) -> ServingProcess:
        """Tell the node what its processes start from, and return this process."""
        digest, text = shared_digest(self._loaded.snapshot), snapshot_text(self._loaded.snapshot)
        now = self._clock()
        with self._stores.write() as work:
            number = work.generations.store_if_new(node, digest, text, now=now)
        return ServingProcess(new_id(), node, os.getpid(), number, digest, "", now)

    def _report(self, began: int) -> None:
        self._process = replace(self._process, seen_at=began)
        fault = self._keys_fault or self._process.fault
        with self._stores.write() as work:
            work.serving_processes.report(replace(self._process, fault=fault))

    def _forget(self) -> None:
        with self._stores.write() as work:
            work.serving_processes.forget(self._process.id)

    # -- the thread ---------------------------------------------------------------------------

    def _is_due(self, task: str, every: int) -> bool:
        now = self._clock()
        if now < self._due[task]:
            return False
        self._due[task] = now + every
        return True

    def _watch(self) -> None:
        while threading.main_thread().is_alive() and not self._stopping.is_set():
            self._try(self.look)
            self._stopping.wait(LOOK_EVERY)
        self._try(self._forget)

    def _try(self, task: Callable[[], None]) -> None:
        """Do it; a trouble is logged once, by its type: a message may name a server."""
        trouble = ""
        try:
            task()
        except ProbeshError as error:
            trouble = type(error).__name__
        except Exception as error:  # noqa: BLE001 - a fault in one look must not end the watch
            last = traceback.extract_tb(error.__traceback__)[-1]
            trouble = f"{type(error).__name__} at {last.filename}:{last.lineno}"
        if trouble and trouble != self._trouble:
            _log.error("the watch over the configuration met %s", trouble)
        self._trouble = trouble
