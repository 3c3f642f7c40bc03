import re

import pytest
from markupsafe import Markup

from idp.model.page import Message
from idp.theming import ThemeRefused, WordsMissing
from idp.theming.catalogues import load_catalogue, own_sentences
from tests.theming.samples import ROOT

CHAIN = (ROOT / "portal", ROOT / "base")


@pytest.fixture(scope="module")
def bn():
    return load_catalogue(CHAIN, "bn")


@pytest.fixture(scope="module")
def en():
    return load_catalogue(CHAIN, "en")


def test_counts_take_bengali_digits_in_bengali_only(bn, en):
    assert "১২ মিনিট" in bn.plain("err.rate", {"n": 12})
    assert "12 minutes" in en.plain("err.rate", {"n": 12})


def test_what_was_typed_keeps_its_digits(bn):
    assert "office1@example.gov.bd" in bn.plain("already.h1", {"email": "office1@example.gov.bd"})


def test_one_minute_is_not_one_minutes(en):
    assert "1 minute." in en.plain("err.rate", {"n": 1})
    assert "You have 1 more try." in en.plain("otp.err.wrong", {"n": 1})
    assert "42 seconds" in en.plain("otp.wait", {"s": 42})


RULES = (Message("policy.len", {"n": 8}), Message("policy.upper"))


def test_a_fact_of_several_messages_is_said_as_a_list_in_the_language(bn, en):
    rules = "কমপক্ষে ৮ অক্ষর, কমপক্ষে একটি বড় হাতের অক্ষর (A–Z)"
    assert bn.plain("err.policy", {"list": RULES}) == f"নতুন পাসওয়ার্ডে এখনো যা নেই: {rules}"
    assert en.plain("err.policy", {"list": RULES[:1]}).endswith("needs: at least 8 characters")
    marked = bn.plain("err.policy", {"list": RULES}).replace("A–Z", '<span lang="en">A–Z</span>')
    assert bn.html("err.policy", {"list": RULES}) == marked


def test_every_message_of_a_list_is_escaped_once_as_it_is_alone(bn):
    hostile = Message("already.h1", {"email": "<a&b@x>"})
    shown = bn.html("err.policy", {"list": (hostile, hostile)})
    alone = bn.html("already.h1", {"email": "<a&b@x>"})
    assert "&lt;a&amp;b@x&gt;" in alone
    assert shown.endswith(f": {alone}, {alone}")
    assert isinstance(shown, Markup)


def test_a_list_with_an_unknown_message_is_an_error(bn):
    with pytest.raises(WordsMissing, match=r"no\.such"):
        bn.html("err.policy", {"list": (Message("no.such"),)})


def test_a_missing_fact_is_an_error(bn):
    with pytest.raises(WordsMissing, match="needs n"):
        bn.plain("err.rate", {})


def test_an_unknown_key_is_an_error(bn):
    assert "no.such" not in bn
    with pytest.raises(WordsMissing, match=r"no\.such"):
        bn.html("no.such", {})


def test_facts_that_a_sentence_does_not_need_are_left_alone(bn):
    assert bn.plain("login.h1", {"n": 1}) == "লগইন করুন"


def test_facts_are_escaped_in_html_and_not_in_text(bn):
    facts = {"email": "<script>&"}
    assert "<script>" not in bn.html("already.h1", facts)
    assert "&lt;script&gt;&amp;" in bn.html("already.h1", facts)
    assert "<script>&" in bn.plain("already.h1", facts)


def test_a_fact_cannot_be_a_placeholder_in_its_turn(bn):
    assert "{n}" in bn.plain("already.h1", {"email": "{n}"})


def test_foreign_facts_are_marked_with_their_language(bn, en):
    assert '<span lang="en">a@b.bd</span>' in bn.html("already.h1", {"email": "a@b.bd"})
    assert "<span" not in bn.html("login.client", {"client": "ব্যাকঅফিস"})
    assert '<span lang="bn">ব্যাকঅফিস</span>' in en.html("login.client", {"client": "ব্যাকঅফিস"})
    assert "<span" not in en.html("login.client", {"client": "Back office"})


def test_foreign_words_within_a_sentence_are_marked_and_escaped(bn, spoiled):
    assert '<span lang="en">name@example.gov.bd</span>' in bn.html("err.userid.format", {})
    assert bn.html("mail.reset.anchor", {}) == "Link to reset credentials"  # its element is marked
    spoiled.words("bn", 'msgid "login.h1"\nmsgstr "ক > R&D ও খ & A/B"\n')
    mine = load_catalogue((spoiled.mine, *CHAIN), "bn").html("login.h1", {})
    r, d, ab = (f'<span lang="en">{name}</span>' for name in ("R", "D", "A/B"))
    assert mine == f"ক &gt; {r}&amp;{d} ও খ &amp; {ab}"


