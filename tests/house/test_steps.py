"""Every step has its companions: a page, words in both languages, a test of its own."""

from pathlib import Path

import pytest

from idp.theming.pages import STATES

ROOT = Path(__file__).resolve().parents[2]
STEPS = sorted(
    p.stem for p in (ROOT / "idp/flow/authenticators").glob("*.py") if p.stem != "__init__"
)
PAGES = {"password": "login", "email_otp": "code"}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_a_page_in_the_list_of_states(step: str):
    assert PAGES[step] in {state.page.name for state in STATES}
    assert list((ROOT / "themes/base/templates").glob(f"{PAGES[step]}.*"))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("language", ["bn", "en"])
def test_a_step_has_its_words(step: str, language: str):
    catalogue = (ROOT / f"themes/base/locale/{language}/LC_MESSAGES/messages.po").read_text("utf-8")
    prefix = {"password": "login", "email_otp": "otp"}[step]
    assert f'msgid "{prefix}.h1"' in catalogue


@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_a_test_beside_its_place(step: str):
    test = ROOT / f"tests/flow/authenticators/test_{step}.py"
    assert test.exists()
    assert test.read_text("utf-8").count("def test_") >= 3


@pytest.mark.parametrize("step", STEPS)
def test_a_step_can_be_named_in_the_configuration_and_is_put_together(step: str):
    assert f'"{step}":' in (ROOT / "idp/app.py").read_text("utf-8")
