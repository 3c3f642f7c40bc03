"""The database of a configuration, opened for a command: only with this program's own schema."""

from collections.abc import Iterator
from contextlib import contextmanager

from idp.settings import Settings
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.migrate import check_current


@contextmanager
def opened_stores(settings: Settings) -> Iterator[SqlStores]:
    """Open the stores and close them afterwards.

    Raises SettingsRefused for an older or newer schema (before anything is read by a wrong one),
    StoreUnavailable for no database at all.
    """
    engine = open_engine(settings.database.url)
    try:
        check_current(engine)
        yield SqlStores(engine)
    finally:
        engine.dispose()
