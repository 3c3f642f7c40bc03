"""The catalogues are complete: every sentence exists in both languages, and every one is said."""

import ast
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po

from idp.theming.catalogues import Catalogue, load_catalogue
from idp.theming.templates import Templates, literal_keys
from tests.theming.samples import LOCALES, ROOT, Help, Spoiled, load

HERE = Path(__file__).parent
CODE = ROOT.parent / "idp"
THEMES = sorted(path.parent for path in ROOT.glob("*/theme.toml"))
CHAIN = (ROOT / "portal", ROOT / "base")
PLURALS = {"bn": (2, "(n > 1)"), "en": (2, "(n != 1)")}
SAME = {"side.apply", "mail.reset.anchor"}  # printed so in the guide, in both languages
OTHERS_NAME = "lang"  # each language names the other in the other's letters
# Counts that no word of the sentence depends on.
UNCOUNTED = {"dev.fix.length", "err.long", "otp.err.len", "policy.len"}
# A printed sentence of which a part may be missing is kept in parts.
IN_PARTS = {"mail.auto": ("mail.auto", "mail.help")}
# Ours, beside the printed ones: states and letters that the printed list leaves out.
OWN = {
    "e.again",
    "e.login",
    "e403.form.body",
    "e403.form.title",
    "e405.body",
    "e405.title",
    "e413.body",
    "e413.title",
    "first.expired",
    "first.resent",
    "first.sent",
    "gone.body",
    "gone.in",
    "gone.title",
    "link.dead.title",
    "link.expired.hours",
    "link.foreign",
    "logout.look",
    "logout.waiting",
    "mail.client",
    "mail.ctx.ip",
    "mail.help",
    "mail.locked.next",
    "mail.locked.user",
    "mail.newdev.known",
    "mail.newdev.notyou",
    "mail.reset.page",
    "mail.test.body",
    "mail.test.subject",
    "mail.time",
    "mail.welcome.again",
    "mail.welcome.expiry",
    "mail.welcome.intro",
    "mismatch.body",
    "mismatch.came",
    "mismatch.registered",
    "otp.late",
    "password.hide.short",
    "password.show.short",
    "resend.early",
    "reset.timeout",
    "sent.ready",
    "sent.wait.m",
    "side.apply",
    "side.phone.hours",
    "start.body",
    "start.help",
    "upd.cancelled.first",
    "upd.cancelled.title",
    "upd.done.title",
    "upd.first",
    "upd.hide1",
    "upd.hide2",
    "upd.other",
}


def words() -> dict[str, dict[str, str]]:
    rows = (HERE / "words.tsv").read_text("utf-8").splitlines()[1:]
    return {key: {"bn": bn, "en": en} for key, bn, en in (row.split("\t") for row in rows)}


def entries(theme: Path, locale: str) -> dict[str, Entry]:
    path = theme / "locale" / locale / "LC_MESSAGES/messages.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        catalog = read_po(file, locale=locale)
    return {e.id if isinstance(e.id, str) else e.id[0]: e for e in catalog if e.id}


def forms(entry: Entry) -> tuple[str, ...]:
    return (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())


BASE = {locale: entries(ROOT / "base", locale) for locale in LOCALES}
SENTENCES = [
    (locale, key, form)
    for locale in LOCALES
    for key, e in BASE[locale].items()
    for form in forms(e)
]


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@pytest.fixture(scope="module")
def catalogues():
    return {locale: load_catalogue(CHAIN, locale) for locale in LOCALES}


@pytest.fixture(scope="module")
def said():
    """Every (language, key) that is said while all states and letters are rendered."""
    found: set[tuple[str, str]] = set()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("plain", "html"):
            told = getattr(Catalogue, name)

            def listening(self, key, facts, told=told):
                found.add((self.locale, key))
                return told(self, key, facts)

            patch.setattr(Catalogue, name, listening)
        load()
        load(support=Help(hours=None))
    return found


