"""The conversation as a browser without script lives it: steps 1, 2, 8, 9 and 10 of the guide."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.signin.resetting import bare
from tests.system import (
    CALLBACK,
    ISSUER,
    PASSWORD,
    SECRET,
    VERIFIER,
    System,
    authorize_url,
    log_in,
    site_of,
)

USER = "office@example.gov.bd"

NO_COOKIES = "আপনার ব্রাউজারে কুকি বন্ধ আছে।"
GONE = "এই পাতাটি আর ব্যবহার করা যাবে না"
LOGGED_OUT = "নিরাপত্তার জন্য আপনাকে লগআউট করা হয়েছে।"


def test_a_person_logs_in_with_password_and_mailed_code_and_is_back_with_a_code(system: System):
    browser = system.browser().get(authorize_url())
    assert browser.status == 200
    assert "লগইন করুন" in browser.text
    assert "ব্যাকঅফিস ব্যবহার করতে লগইন করুন।" in browser.text
    browser.press("submit", userid=USER, password=PASSWORD)
    assert "/signin/" in browser.url
    assert "কোড লিখুন" in browser.text
    letters = system.deliver()
    assert [to for to, _ in letters] == [USER]
    browser.press("submit", code=system.code())
    assert browser.status == 303
    assert browser.left_to.startswith("http://127.0.0.1:9001/callback?")
    assert browser.answer["state"] == "a-state"
    assert browser.answer["iss"] == "http://127.0.0.1:9000"
    assert len(browser.answer["code"]) == 43


def test_a_second_application_asks_nothing_of_somebody_who_is_logged_in(system: System):
    browser = log_in(system)
    browser.get(authorize_url("app"))
    assert browser.left_to.startswith("http://127.0.0.1:9005/callback?code=")


def test_a_get_of_the_login_page_writes_nothing(small: System):
    before = _rows(small)
    small.browser().get(authorize_url())
    assert _rows(small) == before


def test_a_wrong_password_before_the_right_one_keeps_the_request(system: System):
    browser = system.browser().get(authorize_url(state="kept"))
    browser.press("submit", userid=USER, password="wrong")
    assert "ইউজার আইডি অথবা পাসওয়ার্ড সঠিক নয়।" in browser.text
    assert browser.forms[-1].fields["userid"] == USER or f'value="{USER}"' in browser.html
    assert "wrong" not in browser.html
    browser.press("submit", userid=USER, password=PASSWORD)
    browser.press("submit", code=system.code())
    assert browser.answer["state"] == "kept"


@pytest.mark.parametrize(
    ("userid", "password"),
    [
        ("nobody@example.gov.bd", PASSWORD),
        (USER, "wrong"),
        ("closed@example.gov.bd", "wrong"),
        ("new@example.gov.bd", "anything"),
    ],
)
def test_unknown_wrong_disabled_and_password_less_get_the_same_page(
    small: System, userid: str, password: str
):
    browser = small.browser().get(authorize_url())
    browser.press("submit", userid=userid, password=password)
    expected = small.browser(address="198.51.100.8").get(authorize_url())
    expected.press("submit", userid="somebody@example.gov.bd", password="x")
    assert browser.status == expected.status == 200
    assert bare(browser) == bare(expected)
    assert small.deliver() == []


def test_a_disabled_user_is_told_so_only_after_the_right_password_and_gets_no_mail(system: System):
    browser = system.browser().get(authorize_url())
    browser.press("submit", userid="closed@example.gov.bd", password=PASSWORD)
    assert "এই ইউজার আইডি এখন বন্ধ আছে।" in browser.text
    assert system.deliver() == []
    assert browser.cookie("probesh_session") is None


def test_two_clicks_on_login_make_one_code_and_one_mail(system: System):
    browser = system.browser().get(authorize_url())
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    data = {**form.fields, "userid": USER, "password": PASSWORD, "action": "submit"}
    first = browser.post(form.action, data).url
    second = browser.post(form.action, data).url
    assert first == second
    assert len(system.deliver()) == 1


def test_a_wrong_code_costs_one_try_however_often_the_page_is_refreshed(system: System):
    browser = _at_the_code(system)
    wrong = _other_than(system.code())
    browser.press("submit", code=wrong)
    assert "আর ৪ বার চেষ্টা করতে পারবেন।" in browser.text
    browser.get(browser.url)
    browser.get(browser.url)
    assert "আর ৪ বার চেষ্টা করতে পারবেন।" in browser.text
    browser.press("submit", code=wrong)
    assert "আর ৩ বার চেষ্টা করতে পারবেন।" in browser.text


def test_five_wrong_codes_end_the_conversation_at_the_same_request_and_the_right_one_is_void(
    system: System,
):
    browser = _at_the_code(system)
    code = system.code()
    for _ in range(5):
        browser.press("submit", code=_other_than(code))
    assert "নিরাপত্তার জন্য আবার শুরু থেকে লগইন করুন।" in browser.text
    browser.press("submit", userid=USER, password=PASSWORD)
    fresh = system.code()
    browser.press("submit", code=code)
    assert "কোডটি সঠিক নয়।" in browser.text
    browser.press("submit", code=fresh)
    assert browser.answer["state"] == "a-state"


def test_wrong_codes_are_counted_for_the_account_whatever_challenge_they_are_tried_on(
    system: System,
):
    for _ in range(2):
        browser = _at_the_code(system, address="198.51.100.20")
        code = system.code()
        for _ in range(5):
            browser.press("submit", code=_other_than(code))
    browser = _at_the_code(system)
    browser.press("submit", code=system.code())
    assert "অনেকবার ভুল কোড দেওয়া হয়েছে। ১০ মিনিট পরে আবার চেষ্টা করুন।" in browser.text
    system.clock.advance(601)
    browser.press("submit", code="123456")  # the code itself has run out by now
    browser.press("submit", code=system.code())
    assert browser.answer["code"]


def test_a_late_code_is_told_so_and_a_new_one_is_sent(system: System):
    browser = _at_the_code(system)
    late = system.code()
    system.clock.advance(601)
    browser.press("submit", code=late)
    assert "কোডটির মেয়াদ শেষ হয়েছে। আপনাকে নতুন কোড পাঠানো হয়েছে।" in browser.text
    assert len(system.deliver()) == 1
    browser.press("submit", code=system.code())
    assert browser.answer["code"]


def test_resending_sends_the_same_code_after_a_minute_and_refills_no_tries(system: System):
    browser = _at_the_code(system)
    code = system.code()
    browser.press("submit", code=_other_than(code))
    system.clock.advance(59)
    browser.press("resend")
    assert "মেইলটি আবার পাঠানো হয়নি।" in browser.text
    assert "১ সেকেন্ড পরে আবার পাঠাতে পারবেন।" in browser.text
    assert "ঠিকানায় কোড আবার পাঠানো হয়েছে।" not in browser.text
    assert system.deliver() == []
    system.clock.advance(1)
    browser.press("resend")  # on the page as it stands
    assert "ঠিকানায় কোড আবার পাঠানো হয়েছে।" in browser.text
    assert system.code() == code
    browser.press("submit", code=_other_than(code))
    assert "আর ৩ বার চেষ্টা করতে পারবেন।" in browser.text
    browser.press("submit", code=code)
    assert browser.answer["code"]


@pytest.mark.parametrize("shape", ["{0}", " {0} ", "{1}", "আপনার লগইন কোড: {1}", "{2}", "কোড {0}।"])
def test_a_code_is_taken_however_it_is_pasted(small: System, shape: str):
    browser = _at_the_code(small)
    code = small.code()
    bengali = code.translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯"))
    browser.press("submit", code=shape.format(code, bengali, f"{code[:3]}-{code[3:]}"))
    assert browser.answer["code"]


def test_a_page_left_open_past_the_timeout_begins_again_with_the_request_and_the_user_id(
    system: System,
):
    browser = system.browser().get(authorize_url(state="kept"))
    system.clock.advance(1801)
    browser.press("submit", userid=USER, password=PASSWORD)
    assert "অনেকক্ষণ পাতাটি খোলা ছিল" in browser.text
    browser.press("submit", userid=USER, password=PASSWORD)
    system.clock.advance(1801)
    browser.press("submit", code="123456")
    assert "অনেকক্ষণ পাতাটি খোলা ছিল" in browser.text
    assert f'value="{USER}"' in browser.html
    browser.press("submit", userid=USER, password=PASSWORD)
    browser.press("submit", code=system.code())
    assert browser.answer["state"] == "kept"


def test_a_browser_without_cookies_is_told_so_and_can_go_on_once_they_are_on(small: System):
    browser = small.browser().get(authorize_url(state="kept"))
    browser.forget("probesh_browser")
    browser.press("submit", userid=USER, password=PASSWORD)
    for _ in range(2):
        browser.forget("probesh_browser")
        browser.press("submit", userid=USER, password=PASSWORD)
        assert NO_COOKIES in browser.text
        assert f'value="{USER}"' in browser.html
    browser.press("submit", userid=USER, password=PASSWORD)
    browser.press("submit", code=small.code())
    assert browser.answer["state"] == "kept"


def test_a_browser_that_was_started_anew_is_asked_once_more_and_not_for_cookies(small: System):
    browser = small.browser().get(authorize_url(state="kept"))
    browser.forget("probesh_browser")
    browser.press("submit", userid=USER, password=PASSWORD)
    assert "পাতাটি অনেকক্ষণ খোলা ছিল, তাই জমা হয়নি। আবার জমা দিন।" in browser.text
    assert NO_COOKIES not in browser.text
    assert f'value="{USER}"' in browser.html
    browser.press("submit", userid=USER, password=PASSWORD)
    assert browser.press("submit", code=small.code()).answer["state"] == "kept"


def test_a_stored_conversation_is_worthless_in_another_browser(small: System):
    browser = _at_the_code(small)
    thief = small.browser().get(authorize_url())
    thief.get(browser.url)
    assert thief.status == 400
    assert GONE in thief.text
    assert "কোড লিখুন" not in thief.text


def test_back_after_logging_in_offers_to_go_on_and_answers_the_same_request(system: System):
    browser = _at_the_code(system)
    page = browser.url
    system.clock.advance(5)
    browser.press("submit", code=system.code())
    system.clock.advance(5)
    browser.get(page)
    assert f"আপনি {USER} দিয়ে লগইন করা আছেন" in re.sub(r"\s+", " ", browser.text)
    browser.press("continue")
    assert browser.answer["state"] == "a-state"


def test_a_second_tab_that_comes_too_late_may_go_on_or_change_the_user(system: System):
    browser = system.browser().get(authorize_url(state="one"))
    late = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    system.clock.advance(5)
    log_in(system, browser, state="two")
    data = {**late.fields, "userid": USER, "password": PASSWORD, "action": "submit"}
    browser.post(late.action, data)
    assert "দিয়ে লগইন করা আছেন" in browser.text
    browser.press("continue")
    assert browser.answer["state"] == "one"
    browser.post(late.action, data).press("switch")
    assert "লগইন করুন" in browser.text
    browser.press("submit", userid="nobody@example.gov.bd", password=PASSWORD)
    assert "সঠিক নয়" in browser.text


def test_starting_again_with_another_user_id_ends_the_conversation(system: System):
    browser = _at_the_code(system)
    page, code = browser.url, system.code()
    browser.press("restart")
    assert "লগইন করুন" in browser.text
    assert f'value="{USER}"' not in browser.html
    browser.get(page)
    assert "কোড লিখুন" not in browser.text
    browser.press("submit", userid=USER, password=PASSWORD)
    assert code != system.code()


def test_the_language_is_changed_on_any_page_and_kept_through_steps_and_mail(system: System):
    browser = system.browser().get(authorize_url())
    browser.press("en", name="language")
    assert "Log in to use Back office." in browser.text
    browser.press("submit", userid=USER, password=PASSWORD)
    assert "Enter the code" in browser.text
    assert system.deliver()[0][1].subject == "Your log-in code"
    browser.press("bn", name="language")
    assert "কোড লিখুন" in browser.text
    fresh = system.browser(language="en").get(authorize_url())
    assert "Log in" in fresh.text


def test_prompt_login_asks_again_and_moves_the_time_of_authentication(system: System):
    browser = log_in(system)
    old = browser.cookie("probesh_session")
    system.clock.advance(100)
    browser.get(authorize_url(prompt="login"))
    assert "নিরাপত্তার জন্য আপনার পাসওয়ার্ড আবার দিন।" in browser.text
    browser.press("submit", userid=USER, password=PASSWORD)
    browser.press("submit", code=system.code())
    assert browser.answer["code"]
    assert browser.cookie("probesh_session") != old


def test_prompt_none_without_a_session_is_answered_at_the_client(small: System):
    browser = small.browser().get(authorize_url(prompt="none"))
    assert browser.answer["error"] == "login_required"


def test_an_idle_session_and_an_old_one_ask_again(small: System):
    browser = log_in(small)
    small.clock.advance(3601)
    assert "লগইন করুন" in browser.get(authorize_url()).text
    browser = log_in(small)
    for _ in range(11):
        small.clock.advance(3500)
        browser.get(authorize_url())
    assert not browser.left_to


def test_a_disabled_user_has_no_session_any_more(system: System):
    browser = log_in(system)
    with system.stores.read() as work:
        user = work.users.find_by_email(USER)
    assert user is not None
    with system.stores.write() as work:
        work.users.set_enabled(user.id, enabled=False, now=system.clock())
    browser.get(authorize_url())
    assert not browser.left_to


def test_somebody_else_logging_in_ends_the_first_session(small: System):
    browser = log_in(small)
    first = browser.cookie("probesh_session")
    _enable(small, "closed@example.gov.bd")
    small.clock.advance(5)
    browser.get(authorize_url(prompt="login"))
    browser.press("submit", userid="closed@example.gov.bd", password=PASSWORD)
    browser.press("submit", code=small.code())
    thief = small.browser()
    thief.take_cookie("probesh_session", first)
    thief.get(authorize_url())
    assert not thief.left_to


def test_a_flow_of_one_step_needs_no_code_and_its_seal_works_once(system: System):
    browser = system.browser().get(authorize_url("simple"))
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    data = {**form.fields, "userid": USER, "password": PASSWORD, "action": "submit"}
    browser.post(form.action, data)
    assert browser.answer["code"]
    replay = system.browser()
    replay.take_cookie("probesh_browser", browser.cookie("probesh_browser"))
    replay.post(form.action, data)
    assert not replay.left_to


def test_five_wrong_passwords_in_a_minute_make_account_and_address_wait(system: System):
    browser = system.browser().get(authorize_url())
    for _ in range(5):
        browser.press("submit", userid=USER, password="wrong")
    browser.press("submit", userid=USER, password=PASSWORD)
    assert browser.status == 429
    assert browser.response.headers["Retry-After"] == "60"
    assert "১ মিনিট পরে আবার চেষ্টা করুন।" in browser.text
    elsewhere = system.browser(address="203.0.113.9").get(authorize_url())
    elsewhere.press("submit", userid=USER, password=PASSWORD)
    assert "কোড লিখুন" in elsewhere.text
    system.clock.advance(61)
    browser.press("submit", userid=USER, password=PASSWORD)
    assert "কোড লিখুন" in browser.text


def _enable(system: System, email: str) -> None:
    with system.stores.write() as work:
        user = work.users.find_by_email(email)
        assert user is not None
        work.users.set_enabled(user.id, enabled=True, now=system.clock())


def _id_token(system: System, code: str) -> str:
    return _tokens(system, code)["id_token"]


def _tokens(system: System, code: str) -> dict[str, str]:
    """Redeem a code at the token endpoint."""
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    answer = system.browser().client.post(
        "/token", base_url=ISSUER, data=fields, auth=("backoffice", SECRET)
    )
    tokens: dict[str, str] = answer.get_json()
    return tokens


def _at_the_code(system: System, **options: str):
    browser = system.browser(**options).get(authorize_url())
    return browser.press("submit", userid=USER, password=PASSWORD)


def _other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def _rows(system: System) -> int:
    with system.stores.engine.connect() as connection:
        tables = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
        counts = [
            connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one()  # noqa: S608
            for (name,) in tables.all()
        ]
    return sum(counts)


def test_max_age_asks_again_once_the_authentication_is_older(small: System):
    browser = log_in(small)
    small.clock.advance(100)
    assert browser.get(authorize_url(max_age="100")).left_to
    small.clock.advance(1)
    assert not browser.get(authorize_url(max_age="100")).left_to
    browser.press("submit", userid=USER, password=PASSWORD)
    browser.press("submit", code=small.code())
    assert browser.get(authorize_url(max_age="100")).answer["code"]


def test_select_account_shows_the_login_page_and_consent_proceeds(small: System):
    browser = log_in(small)
    assert browser.get(authorize_url(prompt="consent")).answer["code"]
    assert "লগইন করুন" in browser.get(authorize_url(prompt="select_account")).text


def test_login_hint_fills_the_user_id_and_switches_nobody(small: System):
    browser = small.browser().get(authorize_url(login_hint="hinted@example.gov.bd"))
    assert 'value="hinted@example.gov.bd"' in browser.html
    log_in(small, browser)
    browser.get(authorize_url(login_hint="hinted@example.gov.bd"))
    assert browser.answer["code"]


def test_ui_locales_choose_the_language_of_the_pages(small: System):
    assert "Log in" in small.browser().get(authorize_url(ui_locales="fr en")).text
    assert "লগইন করুন" in small.browser().get(authorize_url(ui_locales="se")).text


def test_an_unreadable_hint_asks_for_a_login_and_no_more(small: System):
    browser = log_in(small)
    small.clock.advance(5)
    browser.get(authorize_url(id_token_hint="not.a.token"))
    browser.press("submit", userid=USER, password=PASSWORD)
    browser.press("submit", code=small.code())
    assert browser.answer["code"]


def test_a_hint_that_names_somebody_else_is_told_to_the_client_after_the_login(small: System):
    hint = _id_token(small, log_in(small).answer["code"])
    _enable(small, "closed@example.gov.bd")
    browser = small.browser().get(authorize_url(id_token_hint=hint))
    browser.press("submit", userid="closed@example.gov.bd", password=PASSWORD)
    browser.press("submit", code=small.code())
    assert browser.answer["error"] == "login_required"
    assert browser.cookie("probesh_session")


def test_a_tab_with_a_hint_goes_on_for_nobody_else(small: System):
    hint = _id_token(small, log_in(small).answer["code"])
    _enable(small, "closed@example.gov.bd")
    browser = small.browser().get(authorize_url(id_token_hint=hint))
    late = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    small.clock.advance(5)
    browser.get(authorize_url())
    browser.press("submit", userid="closed@example.gov.bd", password=PASSWORD)
    browser.press("submit", code=small.code())
    browser.post(late.action, {**late.fields, "userid": USER, "password": PASSWORD})
    browser.press("continue")
    assert browser.answer["error"] == "login_required"


def test_a_session_without_every_step_of_a_clients_flow_is_not_enough_for_it(system: System):
    browser = system.browser().get(authorize_url("simple"))
    browser.press("submit", userid=USER, password=PASSWORD)
    assert browser.answer["code"]
    assert browser.get(authorize_url(prompt="none")).answer["error"] == "login_required"
    browser.get(authorize_url())
    assert "লগইন করুন" in browser.text
    browser.press("submit", userid=USER, password=PASSWORD)
    browser.press("submit", code=system.code())
    assert browser.answer["code"]
    assert browser.get(authorize_url("simple")).answer["code"]


def test_a_client_that_is_switched_off_meanwhile_gets_no_answer(make):
    system = make()
    browser = _at_the_code(system)
    code = system.code()
    client = system.assembly.settings.clients_by_id["backoffice"]
    object.__setattr__(client, "enabled", False)
    browser.press("submit", code=code)
    assert browser.status == 400
    assert not browser.left_to
    assert "সেবাটিতে লগইন করা যাচ্ছে না" in browser.text


def test_a_flow_that_changes_meanwhile_begins_again(small: System):
    browser = _at_the_code(small)
    sealed = small.browser().get(authorize_url("simple"))
    pages = site_of(small).view_functions["pages.show"].__self__
    flows = pages.sign_in.engine._flows
    flows["browser"], flows["password_only"] = flows["password_only"], flows["browser"]
    browser.get(browser.url)
    assert browser.status == 200
    assert "লগইন করুন" in browser.text
    del flows["password_only"]
    del pages.sign_in.showing.rules.flow_of["simple"]
    sealed.press("submit", userid=USER, password=PASSWORD)
    assert "লগইন করুন" in sealed.text


def test_the_address_of_the_form_alone_is_no_dead_end(small: System):
    for path in ("/signin", "/signin/a-bookmark"):
        browser = small.browser().get(path)
        assert browser.status == 400
        assert GONE in browser.text
        assert NO_COOKIES not in browser.text
        assert LOGGED_OUT not in browser.text


def test_who_is_logged_in_is_not_told_otherwise_by_a_page_that_is_gone(small: System):
    browser = log_in(small)
    for path in ("/signin", "/signin/a-bookmark"):
        browser.get(path)
        assert (browser.status, GONE in browser.text) == (400, True)
        assert f"আপনি {USER} দিয়ে লগইন করা আছেন।" in re.sub(r"\s+", " ", browser.text)
        assert "এগিয়ে যান" in browser.text
        assert LOGGED_OUT not in browser.text


def test_only_who_was_logged_out_is_told_so(small: System):
    browser = log_in(small)
    small.clock.advance(48 * 3600)
    assert LOGGED_OUT in browser.get("/signin/a-bookmark").text


def test_cookies_lost_at_the_code_page_keep_the_request_and_tell_nobody_who_it_was(small: System):
    browser = _at_the_code(small)
    small.deliver()
    browser.forget("probesh_browser")
    browser.press("submit", code="123456")
    assert "অনেকক্ষণ পাতাটি খোলা ছিল" in browser.text
    assert NO_COOKIES not in browser.text
    assert USER not in browser.html
    browser.press("submit", userid=USER, password=PASSWORD)
    browser.press("submit", code=small.code())
    assert browser.answer["state"] == "a-state"


def test_two_clicks_on_the_language_at_once_are_no_error(small: System):
    browser = _at_the_code(small)
    form = next(f for f in browser.forms if ("language", "en") in f.buttons)

    def click(_: int) -> int:
        other = small.browser()
        other.take_cookie("probesh_browser", browser.cookie("probesh_browser"))
        return other.post(form.action, {**form.fields, "language": "en"}).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(click, range(8))) == {200}


def test_the_language_of_the_already_page_changes_too(small: System):
    browser = small.browser().get(authorize_url())
    late = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    small.clock.advance(5)
    log_in(small, browser)
    browser.post(late.action, {**late.fields, "userid": USER, "password": PASSWORD})
    browser.press("en", name="language")
    assert "You are logged in as" in browser.text
    assert browser.press("continue").answer["code"]


def test_a_disabled_person_who_clicks_twice_is_told_twice(small: System):
    browser = small.browser().get(authorize_url())
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    data = {**form.fields, "userid": "closed@example.gov.bd", "password": PASSWORD}
    for _ in range(2):
        browser.post(form.action, data)
        assert "এই ইউজার আইডি এখন বন্ধ আছে।" in browser.text
        assert 'value="closed@example.gov.bd"' in browser.html


def test_a_right_password_sent_again_and_again_is_never_a_failure(system: System):
    browser = system.browser().get(authorize_url())
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    data = {**form.fields, "userid": USER, "password": PASSWORD, "action": "submit"}
    for _ in range(8):
        browser.post(form.action, data)
        assert "কোড লিখুন" in browser.text


def test_a_second_person_at_the_same_page_never_sees_the_first_ones_code_page(small: System):
    _enable(small, "closed@example.gov.bd")
    browser = small.browser().get(authorize_url())
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    data = {**form.fields, "password": PASSWORD, "action": "submit"}
    browser.post(form.action, {**data, "userid": USER})
    browser.post(form.action, {**data, "userid": "closed@example.gov.bd"})
    assert "লগইন করুন" in browser.text
    assert 'value="closed@example.gov.bd"' in browser.html


def test_a_hint_or_a_wish_for_another_account_is_not_overwritten(small: System):
    browser = log_in(small)
    hinted = browser.get(authorize_url(prompt="login", login_hint="b@example.gov.bd")).html
    assert 'value="b@example.gov.bd"' in hinted
    assert USER not in browser.get(authorize_url(prompt="select_account")).html


def test_head_is_answered_like_get(small: System):
    answer = small.browser().client.head(authorize_url(), base_url="http://127.0.0.1:9000")
    assert answer.status_code == 200


def test_a_mailbox_is_verified_by_the_code_that_came_out_of_it(small: System):
    browser = log_in(small)
    token = _tokens(small, browser.answer["code"])["access_token"]
    client = small.browser().client
    claims = client.get(
        "/userinfo", base_url=ISSUER, headers={"Authorization": f"Bearer {token}"}
    ).get_json()
    assert (claims["email"], claims["email_verified"]) == (USER, True)


def test_page_and_letter_tell_the_minutes_that_are_left_and_the_time_of_day(small: System):
    browser = _at_the_code(small)
    assert "১০ মিনিট" in small.deliver()[0][1].text
    small.clock.advance(7 * 60)
    browser.get(browser.url).press("resend")
    assert "কোডটি ৩ মিনিট কাজ করবে।" in browser.text
    letter = small.deliver()[0][1].text
    assert "৩ মিনিট" in letter
    assert re.search("(ভোর|সকাল|দুপুর|বিকাল|সন্ধ্যা|রাত) [০-৯]+:[০-৯]{2}", letter)


def test_every_outcome_is_in_the_log_by_reference_and_without_what_was_typed(small: System, caplog):
    with caplog.at_level("INFO"):
        browser = small.browser().get(authorize_url())
        browser.press("submit", userid=USER, password="wrong")
        browser.press("submit", userid=USER, password=PASSWORD)
        browser.press("submit", code=small.code())
    told = [r.getMessage() for r in caplog.records if r.name == "idp.signin.conversation"]
    assert ["err.login" in told[0], "moved" in told[1], "completed" in told[2]] == [True] * 3
    assert len({line.split()[0] for line in told}) == 1
    assert not [line for line in told if "@" in line or PASSWORD in line]
