from hypothesis import given
from hypothesis import strategies as st

from idp.oidc.parameters import (
    LONGEST_OPAQUE,
    is_readable,
    is_state,
    offered_locales,
    parse_pairs,
    printable,
    repeated,
    single_values,
    words,
)


def test_pairs_keep_order_repetition_and_empty_values():
    assert parse_pairs(b"a=1&b=&a=2&c") == [("a", "1"), ("b", ""), ("a", "2"), ("c", "")]


def test_plus_and_percent_are_decoded():
    assert parse_pairs("a=x+y%20z&ক=%E0%A6%96".encode()) == [("a", "x y z"), ("ক", "খ")]


def test_bytes_that_are_no_utf_8_are_unreadable():
    for raw in (b"a=%FF", b"a=\xff", b"a=%ED%A0%80", b"a=%C0%80"):
        ((_, value),) = parse_pairs(raw)
        assert not is_readable(value)


@given(st.binary())
def test_no_bytes_raise(raw: bytes):
    for name, value in parse_pairs(raw):
        assert printable(value).isprintable() or is_readable(value)
        printable(name).encode()


def test_names_that_repeat_are_found():
    assert repeated([("a", ""), ("a", "x"), ("b", "y")]) == {"a"}


def test_a_parameter_without_a_value_is_omitted():
    assert single_values([("a", ""), ("b", "1"), ("b", "2")]) == {"b": "1"}


def test_words_come_once_and_in_order():
    assert list(words("b a  b ")) == ["b", "a"]


def test_a_state_is_readable_text_of_sane_length():
    assert is_state("ক" * LONGEST_OPAQUE)
    assert not is_state("x" * (LONGEST_OPAQUE + 1))
    assert not is_state("a\nb")


def test_of_the_wished_languages_ours_stay_in_their_order():
    assert offered_locales("fr EN-gb bn-Beng en", ("bn", "en")) == ("en", "bn")
    assert offered_locales("", ("bn", "en")) == ()
