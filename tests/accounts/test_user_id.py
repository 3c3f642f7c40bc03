import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.accounts.user_id import UserIdFault, canonical, fault, mailbox, masked

OFFICE = "office@example.gov.bd"


@pytest.mark.parametrize(
    "typed",
    [
        OFFICE,
        "Office@Example.GOV.BD",
        "  office@example.gov.bd\n",
        "office @ example.gov.bd",
        "\u00a0office@example.gov.bd\u3000",
        "office\u200b@example\u2060.gov.bd\ufeff",
        "mailto:office@example.gov.bd",
        "MAILTO: office@example.gov.bd",
        "<office@example.gov.bd>",
        "<mailto:office@example.gov.bd>",
        "ｏｆｆｉｃｅ＠ｅｘａｍｐｌｅ．ｇｏｖ．ｂｄ",
    ],
)
def test_every_spelling_of_a_mailbox_has_one_canonical_form(typed: str) -> None:
    assert canonical(typed) == OFFICE
    assert fault(typed) is None


def test_the_kelvin_sign_is_the_letter_k() -> None:
    assert canonical("\u212aobi@example.gov.bd") == "kobi@example.gov.bd"


def test_a_domain_in_u_labels_is_the_domain_in_a_labels() -> None:
    assert canonical("a@München.de") == canonical("a@xn--mnchen-3ya.de") == "a@xn--mnchen-3ya.de"
    assert fault("a@münchen.de") is None


def test_different_mailboxes_stay_different() -> None:
    spellings = ["office@example.gov.bd", "off.ice@example.gov.bd", "office+1@example.gov.bd"]
    assert len({canonical(s) for s in spellings}) == len(spellings)


def test_mail_goes_to_the_spelling_that_was_typed_without_its_decoration() -> None:
    assert mailbox(" <mailto:Office@Example.GOV.bd> ") == "Office@example.gov.bd"


@pytest.mark.parametrize("typed", ["", "   ", "\u200b\u200d", "<>", "mailto:"])
def test_nothing_typed_is_an_empty_user_id(typed: str) -> None:
    assert fault(typed) is UserIdFault.EMPTY


@pytest.mark.parametrize(
    "typed",
    ["অফিস", "অfice@example.gov.bd", "office@উদাহরণ.বাংলা", "office২@example.gov.bd", "য়@a.bd"],
)
def test_bengali_letters_are_called_by_their_name(typed: str) -> None:
    assert fault(typed) is UserIdFault.SCRIPT


@pytest.mark.parametrize(
    "typed",
    [
        "office",
        "@example.gov.bd",
        "office@",
        "office@example",
        "office@10.0.0.1",
        "office@[10.0.0.1]",
        "office@-example.gov.bd",
        "office@example..bd",
        "office@exa_mple.bd",
        ".office@example.gov.bd",
        "office..x@example.gov.bd",
        "a@b@example.gov.bd",
        "a@example.gov.bd,b@example.gov.bd",
        "a@example.gov.bd;b@example.gov.bd",
        '"a b"@example.gov.bd',
        "a'b\"@example.gov.bd",
        "Name <a@example.gov.bd>",
        "a:b@example.gov.bd",
        "a\\b@example.gov.bd",
        "a(b)@example.gov.bd",
        "a\x00@example.gov.bd",
        "a\r\nbcc:x@example.gov.bd",
        "a\t@example.gov.bd",
        "a\u2028@example.gov.bd",
        "a\u2029@example.gov.bd",
        "a\x7f@example.gov.bd",
        "a@exam\x00ple.gov.bd",
        "a@example.gov.bd\u2028",
        "\ud800@example.gov.bd",
        "a@\udfff.bd",
        "оffice@example.gov.bd",  # a Cyrillic o
        "a" * 65 + "@example.gov.bd",
        "a@" + "b." * 126 + "gov.bd",
        "a@" + "b" * 64 + ".bd",
        "a" * 64 + "@" + ("ü" * 40 + ".") * 4 + "bd",  # longer than 254 in A-labels
        "x" * 70_000,
        "ü@" + "ü" * 200 + ".bd",
    ],
)
def test_what_is_not_one_mailbox_is_a_fault_of_format(typed: str) -> None:
    assert fault(typed) is UserIdFault.FORMAT


def test_an_address_of_254_characters_is_accepted_and_one_more_is_not() -> None:
    longest = "a" * 64 + "@" + "d" * 60 + "." + "d" * 60 + "." + "d" * 60 + ".bd.bd"
    assert len(longest) == 64 + 1 + 183 + 5
    longest = longest.replace("@", "@d", 1)
    assert len(longest) == 254
    assert fault(longest) is None
    assert fault(longest + "x") is UserIdFault.FORMAT


def test_a_page_of_combining_marks_is_refused_without_sorting_them() -> None:
    flood = "a" + "\u0301\u0327" * 32_000
    started = time.process_time()
    assert fault(flood) is UserIdFault.FORMAT
    assert canonical(flood)
    assert time.process_time() - started < 0.2


@given(st.text(st.characters(), max_size=40))
def test_any_text_has_a_canonical_form_and_a_verdict(typed: str) -> None:
    canonical(typed)
    fault(typed)


@given(st.text(st.sampled_from("aZ.@-<> :mailto\u200bKüß\u0130．＠"), max_size=30))
def test_what_is_accepted_is_plain_ascii_and_its_own_canonical_form(typed: str) -> None:
    if fault(typed) is None:
        form = canonical(typed)
        assert form.isascii()
        assert form.isprintable()
        assert canonical(form) == form
        assert fault(form) is None


def test_a_masked_address_shows_the_first_letter_and_the_domain() -> None:
    assert masked(OFFICE) == "o•••••@example.gov.bd"


def test_a_masked_address_does_not_tell_its_length() -> None:
    assert masked("o@example.gov.bd") == masked("o" * 60 + "@example.gov.bd")


def test_what_is_no_address_is_masked_altogether() -> None:
    assert masked("office") == "•••••"
