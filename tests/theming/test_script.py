"""The script of the pages: its size, its words, and its checklist against the server's rules."""

import gzip
import json
import re
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from idp.accounts.passwords import LONGEST as LONGEST_PASSWORD
from idp.accounts.passwords import normal_form
from idp.accounts.policy import Policy
from idp.theming.catalogues import load_catalogue
from idp.theming.script import CATEGORIES, COVERED, LONGEST, SOURCE, compile_script, table
from idp.theming.states.update import RULES
from tests.theming.samples import LOCALES, ROOT, Spoiled

CHAIN = (ROOT / "portal", ROOT / "base")
BUDGET = 3072  # bytes, compressed
RUNNER = Path(__file__).with_name("judging.js")
BATCH = 600  # generated texts that one run of node judges
# Where mistakes are: letters whose NFC is longer, joiners, signs, digits of several scripts.
TRICKY = (
    "য়ড়ঢ়ড়\u09bc\u200b\u200c\u200d\u2060\ufeffক্ষৎ০৯৳।্ঁ১٣३"
    "Ⅳ²½😀👨\u200d👩é\u0301ßİıK½—‘’€₹ \tAZ@[az`{09/:!#"
)
EXAMPLES = [
    "",
    "Abcdef1!",
    "৳৳৳৳৳৳৳৳",
    "পাসওয়ার্ড১২৩।Aa",
    "য়য়য়য়",
    "A\u200d\u200c\u200b\u2060\ufeffbcdefg",
    "😀" * 8,
    "😀" * 7,
    "[`{@",
    "é" * 8,
    "e\u0301" * 8,
    "ড়" * 7,
    "ড়" * 4,
    "a" * 1024,
    "\u200d" * 1025,
]


@pytest.fixture(scope="module")
def scripts():
    return {locale: compile_script(CHAIN, load_catalogue(CHAIN, locale)) for locale in LOCALES}


def data(rule) -> dict[str, str | int]:
    """Return a rule as the page carries it."""
    return {
        "least": str(rule.least),
        **({"span": "".join(rule.span)} if rule.span else {}),
        **({"categories": " ".join(rule.categories)} if rule.categories else {}),
    }


def judged(script: str, texts: list[str]) -> tuple[list[list[bool]], list[list[bool]]]:
    """Return what the script says of each text and rule: knowing categories, and by its table."""
    given_ = json.dumps({"script": script, "rules": [*map(data, RULES)], "texts": texts})
    run = subprocess.run(
        ["node", RUNNER], input=given_, capture_output=True, text=True, timeout=60, check=True
    )
    known, by_table = json.loads(run.stdout)
    return known, by_table


def by_server(text: str) -> list[bool]:
    form = text if len(text) > LONGEST_PASSWORD else normal_form(text)
    return [rule.is_met(form) for rule in RULES]


def generated() -> list[str]:
    """Return texts that hypothesis makes up, assigned characters only: browsers know newer ones."""
    characters = st.one_of(
        st.sampled_from(TRICKY),
        st.characters(min_codepoint=0x20, max_codepoint=0x7E),
        st.characters(min_codepoint=0x980, max_codepoint=0x9FF, exclude_categories=["Cn"]),
        st.characters(categories=["Nd"]),
        st.characters(exclude_categories=["Cn", "Cs"]),
    )
    texts: list[str] = []

    @settings(
        max_examples=BATCH,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.text(characters, max_size=14))
    def collect(text: str) -> None:
        texts.append(text)

    collect()
    return texts


def is_covered(text: str) -> bool:
    return all(any(ord(c) in part for part in COVERED) for c in normal_form(text))


def test_the_page_and_the_server_judge_a_password_alike(scripts):
    texts = [*EXAMPLES, *generated()]
    known, by_table = judged(scripts["bn"], texts)
    expected = [by_server(text) for text in texts]
    assert [t for t, said, true in zip(texts, known, expected, strict=True) if said != true] == []
    covered = [is_covered(text) for text in texts]
    assert covered.count(True) > BATCH / 5
    wrong = [
        text
        for text, said, true, fits in zip(texts, by_table, expected, covered, strict=True)
        if fits and said != true
    ]
    assert wrong == []
    met = [sum(row) for row in expected]
    assert set(met) == set(range(len(RULES) + 1))  # the texts reach every count


