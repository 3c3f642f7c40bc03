import re
from typing import Any

import pytest

from idp.model.errors import ProbeshError
from idp.model.page import Message, Page
from idp.theming import SUBMIT_HASH, Frame, ThemeRefused, load_all
from idp.theming.style import csp_hash
from tests.theming.reading import read
from tests.theming.samples import LOCALES, NO_HELP, ROOT, Help, Hours, Spoiled, load, say

GONE = Page("expired", {"email": "", "has_ended": False})


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
    return Page(
        "code",
        {"masked": "o••@example.gov.bd", "is_sent": True, "minutes": 10, "wait": wait},
        errors,
    )


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


def test_the_forgotten_password_is_a_button_after_the_one_that_enter_presses(theme):
    buttons = read(theme.page(login(), frame())).all("button", name="action")
    assert [(b.attributes["value"], b.text) for b in buttons] == [
        ("submit", "লগইন"),
        ("forgot", "পাসওয়ার্ড ভুলে গেছেন?"),
    ]


def test_a_wait_is_told_beside_the_button_which_no_script_would_bring_back(theme):
    waiting = read(theme.page(code(wait=42), frame()))
    assert "disabled" not in waiting.one("button", value="resend").attributes
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
        ("upd.cancelled", "info", "তথ্য"),
        ("upd.cancelled.first", "info", "তথ্য"),
    ],
)
def test_a_notice_says_its_kind_in_words(theme, key, kind, title):
    page = read(theme.page(login(notice=Message(key)), frame()))
    box = page.one("div", role="status")
    assert box.attributes["class"] == f"box {kind}"
    assert box.text.split()[0] == title
    assert page.one("title").text.startswith("লগইন করুন")


def test_all_that_is_wrong_with_a_field_stands_at_it(theme):
    wrong = [Message(key, field="password") for key in ("err.pw.empty", "err.login")]
    page = read(theme.page(login(*wrong), frame()))
    assert page.one("p", id="password-error").text == "".join(
        a.text for a in page.all("a", href="#password")
    )


def test_an_error_takes_the_place_of_a_notice(theme):
    page = theme.page(login(Message("err.login"), notice=Message("login.reauth")), frame())
    assert not read(page).all("div", role="status")


def test_the_client_is_named_if_it_is_known(theme):
    assert "ব্যাকঅফিস ব্যবহার করতে লগইন করুন।" in read(theme.page(login(), frame())).body
    assert "ব্যবহার করতে" not in read(theme.page(login(), frame(client=""))).body


def test_the_way_home_is_a_web_address_or_none(theme):
    home = frame(client_home="https://backoffice.example.gov.bd/")
    assert read(theme.page(GONE, home)).one("a", href=home.client_home).text == "লগইন"
    hostile = read(theme.page(GONE, frame(client_home="javascript:alert(1)")))
    assert not [a for a in hostile.all("a") if "javascript" in a.attributes["href"]]


def test_error_pages_tell_the_reference_and_fold_the_details(theme):
    view: dict[str, Any] = {
        "title": "eclient.title", "body": "eclient.body", "facts": {},
        "next": "btn.back", "to": None,
    }  # fmt: skip
    page = read(theme.page(Page("error", view), frame(developer={"client_id": "x<y"})))
    assert page.body.count("7F3K-21") == 1
    assert page.one("summary").text == "ডেভেলপারের জন্য তথ্য"
    assert [page.one("dt").text, page.one("dd").text] == ["client_id", "x<y"]
    assert page.one("dd").lang == "en"
    plain = read(theme.page(Page("error", view), frame(reference="")))
    assert not plain.all("details")
    assert "রেফারেন্স" not in plain.body


def test_a_wait_is_told_on_the_429_page(theme):
    view: dict[str, Any] = {
        "title": "e429.title", "body": "err.rate", "facts": {"n": 2}, "next": "btn.back", "to": None
    }  # fmt: skip
    assert "২ মিনিট পরে" in read(theme.page(Page("error", view), frame())).body


def test_form_post_sends_only_the_answer_and_to_the_client_only(theme):
    view = {"uri": "https://rp.example/cb", "fields": {"submit": "1", "code": "c"}}
    html = theme.page(Page("form_post", view), frame(hidden={"conversation": "s"}))
    page = read(html)
    assert page.one("form").attributes == {"method": "post", "action": "https://rp.example/cb"}
    assert [i.attributes["name"] for i in page.all("input")] == ["submit", "code"]
    assert "name" not in page.one("button").attributes
    assert csp_hash(page.one("script").text) == SUBMIT_HASH
    assert "conversation" not in html


