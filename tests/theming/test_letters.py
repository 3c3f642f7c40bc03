"""Letters: what they say in every state, in which form, and that they stay small."""

import re

import pytest

from idp.flow.codes import read_code
from idp.model.page import Facts, Message
from idp.theming import WordsMissing
from idp.theming.states import LETTERS, LetterState
from idp.theming.tokens import contrast
from tests.theming.reading import Reader, read
from tests.theming.samples import LOCALES, NO_HELP, Help, load, say

ISSUER = "https://sso.example.gov.bd"
LINK = f"{ISSUER}/reset/Xk3v_9-a"
START = f"{ISSUER}/reset"
USER = "office@example.gov.bd"
SHARED: Facts = {
    "email": USER,
    "url": START,
    "page": START,
    "host": "sso.example.gov.bd",
    "minutes": 30,
    "hours": 24,
    "time": "রাত ৯:০৪",
    "client": "ব্যাকঅফিস",
    "ip": "203.0.113.•••",
    "ua": "Chrome, Android",
}
CODE: Facts = {**SHARED, "code": "482913", "minutes": 10}
RESET: Facts = {**SHARED, "url": LINK}
KINDS: dict[str, Facts] = {
    "code": CODE,
    "reset": RESET,
    "welcome": RESET,
    "changed": SHARED,
    "paused": SHARED,
    "new_device": SHARED,
    "test": {},
}
PERSONAL = sorted(KINDS.keys() - {"test"})

every_language = pytest.mark.parametrize("locale", LOCALES)
every_kind = pytest.mark.parametrize("kind", KINDS)
every_letter = pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.name)


@pytest.fixture(scope="module")
def theme():
    return load()


def parts(theme, kind: str, locale: str, facts: Facts) -> tuple[str, str]:
    """Return what a person reads in either part, on one line."""
    letter = theme.letter(kind, locale, facts)
    return " ".join(letter.text.split()), read(letter.html).body


def test_every_kind_of_letter_is_in_the_list_of_states():
    assert {letter.kind for letter in LETTERS} == KINDS.keys()


# -- form ------------------------------------------------------------------------------------------


@every_language
@every_letter
def test_html_letters_are_small_whole_and_fetch_nothing(theme, letter: LetterState, locale: str):
    facts = letter.facts(locale)
    html = theme.letter(letter.kind, locale, facts).html
    page = read(html)
    assert len(html.encode()) <= 15 * 1024
    assert not [e for e in page.elements if {"src", "background"} & e.attributes.keys()]
    assert not [e for e in page.elements if e.tag in {"img", "link", "script", "form", "object"}]
    links = {e.attributes["href"] for e in page.elements if "href" in e.attributes}
    assert links <= {facts["url"], facts["page"]}
    assert "url(" not in html
    assert "@import" not in html
    assert page.one("html").lang == locale
    assert page.one("title").text == theme.letter(letter.kind, locale, facts).subject


@every_language
@every_kind
def test_layout_is_by_tables_that_are_told_to_be_no_data(theme, kind, locale):
    page = read(theme.letter(kind, locale, KINDS[kind]).html)
    tables = page.all("table")
    assert len(tables) == 2
    assert {table.attributes["role"] for table in tables} == {"presentation"}


@every_language
@every_kind
def test_a_letter_is_told_to_suit_day_and_night(theme, kind, locale):
    html = theme.letter(kind, locale, KINDS[kind]).html
    page = read(html)
    for name in ("color-scheme", "supported-color-schemes"):
        assert page.one("meta", name=name).attributes["content"] == "light dark"
    night = html.partition("@media (prefers-color-scheme:dark){")[2].partition("</style>")[0]
    named = set(re.findall(r"^\.(\w+)\{", night, re.MULTILINE))
    used = {c for e in page.elements for c in e.attributes.get("class", "").split()}
    assert used <= named


