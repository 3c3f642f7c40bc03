"""The block list: bundled words, in whatever disguise they come back."""

import tracemalloc
import unicodedata
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.accounts import common_passwords
from idp.accounts.common_passwords import common_words, folded, is_common

COMMON = [
    "password", "PASSWORD", "Password1!", "P@ssw0rd", "pa$$w0rd1", "Pass@word1", "!!Password2026##",
    "S3cur1ty!", "He11o2026!", "We!come1", "Monkey#12", "Passw০rd১২!",
    "Bangladesh@2026", "Dhaka@1234", "Sonar@Bangla1", "B@ngl@de$h71", "Batayon#2026",
    "পাসওয়ার্ড", "বাংলাদেশ২০২৬!", "জয়বাংলা", "বাংলাদেশAa1!", "Aa1!পাসওয়ার্ড",
    "আমারসোনারবাংলা১৯৭১", "জাতীয়#Aa1", "Ab7#কার্যালয়", "Aবাংলাদেশ7#b", "ঢাকাA1!খুলনাb", "A#ব্যাকঅফিস#b7",
    "Backoffice#1", "password😀", "😀Password7!",
]  # fmt: skip
NOTHING = ["12345678", "১২৩৪৫৬৭৮", "٣٤٥", "!@#$%^&*", "2026-11-22", " ", "৳৳।।", "😀😀😀😀"]
RUNS = [
    "aaaaaaaa", "Aa@12345", "ককককক", "abcabcabc", "Qwer1234!", "qwertyuiop", "poiuytrewq",
    "Asdf#99", "Abcd@1234", "zyxwv", "1qaz!QAZ", "1qaz2wsx", "Zaq12wsx", "abcdewq", "1234qwer",
    "qweasdzxc",
]  # fmt: skip
GOOD = [
    "Nodi#Tir2026", "নদীর তীরে Boat7", "correct horse battery", "Xk7#pQ2!vR", "তিন নদীর মোহনা",
    "T1m#Jonota", "😀Nodi7x", "😀😃😄😁Aa1!", "qweabz", "Password and more 1!",
    "বাংলাদেশAbc1!", "A1!নদীরতীরেb",
    "Ab1!Ab1!😀", "password😀নদী", "abababab-kola",
]  # fmt: skip


@pytest.mark.parametrize("password", COMMON)
def test_a_common_word_is_found_in_its_disguise(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize("password", [*NOTHING, *RUNS])
def test_digits_signs_repetitions_and_runs_of_keys_are_common(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize("password", GOOD)
def test_what_takes_thought_is_not_common(password: str) -> None:
    assert not is_common(password)


@given(
    word=st.sampled_from(sorted(common_words())),
    before=st.text("0123456789!#$%&*-০৯৳।", max_size=4),
    after=st.text("0123456789!#$%&*-০৯৳।", max_size=6),
    is_shouted=st.booleans(),
)
def test_no_word_gets_through_between_digits_and_signs(
    word: str, before: str, after: str, is_shouted: bool
) -> None:
    # One that ends in digits or signs of its own is met without them, or not at all.
    shown = word.upper() if is_shouted and folded(word.upper()) == word else word
    if word == word.strip("0123456789!#$%&*-@.^()_+=,;:?/<>'\"[]{}~`|\\ "):
        assert is_common(before + shown + after)
    assert is_common(shown)


@given(st.text(max_size=60))
def test_both_spellings_of_a_text_get_one_verdict(text: str) -> None:
    verdicts = {is_common(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}
    assert len(verdicts) == 1


def test_the_lists_are_long_sorted_unique_and_as_they_are_compared() -> None:
    assert len(common_words()) >= 10_000
    folder = resources.files(common_passwords)
    for name, least in (("zxcvbn.txt", 3_000), ("portal.txt", 60)):
        lines = folder.joinpath(name).read_text(encoding="utf-8").splitlines()
        words = [line for line in lines if not line.startswith("#")]
        assert len(words) >= least
        assert words == sorted(set(words))
        assert words == [folded(word) for word in words]
        assert all(word == word.strip() and len(word) > 2 for word in words)


def test_each_list_says_where_it_comes_from_and_under_which_licence() -> None:
    folder = resources.files(common_passwords)
    head = "\n".join(folder.joinpath("zxcvbn.txt").read_text(encoding="utf-8").splitlines()[:5])
    assert "zxcvbn 4.5.0" in head
    assert "MIT licence: LICENSE.zxcvbn.txt" in head
    assert folder.joinpath("LICENSE.zxcvbn.txt").read_text().startswith("MIT License")
    assert folder.joinpath("portal.txt").read_text(encoding="utf-8").startswith("# ")


def test_the_words_are_read_once_and_take_little_memory() -> None:
    common_words.cache_clear()
    tracemalloc.start()
    first = common_words()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2_000_000
    assert common_words() is first
