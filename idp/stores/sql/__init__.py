"""SQLite and PostgreSQL behind the ports: engine, tables, statements, migrations."""

from idp.stores.sql.engine import open_engine
from idp.stores.sql.migrate import is_current, upgrade
from idp.stores.sql.work import SqlStores

__all__ = ["SqlStores", "is_current", "open_engine", "upgrade"]
