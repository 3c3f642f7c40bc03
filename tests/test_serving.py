"""The process that serves: what it takes, what it keeps, and what becomes of people meanwhile."""

import base64
import gc
import json
import re
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from idp.admin.generations import reload
from idp.admin.keys import signing_keyring
from idp.model.errors import StoreUnavailable
from idp.serving import Serving, node_of
from idp.stores.ports import ServingProcess, Work
from idp.stores.sql import SqlStores
from idp.verdict import read_and_judge
from tests.browser import Browser
from tests.fakes import FakeClock
from tests.system import (
    CALLBACK,
    ISSUER,
    PASSWORD,
    SECRET,
    VERIFIER,
    Desk,
    authorize_url,
    codes_of,
    write_config,
)

USER = "office@example.gov.bd"


@dataclass
class House:
    """A serving process whose files a test may change, and whose watch looks when it is told."""

    config: Path
    clock: FakeClock
    desk: Desk
    serving: Serving
    read: int = 0  # letters

    @property
    def stores(self) -> SqlStores:
        stores = self.serving.assembly.stores
        assert isinstance(stores, SqlStores)
        return stores

    @property
    def clients(self) -> Path:
        return self.config.parent / "clients.d" / "all.toml"

    @property
    def log_in_url(self) -> str:
        return authorize_url(scope="openid profile email offline_access")

    def change(self, old: str, new: str, *, file: Path | None = None) -> None:
        file = file or self.config
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{old} is not in {file.name}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def tell(self) -> ServingProcess:
        """Tell the node a new generation, let the watch look and return what it reported."""
        number = self.store()
        self.serving.look()
        report = self.reports()[-1]
        assert report.number == number
        return report

    def store(self) -> int:
        with self.stores.write() as work:
            return work.generations.store(node_of(self.config), "d", "{}", now=self.clock())

    def reports(self) -> list[ServingProcess]:
        with self.stores.read() as work:
            return list(work.serving_processes.live(not_before=0))

    def browser(self) -> Browser:
        return Browser(self.serving, ISSUER)

    def code(self) -> str:
        """Return the code of the next letter, whoever delivers it: a reload starts the worker."""
        deadline = time.monotonic() + 20
        while len(self.desk.letters) <= self.read:
            self.serving.assembly.courier.deliver_due()
            assert time.monotonic() < deadline, "no letter came"
        self.read += 1
        return codes_of(self.desk.letters[self.read - 1][1].text)[0]

    def log_in(self) -> Browser:
        browser = self.browser().get(self.log_in_url)
        browser.press("submit", userid=USER, password=PASSWORD)
        return browser.press("submit", code=self.code())

    def tokens(self) -> dict[str, Any]:
        code = self.log_in().answer["code"]
        status, tokens = self.post(
            grant_type="authorization_code",
            code=code,
            redirect_uri=CALLBACK,
            code_verifier=VERIFIER,
        )
        assert status == 200, tokens
        return tokens

    def refresh(self, tokens: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return self.post(grant_type="refresh_token", refresh_token=tokens["refresh_token"])

    def post(self, **form: str) -> tuple[int, dict[str, Any]]:
        answer = self._send("/token", form, Authorization=_basic("backoffice", SECRET))
        return answer.status_code, answer.get_json()

    def post_publicly(self, **form: str) -> tuple[int, dict[str, Any]]:
        answer = self._send("/token", form)
        return answer.status_code, answer.get_json()

    def introspected(self, token: str) -> dict[str, Any]:
        credentials = _basic("backoffice", SECRET)
        facts = self._send("/introspect", {"token": token}, Authorization=credentials).get_json()
        return dict(facts)

    def _send(self, path: str, form: dict[str, str], **headers: str) -> TestResponse:
        return Client(self.serving).post(path, base_url=ISSUER, data=form, headers=headers)

    def userinfo(self, tokens: dict[str, Any]) -> int:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        return Client(self.serving).get("/userinfo", base_url=ISSUER, headers=headers).status_code


APP_CALLBACK = "http://127.0.0.1:9005/callback"


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture(name="house", params=["sqlite", "postgresql"])
def _house(request: pytest.FixtureRequest) -> Iterator[House]:
    folder, database = request.getfixturevalue(f"{request.param}_folder")
    yield from _opened(folder, database)


@pytest.fixture(name="small_house")
def _small_house(sqlite_folder: tuple[Path, str]) -> Iterator[House]:
    yield from _opened(*sqlite_folder)


def _opened(folder: Path, database: str, *, url: str = "") -> Iterator[House]:
    clock, desk = FakeClock(), Desk()
    config = write_config(folder, database=database)
    if url:
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace(f'"{database}"', url), encoding="utf-8")
    serving = Serving(config, read_and_judge(config), clock=clock, post=desk)
    yield House(config, clock, desk, serving)
    assert serving.assembly.worker.stop()
    assert isinstance(serving.assembly.stores, SqlStores)
    serving.assembly.stores.engine.dispose()


