"""A real export of Keycloak 26.7.3, shortened, and users as other realms hold them added.

Passwords of the added: `realm.json` was made with them.
"""

import copy
import json
from pathlib import Path
from typing import Any

from idp.admin.keycloak.export import Export
from idp.admin.keycloak.moving import Move

REALM = Path(__file__).with_name("realm.json")
ARGON, ARGON_ID = "argon20@example.gov.bd", "1d679b48-fa35-4b2f-bce6-1f5dcd44d990"
SECRET = "desk-secret-Xy31"
PASSWORDS = {
    ARGON: "Meghna#argon29A",
    "argon21@example.gov.bd": "বাংলা-Pass৯9!",
    "pbkdf2-sha5120@example.gov.bd": "Meghna#pbkdf2-sha5129A",
    "pbkdf2-sha5121@example.gov.bd": "বাংলা-Pass৯9!",
    "pbkdf2-sha256@example.gov.bd": "Meghna#sha2569A",
    "pbkdf2-sha1@example.gov.bd": "Meghna#sha19A",
    "bcrypt@example.gov.bd": "Meghna#bcrypt9A",
}
OFF, OFF_PASSWORD = "off@example.gov.bd", "Meghna#off9A"
MUST_CHANGE, MUST_PASSWORD = "mustchange@example.gov.bd", "Meghna#must9A"
HISTORY = "history@example.gov.bd"
NOW_PASSWORD, OLDER, OLDEST = "Meghna#now9A", "Meghna#older9A", "Meghna#oldest9A"

_FACTS: dict[str, Any] = json.loads(REALM.read_bytes())


def facts() -> dict[str, Any]:
    """Return the whole export, to be changed as a test likes."""
    return copy.deepcopy(_FACTS)


def client(**changes: Any) -> dict[str, Any]:
    """Return the confidential client of the export with changes; None takes a key away."""
    found = next(one for one in facts()["clients"] if one["clientId"] == "citizen-desk")
    return _changed(found, changes)


def user(**changes: Any) -> dict[str, Any]:
    """Return a user of the export with changes; None takes a key away."""
    found = next(one for one in facts()["users"] if one["email"] == ARGON)
    return _changed(found, changes)


def move_of(folder: Path, changed: dict[str, Any], issuer: str = "") -> Move:
    """Return a move off a changed export."""
    file = folder / "changed.json"
    file.write_text(json.dumps(changed), encoding="utf-8")
    return Move(Export((file,)), issuer)


def told(move: Move) -> dict[str, list[str]]:
    """Return what is told, with its examples; users are read before."""
    list(move.users)
    return {found.what: found.examples for found in move.findings}


def _changed(found: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**found, **changes}.items() if value is not None}
