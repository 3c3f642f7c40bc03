"""The process that serves: what a WSGI server is given."""

import logging
import os
from pathlib import Path

from idp.app import DEFAULT_CONFIG, assemble, load_settings
from idp.settings import load_secrets
from idp.web.constants import Wsgi


def create_app() -> Wsgi:
    """Return the WSGI application of the configuration that `IDP_CONFIG` names.

    This process then serves, and a thread of it delivers mail. Raises
    SettingsRefused; the database must be current (`idp db upgrade`).
    """
    settings = load_settings(Path(os.environ.get("IDP_CONFIG", DEFAULT_CONFIG)))
    logging.basicConfig(
        level=settings.logging.level.upper(), format="%(levelname)s %(name)s %(message)s"
    )
    assembly = assemble(settings, load_secrets(settings.secrets_dir))
    assembly.worker.start()
    return assembly.wsgi