# -- complete -------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", LOCALES)
def test_every_printed_sentence_stands_in_the_catalogue_as_printed(locale):
    printed = {key: row[locale] for key, row in words().items()}
    ours = {key: nfc(forms(entry)[-1]) for key, entry in BASE[locale].items()}
    for whole, parts in IN_PARTS.items():
        ours[whole] = " ".join(ours[part] for part in parts)
        ours[whole] = ours[whole].replace("{contacts}", "{phones}, {support_email}")
    assert len(printed) >= 167
    assert not {
        key: (told, ours.get(key)) for key, told in printed.items() if ours.get(key) != told
    }


def test_a_changed_letter_of_a_printed_sentence_would_be_seen():
    assert words()["userid"]["bn"] != nfc("ইউজার আইডী")


@pytest.mark.parametrize("locale", LOCALES)
def test_the_sentences_of_our_own_are_known(locale):
    own = {key for key in BASE[locale].keys() - words().keys() if not key.startswith("dev.")}
    assert sorted(own) == sorted(OWN)


def test_all_languages_have_the_same_keys_and_facts(catalogues):
    bn, en = catalogues["bn"], catalogues["en"]
    assert BASE["bn"].keys() == BASE["en"].keys()
    assert not [key for key in BASE["bn"] if bn.names(key) != en.names(key)]


def test_no_sentence_is_left_untranslated():
    bn, en = BASE["bn"], BASE["en"]
    assert {key for key in bn if set(forms(bn[key])) & set(forms(en[key]))} == SAME
    plain = {key: re.sub(r"{\w+}", "", forms(entry)[-1]) for key, entry in bn.items()}
    assert {key for key, told in plain.items() if not re.search("[ঀ-৿]", told)} == {
        *SAME,
        OTHERS_NAME,
    }
    english = {key for key, entry in en.items() if re.search("[ঀ-৿]", "".join(forms(entry)))}
    assert english == {OTHERS_NAME}


# -- said -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_is_said_in_some_state(said, locale):
    heard = {key for spoken, key in said if spoken == locale}
    assert not sorted(BASE[locale].keys() - heard)


def test_an_unused_sentence_would_be_seen(said):
    assert ("bn", "login.h1") in said
    assert len(said) <= 2 * len(BASE["bn"])
    assert ("bn", "acct.h1") not in said


def test_every_key_that_a_template_names_is_said(said):
    jinja = Templates(CHAIN)
    files = [
        path for theme in THEMES for path in (*theme.glob("templates/*"), *theme.glob("mail/*"))
    ]
    trees = [jinja.parse(path.read_text("utf-8"), path.name) for path in files]
    named = {key for tree in trees for key, _ in literal_keys(tree)}
    assert len(named) > 80
    assert not named - {key for _, key in said}


def keys_of_code() -> Iterator[tuple[str, str]]:
    """Every string of the program that is a key, or a title's beginning, with its file."""
    for path in CODE.rglob("*.py"):
        if "states" in path.parts or "demo" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value, path.name


def test_every_key_that_the_code_names_is_said_in_some_state(said):
    keys = {key for key in BASE["bn"] if "." in key}
    named = {
        found
        for text, _ in keys_of_code()
        for found in (text, f"{text}.title", f"{text}.body")
        if found in keys
    }
    assert len(named) > 100
    assert not sorted(named - {key for _, key in said})


def messages_of_code() -> Iterator[tuple[str, frozenset[str] | None]]:
    """Every `Message("key", {…})` with the names of its facts; None: they are put together."""
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Message"):
                continue
            if node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value), _facts(node)


def _facts(call: ast.Call) -> frozenset[str] | None:
    given = next((k.value for k in call.keywords if k.arg == "facts"), None)
    facts = call.args[1] if len(call.args) > 1 else given
    if facts is None:
        return frozenset()
    if not isinstance(facts, ast.Dict) or None in facts.keys:
        return None
    return frozenset(str(key.value) for key in facts.keys if isinstance(key, ast.Constant))


