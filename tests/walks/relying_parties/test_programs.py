"""The examples that are programs, run as printed: Flask, Django, Express, openid-client."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.admin import examples
from tests.walks.processes import ENVIRON, HttpBrowser, Program, answers, running
from tests.walks.relying_parties.conftest import NPM, Open, Place

# What an application has besides: its own settings, a page, a button.
DJANGO = {
    "settings.py": """
from settings_oidc import *
SECRET_KEY = "a-key-of-the-tests-only"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "urls"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "mozilla_django_oidc"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": {folder!r} + "/db"}}}}
SESSION_ENGINE = "django.contrib.sessions.backends.file"
SESSION_FILE_PATH = {folder!r}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *MIDDLEWARE_OIDC,
]
OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS = 1
""",
    "urls.py": """
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path
import urls_oidc

@login_required
def home(request):
    token = f'<input name="csrfmiddlewaretoken" value="{{get_token(request)}}">'
    button = '<button name="action" value="logout">x</button>'
    form = f'<form action="/oidc/logout/">{{token}}{{button}}</form>'
    who, until = request.user, request.session["oidc_id_token_expiration"]
    return HttpResponse(f"{{who.username}} {{who.email}} until={{until}} {{form}}")

urlpatterns = [path("", home), path("bye", lambda _: JsonResponse({{"logged_out": True}}))]
urlpatterns += urls_oidc.urlpatterns
""",
}  # fmt: skip


@contextlib.contextmanager
def _program(place: Place, folder: Path, *command: str | Path) -> Iterator[Program]:
    with running(
        command,
        output=folder / "log",
        until=answers(f"{place.base}/bye"),
        environ={**place.environ, "PYTHONPATH": f"{folder}"},
    ) as program:
        yield program


def _walk(place: Place, browser: HttpBrowser, *, refresh: str) -> None:
    """Log in, be somebody, refresh, log out, be nobody; the application answers in JSON."""
    place.log_in(browser)
    person = browser.page.json()
    assert person["email"] == "office@example.gov.bd", person
    browser._go(refresh, f"{place.base}/refresh", {})
    assert browser.page.json() == {"expires_in": 300}
    browser.get(f"{place.base}/")
    assert browser.page.json()["sub"] == person["sub"]
    browser.get(f"{place.base}/logout")
    assert browser.page.url.startswith(f"{place.base}/bye"), browser.page.url  # without a question
    assert browser.page.json() == {"logged_out": True}
    assert place.is_asked(browser)


@pytest.mark.parametrize("auth", ["client_secret_basic", "client_secret_post", "none"])
def test_the_example_for_flask_logs_in_refreshes_and_logs_out(
    place: Open, tmp_path: Path, auth: str
):
    there = place(auth)
    assert examples.RUN in there.example("flask", tmp_path).splitlines()[0]
    flask = (sys.executable, "-m", "flask", "--app", tmp_path / "app.py", "run")
    with (
        _program(there, tmp_path, *flask, "--port", str(there.port)),
        there.browser() as browser,
    ):
        _walk(there, browser, refresh="POST")


@pytest.mark.parametrize("kind", ["express", "openid-client"])
def test_the_examples_for_node_log_in_refresh_and_log_out(place: Open, tmp_path: Path, kind: str):
    there = place()
    assert examples.RUN in there.example(kind, tmp_path).splitlines()[0]
    (tmp_path / "node_modules").symlink_to(NPM)
    with _program(there, tmp_path, "node", tmp_path / "app.mjs"), there.browser() as browser:
        _walk(there, browser, refresh="GET")


def test_the_example_for_django_logs_in_renews_silently_and_logs_out(place: Open, tmp_path: Path):
    there = place()
    assert examples.RUN_WITHOUT_REFRESH in there.example("django", tmp_path).splitlines()[0]
    for name, text in DJANGO.items():
        (tmp_path / name).write_text(text.format(folder=str(tmp_path)), encoding="utf-8")
    django = [sys.executable, "-m", "django"]
    given = [f"--pythonpath={tmp_path}", "--settings=settings"]
    environ = {**there.environ, **ENVIRON}
    subprocess.run([*django, "migrate", "-v0", *given], check=True, env=environ, timeout=30)
    serve = [*django, "runserver", f"127.0.0.1:{there.port}", "--noreload", *given]
    with _program(there, tmp_path, *serve) as program, there.browser() as browser:
        there.log_in(browser)
        first = browser.text
        assert "office@example.gov.bd" in first, program.log
        time.sleep(1.1)
        browser.get(f"{there.base}/")  # the provider is asked again, and nobody notices
        assert browser.text.split()[:2] == first.split()[:2]
        assert browser.text.split()[2] != first.split()[2]
        browser.press("logout")
        assert browser.page.url.startswith(f"{there.base}/bye"), browser.page.url
        assert there.is_asked(browser)


def test_a_wrong_secret_is_refused_and_the_walks_can_fail(place: Open, tmp_path: Path):
    there = place()
    there.environ[examples.SECRET_VARIABLE] = "idpcs_another"
    there.example("flask", tmp_path)
    flask = (sys.executable, "-m", "flask", "--app", tmp_path / "app.py", "run")
    with (
        _program(there, tmp_path, *flask, "--port", str(there.port)),
        there.browser() as browser,
    ):
        there.log_in(browser)
        assert browser.page.status_code == 400
        assert browser.page.json()["error"] == "invalid_client"
