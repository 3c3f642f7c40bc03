"""A server under load whose files change every second, well and badly: nobody notices."""

import base64
import contextlib
import itertools
import json
import queue
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from idp.admin.generations import reload
from idp.admin.installation import directory
from idp.demo import mailbox
from idp.demo.letters import Letterbox
from idp.serving import node_of
from idp.settings import MistakesFound
from idp.settings.succession import RestartNeeded
from idp.stores.sql import SqlStores, open_engine
from idp.verdict import load_settings
from tests.servers import free_port
from tests.system import CALLBACK, PASSWORD, SECRET, VERIFIER, authorize_url, write_config
from tests.walks.processes import (
    DISCOVERY,
    PATIENCE,
    HttpBrowser,
    Program,
    answers,
    codes_in,
    idp_run,
    running,
    wait_for_code,
)

WORKERS = 2
LASTS = 10  # seconds of load, more on a busy machine
LOGINS = 5  # a second
REQUESTS = 50  # a second: a login page, tokens or userinfo, in turn
PEOPLE = 10  # each walks through one login at a time
CALLERS = 6
TAKEN = "of the configuration is served"
KEPT = "the old configuration is kept: "
SCOPE = "openid profile email offline_access"


@dataclass(frozen=True)
class Variant:
    """What changes together from one good generation to the next; no answer may mix two."""

    lifetime: int
    audience: str
    name: str
    support: str


VARIANTS = (
    Variant(60, "urn:api:one", "ব্যাকঅফিস", "support@example.gov.bd"),
    Variant(70, "urn:api:two", "কার্যালয়", "help@example.gov.bd"),
)
BROKEN = (
    ("this is not TOML\n", MistakesFound),
    ('[theme]\nname = "no-such-theme"\n', MistakesFound),
    ('[session]\nidle = "an hour"\n', MistakesFound),
    ("[listen]\nthreads = 4\n", RestartNeeded),
)


@dataclass
class Server:
    """The running server, its mailbox, and what was seen of it."""

    issuer: str
    config: Path
    program: Program
    letterbox: Letterbox
    base: str
    database: str
    done: Counter[str] = field(default_factory=Counter)
    given: Counter[int] = field(default_factory=Counter)  # ticks by their pace
    seen: Counter[Variant] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    counting: threading.Lock = field(default_factory=threading.Lock)

    def write(self, number: int, broken: str = "") -> None:
        """Write the variant `number`, or that and something broken."""
        write(self.config, self.base, VARIANTS[number % 2], broken)

    # What the load does; each raises AssertionError when something is wrong.

    def log_in(self, person: int, session: requests.Session) -> dict[str, Any]:
        user = user_of(person)
        before = len(codes_in(self.letterbox, user))
        with HttpBrowser(home=(self.issuer,)) as browser:
            browser.get(self.issuer + authorize_url(scope=SCOPE))
            browser.press(userid=user, password=PASSWORD)
            answer = browser.press(code=wait_for_code(self.letterbox, before, user)).answer
        assert "code" in answer, answer
        tokens = self._tokens(
            session,
            grant_type="authorization_code",
            code=answer["code"],
            redirect_uri=CALLBACK,
            code_verifier=VERIFIER,
        )
        self._tokens(session, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert self._userinfo(session, tokens)["email"] == user
        self.count("login")
        return tokens

    def page(self, session: requests.Session) -> None:
        session.cookies.clear()
        answer = session.get(self.issuer + authorize_url(), timeout=15)
        assert answer.status_code == 200, answer.status_code
        self._note(lambda v: v.name in answer.text and v.support in answer.text)
        self.count("page")

    def tokens(self, session: requests.Session) -> None:
        self._tokens(session, grant_type="client_credentials")
        self.count("tokens")

    def userinfo(self, session: requests.Session, tokens: dict[str, Any]) -> None:
        self._userinfo(session, tokens)
        self.count("userinfo")

    def _tokens(self, session: requests.Session, **form: str) -> dict[str, Any]:
        answer = session.post(
            f"{self.issuer}/token", data=form, auth=("backoffice", SECRET), timeout=15
        )
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:200]}"
        tokens: dict[str, Any] = answer.json()
        claims = claims_of(tokens["access_token"])
        audience = claims["aud"] if isinstance(claims["aud"], str) else claims["aud"][0]
        told = (tokens["expires_in"], claims["exp"] - claims["iat"], audience)
        self._note(lambda v: (v.lifetime, v.lifetime, v.audience) == told)
        return tokens

    def _userinfo(self, session: requests.Session, tokens: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        answer = session.get(f"{self.issuer}/userinfo", headers=headers, timeout=15)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:200]}"
        person: dict[str, Any] = answer.json()
        return person

    def _note(self, is_of: Callable[[Variant], bool]) -> None:
        """Note of which variant an answer is: of exactly one."""
        fitting = [variant for variant in VARIANTS if is_of(variant)]
        assert len(fitting) == 1, f"an answer of {len(fitting)} generations"
        with self.counting:
            self.seen[fitting[0]] += 1

    def count(self, what: str) -> None:
        with self.counting:
            self.done[what] += 1


