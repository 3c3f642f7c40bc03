"""Clients as an administrator handles them: declared, listed, shown, given new secrets, switched.

Every change is judged with the whole configuration before it takes the place of what is there.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from idp.admin.client_files import (
    Place,
    SecretChanges,
    appended,
    to_toml,
    with_enabled,
    with_secrets,
)
from idp.admin.files import FileRefused, create_whole, make_folder, read_whole, replace_whole
from idp.model.clock import Clock, system_clock
from idp.model.errors import ProbeshError, StoreUnavailable
from idp.model.tokens import digest, new_secret
from idp.settings import Client, ClientSecret, Settings, find_looks, read_configuration
from idp.settings.clients import ClientId
from idp.settings.diagnostics import Finding
from idp.settings.documents import Document, included_files, read_document
from idp.settings.references import Resolver
from idp.stores.sql import SqlStores, open_engine
from idp.verdict import THEMES

SECRET_PREFIX = "idpcs_"  # noqa: S105 - so that scanners of repositories know one
KEEP_DAYS = 14  # how long an old secret goes on after a new one was made
_MOST_LIVE = 2
_WILDCARD = "*"
_CLIENT_ID: TypeAdapter[str] = TypeAdapter(ClientId)


class ClientsRefused(ProbeshError):
    """A client cannot be changed as asked; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Made:
    """A client's new secret, shown once; "" for a client that keeps none."""

    client_id: str
    place: Place
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecretState:
    """One secret of a client; times in seconds since 1970 UTC, None: not known or never."""

    short: str
    expires: dt.date | None
    is_live: bool
    last_used: int | None


