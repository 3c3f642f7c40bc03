"""`python -m tests.bench.users 1000000`: what importing and exporting that many users costs.

With `--postgresql` on a private PostgreSQL cluster, else on SQLite. Times are those of the command
alone, in CPU seconds: the database server's own are not counted.
"""

import argparse
import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import uuid
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.servers import running_postgresql

# `ru_maxrss` remembers the process that started the command, which may be larger: the kernel's
# high-water mark of the command's own memory does not.
_PROGRAM = """\
import atexit, re, sys
from pathlib import Path
from idp.cli import main
mark = lambda: re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
atexit.register(lambda: print(mark(), file=sys.stderr))
main()
"""
_CONFIG = """\
config_version = 1
issuer = "http://127.0.0.1:9000"
mode = "development"
database = {{ url = "{url}" }}
mail = {{ host = "127.0.0.1", port = 1, tls = "none", timeout = "3s", from = "no@example.bd" }}
"""
_COLUMNS = ("email", "name_bn", "name_en", "office", "hash", "enabled", "attributes", "id")
_HASH_SIGNS = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class Cost:
    """What a command took: CPU seconds, its largest resident set in MiB, and what it answered."""

    cpu: float
    rss: float
    answer: str


def write_people(path: Path, number: int) -> None:
    """Write a CSV file of `number` people of five thousand offices, the same every time."""
    dice = random.Random(1)  # noqa: S311 - people of a test, no secrets
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        for n in range(number):
            office = n % 5000
            rows.writerow(
                (
                    f"user{n}@office{office}.example.gov.bd",
                    f"উপজেলা নির্বাহী কর্মকর্তা {n}",
                    f"Upazila Officer {n}",
                    f"দপ্তর {office}",
                    f"probesh1:1:$2b$12${_signs(dice, 21)}.{_signs(dice, 31)}",
                    "true",
                    json.dumps({"office_code": str(office), "services": ["land", "birth"]}),
                    str(uuid.UUID(int=dice.getrandbits(128), version=4)),
                )
            )


def _signs(dice: random.Random, number: int) -> str:
    return "".join(dice.choices(_HASH_SIGNS, k=number))


def installed(folder: Path, url: str = "sqlite:///idp.sqlite") -> Path:
    """Make an installation in a folder and return its configuration file."""
    config = folder / "idp.toml"
    config.write_text(_CONFIG.format(url=url))
    cost(config, "init")
    return config


def cost(config: Path, *arguments: str) -> Cost:
    """Run an `idp` command in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        env={**os.environ, "IDP_CONFIG": str(config)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, int(ran.stderr.split()[-1]) / 1024, ran.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.users", description=__doc__)
    parser.add_argument("number", type=int)
    parser.add_argument("--postgresql", action="store_true")
    asked = parser.parse_args()
    cluster = running_postgresql() if asked.postgresql else nullcontext()
    with tempfile.TemporaryDirectory() as folder, cluster as server:
        url = server.url(server.create()) if server else "sqlite:///idp.sqlite"
        config, people = installed(Path(folder), url), Path(folder) / "people.csv"
        write_people(people, asked.number)
        for name in ("first import", "the same again"):
            print_cost(name, cost(config, "user", "import", str(people), "--apply"))
        out = str(Path(folder) / "out.csv")
        print_cost("export", cost(config, "user", "export", out, "--hashes"))


def print_cost(name: str, one: Cost) -> None:
    print(f"{name}: {one.cpu:.1f} s CPU, {one.rss:.0f} MiB; {one.answer.strip()}")  # noqa: T201


if __name__ == "__main__":
    main()
