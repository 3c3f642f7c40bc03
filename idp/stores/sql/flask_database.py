"""Flask-SQLAlchemy on the one engine: its session carries the web's units of work.

Outside an application context (worker, command line) the same stores use the engine itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, has_app_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine
from typing_extensions import override

from idp.stores.sql.engine import reading_options
from idp.stores.sql.tables import metadata
from idp.stores.sql.work import SqlStores, SqlWork, store_errors


class FlaskDatabase(SQLAlchemy):
    """The extension, given an engine instead of making one; its metadata is ours."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(metadata=metadata, session_options={"expire_on_commit": False})
        self.shared_engine = engine

    @override
    def init_app(self, app: Flask) -> None:
        # An address must be there; as a URL object it hides its password when it is printed.
        app.config["SQLALCHEMY_DATABASE_URI"] = self.shared_engine.url
        super().init_app(app)

    @override
    def _apply_driver_defaults(self, options: dict[str, Any], app: Flask) -> None:
        """Leave the engine's options alone: `open_engine` has decided them."""

    @override
    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
        return self.shared_engine


class WebStores(SqlStores):
    """See `ports.Stores`: within a request the units of work run in Flask-SQLAlchemy's session."""

    def __init__(self, database: FlaskDatabase) -> None:
        super().__init__(database.shared_engine)
        self._session = database.session
        self._reading = reading_options(database.shared_engine)

    @override
    @contextmanager
    def read(self) -> Iterator[SqlWork]:
        if self._is_session_busy():
            with super().read() as work:
                yield work
            return
        with store_errors():
            try:
                yield SqlWork(self._session.connection(execution_options=self._reading))
            finally:
                self._session.close()

    @override
    @contextmanager
    def write(self) -> Iterator[SqlWork]:
        if self._is_session_busy():
            with super().write() as work:
                yield work
            return
        with store_errors(), self._session.begin():
            yield SqlWork(self._session.connection())

    def _is_session_busy(self) -> bool:
        """Tell whether the session cannot carry the work: no request, or a view is open in it."""
        return not has_app_context() or self._session().in_transaction()