def test_html_sentences_are_markup_with_or_without_facts(bn):
    assert isinstance(bn.html("login.h1", {}), Markup)
    assert isinstance(bn.html("err.rate", {"n": 2}), Markup)


def test_a_theme_changes_one_sentence_and_inherits_the_rest(spoiled):
    spoiled.words("bn", 'msgid "login.h1"\nmsgstr "প্রবেশ করুন"\n')
    mine = load_catalogue((spoiled.mine, *CHAIN), "bn")
    assert mine.plain("login.h1", {}) == "প্রবেশ করুন"
    assert mine.plain("login.submit", {}) == "লগইন"


@pytest.mark.parametrize(
    ("entries", "line", "what"),
    [
        ('msgid "login.h1"\nmsgstr "{"\n', 4, "'{'"),
        ('msgid "login.h1"\nmsgstr ""\n', 4, "empty"),
        ('msgid "login.typo"\nmsgstr "x"\n', 4, "no sentence 'login.typo'"),
        ('msgid "login.sumbit"\nmsgstr "x"\n', 4, 'Did you mean "login.submit"?'),
        ('msgid "login.h1"\nmsgstr "{n}"\n', 4, "given no fact n"),
        ('msgid "already.h1"\nmsgstr "{email.__class__}"\n', 4, "only {name}"),
        ('msgid "already.h1"\nmsgstr "{email!r}"\n', 4, "only {name}"),
        ('msgid "already.h1"\nmsgstr "{email:>9}"\n', 4, "only {name}"),
        ('msgid "already.h1"\nmsgstr "{}"\n', 4, "only {name}"),
        ('msgid "a"\nmsgid_plural "a"\nmsgstr[0] "x"\nmsgstr[1] "y"\n', 4, "no count"),
        ('nonsense "x"\n', 4, "Unknown or misformatted keyword"),
        ('msgid "login.h1"\n\n', 4, "missing msgstr for msgid 'login.h1'"),
        ('msgid "login.h1"\nmsgstr "a <b>bold</b> word"\n', 4, "text, not HTML"),
        ('msgid "login.h1\nmsgstr "x"\n', 4, "quotes of this line do not close"),
        ('msgid "login.h1"\nmsgstr "x\n', 5, "quotes of this line do not close"),
        ('msgid "login.h1"\nmsgstr ""\n"x\\"\n', 6, "quotes of this line do not close"),
        ('msgid "login.h1"\nmsgstr "x" y\n', 5, "something stands behind them"),
        ('msgid "login.h1"\nmsgstr[x] "x"\n', 4, "cannot be read"),
        ('msgid "brand"\nmsgstr "Office"\n', 4, "say it by `name` in theme.toml"),
    ],
)
def test_a_wrong_catalogue_is_refused_with_its_place(spoiled, entries, line, what):
    path = spoiled.words("bn", entries)
    with pytest.raises(ThemeRefused) as refused:
        load_catalogue((spoiled.mine, *CHAIN), "bn")
    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert what in refused.value.what
    assert not re.search(r" on \d+$", refused.value.what), "a second line, which is another's"


@pytest.mark.parametrize(
    "date",
    ["", " ", " YEAR-MO-DA HO:MI+ZONE", " 2026-11-20", " 2026-11-20 10:00+0600", " ২০ নভেম্বর"],
)
def test_dates_of_a_header_are_nobodys_business(spoiled, date):
    header = "".join(f"{name}-Date:{date}\\n" for name in ("POT-Creation", "po-revision"))
    plural = "Plural-Forms: nplurals=1; plural=0;\\n"
    entry = 'msgid "err.rate"\nmsgid_plural "err.rate"\nmsgstr[0] "{n} এক"\n'
    for text in (f'"{header}{plural}"', f'""\n"{header}"\n"{plural}"'):
        name = "locale/bn/LC_MESSAGES/messages.po"
        spoiled.write(name, f'msgid ""\nmsgstr {text}\n\n{entry}')
        mine = load_catalogue((spoiled.mine, *CHAIN), "bn")
        assert mine.plain("err.rate", {"n": 1}) == "১ এক"


def test_a_sentence_may_speak_of_the_dates_that_a_header_has(spoiled):
    spoiled.words("en", 'msgid "login.h1"\nmsgstr "PO-Revision-Date: today"\n')
    mine = load_catalogue((spoiled.mine, *CHAIN), "en")
    assert mine.plain("login.h1", {}) == "PO-Revision-Date: today"


