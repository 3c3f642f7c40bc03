"""Flask-SQLAlchemy's session as the web's unit of work, on our engine."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import Engine

from idp.model.errors import AlreadySpent, StoreUnavailable
from idp.stores.sql import open_engine
from idp.stores.sql.flask_database import FlaskDatabase, WebStores
from idp.stores.sql.tables import metadata
from tests.contract.builders import user


@pytest.fixture
def database(engine: Engine) -> FlaskDatabase:
    return FlaskDatabase(engine)


@pytest.fixture
def web(database: FlaskDatabase) -> WebStores:
    return WebStores(database)


@pytest.fixture
def app(database: FlaskDatabase) -> Flask:
    app = Flask("test")
    database.init_app(app)
    return app


@pytest.fixture(params=["in a request", "outside"])
def place(request: pytest.FixtureRequest, app: Flask) -> Iterator[str]:
    """Run a test within an application context, and without one."""
    if request.param == "outside":
        yield request.param
        return
    with app.test_request_context():
        yield request.param


def test_the_extension_uses_the_one_engine_and_metadata(
    app: Flask, database: FlaskDatabase, engine: Engine
) -> None:
    with app.app_context():
        assert database.engine is engine
        assert database.metadata is metadata


def test_the_address_in_the_configuration_hides_its_password() -> None:
    engine = FlaskDatabase(open_with_password())
    app = Flask("test")
    engine.init_app(app)
    assert "s3cret" not in str(app.config)


@pytest.mark.usefixtures("place")
def test_a_unit_of_work_is_committed_at_its_end(web: WebStores) -> None:
    made = user()
    with web.write() as work:
        work.users.add(made)
    with web.read() as view:
        assert view.users.find(made.id) == made


@pytest.mark.usefixtures("place")
def test_a_unit_of_work_that_raises_leaves_nothing(web: WebStores) -> None:
    made = user()
    with pytest.raises(AlreadySpent), web.write() as work:  # noqa: PT012 - the unit fails at its end
        work.users.add(made)
        raise AlreadySpent
    with web.read() as view:
        assert view.users.find(made.id) is None
    with web.write() as work:
        work.users.add(made)


@pytest.mark.usefixtures("place")
def test_a_mailbox_that_is_taken_leaves_the_unit_of_work_alive(web: WebStores) -> None:
    first, second = user(), user()
    with web.write() as work:
        work.users.add(first)
        work.users.add(second)
        with pytest.raises(AlreadySpent):
            work.users.set_email(second.id, "x", first.email_canonical, now=1)
        work.users.verify_email(second.id)
    with web.read() as view:
        assert view.users.find(second.id) == replace(second, email_verified=True)


def test_the_work_runs_in_the_session(app: Flask, web: WebStores, database: FlaskDatabase) -> None:
    with app.test_request_context():
        with web.write() as work:
            assert work._connection is database.session.connection()
        assert not database.session().in_transaction()


@pytest.mark.usefixtures("place")
def test_a_view_holds_no_transaction_and_lets_others_write(web: WebStores) -> None:
    made = user()
    with web.read() as view:
        assert view.users.find(made.id) is None
        with web.write() as work:
            work.users.add(made)
        assert view.users.find(made.id) == made


@pytest.mark.usefixtures("place")
def test_connections_go_back_to_the_pool(web: WebStores, engine: Engine) -> None:
    for _ in range(30):
        with web.read() as view:
            view.users.find("x")
        with web.write() as work:
            work.users.find("x")
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined] # a QueuePool


@pytest.mark.usefixtures("place")
def test_a_database_that_does_not_answer_is_told(web: WebStores, engine: Engine) -> None:
    failing = {
        "sqlite": "SELECT * FROM nowhere",
        "postgresql": "SELECT pg_terminate_backend(pg_backend_pid())",
    }[engine.dialect.name]
    for unit in (web.read, web.write):
        with pytest.raises(StoreUnavailable), unit() as work:
            work._connection.exec_driver_sql(failing)
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined] # a QueuePool
    with web.write() as work:
        work.users.add(user())


def open_with_password() -> Engine:
    return open_engine("postgresql://somebody:s3cret@127.0.0.1/x")
