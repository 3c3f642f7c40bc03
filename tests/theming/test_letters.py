"""Letters: what they say, in which form, and that they stay small."""

import pytest

from idp.theming import WordsMissing
from tests.theming.reading import read
from tests.theming.samples import NO_HELP, Help, load

LINK = "https://sso.example.gov.bd/reset/Xk3v_9-a"
START = "https://sso.example.gov.bd/reset"
USER = "office@example.gov.bd"
CODE: dict[str, str | int] = {
    "code": "482913",
    "minutes": 10,
    "host": "sso.example.gov.bd",
    "time": "রাত ৯:০৪",
    "url": START,
}
RESET: dict[str, str | int] = {
    "email": USER,
    "url": LINK,
    "minutes": 30,
    "time": "রাত ৯:০৪",
    "host": "sso.example.gov.bd",
}
CHANGED: dict[str, str | int] = {"email": USER, "time": "রাত ৯:০৪", "url": START}
KINDS = {"code": CODE, "reset": RESET, "changed": CHANGED, "test": {}}


@pytest.fixture(scope="module")
def theme():
    return load()


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
@pytest.mark.parametrize("kind", KINDS)
def test_html_letters_are_small_whole_and_fetch_nothing(theme, kind, locale):
    html = theme.letter(kind, locale, KINDS[kind]).html
    page = read(html)
    assert len(html.encode()) <= 15 * 1024
    assert not [e for e in page.elements if {"src", "background"} & e.attributes.keys()]
    links = {e.attributes["href"] for e in page.elements if "href" in e.attributes}
    assert links <= {KINDS[kind].get("url")}
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


@pytest.mark.parametrize("locale", ["bn", "en"])
def test_the_link_to_reset_has_the_words_of_the_guide_in_either_language(theme, locale):
    page = read(theme.letter("reset", locale, RESET).html)
    anchor = page.one("a")
    assert (anchor.text, anchor.lang) == ("Link to reset credentials", "en")
    assert anchor.attributes["href"] == LINK


@pytest.mark.parametrize("locale", ["bn", "en"])
@pytest.mark.parametrize(
    ("kind", "address", "above"),
    [
        ("reset", LINK, "Link to reset credentials"),
        ("changed", START, ""),
        ("code", START, ""),
    ],
)
def test_the_whole_address_stands_alone_on_a_line_of_the_text(theme, kind, address, above, locale):
    lines = theme.letter(kind, locale, KINDS[kind]).text.splitlines()
    at = lines.index(address)
    assert (lines[at - 1], lines[at + 1]) == (above, "")
    assert sum(address in line for line in lines) == 1


def test_the_whole_link_can_be_read_and_copied_from_the_html_too(theme):
    page = read(theme.letter("reset", "bn", RESET).html)
    assert [e.text for e in page.all("p") if "https" in e.text] == [LINK]


def test_the_reset_letter_says_for_whom_how_long_and_what_if_not_asked(theme):
    letter = theme.letter("reset", "bn", RESET)
    assert letter.subject == "পাসওয়ার্ড রিসেট করার লিংক"
    for part in (letter.text, read(letter.html).body):
        assert f"{USER} ইউজার আইডির পাসওয়ার্ড রিসেট করার অনুরোধ" in part
        assert "৩০ মিনিট কাজ করবে এবং একবারই" in part
        assert "আপনি অনুরোধ না করে থাকলে কিছু করতে হবে না" in part
        assert "রাত ৯:০৪" in part


def test_the_notice_of_a_change_says_when_whose_and_what_to_do(theme):
    letter = theme.letter("changed", "bn", CHANGED)
    assert letter.subject == "আপনার পাসওয়ার্ড পরিবর্তন হয়েছে"
    for part in (letter.text, read(letter.html).body):
        assert f"রাত ৯:০৪ সময়ে {USER} ইউজার আইডির পাসওয়ার্ড পরিবর্তন হয়েছে।" in part
        assert "এখনই পাসওয়ার্ড রিসেট করুন এবং সাপোর্টে জানান।" in part
        assert START in part


def test_who_did_not_ask_for_a_code_is_told_where_to_reset(theme):
    for part in (theme.letter("code", "en", CODE).text, theme.letter("code", "en", CODE).html):
        assert "If you were not trying to log in, reset your password now:" in part
        assert START in part


def test_a_minute_is_counted_in_english_letters(theme):
    assert "works for 1 minute and" in theme.letter("reset", "en", {**RESET, "minutes": 1}).text
    assert "works for 30 minutes and" in theme.letter("reset", "en", RESET).text


@pytest.mark.parametrize("kind", ["reset", "changed"])
def test_a_hostile_address_is_shown_and_never_obeyed(theme, kind):
    html = theme.letter(kind, "bn", {**KINDS[kind], "email": '"><script>'}).html
    assert not read(html).all("script")
    assert "&lt;script&gt;" in html
