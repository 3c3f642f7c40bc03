"""Programs that tests start beside them, and a browser without script that speaks real HTTP."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from idp.demo.letters import Letterbox
from tests.browser import Form, _Reader, form_with
from tests.system import codes_of

ROOT = Path(__file__).parents[2]
IDP = (sys.executable, "-c", "from idp.cli import main; main()")
# Eight programs start here, three times as slow where a machine forbids to keep compiled modules.
ENVIRON = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
DISCOVERY = "/.well-known/openid-configuration"
PATIENCE = 30  # seconds; two busy cores may be slow
STOP_WITHIN = 12  # seconds; granian gives requests under way 10


@dataclass
class Program:
    """A running program whose output goes to a file."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def log(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code; a program that does not stop is killed."""
        self.process.send_signal(with_signal)
        try:
            return self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise AssertionError(f"it does not stop:\n{self.log[-2000:]}") from None


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    *,
    output: Path,
    until: Callable[[], bool],
    environ: Mapping[str, str] | None = None,
    folder: Path = ROOT,
) -> Iterator[Program]:
    """Run a program from the repository's root; yield it once `until` says that it is up."""
    with output.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **ENVIRON, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    program = Program(process, output)
    try:
        _wait_for(program, until)
        yield program
    finally:
        if process.poll() is None:
            program.stop()


def _wait_for(program: Program, until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        gone = program.process.poll() is not None
        assert not gone, f"it stopped at once:\n{program.log[-2000:]}"
        assert time.monotonic() < deadline, f"it does not answer:\n{program.log[-2000:]}"
        time.sleep(0.05)


def answers(url: str, *, verify: bool | str = True) -> Callable[[], bool]:
    """Return a question: does this address answer without a server error?"""

    def ask() -> bool:
        try:
            return requests.get(url, timeout=5, verify=verify).status_code < 500
        except (requests.ConnectionError, requests.Timeout):  # gunicorn listens before it answers
            return False

    return ask


def idp_run(config: Path, port: int, *, workers: int) -> list[str]:
    """Return the command line of `idp run` for this configuration file."""
    return [*IDP, "--config", str(config), "run", "--port", str(port), "--workers", str(workers)]


def codes_in(letterbox: Letterbox, to: str = "") -> list[str]:
    """Return the codes that have come (`to` a mailbox), the newest first.

    Other letters come too, whenever they like: a login in a new browser is told of by one.
    """
    return [
        code
        for letter in letterbox.all()
        if not to or to in {recipient.address for recipient in letter.recipients}
        for code in codes_of(letter.text)
    ]


def wait_for_code(letterbox: Letterbox, seen: int, to: str = "") -> str:
    """Return the one code after the first `seen` ones, once it has come."""
    deadline = time.monotonic() + PATIENCE
    while len(codes := codes_in(letterbox, to)) <= seen:
        assert time.monotonic() < deadline, f"no code came {to and f'to {to}'}"
        time.sleep(0.02)
    assert len(codes) == seen + 1, "a letter came twice"
    return codes[0]


def code_of(text: str) -> str:
    """Return the code that stands in a letter's text, on a line of its own."""
    (code,) = codes_of(text)
    return code


@dataclass
class HttpBrowser:
    """Keeps cookies, fills real forms, and stops where a redirect leaves the `home` origins."""

    home: tuple[str, ...]
    verify: bool | str = True
    headers: dict[str, str] = field(default_factory=dict)
    session: requests.Session = field(default_factory=requests.Session)
    page: requests.Response = field(default_factory=requests.Response)
    left_to: str = ""  # a redirect away from home

    def __enter__(self) -> Self:
        # A connection a request: whichever worker takes it must know the conversation.
        self.session.headers.update({"Connection": "close", **self.headers})
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def get(self, url: str) -> "HttpBrowser":
        return self._go("GET", url, {})

    def press(self, value: str = "submit", *, name: str = "action", **typed: str) -> "HttpBrowser":
        """Fill the form that has this button and press it."""
        form = form_with(self.forms, name, value)
        assert form, f"no button {name}={value} on {self.page.url}: {self.text[:300]}"
        data = {**form.fields, **typed, name: value}
        return self._go("POST", urljoin(self.page.url, form.action), data)

    @property
    def forms(self) -> list[Form]:
        return self._read().forms

    @property
    def text(self) -> str:
        return " ".join(self._read().text)

    @property
    def answer(self) -> dict[str, str]:
        """The parameters of the redirect that left."""
        return dict(parse_qsl(urlsplit(self.left_to).query))

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self.session.cookies}

    def _read(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.page.text)
        return reader

    def _go(self, method: str, url: str, data: Mapping[str, str]) -> "HttpBrowser":
        self.left_to = ""
        for _ in range(8):
            parts = urlsplit(url)
            origin = f"{parts.scheme}://{parts.netloc}"
            if origin not in self.home:
                self.left_to = url
                return self
            headers = {"Origin": origin} if method == "POST" else {}
            self.page = self.session.request(
                method,
                url,
                data=data,
                headers=headers,
                verify=self.verify,  # here, for the environment overrules a session's own
                timeout=15,
                allow_redirects=False,
            )
            if self.page.status_code not in {301, 302, 303}:
                return self
            method, data, url = "GET", {}, urljoin(url, self.page.headers["Location"])
        raise AssertionError(f"too many redirects at {url}")
