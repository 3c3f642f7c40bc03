"""The pages past the login and code pages: their buttons, their ways out, what they tell when."""

from dataclasses import replace
from typing import Any

import pytest

from idp.model.page import Message, Page
from idp.theming import Frame
from idp.theming.states import FIELDS, STATES
from idp.theming.states import update as update_states
from tests.theming.reading import Reader, read
from tests.theming.samples import load

HOME = "https://backoffice.example.gov.bd/"
USER = "office@example.gov.bd"
OTHER = "registry@example.gov.bd"
RULES = tuple(rule for rule in update_states.RULES if rule.name in {"len", "upper", "digit"})


@pytest.fixture(scope="module")
def theme():
    return load()


@pytest.fixture
def show(theme):
    def render(name: str, view: dict[str, Any], *errors: Message, **frame: Any) -> Reader:
        known = {"action": "/update-password", "locale": "bn", "reference": "7F3K-21"}
        notice = frame.pop("notice", None)
        return read(theme.page(Page(name, view, errors, notice), Frame(**{**known, **frame})))

    return render


def buttons(page: Reader) -> list[str]:
    return [button.attributes["value"] for button in page.all("button", name="action")]


def reset(**changes: Any) -> dict[str, Any]:
    return {"user_id": "", "can_return": True, **changes}


def sent(**changes: Any) -> dict[str, Any]:
    return {"email": USER, "minutes": 30, "wait": 0, "can_return": True, **changes}


def update(**changes: Any) -> dict[str, Any]:
    return {"email": USER, "rules": RULES, "others": True, "other": "", **changes}


def logged_out(**changes: Any) -> dict[str, Any]:
    return {"unconfirmed": "", "is_waiting": False, "return_to": "", "client": "", **changes}


# -- asking for a link ----------------------------------------------------------------------------


def test_the_user_id_is_carried_over_to_the_reset_page(show):
    field = show("reset", reset(user_id=USER)).one("input", name="userid").attributes
    assert (field["value"], field["autocomplete"]) == (USER, "username")
    assert (field["type"], field["inputmode"]) == ("text", "email")


@pytest.mark.parametrize(("name", "view"), [("reset", reset()), ("sent", sent())])
def test_the_way_back_is_a_button_in_the_same_request(show, name, view):
    page = show(name, view, client_home=HOME)
    assert page.one("button", value="login").text == "« লগইনে ফিরে যান"
    assert buttons(page)[0] in {"submit", "resend"}  # what Enter presses
    assert not page.all("a", href=HOME)


@pytest.mark.parametrize(
    ("name", "view"), [("reset", reset(can_return=False)), ("sent", sent(can_return=False))]
)
def test_the_way_back_in_another_browser_is_the_clients_home_or_none(show, name, view):
    assert show(name, view, client_home=HOME).one("a", href=HOME).text == "« লগইনে ফিরে যান"
    assert "ফিরে যান" not in show(name, view).body
    assert "login" not in buttons(show(name, view, client_home=HOME))


def test_the_message_says_where_the_mail_went_and_how_long_its_link_lives(show):
    page = show("sent", sent(), notice=Message("sent.flash"))
    assert page.one("div", role="status").attributes["class"] == "box success"
    assert f"{USER} দিয়ে কোনো ইউজার থাকলে" in page.body
    assert "৩০ মিনিট কাজ করবে" in page.body
    assert "স্প্যাম ফোল্ডার" in page.body
    assert buttons(page) == ["resend", "forgot", "login"]


@pytest.mark.parametrize(
    ("wait", "told"),
    [
        (1, "১ সেকেন্ড পরে"),
        (59, "৫৯ সেকেন্ড পরে"),
        (60, "১ মিনিট পরে"),
        (61, "২ মিনিট পরে"),
        (120, "২ মিনিট পরে"),
        (121, "৩ মিনিট পরে"),
        (840, "১৪ মিনিট পরে"),
    ],
)
def test_a_wait_is_told_beside_the_button_which_no_script_would_bring_back(show, wait, told):
    page = show("sent", sent(wait=wait))
    assert f"{told} আবার পাঠাতে পারবেন।" in page.body
    assert buttons(page) == ["resend", "forgot", "login"]
    assert page.one("button", value="resend").attributes.keys() == {"class", "name", "value"}
    assert "আবার পাঠাতে পারবেন" not in show("sent", sent()).body