def test_every_character_of_the_table_is_judged_as_the_server_judges_it(scripts):
    texts = [chr(point) for part in COVERED for point in part]
    _, by_table = judged(scripts["en"], texts)
    wrong = [t for t, said in zip(texts, by_table, strict=True) if said != by_server(t)]
    assert wrong == []


def test_a_script_that_forgets_the_normal_form_would_be_seen(scripts):
    spoiled = scripts["bn"].replace(".normalize(", ".concat(")
    known, _ = judged(spoiled, EXAMPLES)
    assert known != [by_server(text) for text in EXAMPLES]


def test_the_fixture_the_script_and_the_policy_have_the_same_rules():
    assert Policy().rules == RULES
    assert LONGEST == LONGEST_PASSWORD
    assert {category for rule in RULES for category in rule.categories} == set(CATEGORIES)


def test_the_table_names_what_bengali_offices_type():
    ranges = {category: list(unpacked(text)) for category, text in table().items()}
    assert sum(map(len, ranges["Nd"])) == 20  # 0–9 and ০–৯
    for sign, category in (("৳", "S"), ("।", "P"), ("!", "P"), ("$", "S"), ("’", "P"), ("₹", "S")):
        assert any(ord(sign) in part for part in ranges[category]), unicodedata.name(sign)
    assert not any(ord("্") in part for parts in ranges.values() for part in parts)


def unpacked(text: str):
    end = 0
    for one in text.split():
        gap, _, length = one.partition(".")
        start = end + int(gap, 36)
        end = start + int(length or "1", 36)
        yield range(start, end)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_script_is_small_with_all_its_words(scripts, locale):
    assert len(gzip.compress(scripts[locale].encode(), 6, mtime=0)) <= BUDGET
    assert "/*" not in scripts[locale]
    assert "WORDS" not in scripts[locale]
    assert "TABLE" not in scripts[locale]


def test_every_language_says_its_own_words_and_figures(scripts):
    bn, en = (said(scripts[locale]) for locale in LOCALES)
    assert bn["digits"] == "০১২৩৪৫৬৭৮৯"
    assert en["digits"] == "0123456789"
    assert en["seconds"] == ["You can send again in 1 second.", "You can send again in {} seconds."]
    assert bn["seconds"][1] == "{} সেকেন্ড পরে আবার পাঠাতে পারবেন।"
    assert bn["seconds"][0].startswith("১ ")
    assert "{met}" in bn["live"]
    assert not re.search("[A-Za-z]", bn["caps"] + bn["wait"])
    assert bn["reveal"]["password"][0] == ["পাসওয়ার্ড ", "দেখুন", ""]
    assert en["reveal"]["confirm_password"][1] == ["", "Hide", " confirmed password"]
    assert bn.keys() == en.keys()


def said(script: str):
    found = re.search(r"words=(\{.*\}),table=|words = (\{.*\}), table =", script)
    assert found
    return json.loads(found[1] or found[2])


def test_a_theme_that_changes_a_sentence_changes_it_in_the_script_too(tmp_path):
    spoiled = Spoiled(tmp_path)
    spoiled.words("en", 'msgid "warn.caps"\nmsgstr "\\"Caps\\" is \\\\on"\n')
    chain = (spoiled.mine, *CHAIN)
    script = compile_script(chain, load_catalogue(chain, "en"))
    assert said(script)["caps"] == '"Caps" is \\on'


def test_a_theme_brings_no_script_of_its_own(tmp_path, scripts):
    spoiled = Spoiled(tmp_path)
    spoiled.write(SOURCE, "alert(1)")
    chain = (spoiled.mine, *CHAIN)
    assert compile_script(chain, load_catalogue(chain, "en")) == scripts["en"]
