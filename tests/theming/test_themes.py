from typing import Any

import pytest

from idp.model.errors import ProbeshError
from idp.model.page import Message, Page
from idp.theming import Frame, ThemeRefused, WordsMissing
from idp.theming.style import csp_hash
from tests.theming.reading import read
from tests.theming.samples import NO_HELP, Help, Hours, load

CODE: dict[str, str | int] = {
    "code": "482913",
    "minutes": 10,
    "host": "sso.example.gov.bd",
    "time": "রাত ৯:০৪",
}


@pytest.fixture(scope="module")
def theme():
    return load()


def frame(**changes: Any) -> Frame:
    known: dict[str, Any] = {
        "action": "/signin",
        "locale": "bn",
        "reference": "7F3K-21",
        "client": "ব্যাকঅফিস",
    }
    return Frame(**{**known, **changes})


def login(*errors: Message, notice: Message | None = None, user_id: str = "") -> Page:
    return Page("login", {"user_id": user_id}, errors, notice)


def code(wait: int = 0, *errors: Message) -> Page:
    return Page("code", {"masked": "o••@example.gov.bd", "minutes": 10, "wait": wait}, errors)


def test_the_login_fields_keep_their_contract_with_browsers(theme):
    page = read(theme.page(login(user_id="a@b.bd"), frame(hidden={"form_token": "t"})))
    form = page.one("form")
    assert (form.attributes["method"], form.attributes["action"]) == ("post", "/signin")
    assert "novalidate" in form.attributes
    user = page.one("input", name="userid").attributes
    assert (user["type"], user["inputmode"], user["autocomplete"]) == ("text", "email", "username")
    assert (user["spellcheck"], user["autocapitalize"]) == ("false", "off")
    assert user["value"] == "a@b.bd"
    password = page.one("input", name="password").attributes
    assert (password["type"], password["autocomplete"]) == ("password", "current-password")
    assert "value" not in password
    assert page.one("input", name="form_token").attributes["value"] == "t"
    assert page.one("button", name="action", value="submit").text == "লগইন"


def test_the_code_field_takes_any_digits_and_any_paste(theme):
    field = read(theme.page(code(), frame())).one("input", name="code").attributes
    assert (field["inputmode"], field["autocomplete"]) == ("numeric", "one-time-code")
    assert field["type"] == "text"
    assert not {"maxlength", "pattern", "required", "value"} & field.keys()


def test_enter_submits_the_code_since_that_button_is_first(theme):
    buttons = read(theme.page(code(), frame())).all("button", name="action")
    assert [b.attributes["value"] for b in buttons] == ["submit", "resend", "restart"]


def test_resend_is_offered_only_when_it_works(theme):
    waiting = read(theme.page(code(wait=42), frame()))
    assert not waiting.all("button", value="resend")
    assert "৪২ সেকেন্ড পরে আবার পাঠাতে পারবেন।" in waiting.body
    assert "সেকেন্ড" not in read(theme.page(code(), frame())).body


def test_the_language_switch_is_a_form_of_its_own_with_the_same_hidden_fields(theme):
    html = theme.page(login(), frame(language_action="/signin", hidden={"conversation": "c"}))
    page = read(html)
    assert [f.attributes["action"] for f in page.all("form")] == ["/signin", "/signin"]
    assert len(page.all("input", name="conversation", value="c")) == 2
    button = page.one("button", name="language")
    assert (button.attributes["value"], button.lang, button.text) == ("en", "en", "English")
    english = read(theme.page(login(), frame(language_action="/l", locale="en")))
    assert english.one("button", value="bn", lang="bn").text == "বাংলা"


def test_without_an_address_there_is_no_language_switch(theme):
    assert not read(theme.page(login(), frame())).all("button", name="language")


def test_an_error_is_told_in_title_summary_and_at_its_field(theme):
    wrong = Message("err.login", field="password")
    page = read(theme.page(login(wrong), frame()))
    assert page.one("title").text == "ত্রুটি: লগইন করুন – জাতীয় তথ্য বাতায়ন"
    box = page.one("div", role="alert")
    assert box.attributes["tabindex"] == "-1"
    assert "autofocus" in box.attributes
    assert "একটি সমস্যা হয়েছে" in box.text
    assert page.one("a", href="#password").text == page.one("p", id="password-error").text
    field = page.one("input", id="password").attributes
    assert field["aria-invalid"] == "true"
    assert field["aria-describedby"] == "password-error"
    other = page.one("input", id="userid").attributes
    assert other["aria-describedby"] == "userid-hint"
    assert "aria-invalid" not in other