# -- the new password -----------------------------------------------------------------------------


def test_the_new_password_fields_keep_their_contract_with_browsers(show):
    page = show("update", update())
    for name in FIELDS["update"]:
        field = page.one("input", name=name).attributes
        assert (field["type"], field["autocomplete"]) == ("password", "new-password")
        assert not {"value", "maxlength", "minlength", "pattern", "required"} & field.keys()


def test_password_managers_learn_whose_password_it_is_and_the_form_sends_no_name(show):
    name = show("update", update()).one("input", autocomplete="username").attributes
    assert name["value"] == USER
    assert "name" not in name
    assert "readonly" in name


def test_submit_is_what_enter_presses_and_cancel_stands_after_it(show):
    page = show("update", update())
    assert buttons(page) == ["submit", "cancel"]
    assert page.one("button", value="submit").text == "জমা দিন"
    assert page.one("button", value="cancel").text == "বাতিল করুন"


def test_all_rules_are_seen_before_the_fields(show):
    page = show("update", update())
    assert [li.text for li in page.all("li")][:3] == [
        "কমপক্ষে ৮ অক্ষর",
        "কমপক্ষে একটি বড় হাতের অক্ষর (A–Z)",
        "কমপক্ষে একটি নাম্বার (0–9)",
    ]
    tags = [(e.tag, e.attributes.get("id")) for e in page.elements]
    assert tags.index(("h2", "rules")) < tags.index(("input", "new_password"))


@pytest.mark.parametrize("others", [True, False])
def test_logging_out_others_is_asked_as_it_was_answered(show, others):
    box = show("update", update(others=others)).one("input", name="logout_others").attributes
    assert (box["type"], box["value"]) == ("checkbox", "on")
    assert ("checked" in box) == others
    assert box["aria-describedby"] == "logout_others-hint"


def test_who_else_is_logged_in_here_is_told_beside_the_warning(show):
    told = f"এই ব্রাউজারে এখন {OTHER} দিয়ে লগইন করা আছে।"
    warning = Message("upd.warn")
    page = show("update", update(other=OTHER), notice=warning)
    assert told in page.body
    assert "আপনার পাসওয়ার্ড পরিবর্তন করতে হবে।" in page.one("div", role="status").text
    assert told in show("update", update(other=OTHER), Message("err.common")).body
    assert "এই ব্রাউজারে" not in show("update", update(), notice=warning).body


def test_all_failed_rules_are_told_in_one_sentence_at_the_field(show):
    unmet = tuple(rule.message for rule in RULES[:2])
    error = Message("err.policy", {"list": unmet}, "new_password")
    page = show("update", update(), error, Message("err.mismatch", {}, "confirm_password"))
    assert page.one("p", id="new_password-error").text == (
        "নতুন পাসওয়ার্ডে এখনো যা নেই: কমপক্ষে ৮ অক্ষর, কমপক্ষে একটি বড় হাতের অক্ষর (A–Z)"
    )
    assert page.has("a", href="#confirm_password")
    assert page.one("input", id="confirm_password").attributes["aria-invalid"] == "true"


# -- after it -------------------------------------------------------------------------------------


def test_success_leads_back_to_the_request_or_to_the_client_or_nowhere(show):
    here = show("done", {"can_return": True}, client_home=HOME)
    assert here.one("button", value="login").text == "লগইন"
    assert not here.all("a", href=HOME)
    there = show("done", {"can_return": False}, client_home=HOME)
    assert there.one("a", href=HOME).text == "লগইন"
    nowhere = show("done", {"can_return": False})
    assert not buttons(there) + buttons(nowhere)
    for page in (here, there, nowhere):
        assert "আপনাকে অভিনন্দন। আপনার পাসওয়ার্ডটি সফলভাবে রিসেট হয়েছে।" in page.body
        assert page.one("div", role="status").attributes["class"] == "box success"


