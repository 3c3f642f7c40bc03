"""Mailed codes: how they are derived, and how they are read."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.flow.codes import derive_code, read_code
from idp.model.keyring import Keyring
from idp.model.page import Message

RING = Keyring({1: b"\1" * 32, 2: b"\2" * 32})


def test_a_code_belongs_to_its_challenge_and_key_version():
    codes = {derive_code(RING, c, v) for c in ("a", "b", "c") for v in (1, 2)}
    assert len(codes) == 6
    assert derive_code(RING, "a", 1) == derive_code(RING, "a", 1)
    with pytest.raises(KeyError):
        derive_code(RING, "a", 3)


def test_codes_are_uniform_with_leading_zeros():
    """A chi-square over the first two digits of 100,000 codes (99 degrees of freedom)."""
    counts = Counter(derive_code(RING, str(number), 2)[:2] for number in range(100_000))
    assert len(counts) == 100
    chi_square = sum((count - 1_000) ** 2 / 1_000 for count in counts.values())
    assert chi_square < 160  # p < 0.0001
    assert all(len(derive_code(RING, str(n), 1)) == 6 for n in range(100))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("482913", "482913"),
        (" 482 913\n", "482913"),
        ("482-913", "482913"),
        ("482.913", "482913"),
        ("৪৮২৯১৩", "482913"),
        ("٤٨٢٩١٣", "482913"),
        ("৪৮২ 913", "482913"),
        ("\u200b482913\u200d\ufeff", "482913"),
        ("আপনার লগইন কোড: ৪৮২৯১৩", "482913"),
        ("Your log-in code: 482913. It works for 10 minutes.", "482913"),
        ("000042", "000042"),
    ],
)
def test_a_code_is_read_however_it_is_written(typed: str, read: str):
    assert read_code(typed) == read


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", "otp.err.empty"),
        (" \u200b ", "otp.err.empty"),
        ("12345", "otp.err.len"),
        ("1234567", "otp.err.len"),
        ("abcdef", "otp.err.chars"),
        ("12345a", "otp.err.chars"),
        ("code 123456 or 654321", "otp.err.chars"),
        ("call 01555090301", "otp.err.chars"),
        ("½½½½½½", "otp.err.chars"),
        ("1²3456", "otp.err.chars"),
    ],
)
def test_what_is_no_code_is_told_apart(typed: str, fault: str):
    answer = read_code(typed)
    assert isinstance(answer, Message)
    assert answer.key == fault


@given(st.text(max_size=60))
def test_reading_never_fails_and_answers_six_digits_or_a_message(typed: str):
    answer = read_code(typed)
    assert isinstance(answer, Message) or (len(answer) == 6 and answer.isascii())