def _wait_until(question: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not question():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)


def _names(browser: Browser) -> bool:
    return "ব্যাকঅফিস" in browser.text


# -- what is taken, what is kept ------------------------------------------------------------------


def test_a_new_generation_is_served_by_the_next_request(house: House) -> None:
    assert _names(house.browser().get(house.log_in_url))
    house.change("ব্যাকঅফিস", "কার্যালয়", file=house.clients)
    house.serving.look()
    assert _names(house.browser().get(house.log_in_url)), "nobody has told it to reload"
    report = house.tell()
    assert report.fault == ""
    assert "কার্যালয়" in house.browser().get(house.log_in_url).text


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("config_version = 1", "config_version = 1\nbroken", r"idp\.toml:3:7 E002"),
        ("[limits]", '[session]\nidle = "1 hour"\n[limits]', r"idp\.toml:\d+:\d+ .*session\.idle"),
        ("[limits]", '[theme]\nname = "gone"\n[limits]', r"gone"),
        ('mode = "development"', 'mode = "production"', r"https"),
        (ISSUER, "http://127.0.0.1:9999", r"^issuer needs a restart\.$"),
        ("[limits]", "[listen]\nthreads = 4\n[limits]", r"^listen\.threads needs a restart\.$"),
    ],
)
def test_what_cannot_be_served_changes_nothing_and_is_told_with_its_place(
    small_house: House, old: str, new: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = small_house.serving.assembly
    text = small_house.config.read_text(encoding="utf-8")
    small_house.change(old, new)
    report = small_house.tell()
    assert re.search(told, report.fault), report.fault
    assert report.fault in caplog.text
    assert small_house.serving.assembly is before
    assert _names(small_house.browser().get(small_house.log_in_url))

    small_house.config.write_text(text, encoding="utf-8")
    assert small_house.tell().fault == ""
    assert small_house.serving.assembly is not before


def test_a_change_of_a_themes_files_is_served_after_a_reload_and_its_old_files_stay(
    small_house: House,
) -> None:
    own = small_house.config.parent / "themes" / "office"
    (own / "static").mkdir(parents=True)
    logo, theme = own / "static" / "logo.svg", own / "theme.toml"
    (own / "templates").mkdir()
    (own / "templates" / "aside.html").write_text('<img src="{{ static("logo.svg") }}" alt="">')
    logo.write_text("<svg/>")
    theme.write_text('parent = "portal"\nname = { bn = "কার্যালয়" }\n')
    small_house.change("[limits]", '[theme]\nname = "office"\n[limits]')
    assert small_house.tell().fault == ""
    first = _logo(small_house)
    assert "– কার্যালয়</title>" in small_house.browser().get(small_house.log_in_url).html

    logo.write_text("<svg></svg>")
    theme.write_text('parent = "portal"\nname = { bn = "দপ্তর" }\n')
    assert _logo(small_house) == first, "nobody has told it to reload"
    before = small_house.reports()[-1].digest
    report = small_house.tell()
    assert (report.fault, report.digest == before) == ("", False)
    assert "– দপ্তর</title>" in small_house.browser().get(small_house.log_in_url).html
    second = _logo(small_house)
    assert first != second
    for address in (first, second):
        answer = Client(small_house.serving).get(address, base_url=ISSUER)
        assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")

    theme.write_text('\nlogo = "gone.svg"\n')
    assert f"{theme}:2:1 E301" in small_house.tell().fault
    assert _logo(small_house) == second


def test_a_reload_that_takes_a_language_away_loses_no_login_in_it(small_house: House) -> None:
    address = f"{small_house.log_in_url}&ui_locales=en"
    sealed, stored = (small_house.browser().get(address) for _ in range(2))
    stored.press("submit", userid=USER, password=PASSWORD)
    assert "Enter the code" in stored.text
    small_house.change("[limits]", '[theme]\nlocales = ["bn"]\n[limits]')
    assert small_house.tell().fault == ""
    stored.get(stored.url)
    assert (stored.status, "কোড লিখুন" in stored.text) == (200, True)
    assert stored.press("submit", code=small_house.code()).answer["code"]
    sealed.press("submit", userid=USER, password="Wrong#Pass1")
    assert (sealed.status, "লগইন করুন" in sealed.text) == (200, True)


def test_a_template_that_python_cannot_work_out_is_told_once_and_the_old_one_kept(
    small_house: House,
) -> None:
    own = small_house.config.parent / "themes" / "office"
    page = own / "templates" / "code.html"
    page.parent.mkdir(parents=True)
    (own / "theme.toml").write_text('parent = "portal"\nname = { bn = "কার্যালয়" }\n')
    small_house.change("[limits]", '[theme]\nname = "office"\n[limits]')
    assert small_house.tell().fault == ""
    page.write_text(
        '{% extends "!code.html" %}\n{% block intro %}{{ 60 // view.wait }}{% endblock %}'
    )
    assert f"{page}:2:1 E301" in small_house.tell().fault
    assert "কার্যালয়" in small_house.browser().get(small_house.log_in_url).text


def _logo(house: House) -> str:
    html = house.browser().get(house.log_in_url).html
    found = re.search(r'<img src="(/static/[^"]+)"', html)
    assert found, html
    return found[1]


def test_a_file_that_is_gone_changes_nothing(small_house: House) -> None:
    small_house.config.unlink()
    assert "idp.toml" in small_house.tell().fault
    assert _names(small_house.browser().get(small_house.log_in_url))


@pytest.mark.parametrize("name", ["pepper", "key_encryption_key", "form_key"])
def test_a_garbled_or_exchanged_secret_is_refused(small_house: House, name: str) -> None:
    file = small_house.config.parent / "secrets" / name
    good = file.read_text()
    for bad, told in [
        ("garbled\n", "is garbled in line 1"),
        (f"1:{base64.b64encode(bytes(32)).decode()}\n", "has another key as version 1"),
        (f"2:{base64.b64encode(bytes(32)).decode()}\n", "has lost its version 1"),
    ]:
        file.write_text(bad)
        assert told in small_house.tell().fault
    file.write_text(good)
    assert small_house.tell().fault == ""
    assert small_house.log_in().answer["state"] == "a-state"


def test_an_older_form_key_may_leave_but_no_pepper(small_house: House) -> None:
    new = f"2:{base64.b64encode(bytes(32)).decode()}\n"
    folder = small_house.config.parent / "secrets"
    for name in ("form_key", "pepper"):
        (folder / name).write_text((folder / name).read_text() + new)
    assert small_house.tell().fault == ""
    assert small_house.serving.assembly.secrets.pepper.newest == 2
    (folder / "form_key").write_text(new)
    assert small_house.tell().fault == ""
    (folder / "pepper").write_text(new)
    assert "pepper has lost its version 1" in small_house.tell().fault


def test_a_database_that_is_away_for_a_moment_refuses_nothing(
    small_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_house.stores.write() as work:
        work.generations.store(node_of(small_house.config), "d", "{}", now=1)

    def away(*_: object) -> Work:
        raise StoreUnavailable("OperationalError")

    with monkeypatch.context() as broken:
        broken.setattr("idp.serving.judge", away)
        with pytest.raises(StoreUnavailable):
            small_house.serving.look()
    before = small_house.serving.assembly
    small_house.serving.look()
    assert small_house.serving.assembly is not before


# -- people under way -----------------------------------------------------------------------------


def test_a_login_goes_on_over_any_number_of_reloads(house: House) -> None:
    browser = house.browser().get(house.log_in_url)
    house.tell()
    browser.press("submit", userid=USER, password=PASSWORD)
    house.tell()
    code = house.code()
    house.tell()
    assert "code" in browser.press("submit", code=code).answer


def test_a_request_under_way_ends_in_the_assembly_in_which_it_began(
    small_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()
    old = small_house.serving.assembly.wsgi

    def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        began.set()
        assert go_on.wait(20)
        return old(environ, start_response)

    monkeypatch.setitem(vars(small_house.serving.assembly), "wsgi", slow)
    pages: list[Browser] = []
    thread = threading.Thread(
        target=lambda: pages.append(small_house.browser().get(small_house.log_in_url))
    )
    thread.start()
    assert began.wait(20)
    small_house.change("ব্যাকঅফিস", "কার্যালয়", file=small_house.clients)
    assert small_house.tell().fault == ""
    assert "কার্যালয়" in small_house.browser().get(small_house.log_in_url).text
    go_on.set()
    thread.join()
    assert _names(pages[0])


def test_what_was_granted_to_a_client_that_is_removed_is_refused_at_once(house: House) -> None:
    tokens = house.tokens()
    assert house.refresh(tokens)[0] == 200
    assert house.userinfo(tokens) == 200
    house.change('client_id = "backoffice"', 'client_id = "another"', file=house.clients)
    assert house.tell().fault == ""
    status, answer = house.refresh(tokens)
    assert (status, answer["error"]) == (401, "invalid_client")
    assert house.userinfo(tokens) == 401


def test_what_was_granted_to_a_client_that_is_disabled_is_refused_at_once(house: House) -> None:
    tokens = house.tokens()
    house.change(
        'client_id = "backoffice"', 'client_id = "backoffice"\nenabled = false', file=house.clients
    )
    assert house.tell().fault == ""
    status, answer = house.refresh(tokens)
    assert (status, answer["error"]) == (401, "invalid_client")
    assert house.userinfo(tokens) == 401
    assert house.browser().get(house.log_in_url).status == 400


def test_what_was_granted_at_an_address_that_is_removed_is_refused_at_once(house: House) -> None:
    tokens, late = house.tokens(), house.log_in().answer["code"]
    house.change(CALLBACK, "http://127.0.0.1:9001/elsewhere", file=house.clients)
    assert house.tell().fault == ""
    status, answer = house.refresh(tokens)
    assert (status, answer["error"]) == (400, "invalid_grant")
    assert house.userinfo(tokens) == 401
    assert house.introspected(tokens["access_token"]) == {"active": False}
    assert house.introspected(tokens["refresh_token"]) == {"active": False}
    status, answer = house.post(
        grant_type="authorization_code", code=late, redirect_uri=CALLBACK, code_verifier=VERIFIER
    )
    assert (status, answer["error"]) == (400, "invalid_grant")


def test_a_rotated_token_of_an_address_that_is_removed_is_refused_and_ends(house: House) -> None:
    url = authorize_url(client_id="app", redirect_uri=APP_CALLBACK)
    browser = house.browser().get(url)
    browser.press("submit", userid=USER, password=PASSWORD)
    code = browser.press("submit", code=house.code()).answer["code"]
    given = {"client_id": "app", "redirect_uri": APP_CALLBACK, "code_verifier": VERIFIER}
    status, tokens = house.post_publicly(grant_type="authorization_code", code=code, **given)
    assert status == 200
    house.change(APP_CALLBACK, "http://127.0.0.1:9005/elsewhere", file=house.clients)
    assert house.tell().fault == ""
    asked = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    status, answer = house.post_publicly(client_id="app", **asked)
    assert (status, answer["error"]) == (400, "invalid_grant")
    assert house.userinfo(tokens) == 401


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('client_id = "backoffice"', 'client_id = "another"'),
        ('client_id = "backoffice"', 'client_id = "backoffice"\nenabled = false'),
        (CALLBACK, "http://127.0.0.1:9001/elsewhere"),
    ],
)
def test_a_login_under_way_to_what_is_gone_ends_on_a_page_of_ours(
    small_house: House, old: str, new: str
) -> None:
    waiting = small_house.browser().get(small_house.log_in_url)
    waiting.press("submit", userid=USER, password=PASSWORD)
    code = small_house.code()
    fresh = small_house.browser().get(small_house.log_in_url)
    small_house.change(old, new, file=small_house.clients)
    assert small_house.tell().fault == ""
    for browser, fields in ((waiting, {"code": code}), (fresh, _password())):
        browser.press("submit", **fields)
        if not browser.left_to and browser is fresh and browser.status == 200:
            browser.press("submit", code=small_house.code())
        assert browser.left_to == ""
        assert browser.status == 400
        assert re.search(r"[A-Z2-9]{4}-[A-Z2-9]{2}", browser.text), "it has a reference"


def _password() -> dict[str, str]:
    return {"userid": USER, "password": PASSWORD}


def test_a_scope_that_is_taken_away_is_in_no_new_token(house: House) -> None:
    tokens = house.tokens()
    assert "email" in tokens["scope"].split()
    house.change(
        'scopes = ["openid", "profile", "email", "offline_access"]',
        'scopes = ["openid", "profile", "offline_access"]',
        file=house.clients,
    )
    assert house.tell().fault == ""
    status, answer = house.refresh(tokens)
    assert status == 200
    assert "email" not in answer["scope"].split()


def test_a_secret_that_is_taken_away_is_refused_at_once(small_house: House) -> None:
    form = {"grant_type": "client_credentials"}
    assert small_house.post(**form)[0] == 200
    text = small_house.clients.read_text(encoding="utf-8")
    small_house.clients.write_text(
        re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", text), encoding="utf-8"
    )
    assert small_house.tell().fault == ""
    assert small_house.post(**form)[0] == 401


def test_a_flow_that_changed_under_a_login_asks_again(small_house: House) -> None:
    browser = small_house.browser().get(small_house.log_in_url)
    browser.press("submit", userid=USER, password=PASSWORD)
    small_house.change('browser = ["password", "email_otp"]', 'browser = ["password"]')
    assert small_house.tell().fault == ""
    browser.get(browser.url)
    assert browser.left_to == ""
    assert browser.status == 200
    browser.get(small_house.log_in_url).press("submit", userid=USER, password=PASSWORD)
    assert "code" in browser.answer


def test_a_shorter_idle_limit_ends_sessions_now(small_house: House) -> None:
    browser = small_house.log_in()
    small_house.clock.advance(1800)
    browser.get(authorize_url(prompt="none"))
    assert "code" in browser.answer
    small_house.clock.advance(1801)
    small_house.change("[limits]", '[session]\nidle = "30m"\n[limits]')
    assert small_house.tell().fault == ""
    assert browser.get(authorize_url(prompt="none")).answer["error"] == "login_required"


# -- what a reload must not forget ----------------------------------------------------------------


def test_one_gate_and_the_same_buckets_serve_all_generations(small_house: House) -> None:
    def gate_and_buckets() -> tuple[object, object]:
        foundation = small_house.serving._foundation
        return foundation.gate, foundation.buckets("")

    before = gate_and_buckets()
    assert small_house.tell().fault == ""
    assert gate_and_buckets() == before
    assert small_house.log_in().answer["state"] == "a-state"


def test_a_letter_in_hand_at_a_reload_is_delivered_once(
    small_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, go_on = threading.Event(), threading.Event()
    desk, send = small_house.desk, small_house.desk.send

    def slow(*arguments: Any, **options: Any) -> None:
        taken.set()
        assert go_on.wait(20)
        send(*arguments, **options)

    monkeypatch.setattr(desk, "send", slow)
    old = small_house.serving.assembly.worker
    old.start()
    browser = small_house.browser().get(small_house.log_in_url)
    browser.press("submit", **_password())
    assert taken.wait(20)
    assert small_house.tell().fault == ""  # does not wait for the letter
    go_on.set()
    assert old.stop()
    assert small_house.serving.assembly.worker.stop()
    assert small_house.serving.assembly.courier.deliver_due() == 0
    assert len(desk.letters) == 1


def test_letters_are_delivered_by_the_newest_generation(small_house: House) -> None:
    small_house.serving.start()
    try:
        number = small_house.store()
        _wait_until(lambda: [r.number for r in small_house.reports()] == [number])
        browser = small_house.browser().get(small_house.log_in_url)
        browser.press("submit", **_password())
        _wait_until(lambda: len(small_house.desk.letters) == 1)
    finally:
        assert small_house.serving.stop()
    assert small_house.reports() == [], "who stops says so"
    assert not [t for t in threading.enumerate() if t.name.startswith(("outbox", "configur"))]


# -- keys -----------------------------------------------------------------------------------------


def test_new_signing_keys_are_taken_without_a_reload(small_house: House) -> None:
    before = _published(small_house)
    small_house.serving.look()
    assert _published(small_house) == before
    small_house.clock.advance(84 * 24 * 3600)  # of 90 that a key signs; 7 before, its successor
    small_house.serving.look()
    small_house.serving.look()
    assert _published(small_house) > before


def _published(house: House) -> set[str]:
    answer = Client(house.serving).get("/jwks", base_url=ISSUER)
    return {key["kid"] for key in json.loads(answer.data)["keys"]}


def _withdraw_all(house: House) -> set[str]:
    """Do what `idp keys rotate --now` does; return the new keys."""
    with signing_keyring(read_and_judge(house.config).settings, house.clock) as keyring:
        return {life.key.kid for life in keyring.replace()}


def _add_version(house: House, name: str) -> Path:
    file = house.config.parent / "secrets" / name
    file.write_text(f"{file.read_text()}2:{base64.b64encode(bytes(range(32))).decode()}\n")
    return file


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("config_version = 1", "garbled"),
        ("[limits]", '[theme]\nname = "gone"\n[limits]'),
    ],
)
def test_withdrawn_keys_leave_while_the_files_are_broken(
    small_house: House, old: str, new: str
) -> None:
    tokens = small_house.tokens()
    made = _withdraw_all(small_house)
    small_house.change(old, new)
    assert small_house.tell().fault
    assert _published(small_house) == made
    assert small_house.userinfo(tokens) == 401
    status, fresh = small_house.refresh(tokens)
    assert (status, small_house.userinfo(fresh)) == (200, 200)


