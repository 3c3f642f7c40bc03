"""Who may ask for another link: what others asked for, and what has died, keeps nobody waiting."""

import pytest

from tests.signin.leaving import directory
from tests.signin.resetting import (
    NEW,
    SENT,
    SUCCESS,
    USER,
    ask_alone,
    bare,
    choose,
    link,
    stranger,
)
from tests.system import System, log_in

MOVED = "moved@example.gov.bd"


def _have_three_links(system: System) -> None:
    for _ in range(3):
        ask_alone(system)
        assert link(system)
        system.clock.advance(61)


def test_three_links_that_live_are_enough(system: System):
    _have_three_links(system)
    system.clock.advance(900)
    assert SENT in ask_alone(system).text
    assert system.deliver() == []


def test_links_of_an_earlier_mailbox_keep_nobody_waiting(system: System):
    _have_three_links(system)
    with directory(system) as people:
        people.set_email(USER, MOVED)
    ask_alone(system, userid=MOVED)
    assert SUCCESS in choose(stranger(system).get(link(system))).text
    assert {to for to, _ in system.deliver()} == {MOVED}


@pytest.mark.parametrize("temporary", [True, False])
def test_links_from_before_the_helpdesk_set_a_password_keep_nobody_waiting(
    system: System, temporary: bool
):
    _have_three_links(system)
    with directory(system) as people:
        people.set_password(USER, "Surma#Nodi66", temporary=temporary)
    system.clock.advance(900)
    ask_alone(system)
    assert SUCCESS in choose(stranger(system).get(link(system))).text


def _flood(system: System) -> None:
    """Let strangers ask for as many links as a mailbox gets in a day."""
    for _ in range(10):
        ask_alone(system)
        assert link(system)
        system.clock.advance(901)


def test_a_flood_from_elsewhere_shuts_no_known_browser_out(system: System):
    known = log_in(system)
    _flood(system)
    assert SENT in ask_alone(system).text
    assert system.deliver() == []  # a stranger waits for the letter of the next hour
    ask_alone(system, known)
    assert SUCCESS in choose(known.get(link(system))).text


def test_a_known_browser_pauses_between_two_links_as_everybody_does(system: System):
    known = log_in(system)
    _flood(system)
    ask_alone(system, known)
    assert link(system)
    assert "১ মিনিট পরে" in known.text
    system.clock.advance(59)
    known.press("resend")
    assert system.deliver() == []
    assert "১ সেকেন্ড পরে" in known.text
    system.clock.advance(1)
    known.press("resend")
    assert link(system)


def test_the_browser_of_another_user_is_known_for_nobody_else(small: System):
    with directory(small) as people:
        people.set_password("new@example.gov.bd", NEW)
    neighbour = log_in(small)
    for _ in range(10):
        ask_alone(small, userid="new@example.gov.bd")
        assert link(small)
        small.clock.advance(901)
    ask_alone(small, neighbour, userid="new@example.gov.bd")
    assert small.deliver() == []


def test_both_pages_look_the_same_to_a_browser_that_is_known_for_nobody(small: System):
    """Whether a mailbox is flooded tells nobody whether it is one of ours."""
    told = []
    for userid in (USER, "nobody@example.gov.bd"):
        for _ in range(10):
            ask_alone(small, userid=userid)
            small.clock.advance(901)
        browser = ask_alone(small, userid=userid)
        told.append((browser.status, bare(browser)))
    assert told[0] == told[1]