def test_every_message_of_the_code_has_its_words_and_its_facts(catalogues):
    bn, messages = catalogues["bn"], set(messages_of_code())
    assert len(messages) > 60
    assert not {key for key, _ in messages} - BASE["bn"].keys()
    assert not {
        (key, facts) for key, facts in messages if facts is not None and not bn.names(key) <= facts
    }


# -- written well ---------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", LOCALES)
def test_the_plural_forms_of_a_language_are_its_own(locale):
    path = ROOT / "base/locale" / locale / "LC_MESSAGES/messages.po"
    with path.open("rb") as file:
        catalog = read_po(file, locale=locale)
    assert (catalog.num_plurals, catalog.plural_expr) == PLURALS[locale]
    assert not catalog.obsolete
    assert not [entry.id for entry in catalog if entry.id and entry.fuzzy]
    assert not [key for key, e in BASE[locale].items() if len(forms(e)) not in {1, 2}]


def test_what_is_counted_has_a_form_for_one():
    counted = {
        key for key, entry in BASE["en"].items() if re.search(r"{[ns]}", "".join(forms(entry)))
    }
    assert {key for key in counted if len(forms(BASE["en"][key])) == 1} == UNCOUNTED
    assert all("1" not in "".join(forms(BASE["en"][key])) for key in counted)


def test_every_plural_form_tells_the_same_facts():
    for locale in LOCALES:
        for key, entry in BASE[locale].items():
            names = {tuple(sorted(set(re.findall(r"{(\w+)}", form)))) for form in forms(entry)}
            assert len(names) == 1, (locale, key)


def test_no_sentence_holds_markup_or_letters_in_pieces():
    assert not [key for _, key, form in SENTENCES if re.search("[<>&]", form)]
    assert not [key for _, key, form in SENTENCES if form != nfc(form) or form != form.strip()]
    assert not [key for _, key, form in SENTENCES if "  " in form]


def test_bengali_sentences_have_bengali_digits_and_a_danda_and_are_calm():
    bn = {key: form for locale, key, form in SENTENCES if locale == "bn"}
    bn["policy.special"] = bn["policy.special"].replace("! @ # $ %", "")  # an example
    assert {key for key, form in bn.items() if re.search("[0-9]", form)} == {"policy.digit"}
    assert not [key for key, form in bn.items() if "!" in form or "|" in form]
    assert not [key for key, form in bn.items() if form.endswith(".")]
    assert not [key for key, form in bn.items() if re.search(r"\s[।,?]", form)]


def test_people_are_addressed_politely():
    rude = r"(?:^|\s)(?:তুমি|তোমার|তুই|কর|দাও|লেখ|যাও)(?:\s|[।,]|$)"
    assert not [key for locale, key, form in SENTENCES if locale == "bn" and re.search(rude, form)]


def test_only_developers_are_told_in_their_own_language():
    jargon = r"টোকেন|ক্লায়েন্ট|সার্ভার|ডেটাবেজ|\b(?:token|client|server|database|OAuth|OpenID)\b"
    plain = [(key, re.sub(r"{\w+}", "", form)) for _, key, form in SENTENCES]
    assert not [
        key for key, told in plain if re.search(jargon, told) and not key.startswith("dev.")
    ]


# -- themes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("theme", THEMES, ids=lambda path: path.name)
def test_what_a_theme_says_itself_is_said_otherwise_by_its_parents(theme, locale):
    if theme.name == "base":
        return
    for key, entry in entries(theme, locale).items():
        assert forms(entry) != forms(BASE[locale][key]), key


def test_a_theme_says_what_it_changes_in_every_language():
    for theme in THEMES:
        assert entries(theme, "bn").keys() == entries(theme, "en").keys(), theme.name


def test_a_sentence_that_the_base_has_lost_would_be_seen(tmp_path):
    spoiled = Spoiled(tmp_path)
    spoiled.words("bn", 'msgid "login.gone"\nmsgstr "ক"\n')
    with pytest.raises(Exception, match=r"no sentence 'login\.gone'"):
        spoiled.load()
