"""The bench cannot rot: every row runs once."""

from pathlib import Path

import pytest

from tests.bench.__main__ import print_samples, print_table, worker
from tests.bench.harness import Row, call, environ, measure
from tests.bench.leavers import Leavers
from tests.bench.rows import furnished, rows
from tests.bench.where import Samples, sample
from tests.signin.leaving import BYE


def test_every_row_of_the_table_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rows(tmp_path)
    reached = measure(table, rounds=1, calls=1)
    assert all(one.ratio > 0 for one in reached)
    print_table(reached)
    printed = capsys.readouterr().out
    assert all(row.name in printed for row in table)


def test_the_rows_of_a_reset_and_of_a_logout_do_all_of_their_work(tmp_path: Path) -> None:
    system = furnished(tmp_path)
    people, wsgi = Leavers(system), system.assembly.wsgi
    assert [call(wsgi, request).status for request in people.ask_for_link(3)] == [200] * 3
    assert [rendered.subject for _, rendered in system.deliver()] == ["পাসওয়ার্ড রিসেট করার লিংক"] * 3
    asked = people.update(3)
    assert [call(wsgi, request).status for request in asked] == [303] * 3
    assert len(system.deliver()) == 3
    told = [call(wsgi, request) for request in people.log_out(3)]
    assert [answer.headers["Location"] for answer in told] == [f"{BYE}?state=a-state"] * 3
    with system.stores.engine.connect() as connection:
        notices = connection.exec_driver_sql("SELECT count(*) FROM outbox WHERE lane = 'notice'")
        assert notices.scalar_one() == 3


def test_a_worker_tells_its_start_and_its_size(tmp_path: Path) -> None:
    rows(tmp_path)
    told = worker(tmp_path / "idp.toml", 8)
    assert 0 < told["start"] < 30
    assert 20 < told["rss"] < 300


def test_a_row_that_answers_wrongly_is_no_measurement() -> None:
    def wrong(_environ, start_response):
        start_response("500 INTERNAL SERVER ERROR", [])
        return [b"broken"]

    row = Row(name="wrong", goal=1, wsgi=wrong, prepare=lambda count: [environ("GET", "/")] * count)
    with pytest.raises(AssertionError, match="500 instead of 200: b'broken'"):
        measure([row], rounds=1, calls=1)


def test_the_time_of_a_row_is_told_by_package(capsys: pytest.CaptureFixture[str]) -> None:
    def busy(_environ, start_response):
        start_response("200 OK", [])
        return [str(sum(range(200_000))).encode()]

    row = Row(name="busy", goal=None, wsgi=busy, prepare=lambda n: [environ("GET", "/")] * n)
    samples = sample(row, 50)
    assert samples.total > 0
    assert samples.at_top["tests.bench"] > 0
    print_samples(row, Samples(total=1, at_top=samples.at_top))
    assert "in tests.bench" in capsys.readouterr().out
