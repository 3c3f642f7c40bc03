"""The list of every page and letter in every state that a person can meet, each a fixture.

The tests, the gallery, the screenshots, the trial of a theme and docs/pages.md all read it.
"""

from idp.theming.states import (
    code,
    developers,
    errors,
    first,
    link,
    login,
    logout,
    reset,
    update,
)
from idp.theming.states.letters import LETTERS
from idp.theming.states.state import FIELDS, LetterState, State

__all__ = ["FIELDS", "LETTERS", "STATES", "LetterState", "State"]

STATES: tuple[State, ...] = (
    *login.STATES,
    *code.STATES,
    *first.STATES,
    *reset.STATES,
    *update.STATES,
    *link.STATES,
    *logout.STATES,
    *errors.STATES,
    *developers.STATES,
)
