"""Importing users takes the same memory however many they are."""

from pathlib import Path

from tests.bench.users import cost, installed, write_people

_MOST = 130  # MiB
_GROWTH = 1.2


def test_ten_times_as_many_users_take_no_more_memory(tmp_path: Path) -> None:
    config, people = installed(tmp_path), tmp_path / "people.csv"
    taken: list[float] = []
    for number in (2_000, 20_000):
        write_people(people, number)
        one = cost(config, "user", "import", str(people), "--apply")
        assert f"added {18_000 if taken else 2_000}," in one.answer
        taken.append(one.rss)
    exported = cost(config, "user", "export", str(tmp_path / "out.csv"))
    assert exported.answer.startswith("20000 users")
    assert max(taken[1], exported.rss) < min(_MOST, taken[0] * _GROWTH)
