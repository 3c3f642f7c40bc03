"""`make bench`: the table of docs/performance.md, measured on this machine. Nothing fails on it.

`python -m tests.bench --where ROW` tells instead where the time of the rows of that name goes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.bench.harness import Reached, Row, measure
from tests.bench.rows import rows
from tests.bench.where import Samples, sample
from tests.system import authorize_url

HOUSE = Path(__file__).parents[2]
_START, _RSS = 1.5, 90  # CPU seconds, MiB: goals of one worker
_LEAST = 3  # percent; what takes less time is not told


def main() -> None:
    asked = _asked()
    with tempfile.TemporaryDirectory() as folder:
        table = rows(Path(folder))
        if asked.where:
            for row in table:
                if asked.where in row.name:
                    print_samples(row, sample(row, asked.rounds * asked.calls))
            return
        print_table(measure(table, rounds=asked.rounds, calls=asked.calls))
        print_worker(Path(folder) / "idp.toml", starts=5, requests=1000)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--calls", type=int, default=30, help="of each row in a round")
    parser.add_argument("--where", default="", metavar="ROW", help="profile instead of measuring")
    return parser.parse_args()


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def print_table(reached: list[Reached]) -> None:
    width = max(len(one.row.name) for one in reached)
    tell(f"{'':{width}}  reached   goal   half of the rounds   µs")
    for one in reached:
        low, high = one.quartiles
        tell(
            f"{one.row.name:{width}}  {one.ratio:5.2f} E {_goal(one.row.goal, ' E')}"
            f"   {low:6.2f} … {high:6.2f}  {one.microseconds:7.0f}  {_verdict(one)}".rstrip()
        )


def print_worker(config: Path, *, starts: int, requests: int) -> None:
    started = median(worker(config, 0)["start"] for _ in range(starts))
    resident = worker(config, requests)["rss"]
    tell(f"\nstart of a worker, CPU    {started:6.2f} s   goal {_START} s")
    tell(f"RSS of a worker after {requests} requests  {resident:6.1f} MiB   goal {_RSS} MiB")
    tell("peer in another product: none available on this machine")


def worker(config: Path, requests: int) -> dict[str, float]:
    """Run a worker in a process of its own."""
    url = authorize_url()
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.worker", str(config), str(requests), url],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def print_samples(row: Row, samples: Samples) -> None:
    """Print the packages that time is spent in, then the functions that it is spent below."""
    tell(f"\n{row.name}: {samples.total} samples")
    for title, counted in (("in", samples.at_top), ("below", samples.within)):
        for name, count in counted.most_common(60):
            share = 100 * count / samples.total
            if share >= _LEAST:
                tell(f"  {share:5.1f} % {title} {name}")


def _goal(goal: float | None, unit: str) -> str:
    return f"{goal:4}{unit}" if goal is not None else " " * (4 + len(unit))


def _verdict(one: Reached) -> str:
    return "missed" if one.row.goal is not None and one.ratio > one.row.goal else ""


if __name__ == "__main__":
    main()
