"""The catalogues are complete: what is said exists in every language, and what exists is said."""

import re

import pytest

from idp.theming.catalogues import load_catalogue
from idp.theming.templates import Templates, literal_keys
from tests.theming.samples import LOCALES, ROOT

CODE = ROOT.parent / "idp"
THEMES = sorted(path.parent for path in ROOT.glob("*/theme.toml"))
CHAIN = (ROOT / "portal", ROOT / "base")
# Keys that are put together from a kind: of a box, of a letter.
MADE = {
    *(f"box.{kind}" for kind in ("info", "warning", "success")),
    *(
        f"mail.{path.name.partition('.')[0]}.subject"
        for path in ROOT.glob("base/mail/[!ls]*.txt.j2")
    ),
}


@pytest.fixture(scope="module")
def catalogues():
    return {locale: load_catalogue(CHAIN, locale) for locale in LOCALES}


def said_by_templates() -> set[str]:
    jinja = Templates(CHAIN)
    files = [
        path for theme in THEMES for path in (*theme.glob("templates/*"), *theme.glob("mail/*"))
    ]
    trees = [jinja.parse(path.read_text("utf-8"), path.name) for path in files]
    return {key for tree in trees for key, _ in literal_keys(tree)}


def strings_of_code() -> set[str]:
    texts = [path.read_text("utf-8") for path in CODE.rglob("*.py")]
    return {found for text in texts for found in re.findall(r'"([a-z0-9]+(?:\.[a-z0-9]+)+)"', text)}


def messages_of_code() -> set[str]:
    texts = [path.read_text("utf-8") for path in CODE.rglob("*.py")]
    return {key for text in texts for key in re.findall(r'\bMessage\(\s*"([^"]+)"', text)}


def test_all_languages_have_the_same_keys_and_facts(catalogues):
    bn, en = catalogues["bn"], catalogues["en"]
    assert bn.keys == en.keys
    assert not [key for key in bn.keys if bn.names(key) != en.names(key)]


def test_every_message_of_the_code_has_words(catalogues):
    said = messages_of_code()
    assert len(said) > 20
    assert said <= catalogues["bn"].keys


def test_every_sentence_is_said_somewhere(catalogues):
    used = said_by_templates() | strings_of_code() | MADE
    single = {key for key in catalogues["bn"].keys if "." not in key}
    assert single <= said_by_templates()
    assert not catalogues["bn"].keys - used


def test_no_sentence_holds_markup(catalogues):
    for catalogue in catalogues.values():
        facts = {name: 1 for key in catalogue.keys for name in catalogue.names(key)}
        said = [catalogue.plain(key, facts) for key in catalogue.keys]
        assert not [sentence for sentence in said if re.search("[<>&]", sentence)]


def test_bengali_sentences_end_with_a_danda_and_are_calm(catalogues):
    bn = catalogues["bn"]
    facts = {name: 1 for key in bn.keys for name in bn.names(key)}
    said = {key: bn.plain(key, facts) for key in bn.keys}
    said["policy.special"] = said["policy.special"].replace("! @ # $ %", "")  # an example
    assert not [key for key, sentence in said.items() if "!" in sentence]
    assert not [key for key, sentence in said.items() if sentence.endswith(".")]
