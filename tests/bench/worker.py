"""One worker, alone in a process of its own: what starting it costs, and how large it becomes.

`python -m tests.bench.worker CONFIG REQUESTS` prints JSON: `start`, CPU seconds from the
interpreter's birth to an application that could answer, and `rss`, MiB after so many requests.
"""

import json
import sys
import time
from pathlib import Path

from idp import app as house


def main(config: str, requests: int) -> None:
    settings = house.load_settings(Path(config))
    wsgi = house.assemble(settings, house.load_secrets(settings.secrets_dir)).wsgi
    started = time.process_time()
    if requests:
        _serve(wsgi, requests)
    sys.stdout.write(json.dumps({"start": started, "rss": _rss()}))


def _serve(wsgi: house.Wsgi, requests: int) -> None:
    # Only now: what the bench itself imports is not part of a worker's start.
    from tests.bench.harness import call, environ  # noqa: PLC0415

    query = Path("/dev/stdin").read_text(encoding="utf-8")
    for number in range(requests):
        url = (query, "/jwks", "/userinfo", "/nowhere")[number % 4]
        call(wsgi, environ("GET", url, headers={"Accept-Encoding": "gzip"}))


def _rss() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    resident = next(line for line in lines if line.startswith("VmRSS:"))
    return int(resident.split()[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