def test_hint_and_error_both_describe_their_field_in_that_order(theme):
    page = read(theme.page(login(Message("err.userid.empty", field="userid")), frame()))
    described = page.one("input", id="userid").attributes["aria-describedby"]
    assert described == "userid-hint userid-error"
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert ids.index("userid-hint") < ids.index("userid-error") < ids.index("userid")


@pytest.mark.parametrize("field", [None, "code"])
def test_an_error_about_no_field_of_the_page_stands_in_the_summary_alone(theme, field):
    page = read(theme.page(login(Message("otp.err.locked", field=field)), frame()))
    assert "আবার শুরু থেকে" in page.one("div", role="alert").text
    assert not page.all("a", href="#code")
    assert not page.all("p", **{"class": "err"})


@pytest.mark.parametrize(
    ("key", "kind", "title"),
    [
        ("login.timeout", "warning", "সতর্কতা"),
        ("login.reauth", "info", "তথ্য"),
    ],
)
def test_a_notice_says_its_kind_in_words(theme, key, kind, title):
    page = read(theme.page(login(notice=Message(key)), frame()))
    box = page.one("div", role="status")
    assert box.attributes["class"] == f"box {kind}"
    assert box.text.split()[0] == title
    assert page.one("title").text.startswith("লগইন করুন")


def test_an_error_takes_the_place_of_a_notice(theme):
    page = theme.page(login(Message("err.login"), notice=Message("login.reauth")), frame())
    assert not read(page).all("div", role="status")


def test_the_client_is_named_if_it_is_known(theme):
    assert "ব্যাকঅফিস ব্যবহার করতে লগইন করুন।" in read(theme.page(login(), frame())).body
    assert "ব্যবহার করতে" not in read(theme.page(login(), frame(client=""))).body


def test_the_way_home_is_a_web_address_or_none(theme):
    home = frame(client_home="https://backoffice.example.gov.bd/")
    assert read(theme.page(Page("expired"), home)).one("a", href=home.client_home).text == "লগইন"
    hostile = read(theme.page(Page("expired"), frame(client_home="javascript:alert(1)")))
    assert not [a for a in hostile.all("a") if "javascript" in a.attributes["href"]]


def test_error_pages_tell_the_reference_and_fold_the_details(theme):
    view = {"title": "eclient.title", "body": "eclient.body", "facts": {}}
    page = read(theme.page(Page("error", view), frame(developer={"client_id": "x<y"})))
    assert page.body.count("7F3K-21") == 1
    assert page.one("summary").text == "ডেভেলপারের জন্য তথ্য"
    assert [page.one("dt").text, page.one("dd").text] == ["client_id", "x<y"]
    assert page.one("dd").lang == "en"
    plain = read(theme.page(Page("error", view), frame(reference="")))
    assert not plain.all("details")
    assert "রেফারেন্স" not in plain.body


def test_a_wait_is_told_on_the_429_page(theme):
    view = {"title": "e429.title", "body": "err.rate", "facts": {"n": 2}}
    assert "২ মিনিট পরে" in read(theme.page(Page("error", view), frame())).body


def test_form_post_sends_only_the_answer_and_to_the_client_only(theme):
    view = {"uri": "https://rp.example/cb", "fields": {"submit": "1", "code": "c"}}
    html = theme.page(Page("form_post", view), frame(hidden={"conversation": "s"}))
    page = read(html)
    assert page.one("form").attributes == {"method": "post", "action": "https://rp.example/cb"}
    assert [i.attributes["name"] for i in page.all("input")] == ["submit", "code"]
    assert "name" not in page.one("button").attributes
    assert csp_hash(page.one("script").text) == theme.script_hash
    assert "conversation" not in html


def test_the_style_hash_is_the_one_of_the_only_style_element(theme):
    assert csp_hash(read(theme.page(login(), frame())).one("style").text) == theme.style_hash


def test_help_stands_after_the_form_and_is_called_by_telephone(theme):
    page = read(theme.page(login(), frame()))
    tags = [e.tag for e in page.elements]
    assert tags.index("main") < tags.index("aside")
    assert page.one("aside").attributes["lang"] == "bn"
    assert page.one("a", href="tel:01555090301").text == "01555090301"
    assert page.one("a", href="mailto:support@example.gov.bd").text == "সাপোর্ট সংক্রান্ত মেইল করুন"
    assert page.one("a", href="https://pms.portal.gov.bd").text == "pms.portal.gov.bd"
    assert page.body.count("ফোন করুন") == 1


