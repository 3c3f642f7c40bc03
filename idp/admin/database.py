"""The database of a configuration, opened for a command: only with this program's own schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from idp.model.errors import StoreUnavailable
from idp.settings import Settings
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.migrate import check_current

_SQLITE: Final = "sqlite:///"


def open_stores(settings: Settings) -> SqlStores:
    """Open the stores; the caller closes their engine.

    Raises SettingsRefused for an older or newer schema (before anything is read by a wrong one),
    StoreUnavailable for no database at all.
    """
    url = settings.database.url
    if url.startswith(_SQLITE):
        _check_there(Path(url.removeprefix(_SQLITE)))
    engine = open_engine(url)
    try:
        check_current(engine)
    except BaseException:
        engine.dispose()
        raise
    return SqlStores(engine)


@contextmanager
def opened_stores(settings: Settings) -> Iterator[SqlStores]:
    """Open the stores and close them afterwards. Raises as `open_stores`."""
    stores = open_stores(settings)
    try:
        yield stores
    finally:
        stores.engine.dispose()


def check_database(settings: Settings) -> None:
    """Raise as `open_stores` does, and keep nothing open."""
    open_stores(settings).engine.dispose()


def _check_there(file: Path) -> None:
    """Look before SQLite does: it would make a file that is not there."""
    try:
        size = file.stat().st_size
    except OSError as error:
        raise StoreUnavailable(f"{file}: {error.strerror}") from error
    if not size:
        raise StoreUnavailable(f"{file} is empty")