@pytest.mark.parametrize(
    ("header", "line", "what"),
    [
        ("Plural-Forms: nplurals=x; plural=(n > 1);", 2, "'x'"),
        ("Plural-Forms: nplurals=2; plural=(n > );", 4, "plural form"),
        ("Language: bn_XX_foo_bar", 2, "bn_XX_foo_bar"),
        ("Content-Type: text/plain; charset=foo", 4, "charset=foo, but words are UTF-8"),
        ("Content-Type: text/plain; charset=Latin-1", 4, "words are UTF-8"),
    ],
)
def test_a_wrong_header_is_refused_with_its_place(spoiled, header, line, what):
    entry = 'msgid "login.h1"\nmsgstr "প্রবেশ"\n'
    text = f'# Ours.\nmsgid ""\nmsgstr ""\n"{header}\\n"\n\n{entry}'
    path = spoiled.write("locale/bn/LC_MESSAGES/messages.po", text)
    with pytest.raises(ThemeRefused) as refused:
        load_catalogue((spoiled.mine, *CHAIN), "bn")
    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert what in refused.value.what


@pytest.mark.parametrize("head", ["", "\ufeff"])
def test_words_may_begin_with_a_byte_order_mark(spoiled, head):
    entry = 'msgid "login.h1"\nmsgstr "প্রবেশ করুন"\n'
    spoiled.write("locale/bn/LC_MESSAGES/messages.po", head + entry)
    mine = load_catalogue((spoiled.mine, *CHAIN), "bn")
    assert mine.plain("login.h1", {}) == "প্রবেশ করুন"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Use {{braces}} here, please", "Use {braces} here, please"),
        ("}}", "}"),
        ("{{{{ & }}}}", "{{ &amp; }}"),
    ],
)
def test_braces_that_are_doubled_are_said_as_braces(spoiled, said, shown):
    spoiled.words("en", f'msgid "login.h1"\nmsgstr "{said}"\n')
    mine = load_catalogue((spoiled.mine, *CHAIN), "en")
    assert mine.html("login.h1", {}) == shown
    assert mine.plain("login.h1", {}) == shown.replace("&amp;", "&")


def test_braces_may_stand_around_a_fact(spoiled):
    spoiled.words("en", 'msgid "already.h1"\nmsgstr "a {{{email}}} b}} c"\n')
    mine = load_catalogue((spoiled.mine, *CHAIN), "en")
    assert mine.html("already.h1", {"email": "x"}) == "a {x} b} c"


def test_the_sentences_of_a_theme_itself_are_told_with_their_lines(spoiled):
    spoiled.words("bn", 'msgid "login.h1"\nmsgstr "ক"\n\nmsgid "btn.next"\nmsgstr "খ"\n')
    own = own_sentences(spoiled.mine, "bn")
    assert {key: one.line for key, one in own.items()} == {"login.h1": 4, "btn.next": 7}
    assert own_sentences(spoiled.mine, "en") == {}


def test_a_theme_has_no_sentences_of_its_own_while_one_is_wrong(spoiled):
    spoiled.words("bn", 'msgid "login.h1"\nmsgstr "{"\n')
    with pytest.raises(ThemeRefused, match=r"'\{'"):
        own_sentences(spoiled.mine, "bn")


def test_every_wrong_sentence_of_a_file_is_told(spoiled):
    entries = ('"login.h1"\nmsgstr ""', '"no.such"\nmsgstr "x"', '"login.submit"\nmsgstr "{n}"')
    spoiled.words("bn", "".join(f"msgid {entry}\n\n" for entry in entries))
    with pytest.raises(ThemeRefused) as refused:
        load_catalogue((spoiled.mine, *CHAIN), "bn")
    assert [one.line for one in refused.value.all] == [4, 7, 10]


def test_an_escaped_quote_does_not_close_a_text(spoiled):
    spoiled.words("bn", 'msgid "login.h1"\nmsgstr ""\n"বলুন \\"হ্যাঁ\\""\n')
    assert load_catalogue((spoiled.mine, *CHAIN), "bn").plain("login.h1", {}) == 'বলুন "হ্যাঁ"'


@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf"])
def test_a_catalogue_that_is_not_utf_8_is_refused(spoiled, head):
    path = spoiled.words("bn", "")
    path.write_bytes(head + b'msgid "login.h1"\n\xff\n')
    with pytest.raises(ThemeRefused) as refused:
        load_catalogue((spoiled.mine, *CHAIN), "bn")
    assert str(refused.value) == f"{path}:2: not UTF-8"


def test_a_language_without_a_base_catalogue_is_refused():
    with pytest.raises(ThemeRefused, match="no words for fr"):
        load_catalogue(CHAIN, "fr")