@every_language
@every_kind
def test_a_colour_of_text_never_comes_without_that_of_its_ground(theme, kind, locale):
    # A reader that turns only one of them around would leave light on light.
    page = read(theme.letter(kind, locale, KINDS[kind]).html)
    grounds = [e.attributes["bgcolor"] for e in page.all("table")]
    inks = re.findall(r"(?<![-\w])color:(#\w+)", str([e.attributes for e in page.elements]))
    assert all(f"background:{e.attributes['bgcolor']}" in e.attributes["style"]
               for e in page.all("table"))  # fmt: skip
    assert len(set(inks)) >= 2
    assert min(contrast(ink, grounds[-1]) for ink in inks) >= 4.5
    assert "background" in page.one("body").attributes["style"]


@every_language
@every_letter
def test_no_foreign_word_is_left_without_its_language(theme, letter: LetterState, locale: str):
    said = read(theme.letter(letter.kind, locale, letter.facts(locale)).html).said
    ours = [text for lang, text in said if lang == locale]
    if locale == "en":
        assert not [text for text in ours if re.search("[\u0980-\u09ff]", text)]
        return
    assert not [text for text in ours if re.search("[A-Za-z]", text)]
    assert not [
        text for text in ours if re.search("[0-9]", re.sub(r"203\.0\.113\.|^[0-9]{6}$", "", text))
    ]


@every_language
@every_letter
def test_the_text_part_says_all_that_the_html_says(theme, letter: LetterState, locale: str):
    facts = letter.facts(locale)
    text, html = parts(theme, letter.kind, locale, facts)
    copy_line = say(theme, locale, _message("mail.reset.copy", url="")).strip()
    brand = say(theme, locale, _message("brand"))
    assert html.startswith(brand)
    left = html.removeprefix(brand).replace(copy_line, "").replace(str(facts["url"]), "")
    assert left.split() == text.replace(str(facts["url"]), "").split()


def _message(key: str, **facts: str) -> Message:
    return Message(key, facts)


@every_language
@every_letter
def test_a_subject_holds_nothing_but_the_catalogue_s_words(theme, letter: LetterState, locale):
    subjects = {
        theme.letter(letter.kind, locale, facts).subject
        for facts in (letter.facts(locale), dict.fromkeys(letter.facts(locale), 7))
    }
    assert len(subjects) == 1
    assert subjects.pop().isprintable()


@every_language
@every_kind
def test_a_letter_names_who_writes_it(theme, kind, locale):
    letter = theme.letter(kind, locale, KINDS[kind])
    assert letter.brand == say(theme, locale, _message("brand"))
    assert letter.brand in letter.text


@every_language
@every_kind
def test_the_text_part_has_short_paragraphs_and_no_markup(theme, kind, locale):
    text = theme.letter(kind, locale, KINDS[kind]).text
    assert not re.search("[<>]|&[a-z]+;|\n\n\n|[ \t]\n", text)
    assert text.endswith("\n")
    assert not text.startswith("\n")


# -- the code --------------------------------------------------------------------------------------


@every_language
def test_the_code_stands_alone_on_its_line_and_nowhere_else(theme, locale):
    letter = theme.letter("code", locale, CODE)
    lines = letter.text.splitlines()
    at = lines.index("482913")
    assert (lines[at - 1], lines[at + 1]) == ("", "")
    assert letter.text.count("482913") == 1
    assert "482913" not in letter.subject
    assert [e.text for e in read(letter.html).all("p") if "482913" in e.text] == ["482913"]


@every_language
@every_letter
def test_the_whole_letter_pasted_into_the_code_field_is_the_code(theme, letter, locale):
    if letter.kind != "code":
        return
    facts = letter.facts(locale)
    for part in parts(theme, "code", locale, facts):
        assert read_code(part) == facts["code"]
    text = theme.letter("code", locale, facts).text
    assert read_code(text) == read_code(text.replace("\n", "")) == facts["code"]


def test_the_letter_says_how_long_and_where_the_code_works(theme):
    assert theme.letter("code", "bn", CODE).subject == "আপনার লগইন কোড"
    for part in parts(theme, "code", "bn", CODE):
        assert "১০ মিনিট" in part
        assert "sso.example.gov.bd" in part
        assert "কাউকে জানাবেন না" in part
        assert "01555090301" in part
        assert "support@example.gov.bd" in part


