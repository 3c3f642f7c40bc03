"""Settings: from TOML files to frozen models, or to a list of all mistakes with their places."""

from idp.settings.clients import Client, ClientSecret
from idp.settings.diagnostics import Mistake, MistakesFound
from idp.settings.loader import load
from idp.settings.secrets import Secrets, load_secrets, make_secrets
from idp.settings.sections import Settings

__all__ = [
    "Client",
    "ClientSecret",
    "Mistake",
    "MistakesFound",
    "Secrets",
    "Settings",
    "load",
    "load_secrets",
    "make_secrets",
]
