"""The example for mod_auth_openidc, run as printed by Debian's Apache with a folder of its own."""

import contextlib
import shutil
from collections.abc import Iterator
from urllib.parse import urlencode

from idp.admin import examples
from tests.servers import _as_unprivileged, _folder, _unprivileged_user
from tests.walks.processes import answers, running
from tests.walks.relying_parties.conftest import Open, Place

MODULES = (
    *("mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "headers", "dir"),
    *("env", "mime"),
)
# What a site has besides; the headers show what an application behind it would be told.
SITE = """
ServerRoot "{folder}"
ServerName 127.0.0.1
DefaultRuntimeDir "{folder}"
PidFile "{folder}/pid"
Mutex "file:{folder}" default
ErrorLog "{folder}/errors"
LogLevel warn
Listen 127.0.0.1:{port}
{modules}
TypesConfig /etc/mime.types
DocumentRoot "{folder}/site"
StartServers 1
ThreadsPerChild 8
MinSpareThreads 1
MaxSpareThreads 16
MaxRequestWorkers 8
Header always set X-Person "%{{OIDC_CLAIM_sub}}e %{{OIDC_CLAIM_email}}e"
Header always set X-Token "%{{OIDC_access_token}}e"
Include "{folder}/oidc.conf"
"""


@contextlib.contextmanager
def _apache(place: Place) -> Iterator[None]:
    with _folder(_unprivileged_user()) as folder:
        text = place.example("mod_auth_openidc", folder)
        assert examples.RUN in text.splitlines()[0]
        (folder / "site").mkdir()
        for name in ("index.html", "bye"):
            (folder / "site" / name).write_text(name, encoding="utf-8")
        lines = [f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in MODULES]
        site = SITE.format(folder=folder, port=place.port, modules="\n".join(lines))
        (folder / "httpd.conf").write_text(site, encoding="utf-8")
        apache = shutil.which("apache2") or "/usr/sbin/apache2"
        command = [apache, "-d", str(folder), "-f", f"{folder}/httpd.conf", "-DFOREGROUND"]
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        with running(
            _as_unprivileged([*command]),
            output=folder.with_suffix(".log"),
            until=answers(f"{place.base}/bye"),
            environ=place.environ,
        ) as program:
            try:
                yield
            except AssertionError as error:
                errors = (folder / "errors").read_text(errors="replace")
                raise AssertionError(f"{error}\n{program.log}\n{errors[-3000:]}") from error
        folder.with_suffix(".log").unlink()


def test_the_example_for_apache_logs_in_refreshes_and_logs_out(place: Open):
    there = place()
    with _apache(there), there.browser() as browser:
        there.log_in(browser)
        assert browser.page.text == "index.html"
        sub, email = browser.page.headers["X-Person"].split()
        assert email == "office@example.gov.bd"
        token = browser.page.headers["X-Token"]
        asked = {"refresh": f"{there.base}/", "access_token": token}
        browser.get(f"{there.base}/oidc/callback?{urlencode(asked)}")
        assert "error" not in browser.page.url, browser.page.url
        browser.get(f"{there.base}/")
        assert browser.page.headers["X-Person"].split()[0] == sub
        assert browser.page.headers["X-Token"] != token
        browser.get(f"{there.base}/oidc/callback?{urlencode({'logout': f'{there.base}/bye'})}")
        assert browser.page.url.startswith(f"{there.base}/bye"), browser.page.url
        assert there.is_asked(browser)