def test_who_did_not_ask_for_a_code_is_told_where_to_reset(theme):
    for part in parts(theme, "code", "en", CODE):
        assert f"If you were not trying to log in, reset your password now: {START}" in part


# -- links -----------------------------------------------------------------------------------------


@every_language
@pytest.mark.parametrize("kind", ["reset", "welcome"])
def test_the_link_to_reset_has_the_words_of_the_guide_in_either_language(theme, kind, locale):
    page = read(theme.letter(kind, locale, KINDS[kind]).html)
    anchor = next(e for e in page.all("a") if e.attributes["href"] == LINK)
    assert (anchor.text, anchor.lang) == ("Link to reset credentials", "en")


@every_language
@pytest.mark.parametrize(
    ("kind", "address", "above"),
    [
        ("reset", LINK, "Link to reset credentials"),
        ("welcome", LINK, "Link to reset credentials"),
        ("welcome", START, ""),
        ("changed", START, ""),
        ("code", START, ""),
        ("paused", START, ""),
        ("new_device", START, ""),
    ],
)
def test_the_whole_address_stands_alone_on_a_line_of_the_text(theme, kind, address, above, locale):
    lines = theme.letter(kind, locale, KINDS[kind]).text.splitlines()
    at = lines.index(address)
    assert (lines[at - 1], lines[at + 1]) == (above, "")
    assert lines.count(address) == 1


@pytest.mark.parametrize("kind", PERSONAL)
def test_the_whole_address_can_be_read_and_copied_from_the_html_too(theme, kind):
    page = read(theme.letter(kind, "bn", KINDS[kind]).html)
    shown = [e.text for e in page.all("p") if "https" in e.text]
    assert shown == ([LINK, START] if kind == "welcome" else [KINDS[kind]["url"]])
    assert {e.lang for e in page.all("p") if "https" in e.text} == {"en"}


# -- what each kind says ---------------------------------------------------------------------------


def test_the_reset_letter_says_for_whom_how_long_and_what_if_not_asked(theme):
    assert theme.letter("reset", "bn", RESET).subject == "পাসওয়ার্ড রিসেট করার লিংক"
    for part in parts(theme, "reset", "bn", RESET):
        assert f"{USER} ইউজার আইডির পাসওয়ার্ড রিসেট করার অনুরোধ" in part
        assert "৩০ মিনিট কাজ করবে এবং একবারই" in part
        assert "আপনি অনুরোধ না করে থাকলে কিছু করতে হবে না" in part


def test_the_notice_of_a_change_says_when_whose_and_what_to_do(theme):
    assert theme.letter("changed", "bn", SHARED).subject == "আপনার পাসওয়ার্ড পরিবর্তন হয়েছে"
    for part in parts(theme, "changed", "bn", SHARED):
        assert f"রাত ৯:০৪ সময়ে {USER} ইউজার আইডির পাসওয়ার্ড পরিবর্তন হয়েছে।" in part
        assert "এখনই পাসওয়ার্ড রিসেট করুন এবং সাপোর্টে জানান।" in part
        assert "পাসওয়ার্ড রিসেট করার পাতা:" in part


def test_the_letter_of_a_pause_says_what_goes_on_and_that_the_usual_browser_still_works(theme):
    subject = "আপনার ইউজার আইডিতে অনেকবার ভুল পাসওয়ার্ড দেওয়া হয়েছে"
    assert theme.letter("paused", "bn", SHARED).subject == subject
    for part in parts(theme, "paused", "bn", SHARED):
        assert f"{USER} ইউজার আইডিতে অনেকবার ভুল পাসওয়ার্ড দেওয়া হয়েছে।" in part
        assert "আগে মেইলের কোড, তারপর পাসওয়ার্ড লাগবে" in part
        assert "আপনার নিয়মিত ব্রাউজারে আগের মতোই লগইন করতে পারবেন।" in part


def test_the_letter_of_a_new_device_says_who_from_where_and_what_if_it_was_nobody(theme):
    assert theme.letter("new_device", "bn", SHARED).subject == "নতুন ডিভাইস থেকে লগইন"
    for part in parts(theme, "new_device", "bn", SHARED):
        assert f"{USER} ইউজার আইডি দিয়ে একটি নতুন ডিভাইস থেকে লগইন হয়েছে।" in part
        assert "সময়: রাত ৯:০৪ · আইপি: 203.0.113.••• · ব্রাউজার: Chrome, Android" in part
        assert "আপনারা কেউ লগইন না করে থাকলে সাপোর্টে জানান এবং এখনই এই পাতায়" in part


