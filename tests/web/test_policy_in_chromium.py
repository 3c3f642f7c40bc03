"""The policy of pages as Chromium obeys it: what a theme shows is shown, nothing else runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.servers import free_port
from tests.system import System, authorize_url
from tests.walks.conftest import serving

pytestmark = pytest.mark.browser
PICTURE = f'<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"><!--{"x" * 1024}--></svg>'
# An address of ours that answers with somebody's words must not become a script.
RUN_WHAT_IS_NO_FILE_OF_OURS = """path => new Promise(done => {
  const script = document.createElement('script');
  addEventListener('securitypolicyviolation', event => done(event.effectiveDirective));
  script.onload = script.onerror = event => setTimeout(done, 500, event.type);
  script.src = path;
  document.head.append(script);
})"""


@pytest.fixture(params=["", "/sso", "/realms/portal"], ids=["no path", "a path", "a realm"])
def issuer(
    request: pytest.FixtureRequest,
    make: Callable[..., System],
    sqlite_folder: tuple[Path, str],
) -> Iterator[str]:
    """Serve a provider whose theme has a picture that travels by itself."""
    theme = sqlite_folder[0] / "themes" / "seal"
    (theme / "static").mkdir(parents=True)
    (theme / "theme.toml").write_text('parent = "portal"\nlogo = "seal.svg"\n')
    (theme / "static" / "seal.svg").write_text(PICTURE)
    port = free_port()
    address = f"http://127.0.0.1:{port}{request.param}"
    system = make('[theme]\nname = "seal"', issuer=address)
    with serving(system.assembly.wsgi, port):
        yield address


@pytest.fixture(name="page")
def _page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    page = context.new_page()
    yield page
    context.close()


def test_pictures_and_the_script_of_ours_come_in_behind_any_path(page: Page, issuer: str):
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.goto(issuer + authorize_url())
    source = str(page.locator("img").get_attribute("src"))
    assert source.startswith(f"{urlsplit(issuer).path}/static/seal.")
    assert page.evaluate("document.querySelector('img').naturalWidth") == 7
    page.locator("#password ~ button[type=button]").wait_for()  # the script puts it there
    assert told == []


def test_nothing_else_of_the_origin_runs(page: Page, issuer: str):
    page.goto(issuer + authorize_url())
    for address in ("/jwks", "/developers", "/statics/x.js"):
        path = urlsplit(issuer).path + address
        assert page.evaluate(RUN_WHAT_IS_NO_FILE_OF_OURS, path) == "script-src-elem"
