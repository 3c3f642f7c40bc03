"""One worker, alone in a process of its own: what starting it costs, and how large it becomes.

`python -m tests.bench.worker CONFIG REQUESTS URL` prints JSON: `start`, CPU seconds from the
interpreter's birth to an application that could answer, and `rss`, MiB after so many requests, of
which every fourth is for `URL`.
"""

import json
import sys
import time
from pathlib import Path

from idp import app as house
from idp.settings import load_secrets
from idp.verdict import load_settings
from tests.bench.harness import call, environ


def main(config: str, requests: int, url: str) -> None:
    settings = load_settings(Path(config))
    wsgi = house.assemble(settings, load_secrets(settings.secrets_dir)).wsgi
    started = time.process_time()
    urls = (url, "/jwks", "/userinfo", "/nowhere")
    for number in range(requests):
        asked = environ("GET", urls[number % 4], headers={"Accept-Encoding": "gzip"})
        call(wsgi, asked)
    sys.stdout.write(json.dumps({"start": started, "rss": _rss()}))


def _rss() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    resident = next(line for line in lines if line.startswith("VmRSS:"))
    return int(resident.split()[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