def test_the_letter_of_welcome_counts_hours_and_says_where_the_next_link_is(theme):
    assert theme.letter("welcome", "bn", RESET).subject == "আপনার ইউজার তৈরি হয়েছে"
    for part in parts(theme, "welcome", "bn", RESET):
        assert f"{USER} ইউজার আইডির পাসওয়ার্ড দিতে নিচের লিংকে ক্লিক করুন।" in part
        assert "লিংকটি ২৪ ঘণ্টা কাজ করবে" in part
    assert "works for 1 hour and" in theme.letter("welcome", "en", {**RESET, "hours": 1}).text


def test_a_minute_is_counted_in_english_letters(theme):
    assert "works for 1 minute and" in theme.letter("reset", "en", {**RESET, "minutes": 1}).text
    assert "works for 30 minutes and" in theme.letter("reset", "en", RESET).text


def test_the_test_letter_has_one_sentence_and_a_subject(theme):
    letter = theme.letter("test", "en", {})
    assert letter.subject == "Test e-mail"
    assert letter.text.startswith("If you have received this e-mail")


# -- where it came from ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PERSONAL)
def test_a_letter_tells_for_which_application_when_and_from_where(theme, kind):
    for part in parts(theme, kind, "bn", KINDS[kind]):
        assert "সেবা: ব্যাকঅফিস" in part
        assert "সময়: রাত ৯:০৪ · আইপি: 203.0.113.••• · ব্রাউজার: Chrome, Android" in part


@every_language
@pytest.mark.parametrize("kind", PERSONAL)
def test_what_is_not_known_leaves_no_empty_words(theme, kind, locale):
    facts = {**KINDS[kind], "time": "9:04", "client": "", "ip": "", "ua": ""}
    for part in parts(theme, kind, locale, facts):
        assert not re.search(r"যে সেবার জন্য|To use|আইপি|IP|ব্রাউজার:|Browser:|·", part)
        assert "9:04" in part
    for part in parts(theme, kind, locale, {**facts, "ip": "203.0.113.•••"}):
        assert re.search(r"9:04 · (আইপি|IP): 203.0.113.•••(?! ·)", part)


def test_a_letter_without_support_says_nothing_of_help():
    letter = load(support=NO_HELP).letter("code", "bn", CODE)
    assert "সাহায্যের জন্য" not in letter.text + letter.html
    phones = load(support=Help(email="")).letter("code", "en", CODE).text
    assert phones.endswith("For help: 01555090301, 01555090302, 01555090303\n")


# -- what must not happen --------------------------------------------------------------------------


def test_only_the_html_part_of_a_letter_is_escaped(theme):
    letter = theme.letter("code", "bn", {**CODE, "host": "a&<b>"})
    assert "a&<b>" in letter.text
    assert "<b>" not in letter.html


@every_language
@pytest.mark.parametrize("kind", PERSONAL)
def test_hostile_facts_are_shown_and_never_obeyed(theme, kind, locale):
    facts: Facts = {
        name: '"><script>&{{ 7*7 }}{% raw %}' + fact if isinstance(fact, str) else fact
        for name, fact in KINDS[kind].items()
    }
    calm, hostile = (_tags(read(theme.letter(kind, locale, f).html)) for f in (KINDS[kind], facts))
    assert calm == hostile
    html = theme.letter(kind, locale, facts).html
    assert "&lt;script&gt;" in html
    assert "49" not in html


def _tags(page: Reader) -> list[str]:
    return [element.tag for element in page.elements if element.tag != "span"]


def test_an_unknown_kind_of_letter_and_a_missing_fact_are_errors(theme):
    with pytest.raises(WordsMissing, match="nothing"):
        theme.letter("nothing", "bn", {})
    with pytest.raises(WordsMissing, match="minutes"):
        theme.letter("code", "bn", {"code": "482913"})
