import signal
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from idp.demo.relying_party import create_app
from idp.demo.settings import Settings
from tests.demo.fake_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    FakeProvider,
    running_fake_provider,
)
from tests.demo.visits import BASE_URL, Watch, log_in


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Give the test runner its signal handlers back."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    kept = {name: signal.getsignal(name) for name in names}
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with running_fake_provider() as provider:
        yield provider
    assert provider.complaints == []


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def site(provider: FakeProvider, watch: Watch) -> Flask:
    """The backoffice, which knows the fake provider."""
    settings = Settings(provider.issuer, CLIENT_ID, CLIENT_SECRET, BASE_URL)
    return create_app(settings, watch)


@pytest.fixture
def visitor(site: Flask) -> FlaskClient:
    """A browser that knows nobody yet."""
    return site.test_client()


@pytest.fixture
def member(visitor: FlaskClient) -> FlaskClient:
    """A browser that is logged in."""
    assert log_in(visitor).status_code == 303
    return visitor