@pytest.mark.parametrize("locale", ["bn", "en"])
def test_the_phones_hours_are_those_of_the_configuration_else_the_guides(locale):
    ours, other = load(), load(support=Help(hours=Hours("শুধু সকালে", "in the morning")))
    silent = load(support=Help(hours=None))
    heading = {theme: read(theme.page(login(), frame(locale=locale))).all("h2")[2].text
               for theme in (ours, other, silent)}  # fmt: skip
    assert heading[ours] == heading[silent]
    assert heading[other].endswith({"bn": "শুধু সকালে:", "en": "in the morning:"}[locale])


def test_help_without_rows_leaves_no_sidebar():
    assert not read(load(support=NO_HELP).page(login(), frame())).all("aside")


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"manual": ""}, "ইউজার ম্যানুয়াল"),
        ({"ticket": "javascript:alert(1)"}, "টিকেট"),
        ({"domain_form": ""}, "ডোমেইন"),
        ({"phones": ()}, "ফোন"),
        ({"email": ""}, "মেইল করুন"),
    ],
)
def test_a_row_of_help_without_a_value_is_left_out(missing, words):
    assert words in read(load().page(login(), frame())).one("aside").text
    assert words not in read(load(support=Help(**missing)).page(login(), frame())).one("aside").text


def test_one_language_needs_no_switch():
    assert load().locales == ("bn", "en")


def test_a_sentence_can_be_said_alone(theme):
    assert theme.say("bn", Message("err.rate", {"n": 3})).startswith("অল্প সময়ে")
    with pytest.raises(WordsMissing):
        theme.say("bn", Message("err.rate"))


@pytest.mark.parametrize("locale", ["bn", "en"])
def test_the_code_stands_alone_on_its_line_and_nowhere_else(theme, locale):
    letter = theme.letter("code", locale, CODE)
    lines = letter.text.splitlines()
    at = lines.index("482913")
    assert (lines[at - 1], lines[at + 1]) == ("", "")
    assert letter.text.count("482913") == 1
    assert "482913" not in letter.subject
    assert [e.text.strip() for e in read(letter.html).all("p") if "482913" in e.text] == ["482913"]


def test_the_letter_says_how_long_and_where_the_code_works(theme):
    letter = theme.letter("code", "bn", CODE)
    assert letter.subject == "আপনার লগইন কোড"
    for part in (letter.text, read(letter.html).body):
        assert "১০ মিনিট" in part
        assert "sso.example.gov.bd" in part
        assert "কাউকে জানাবেন না" in part
        assert "রাত ৯:০৪" in part
        assert "01555090301" in part
        assert "support@example.gov.bd" in part


def test_a_letter_without_support_says_nothing_of_help():
    letter = load(support=NO_HELP).letter("code", "bn", CODE)
    assert "সাহায্যের জন্য" not in letter.text + letter.html
    phones = load(support=Help(email="")).letter("code", "en", CODE).text
    assert phones.endswith("For help: 01555090301, 01555090302, 01555090303\n")


@pytest.mark.parametrize("locale", ["bn", "en"])
@pytest.mark.parametrize("kind", ["code", "test"])
def test_html_letters_are_small_whole_and_fetch_nothing(theme, kind, locale):
    html = theme.letter(kind, locale, CODE).html
    page = read(html)
    assert len(html.encode()) <= 15 * 1024
    assert not [e for e in page.elements if {"src", "href", "background"} & e.attributes.keys()]
    assert "url(" not in html
    assert page.one("html").lang == locale


def test_only_the_html_part_of_a_letter_is_escaped(theme):
    letter = theme.letter("code", "bn", {**CODE, "host": "a&<b>"})
    assert "a&<b>" in letter.text
    assert "<b>" not in letter.html


def test_the_test_letter_has_one_sentence_and_a_subject(theme):
    letter = theme.letter("test", "en", {})
    assert letter.subject == "Test e-mail"
    assert letter.text.startswith("If you have received this e-mail")


def test_an_unknown_kind_of_letter_and_a_missing_fact_are_errors(theme):
    with pytest.raises(WordsMissing, match="nothing"):
        theme.letter("nothing", "bn", {})
    with pytest.raises(WordsMissing, match="minutes"):
        theme.letter("code", "bn", {"code": "482913"})


def test_the_plain_theme_stands_without_the_portal():
    assert read(load("base").page(login(), frame())).one("h1").text == "লগইন করুন"


def test_a_refused_theme_is_an_error_of_ours():
    assert issubclass(ThemeRefused, ProbeshError)
