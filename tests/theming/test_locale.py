import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.theming.locale import choose

OFFERED = ("bn", "en")


def test_without_any_wish_the_default_is_spoken():
    assert choose(OFFERED, "bn") == "bn"


def test_the_clients_wish_beats_the_saved_choice_and_that_beats_the_browser():
    assert choose(OFFERED, "bn", saved="bn", ui_locales=("en",), accept_language="bn") == "en"
    assert choose(OFFERED, "bn", saved="en", accept_language="bn") == "en"


def test_the_clients_wish_beats_the_browser():
    assert choose(OFFERED, "bn", ui_locales=("fr", "en-GB"), accept_language="bn") == "en"


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("en-US,en;q=0.9", "bn"),
        ("en-US", "bn"),
        ("en-US,en;q=0.9,bn;q=0.8", "bn"),
        ("en,en-US;q=0.9", "en"),
        ("en-GB,en-US;q=0.9,en;q=0.8", "en"),
        ("en", "en"),
        ("bn-BD", "bn"),
        ("BN_bd", "bn"),
        ("fr, de;q=0.9", "bn"),
        ("en;q=0.3, bn;q=0.8", "bn"),
        ("bn;q=0, en;q=0.1", "en"),
        ("en; q=1.0", "en"),
        ("en;q=x", "bn"),
        ("en;q=²", "bn"),
        ("en;q=-1", "bn"),
        ("*", "bn"),
        (";;;,,,", "bn"),
    ],
)
def test_the_header_of_the_browser_is_read_by_weight(header, locale):
    assert choose(OFFERED, "bn", accept_language=header) == locale


def test_only_the_first_twenty_languages_of_a_header_are_looked_at():
    assert choose(OFFERED, "bn", accept_language="fr," * 20 + "en") == "bn"


def test_unknown_wishes_are_no_error():
    assert choose(OFFERED, "bn", saved="xx", ui_locales=("", "tlh", "🙂")) == "bn"


@given(st.text(), st.lists(st.text(), max_size=3), st.text())
def test_whatever_is_sent_an_offered_language_is_spoken(saved, wishes, header):
    chosen = choose(OFFERED, "bn", saved=saved, ui_locales=wishes, accept_language=header)
    assert chosen in OFFERED