def test_a_cancelled_change_says_that_the_old_password_stands(show):
    page = show("cancelled", {}, client_home=HOME, notice=Message("upd.cancelled"))
    assert page.body.count("আগের পাসওয়ার্ডটিই চালু আছে।") == 1
    assert page.one("a", href=HOME).text == "লগইন"
    assert not show("cancelled", {}).all("a", href=HOME)


@pytest.mark.parametrize(
    "state", [s for s in STATES if s.page.name == "link"], ids=lambda s: s.name
)
def test_every_dead_link_offers_a_new_one_or_another_user_id_if_its_own_is_switched_off(
    theme, state
):
    page = read(theme.page(state.page, state.frame("bn")))
    assert buttons(page) == ["forgot"]
    is_off = state.page.view["body"] == "err.disabled"
    told = "অন্য ইউজার আইডি ব্যবহার করুন" if is_off else "নতুন লিংক নিন"
    assert page.one("button", value="forgot").text == told


def test_every_way_a_link_fails_has_words_of_its_own(theme):
    states = [s for s in STATES if s.page.name == "link"]
    said = [read(theme.page(s.page, s.frame("bn"))).one("main").text for s in states]
    assert len(set(said)) == len(said)


# -- logging out ----------------------------------------------------------------------------------


def test_logging_out_is_asked_about_the_client_or_the_portal(show):
    page = show("logout", {"client": "ব্যাকঅফিস"}, client_home=HOME)
    assert "ব্যাকঅফিস এবং যুক্ত অন্য সব সেবা থেকে লগআউট হবে।" in page.body
    assert buttons(page) == ["logout"]
    assert page.one("a", href=HOME).text == "লগআউট করব না"
    unknown = show("logout", {"client": ""})
    assert "জাতীয় তথ্য বাতায়ন এবং যুক্ত অন্য সব সেবা" in unknown.body
    assert "লগআউট করব না" not in unknown.body


def test_what_was_wrong_with_a_logout_request_is_folded_for_its_developer(show):
    facts = {"error": "not registered"}
    for name, view in (("logout", {"client": ""}), ("logged_out", logged_out())):
        assert show(name, view, developer=facts).one("dd").text == "not registered"
        assert not show(name, view).all("details")


def test_a_page_that_waits_offers_another_look_and_names_no_service_yet(show):
    waiting = show("logged_out", logged_out(is_waiting=True, unconfirmed="মন্ত্রণালয়"))
    assert waiting.one("a", href="").text == "আবার দেখুন"
    assert "মন্ত্রণালয়" not in waiting.body
    done = show("logged_out", logged_out(unconfirmed="মন্ত্রণালয়"))
    assert not done.all("a", href="")
    assert "মন্ত্রণালয় থেকে লগআউট নিশ্চিত করা যায়নি।" in done.one("div", role="alert").text
    assert not show("logged_out", logged_out()).all("div", role="alert")


def test_the_way_back_to_a_service_is_a_web_address_with_a_name_or_none(show):
    view = logged_out(return_to=f"{HOME}bye", client="ব্যাকঅফিস")
    assert show("logged_out", view).one("a", href=f"{HOME}bye").text == "ব্যাকঅফিস-এ ফিরে যান"
    for missing in ({"return_to": ""}, {"client": ""}, {"return_to": "javascript:alert(1)"}):
        page = show("logged_out", {**view, **missing})
        assert "ফিরে যান" not in page.body
        assert not [a for a in page.all("a") if "javascript" in a.attributes["href"]]


# -- the list of states ---------------------------------------------------------------------------


def test_every_page_has_a_template_of_its_own_name(theme):
    for state in STATES:
        assert read(theme.page(state.page, state.frame("en"))).one("h1").text


def test_every_field_of_a_page_is_one_that_its_form_sends(theme):
    for state in STATES:
        page = read(theme.page(state.page, state.frame("bn")))
        for name in FIELDS[state.page.name]:
            assert page.one("input", name=name).attributes["id"] == name


def test_a_state_outside_a_conversation_carries_no_form_token():
    for state in STATES:
        outside = replace(state, in_conversation=False).frame("bn")
        assert (dict(outside.hidden), outside.action) == ({}, "")
