"""The effective configuration as plain JSON: secrets masked, clients by their names."""

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

from idp.model.errors import SettingsRefused
from idp.settings.secrets import load_secrets
from idp.settings.sections import Settings
from idp.settings.store_urls import replace_passwords

MASK = "***"
_SHOWN = 8  # hexadecimal digits that tell one secret from another
_FINGERPRINTS = "fingerprints of the configuration"
_HASH = re.compile(r"sha256:[0-9a-f]+")


def masked_snapshot(settings: Settings, key: bytes = b"") -> dict[str, Any]:
    """Return the settings as JSON: durations in seconds, `clients` an object by `client_id`.

    A secret is `***`; with a `key` of 256 random bits a keyed fingerprint follows, so that two
    snapshots tell whether it changed and nothing else.
    """
    snapshot: dict[str, Any] = settings.model_dump(mode="json", by_alias=True)
    snapshot["clients"] = {client["client_id"]: _client(client) for client in snapshot["clients"]}
    mail = snapshot["mail"]
    mail["password"] = mask(mail["password"], key)
    for store in ("database", "redis"):
        snapshot[store]["url"] = mask_url(snapshot[store]["url"], key)
    return snapshot


def fingerprint_key(secrets_dir: Path) -> bytes:
    """Return the key of fingerprints, which is good for nothing else; empty without secrets.

    It is derived from the first pepper, the one secret that never leaves: two snapshots stay
    comparable when a version of any secret is added, or an old one removed.
    """
    try:
        pepper = load_secrets(secrets_dir).pepper
    except SettingsRefused:
        return b""
    return pepper.mac(_FINGERPRINTS, b"", version=min(pepper.versions))


def digest_of(snapshot: dict[str, Any]) -> str:
    """Return the SHA-256 of a snapshot in hexadecimal digits: equal for equal configurations."""
    canonical = json.dumps(snapshot, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def mask(secret: str, key: bytes = b"") -> str:
    """Return what is shown instead of a secret; of none, nothing."""
    if not secret:
        return ""
    if not key:
        return MASK
    return f"{MASK}{hmac.new(key, secret.encode(), 'sha256').hexdigest()[:_SHOWN]}"


def mask_url(url: str, key: bytes = b"") -> str:
    """Return the URL of a store with its passwords masked."""
    return replace_passwords(url, lambda password: mask(password, key))


def mask_hash(text: str) -> str:
    """Return the hash of a client secret with only its beginning shown."""
    return _HASH.sub(lambda found: found.group()[: len("sha256:") + _SHOWN] + "…", text)


def _client(client: dict[str, Any]) -> dict[str, Any]:
    secrets = [{**secret, "hash": mask_hash(secret["hash"])} for secret in client["secrets"]]
    return {**client, "secrets": secrets}