@pytest.mark.parametrize("page", [login(), code()])
def test_the_only_style_element_of_a_page_is_allowed_by_its_hash(theme, page):
    style = read(theme.page(page, frame())).one("style").text
    assert csp_hash(style) in theme.style_hashes


def test_the_login_page_carries_no_style_that_it_does_not_need(theme):
    assert ".rules" not in theme.page(login(), frame())
    assert ".rules" in theme.page(code(), frame())


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


def test_the_plain_theme_stands_without_the_portal():
    assert read(load("base").page(login(), frame())).one("h1").text == "লগইন করুন"


def test_a_refused_theme_is_an_error_of_ours():
    assert issubclass(ThemeRefused, ProbeshError)


def all_themes(by_client: dict[str, str], root=ROOT):
    return load_all(root, "portal", by_client, locales=LOCALES, support=Help())


def test_a_client_has_its_own_theme_and_everybody_else_the_default():
    themes = all_themes({"ministry": "ministry", "nearby": "ministry", "plain": "portal"})
    assert themes.of("ministry") is themes.of("nearby")
    assert themes.of("ministry") is not themes.default
    assert themes.of("plain") is themes.default
    assert themes.of("backoffice") is themes.of("") is themes.default


def test_the_styles_of_all_themes_are_allowed_once_each():
    themes = all_themes({"a": "ministry", "b": "ministry", "c": "portal"})
    hashes = themes.style_hashes
    assert len(set(hashes)) == len(hashes) == 4
    assert hashes == (*themes.default.style_hashes, *themes.of("a").style_hashes)
    assert all_themes({}).style_hashes == load().style_hashes


def test_one_bad_theme_of_a_client_refuses_all_with_its_place(tmp_path):
    path = Spoiled(tmp_path).write("templates/done.html", "{{ nobody }}")
    with pytest.raises(ThemeRefused) as refused:
        all_themes({"one": "mine"}, tmp_path)
    assert (refused.value.path, refused.value.line) == (path, 1)
    with pytest.raises(ThemeRefused, match="no theme 'nothing'"):
        all_themes({"one": "nothing"}, tmp_path)


def test_the_mistake_of_a_parent_is_told_once(tmp_path):
    spoiled = Spoiled(tmp_path)
    path = spoiled.write("templates/done.html", "{{ nobody }}")
    for child in ("one", "two"):
        (tmp_path / child).mkdir()
        (tmp_path / child / "theme.toml").write_text('parent = "mine"\n')
    with pytest.raises(ThemeRefused) as refused:
        all_themes({"a": "mine", "b": "one", "c": "two"}, tmp_path)
    assert [one.path for one in refused.value.all] == [path]


def test_every_bad_theme_is_told_at_once(tmp_path):
    path = Spoiled(tmp_path).write("templates/done.html", "{{ nobody }}")
    with pytest.raises(ThemeRefused) as refused:
        all_themes({"one": "mine", "two": "nothing", "three": "portal"}, tmp_path)
    told = [str(one) for one in refused.value.all]
    assert any(one.startswith(f"{path}:1: ") for one in told)
    assert any("no theme 'nothing'" in one for one in told)


# What a theme is made of -------------------------------------------------------------------------


@pytest.mark.parametrize("locale", LOCALES)
def test_a_ministry_differs_from_the_portal_in_colours_name_logo_and_two_sentences(locale):
    portal, ministry = (load(name) for name in ("portal", "ministry"))
    pages = [read(theme.page(login(), frame(locale=locale))) for theme in (portal, ministry)]
    said = zip(*(page.said for page in pages), strict=True)
    different = [(ours, theirs) for (_, ours), (_, theirs) in said if ours != theirs]
    assert len(different) == 3  # title, brand, the client's sentence
    assert all("Ministry" in new or "মন্ত্রণালয়" in new for _, new in different[:2])
    colours = [set(re.findall("#[0-9a-f]{3,6}", page.one("style").text)) for page in pages]
    assert len(colours[1] - colours[0]) == 4  # two by day, two by night
    letters = [theme.letter("test", locale, {}) for theme in (portal, ministry)]
    assert letters[0].brand != letters[1].brand


