"""The `idp` command at a real terminal, with somebody who types."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
_PATIENCE = 30  # seconds; two busy cores may be slow
# The terminal becomes the program's own, so that Ctrl-C reaches it as it does in life.
_PROGRAM = (
    "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);from idp.cli import main; main()"
)


class Terminal:
    """A command that was started with `arguments` in `folder`."""

    def __init__(self, *arguments: str, folder: Path) -> None:
        self.outer, inner = pty.openpty()
        self.seen = ""
        environ = {name: value for name, value in os.environ.items() if name != "IDP_CONFIG"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *arguments],
            cwd=folder,
            env={**environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"},
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.outer)

    def answer(self, question: str, text: str) -> None:
        """Wait for a question and type an answer."""
        self.wait_for(question)
        self.seen = ""
        os.write(self.outer, text.encode())

    def interrupt(self, question: str) -> tuple[int, str]:
        """Wait for a question and press Ctrl-C until the command stops; return as `end` does.

        Once may be too early: Python hears of it only when the reading of a line begins or ends.
        Once more while Python itself ends would be its end by the signal.
        """
        self.answer(question, "\x03")
        for _ in range(_PATIENCE // 3):
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self._read()
                if "Stopped." not in self.seen:
                    os.write(self.outer, b"\x03")
            else:
                break
        return self.end()

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while words not in self.seen:
            assert time.monotonic() < deadline, self.seen
            self._read()

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and what was shown since the last answer."""
        deadline = time.monotonic() + _PATIENCE
        while self._read() or self.process.poll() is None:
            assert time.monotonic() < deadline, self.seen
        return self.process.wait(), self.seen.replace("\r\n", "\n")

    def _read(self) -> bool:
        if not select.select([self.outer], [], [], 0.1)[0]:
            return False
        try:
            octets = os.read(self.outer, 65_536)
        except OSError:  # the program has ended
            return False
        self.seen += octets.decode(errors="replace")
        return bool(octets)
