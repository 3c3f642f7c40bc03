"""Settings: from TOML files to frozen models, or to a list of all mistakes with their places."""

from idp.settings.clients import Client, ClientSecret
from idp.settings.diagnostics import Finding, Mistake, MistakesFound
from idp.settings.loaded import Loaded, Source
from idp.settings.loader import load, read_configuration
from idp.settings.looks import Looks, find_looks
from idp.settings.secrets import (
    Secrets,
    has_secrets,
    load_secrets,
    make_secrets,
    missing_secrets,
)
from idp.settings.sections import STATIC_KEYS, Settings
from idp.settings.snapshot import masked_snapshot

__all__ = [
    "STATIC_KEYS",
    "Client",
    "ClientSecret",
    "Finding",
    "Loaded",
    "Looks",
    "Mistake",
    "MistakesFound",
    "Secrets",
    "Settings",
    "Source",
    "find_looks",
    "has_secrets",
    "load",
    "load_secrets",
    "make_secrets",
    "masked_snapshot",
    "missing_secrets",
    "read_configuration",
]