def test_withdrawn_keys_leave_even_when_the_assembly_could_not_be_built(
    small_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("idp.serving.assemble", defect)
    made = _withdraw_all(small_house)
    small_house.serving.look()
    assert _published(small_house) == made


def test_keys_sealed_with_a_newer_key_encryption_key_are_taken_without_a_reload(
    small_house: House,
) -> None:
    tokens = small_house.tokens()
    file = _add_version(small_house, "key_encryption_key")
    made = _withdraw_all(small_house)
    file.write_text(file.read_text().splitlines()[1] + "\n")
    small_house.serving.look()
    assert _published(small_house) == made
    assert small_house.userinfo(tokens) == 401
    assert small_house.refresh(tokens)[0] == 200


def test_a_process_that_cannot_open_the_new_keys_uses_the_old_ones_no_more(
    small_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = small_house.tokens()
    file = small_house.config.parent / "secrets" / "key_encryption_key"
    good = file.read_text()
    made = _withdraw_all(small_house)
    file.write_text(f"1:{base64.b64encode(bytes(32)).decode()}\n")
    for looks in (1, 2, 3):
        small_house.clock.advance(1)
        small_house.serving.look()
        assert caplog.text.count("sealed with another key_encryption_key") == looks
    assert small_house.reports()[-1].fault.startswith("The signing keys cannot be taken: ")
    assert _published(small_house) == set()
    assert small_house.userinfo(tokens) == 401
    status, answer = small_house.refresh(tokens)
    assert (status, answer["error"]) == (503, "temporarily_unavailable")
    assert "a token was refused: no ES256 key may sign" in caplog.text

    file.write_text(good)
    small_house.clock.advance(1)
    small_house.serving.look()
    assert _published(small_house) == made
    status, fresh = small_house.refresh(tokens)
    assert (status, small_house.userinfo(fresh)) == (200, 200), "what failed has spent nothing"
    small_house.clock.advance(1)
    small_house.serving.look()
    assert small_house.reports()[-1].fault == ""


def test_whatever_goes_wrong_with_new_keys_the_old_ones_are_withdrawn(
    small_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: object) -> None:
        raise RuntimeError

    _withdraw_all(small_house)
    monkeypatch.setattr("idp.serving.load_secrets", defect)
    small_house.serving._try(small_house.serving.look)
    assert _published(small_house) == set()


def test_a_change_of_the_keys_is_reported_by_the_next_second(small_house: House) -> None:
    small_house.serving.look()
    _withdraw_all(small_house)
    small_house.serving.look()
    small_house.clock.advance(1)
    small_house.serving.look()
    assert small_house.reports()[-1].seen_at == small_house.clock()


@pytest.mark.parametrize("name", ["key_encryption_key", "pepper", "form_key"])
def test_a_new_version_of_a_secret_changes_no_other_setting(
    guarded_house: House, name: str
) -> None:
    _add_version(guarded_house, name)
    assert guarded_house.tell().fault == ""


@pytest.fixture(name="guarded_house")
def _guarded_house(
    postgresql_folder: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    """A house whose database has a password, though PostgreSQL trusts us without it."""
    folder, database = postgresql_folder
    monkeypatch.setenv("IDP_DB_URL", database.replace("@", ":a-password@"))
    yield from _opened(folder, database, url='{ env = "IDP_DB_URL" }')


def test_after_a_leak_of_the_key_encryption_key_its_old_version_can_go(
    guarded_house: House,
) -> None:
    # docs/operations.md: a new version, idp reload, idp keys rotate --now, remove the old line.
    house = guarded_house
    assert "a-password" in house.serving.assembly.settings.database.url
    tokens = house.tokens()
    house.serving.look()  # it is known before anybody asks
    file = _add_version(house, "key_encryption_key")
    assert _reloaded(house) == ""
    made = _withdraw_all(house)
    house.serving.look()
    assert _published(house) == made
    assert house.userinfo(tokens) == 401
    file.write_text(file.read_text().splitlines()[1] + "\n")
    assert _reloaded(house) == ""
    status, fresh = house.refresh(tokens)
    assert (status, house.userinfo(fresh)) == (200, 200)


def _reloaded(house: House) -> str:
    """Do what `idp reload` does; return the fault that the process reported."""
    number = reload(house.config, clock=house.clock, wait=0).number
    house.serving.look()
    report = house.reports()[-1]
    assert report.number == number
    return report.fault


# -- what others know -----------------------------------------------------------------------------


def test_a_process_tells_what_it_serves_every_quarter_of_a_minute(small_house: House) -> None:
    small_house.serving.look()
    first = small_house.reports()
    assert len(first) == 1
    small_house.clock.advance(14)
    small_house.serving.look()
    assert small_house.reports() == first
    small_house.clock.advance(1)
    small_house.serving.look()
    assert small_house.reports()[0].seen_at == first[0].seen_at + 15


def test_processes_that_start_from_the_same_files_are_of_one_generation(
    sqlite_folder: tuple[Path, str],
) -> None:
    folder, database = sqlite_folder
    config = write_config(folder, database=database)
    found = []
    for _ in range(2):
        serving = Serving(config, read_and_judge(config), clock=FakeClock(), post=Desk())
        serving.look()
        assert isinstance(serving.assembly.stores, SqlStores)
        with serving.assembly.stores.read() as work:
            found.append(work.generations.find(node_of(config)))
        serving.assembly.stores.engine.dispose()
    assert found[0] == found[1]
    assert found[0]
    assert found[0].number == 1
    assert SECRET not in found[0].snapshot


def test_a_fault_in_a_look_ends_neither_the_watch_nor_what_is_served(
    small_house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def defect(*_: object) -> None:
        raise RuntimeError("a secret text")

    with monkeypatch.context() as broken:
        broken.setattr("idp.serving.judge", defect)
        with small_house.stores.write() as work:
            work.generations.store(node_of(small_house.config), "d", "{}", now=1)
        for _ in range(3):
            small_house.serving._try(small_house.serving.look)
    assert caplog.text.count("RuntimeError at") == 1
    assert "a secret text" not in caplog.text
    assert _names(small_house.browser().get(small_house.log_in_url))
    small_house.serving._try(small_house.serving.look)
    assert small_house.reports()[0].fault == ""


def test_a_node_is_a_machine_and_the_file_as_it_is_called(tmp_path: Path) -> None:
    name = node_of(tmp_path / "x" / ".." / "idp.toml")
    assert name.endswith(f":{tmp_path / 'idp.toml'}")
    assert not name.startswith(":")


def test_a_worker_carries_nothing_that_only_commands_need() -> None:
    program = "import sys, idp.serving; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    loaded = run.stdout.split()
    assert "flask" in loaded
    assert not {"alembic", "ijson", "rich", "tomlkit"} & {*loaded}
    program = "import sys, idp.serving; print('idp.admin' in sys.modules, 'idp.cli' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert run.stdout == "False False\n"


def test_assemblies_that_were_exchanged_are_forgotten(small_house: House) -> None:
    gone = [weakref.ref(small_house.serving.assembly)]
    for _ in range(3):
        assert small_house.tell().fault == ""
        gone.append(weakref.ref(small_house.serving.assembly))
    small_house.log_in()
    _wait_until(
        lambda: gc.collect() >= 0 and [ref() is None for ref in gone] == [*[True] * 3, False]
    )
