"""Every step has its companions: a page, words in both languages, a test of its own."""

from pathlib import Path

import pytest

from idp.theming.states import STATES

ROOT = Path(__file__).resolve().parents[2]
FLOW = ROOT / "idp/flow"
STEPS = sorted(
    p.relative_to(FLOW).with_suffix("")
    for folder in ("authenticators", "required_actions")
    for p in (FLOW / folder).glob("*.py")
    if p.stem != "__init__"
)
PAGES = {
    "password": "login",
    "email_otp": "code",
    "mailbox_first": "first",
    "reset_credentials": "reset",
    "update_password": "update",
}
WORDS = {
    "password": "login",
    "email_otp": "otp",
    "mailbox_first": "otp",
    "reset_credentials": "reset",
    "update_password": "upd",
}


def test_the_steps_are_found():
    assert {step.name for step in STEPS} == set(PAGES)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_step_has_a_page_in_the_list_of_states(step: Path):
    page = PAGES[step.name]
    assert page in {state.page.name for state in STATES}
    assert list((ROOT / "themes/base/templates").glob(f"{page}.*"))


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize("language", ["bn", "en"])
def test_a_step_has_its_words(step: Path, language: str):
    catalogue = (ROOT / f"themes/base/locale/{language}/LC_MESSAGES/messages.po").read_text("utf-8")
    assert f'msgid "{WORDS[step.name]}.h1"' in catalogue


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_step_has_a_test_beside_its_place(step: Path):
    test = ROOT / "tests/flow" / step.parent / f"test_{step.name}.py"
    assert test.exists()
    assert test.read_text("utf-8").count("def test_") >= 3


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_step_is_put_together(step: Path):
    assert f'"{step.name}":' in (ROOT / "idp/app.py").read_text("utf-8")
