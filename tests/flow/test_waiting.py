"""Waits are told in seconds below a minute, else in minutes, and never too short."""

import pytest

from idp.flow.waiting import must_wait, must_wait_for, too_often
from idp.model.page import Message
from idp.stores.ports import Blocked


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, Message("err.rate.s", {"s": 1})),
        (1, Message("err.rate.s", {"s": 1})),
        (59, Message("err.rate.s", {"s": 59})),
        (60, Message("err.rate", {"n": 1})),
        (61, Message("err.rate", {"n": 2})),
        (3600, Message("err.rate", {"n": 60})),
    ],
)
def test_a_wait_is_told_as_people_understand_it(seconds, told):
    assert too_often(seconds) == told
    assert must_wait(seconds, now=100, user_typed="").error == told


def test_whoever_must_wait_waits_at_least_a_second():
    assert must_wait(0, now=100, user_typed="a@b.bd").until == 101


def test_a_counter_that_only_somebody_can_open_is_told_as_an_hour():
    closed = must_wait_for(Blocked(until=None), now=100, user_typed="")
    assert closed.error == Message("err.rate", {"n": 60})
    assert must_wait_for(Blocked(until=142), now=100, user_typed="").until == 142