def user_of(person: int) -> str:
    return f"person{person}@example.gov.bd"


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims


def write(config: Path, base: str, variant: Variant, broken: str = "") -> None:
    """Write the file, whole or not at all: a server may read it at any moment."""
    text = base.replace("ব্যাকঅফিস", variant.name).replace(
        'client_id = "backoffice"',
        f'client_id = "backoffice"\naccess_token_audience = "{variant.audience}"',
    )
    text = text.replace("support@example.gov.bd", variant.support)
    draft = config.with_name("draft")
    draft.write_text(f'{text}\n[tokens]\naccess = "{variant.lifetime}s"\n{broken}', "utf-8")
    draft.replace(config)


@contextlib.contextmanager
def _serving(folder: Path, database: str) -> Iterator[Server]:
    port, smtp_port, letterbox = free_port(), free_port(), Letterbox()
    issuer = f"http://127.0.0.1:{port}"
    config = write_config(folder, database=database, smtp_port=smtp_port, issuer=issuer)
    clients = (folder / "clients.d" / "all.toml").read_text("utf-8")
    base = config.read_text("utf-8").replace('include = ["clients.d/*.toml"]', "") + clients
    write(config, base, VARIANTS[0])
    url = load_settings(config).database.url
    _settle(config)
    with (
        mailbox.receiving(letterbox, smtp_port),
        running(
            idp_run(config, port, workers=WORKERS),
            output=folder / "log",
            until=answers(issuer + DISCOVERY),
        ) as program,
    ):
        yield Server(issuer, config, program, letterbox, base, url)


def _settle(config: Path) -> None:
    people = directory(load_settings(config))
    for person in range(PEOPLE):
        people.add(user_of(person))
        people.set_password(user_of(person), PASSWORD)
    assert isinstance(people._stores, SqlStores)
    people._stores.engine.dispose()


def _runner(server: Server, ticks: "queue.Queue[bool]", walk: Callable[[], None]) -> None:
    """Walk once a tick until a false one comes."""
    while ticks.get():
        try:
            walk()
        except (AssertionError, requests.RequestException) as error:
            server.faults.append(f"{type(error).__name__}: {error}")


def _caller(server: Server, tokens: dict[str, Any]) -> Callable[[], None]:
    """Return what a calling thread does at a tick: a page, tokens and userinfo in turn."""
    session, turns = requests.Session(), itertools.cycle(range(3))

    def call() -> None:
        match next(turns):
            case 0:
                server.page(session)
            case 1:
                server.tokens(session)
            case _:
                server.userinfo(session, tokens)

    return call


def _walker(server: Server, person: int) -> Callable[[], None]:
    session = requests.Session()

    def walk() -> None:
        server.log_in(person, session)

    return walk


@dataclass(frozen=True)
class Beat:
    """A pace a second, and the threads that share its ticks."""

    pace: int
    tasks: list[Callable[[], None]]
    ticks: "queue.Queue[bool]" = field(default_factory=queue.Queue)


@contextlib.contextmanager
def _under_load(server: Server) -> Iterator[None]:
    """Keep the pace of logins and requests while the block runs; wait until all are answered."""
    tokens = server.log_in(0, requests.Session())
    stop = threading.Event()
    walks = [_walker(server, person) for person in range(PEOPLE)]
    calls = [_caller(server, tokens) for _ in range(CALLERS)]
    threads = []
    for beat in (Beat(LOGINS, walks), Beat(REQUESTS, calls)):
        threads += [
            threading.Thread(target=_runner, args=(server, beat.ticks, t)) for t in beat.tasks
        ]
        threads.append(threading.Thread(target=_beat, args=(server, beat, stop)))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _beat(server: Server, beat: Beat, stop: threading.Event) -> None:
    """Give `pace` ticks a second until it is over, whatever the server does; then the ends."""
    began = time.monotonic()
    for number in itertools.count():
        stop.wait(max(0.0, began + number / beat.pace - time.monotonic()))
        if stop.is_set():
            break
        beat.ticks.put(True)
        server.given[beat.pace] += 1
    for _ in beat.tasks:
        beat.ticks.put(False)