@dataclass(frozen=True, slots=True)
class Rotated:
    """A new secret, and what becomes of the old ones that live on."""

    made: Made
    old: tuple[SecretState, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """The secret that a client is left with, and those that ended now."""

    place: Place
    kept: SecretState
    ended: tuple[SecretState, ...]


@dataclass(frozen=True)
class Clients:
    """The clients of one configuration and the files that they stand in."""

    config: Path
    environ: Mapping[str, str]
    clock: Clock = system_clock
    base: Mapping[Path, bytes] = field(default_factory=dict)  # files that are about to be there

    def settings(self, drafts: Mapping[Path, bytes] | None = None) -> Settings:
        """Return the settings; raises SettingsRefused. `drafts` are judged as if in place."""
        absolute = {file.absolute(): octets for file, octets in (drafts or {}).items()}
        absolute = {**self.base, **absolute}
        looks = find_looks(THEMES)
        return read_configuration(self.config, self.environ, looks=looks, drafts=absolute).settings

    def places(self, settings: Settings) -> dict[str, Place]:
        """Return where each client is declared."""
        files = [self.config]
        for pattern in settings.include:
            files += included_files(self.config.parent, pattern)
        resolver = Resolver(self.environ, settings.secrets_dir)
        places: dict[str, Place] = {}
        for file in dict.fromkeys(files):
            octets = self.base.get(file.absolute()) or read_whole(file)
            document = read_document(file, {file.absolute(): octets})
            if isinstance(document, Document):
                places.update(_places_in(document, file, octets, resolver))
        return places

    def require(self, client_id: str) -> tuple[Settings, Client, Place]:
        """Return a client and where it stands. Raises ClientsRefused when nobody declares it."""
        place = self.places(self.settings()).get(client_id)
        if place is None:
            raise ClientsRefused(f'No client is called "{client_id}": see idp client list.')
        # From the very bytes that an edit begins with: the file may have changed between two looks.
        settings = self.settings({place.file: place.octets})
        return settings, settings.clients_by_id[client_id], place

    # -- new -------------------------------------------------------------------------------------

    def draft(self, table: Mapping[str, Any], file: Path | None, secret: str) -> "Draft":
        """Return the file that would declare a client, not yet judged.

        `table` holds the client's keys but its secrets; `file` is relative to the
        configuration, None: the first pattern of include says. Raises ClientsRefused.
        """
        settings = self._settings_before_a_client()
        client_id = str(table["client_id"])
        known = self.places(settings).get(client_id)
        if known is not None:
            raise ClientsRefused(f'"{client_id}" is declared already at {known}.')
        target = self._target(settings, client_id, file)
        old = read_whole(target) if target.exists() else None
        if old is not None and file is None:
            raise ClientsRefused(f"{target} exists already: name it, or another one, by --file.")
        return Draft(target, client_id, old, appended(old or b"", self._written(table, secret)))

    def judge(self, draft: "Draft") -> Settings:
        """Return the settings that the draft would make. Raises SettingsRefused, ClientsRefused."""
        settings = self.settings({draft.file: draft.octets})
        if draft.client_id not in settings.clients_by_id:
            raise ClientsRefused(
                f"No pattern of include in {self.config} takes {draft.file}: "
                f"add one like {draft.file.parent.name}/*.toml, or choose another file."
            )
        return settings

    def add(self, draft: "Draft", secret: str) -> Made:
        """Put a draft into its place. Raises SettingsRefused or FileRefused; nothing is changed."""
        self.judge(draft)
        if draft.old is None:
            make_folder(draft.file.parent)
            create_whole(draft.file, draft.octets, like=self.config)
        else:
            replace_whole(draft.file, draft.octets, was=draft.old)
        _, _, place = self.require(draft.client_id)
        return Made(draft.client_id, place, secret)

    def _settings_before_a_client(self) -> Settings:
        """Return the settings, also before the folder of a first client is there."""
        if self.config.absolute() in self.base:
            return self.settings()
        try:
            octets = read_whole(self.config)
        except FileRefused:
            return self.settings()  # which tells the mistake with its place
        return self.settings({self.config: octets})

    def _target(self, settings: Settings, client_id: str, file: Path | None) -> Path:
        base = self.config.parent
        if file is not None:
            return base / file
        for pattern in settings.include:
            if pattern.count(_WILDCARD) == 1 and not set("?[") & set(pattern):
                return base / pattern.replace(_WILDCARD, _file_name(client_id))
        raise ClientsRefused(
            f'No pattern of include in {self.config} takes a new file: add "clients.d/*.toml" to '
            f"include, or name {self.config.name} by --file."
        )

    def _written(self, table: Mapping[str, Any], secret: str) -> str:
        hashes = [{"hash": secret_hash(secret)}] if secret else []
        ordered = dict(table)
        rest = {key: ordered.pop(key) for key in list(ordered) if key not in _BEFORE_SECRETS}
        return to_toml({**ordered, "secrets": hashes, **rest}, f"Made by idp on {self._today()}.")

    def _today(self) -> dt.date:
        return dt.datetime.fromtimestamp(self.clock(), dt.UTC).date()

    # -- secrets ---------------------------------------------------------------------------------

    def secret_states(self, settings: Settings, client: Client) -> tuple[SecretState, ...]:
        """Return what is known of a client's secrets."""
        uses = last_uses(settings, client.client_id)
        now = self.clock()
        return tuple(
            SecretState(one.short, one.expires, one.is_live(now), uses.get(one.short))
            for one in client.secrets
        )

    def rotate(self, client_id: str, keep_days: int = KEEP_DAYS) -> Rotated:
        """Give a client a second secret; the old one ends after `keep_days`, with 0 at once.

        Raises ClientsRefused when two live already, FileRefused when the file cannot be changed.
        """
        place, client, states = self._require_secrets(client_id)
        live = [number for number, state in enumerate(states) if state.is_live]
        if len(live) >= _MOST_LIVE:
            raise ClientsRefused(_two_live(client_id, [states[n] for n in live], keep_days))
        live = live if keep_days else []
        secret = make_client_secret()
        last_day = self._today() + dt.timedelta(days=keep_days)
        ends = {number: _sooner(client.secrets[number], last_day) for number in live}
        removed = frozenset(range(len(states))) - ends.keys()
        octets = with_secrets(place, SecretChanges(removed, ends, secret_hash(secret)))
        self._replace(place, octets)
        old = tuple(
            SecretState(states[n].short, ends[n], is_live=True, last_used=states[n].last_used)
            for n in live
        )
        return Rotated(Made(client_id, place, secret), old)

    def end_old(self, client_id: str) -> Ended:
        """End every secret but the newest one that lives; that one stays as it is.

        Raises ClientsRefused when none lives, FileRefused when the file cannot be changed.
        """
        place, _, states = self._require_secrets(client_id)
        live = [number for number, state in enumerate(states) if state.is_live]
        if not live:
            raise ClientsRefused(
                f'No secret of "{client_id}" is live: make one by idp client rotate {client_id}.'
            )
        newest = max(live, key=lambda number: (states[number].expires or dt.date.max, number))
        old = tuple(states[number] for number in live if number != newest)
        if old:
            removed = frozenset(range(len(states))) - {newest}
            self._replace(place, with_secrets(place, SecretChanges(removed, {}, "")))
        return Ended(place, states[newest], old)

    def _require_secrets(self, client_id: str) -> tuple[Place, Client, tuple[SecretState, ...]]:
        settings, client, place = self.require(client_id)
        if client.is_public:
            raise ClientsRefused(f'"{client_id}" has no secret: its auth is "none" ({place}).')
        return place, client, self.secret_states(settings, client)

    # -- on and off --------------------------------------------------------------------------------

    def set_enabled(self, client_id: str, *, enabled: bool) -> tuple[Place, bool]:
        """Switch a client on or off in its file; return where, and whether that was a change."""
        _, client, place = self.require(client_id)
        if client.enabled == enabled:
            return place, False
        self._replace(place, with_enabled(place, enabled))
        return place, True

    def _replace(self, place: Place, octets: bytes) -> None:
        self.settings({place.file: octets})
        replace_whole(place.file, octets, was=place.octets)


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that would declare a client; `old` is what it holds now, None: it is not there."""

    file: Path
    client_id: str
    old: bytes | None = field(repr=False)
    octets: bytes = field(repr=False)


_BEFORE_SECRETS = ("client_id", "name", "owner", "home_url", "auth")


def make_client_secret() -> str:
    """Return a new client secret: 256 random bits, of unreserved characters (RFC 3986 2.3) only."""
    return SECRET_PREFIX + new_secret()


def secret_hash(secret: str) -> str:
    """Return what a client's file holds of a secret."""
    return f"sha256:{digest(secret).hex()}"


def _file_name(client_id: str) -> str:
    """Return what a client's file is called, without its end."""
    try:
        return _CLIENT_ID.validate_python(client_id)
    except ValidationError:
        return "refused"  # inside the folder, where the judge of the draft meets the id and tells


def last_uses(settings: Settings, client_id: str) -> Mapping[str, int]:
    """Return when a client's secrets were last right, as far as the database tells."""
    sqlite = settings.database.url.removeprefix("sqlite:///")
    if sqlite != settings.database.url and not Path(sqlite).exists():
        return {}  # to look would make it
    engine = open_engine(settings.database.url)
    try:
        with SqlStores(engine).read() as view:
            return view.client_secret_uses.last_uses(client_id)
    except StoreUnavailable:
        return {}
    finally:
        engine.dispose()


def _places_in(
    document: Document, file: Path, octets: bytes, resolver: Resolver
) -> dict[str, Place]:
    places = {}
    for index, table in enumerate(document.tables.get("clients", ())):
        client_id = resolver.resolve(table.get("client_id"))
        line = document.locate(Finding(("clients", index, "client_id"), "", "")).line
        places[str(client_id)] = Place(file, index, line, octets)
    return places


def _sooner(secret: ClientSecret, last_day: dt.date) -> dt.date:
    return last_day if secret.expires is None else min(secret.expires, last_day)


def _two_live(client_id: str, live: Sequence[SecretState], keep_days: int) -> str:
    told = " and ".join(
        f"{state.short} (until {state.expires})" if state.expires else state.short for state in live
    )
    leaked = "" if keep_days else "; then run this again if it was the newer one that leaked"
    return (
        f'"{client_id}" has two live secrets already, {told}: wait until one has ended, '
        f"or end the older one now with idp client rotate {client_id} --end-old{leaked}."
    )
