"""SQLite and PostgreSQL behind the ports: engine, tables, statements; `migrate` stands apart."""

from idp.stores.sql.engine import open_engine
from idp.stores.sql.work import SqlStores

__all__ = ["SqlStores", "open_engine"]