def _tell(server: Server) -> None:
    """Tell the processes to read the file, whatever stands in it: they judge for themselves."""
    engine, node = open_engine(server.database), node_of(server.config)
    with SqlStores(engine).write() as work:
        last = work.generations.find(node)
        assert last
        work.generations.store(node, last.digest, last.snapshot, now=last.stored_at)
    engine.dispose()


def _change(server: Server, second: int) -> None:
    """Reload at every odd second; at the others break the file, and see that it is refused."""
    if second % 2:
        server.write(second // 2 + 1)
        with _told_by_all(server, TAKEN):
            server.program.process.send_signal(signal.SIGHUP)
        return
    broken, error = BROKEN[second // 2 % len(BROKEN)]
    server.write(second // 2, broken)
    with pytest.raises(error):
        reload(server.config)
    if second % 4:
        server.write(second // 2)
    else:
        with _told_by_all(server, KEPT):
            _tell(server)


@contextlib.contextmanager
def _told_by_all(server: Server, words: str) -> Iterator[None]:
    """Wait until every process has told these words once more than before the block."""
    before, deadline = server.program.log.count(words), time.monotonic() + PATIENCE
    yield
    while server.program.log.count(words) < before + WORKERS:
        assert time.monotonic() < deadline, server.program.log[-2000:]
        time.sleep(0.05)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_reloads_every_second_lose_nothing_and_mix_nothing(
    request: pytest.FixtureRequest, database: str
) -> None:
    with _serving(*request.getfixturevalue(f"{database}_folder")) as server:
        with _under_load(server):
            began = time.monotonic()
            for second in range(1, LASTS + 1):
                time.sleep(max(0.0, began + second - time.monotonic()))
                _change(server, second)
        server.write(1)
        told = reload(server.config, wait=PATIENCE)
        assert (len(told.took), told.kept, told.silent) == (WORKERS, (), ())

        assert server.faults == []
        calls = {name: server.done[name] for name in ("page", "tokens", "userinfo")}
        assert server.done["login"] == server.given[LOGINS] + 1 > LOGINS * LASTS / 2
        assert sum(calls.values()) == server.given[REQUESTS] > REQUESTS * LASTS / 2
        assert min(calls.values()) > LASTS
        assert all(server.seen[variant] > LASTS for variant in VARIANTS), server.seen
        assert server.program.stop() == 0
        log = server.program.log
    assert log.count(TAKEN) >= WORKERS * LASTS / 2
    assert len(re.findall(rf"{KEPT}\S+idp\.toml:\d+:\d+ ", log)) >= WORKERS
    assert "Traceback" not in log
    assert "espawning" not in log, "that would be what granian does at SIGHUP"


def test_a_hangup_says_what_became_of_it(sqlite_folder: tuple[Path, str]) -> None:
    with _serving(*sqlite_folder) as server:
        server.write(1)
        server.program.process.send_signal(signal.SIGHUP)
        _wait_for(server, "was taken by 2 processes.")
        server.write(0, "this is not TOML\n")
        server.program.process.send_signal(signal.SIGHUP)
        _wait_for(server, "E002 is not TOML")
        server.page(requests.Session())
        assert server.seen[VARIANTS[1]] == 1


def _wait_for(server: Server, words: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while words not in server.program.log:
        assert time.monotonic() < deadline, server.program.log[-2000:]
        time.sleep(0.05)


def test_processes_of_another_server_take_a_reload_too(sqlite_folder: tuple[Path, str]) -> None:
    folder, database = sqlite_folder
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    config = write_config(folder, database=database, issuer=issuer)
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(WORKERS), "--worker-class", "gthread", "--threads", "4"]
    with running(
        command,
        output=folder / "log",
        until=answers(issuer + DISCOVERY),
        environ={"IDP_CONFIG": str(config)},
    ) as program:
        deadline = time.monotonic() + PATIENCE
        while len(reload(config, wait=PATIENCE).took) < WORKERS:  # the second may still be starting
            assert time.monotonic() < deadline, program.log[-2000:]
        assert program.stop() == 0
        assert "Traceback" not in program.log
    assert reload(config).took == (), "who stops says so"
