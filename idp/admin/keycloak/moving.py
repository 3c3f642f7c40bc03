"""One move off Keycloak: what its export becomes here, and the files that propose it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from idp.accounts.user_fields import UserRefused
from idp.accounts.user_import import ImportReport
from idp.accounts.user_record import RecordFault, UserRecord, wanted_user
from idp.admin.files import FileRefused, create_whole, make_folder
from idp.admin.keycloak.clients import ClientProposal, propose_clients
from idp.admin.keycloak.export import Export, Realm
from idp.admin.keycloak.findings import Finding, Findings
from idp.admin.keycloak.roles import Roles
from idp.admin.keycloak.settings import SettingsProposal, propose_settings
from idp.admin.keycloak.users import Users

_CONFIG: Final = "idp.toml"
_CLIENTS: Final = "clients.d"
_FAULTS_KEPT: Final = 1000


@dataclass(frozen=True)
class Move:
    """What an export becomes. Raises FileRefused, ExportRefused where it is first read."""

    export: Export
    issuer: str = ""

    @cached_property
    def realm(self) -> Realm:
        """Everything of the realm but its users."""
        return self.export.realm()

    @cached_property
    def settings(self) -> SettingsProposal:
        """The proposed configuration file."""
        return propose_settings(
            self.realm.facts,
            self._findings,
            issuer=self.issuer,
            has_second_factor=self.realm.has_second_factor,
        )

    @cached_property
    def clients(self) -> tuple[ClientProposal, ...]:
        """The proposed files of clients."""
        owner = self.settings.owner
        return tuple(propose_clients(self.realm.facts, owner, self._findings))

    @cached_property
    def users(self) -> Users:
        """The users as records, which are read anew each time."""
        return Users(self.export, Roles.of(self.realm.facts, self._findings))

    @property
    def findings(self) -> list[Finding]:
        """What a person must know; about users, as far as they have been read."""
        _ = self.settings, self.clients, self.users
        return [*self._findings, *self.users.findings]

    @cached_property
    def _findings(self) -> Findings:
        return Findings()

    def files(self) -> Mapping[str, str]:
        """Return the proposed files by their names within a folder."""
        clients = {f"{_CLIENTS}/{one.file_name}": one.text for one in self.clients}
        return {_CONFIG: self.settings.text, **clients}

    def check_free(self, folder: Path) -> None:
        """Raise FileRefused where a proposal would meet a file."""
        for place in (folder / name for name in self.files()):
            if place.exists() or place.is_symlink():
                raise FileRefused(f"{place} exists already; nothing was written.")

    def write(self, folder: Path) -> list[Path]:
        """Write the proposals, all of them or none; return where. Raises FileRefused."""
        self.check_free(folder)
        places = {folder / name: text for name, text in self.files().items()}
        make_folder(folder / _CLIENTS)
        written: list[Path] = []
        try:
            for place, text in places.items():
                create_whole(place, text.encode())
                written.append(place)
        except FileRefused:
            for place in written:
                place.unlink(missing_ok=True)
            raise
        return written

    def judge_users(self) -> ImportReport:
        """Judge the users by themselves, where there is no database to compare them with."""
        good = 0
        faults: list[RecordFault] = []
        for record in self.users:
            fault = _fault_of(record)
            if fault is None:
                good += 1
            else:
                faults.append(fault)
        kept = tuple(faults[:_FAULTS_KEPT])
        return ImportReport(added=good, faults=kept, fault_count=len(faults))


def _fault_of(record: UserRecord | RecordFault) -> RecordFault | None:
    if isinstance(record, RecordFault):
        return record
    try:
        wanted_user(record)
    except UserRefused as error:
        return RecordFault(record.place, str(error))
    return None