def test_the_example_of_a_ministry_is_short_enough_to_be_read_at_a_glance():
    files = [ROOT / "ministry" / "theme.toml", *(ROOT / "ministry").rglob("*.po")]
    lines = [line for file in files for line in file.read_text().splitlines() if line.strip()]
    assert len(files) == 3
    assert len(lines) <= 20


def test_a_name_replaces_the_parents_in_every_sentence_that_says_it(spoiled):
    spoiled.write("theme.toml", 'parent = "portal"\nname = { bn = "অর্থ & <বিভাগ>", en = "Finance" }')
    mine, portal = spoiled.load(), load()
    for locale, name, old in (
        ("bn", "অর্থ & <বিভাগ>", "জাতীয় তথ্য বাতায়ন"),
        ("en", "Finance", "Bangladesh National Portal"),
    ):
        for key in ("brand", "mail.sign"):
            said = say(portal, locale, Message(key))
            assert old in said
            assert say(mine, locale, Message(key)) == said.replace(old, name)
        page = read(mine.page(login(), frame(locale=locale)))
        assert page.one("title").text.endswith(f" – {name}")
        assert page.one("p", **{"class": "brand"}).text == name
        assert old not in page.body


def test_a_childs_own_sentence_may_still_speak_of_its_parent(spoiled):
    spoiled.write("theme.toml", 'parent = "portal"\nname = { en = "Finance" }')
    spoiled.words("en", 'msgid "mail.sign"\nmsgstr "Finance, Bangladesh National Portal"\n')
    mine = spoiled.load()
    assert say(mine, "en", Message("mail.sign")) == "Finance, Bangladesh National Portal"
    assert say(mine, "bn", Message("brand")) == say(load(), "bn", Message("brand"))


def test_a_grandchilds_name_replaces_its_parents(spoiled):
    spoiled.write("theme.toml", 'parent = "ministry"\nname = { en = "Finance" }')
    assert say(spoiled.load(), "en", Message("mail.sign")) == "Regards, Finance"


def test_words_need_no_header(spoiled):
    spoiled.write(
        "locale/bn/LC_MESSAGES/messages.po",
        'msgid "err.rate"\nmsgid_plural "err.rate"\nmsgstr[0] "{n} এক"\nmsgstr[1] "{n} বহু"\n',
    )
    mine = spoiled.load()
    assert say(mine, "bn", Message("err.rate", {"n": 1})) == "১ এক"
    assert say(mine, "bn", Message("err.rate", {"n": 3})) == "৩ বহু"


def test_the_rows_of_help_are_those_of_the_theme_in_its_order(spoiled):
    spoiled.write("theme.toml", 'parent = "portal"\nsidebar = ["email", "phones", "manual"]')
    mine = spoiled.load()
    assert mine.looks.by_locale["bn"].sidebar == ("email", "phones", "manual")
    aside = read(mine.page(login(), frame())).one("aside").text
    assert "pms.portal.gov.bd" not in aside
    assert aside.index("মেইল করুন") < aside.index("01555090301") < aside.index("ইউজার ম্যানুয়াল")


def test_a_theme_may_show_no_help_at_all(spoiled):
    spoiled.write("theme.toml", 'parent = "portal"\nsidebar = []')
    assert not read(spoiled.load().page(login(), frame())).all("aside")


def test_the_pages_of_the_base_have_the_look_that_was_read_once(spoiled):
    mine = spoiled.load()
    spoiled.write("style.css", "h1 { margin: 1px }\n")  # saved between two looks at the files
    assert mine.in_pages_of_the_base().looks is mine.looks


def test_a_footer_stands_on_every_page_in_the_pages_language(spoiled):
    spoiled.write("theme.toml", '[footer]\nbn = "অর্থ <বিভাগ>"\nen = "Finance Division"\n')
    mine = spoiled.load()
    for page in (login(), code(), GONE):
        assert "অর্থ <বিভাগ>" in read(mine.page(page, frame())).one("footer").text
        english = read(mine.page(page, frame(locale="en", reference=""))).one("footer")
        assert english.text.strip() == "Finance Division"


def test_a_logo_takes_the_place_of_the_mark_and_says_nothing(spoiled):
    spoiled.write("static/logo.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')
    spoiled.write("theme.toml", 'parent = "portal"\nlogo = "logo.svg"')
    page = read(spoiled.load().page(code(), frame()))
    logo = page.one("img").attributes
    assert logo["src"].startswith("data:image/svg+xml,")
    assert logo["alt"] == ""
    assert not read(load().page(code(), frame())).all("img")
