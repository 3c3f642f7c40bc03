import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.outbox.mailbox import Sender, UnusableAddress, check_mailbox, is_one_line, parse_sender


@pytest.mark.parametrize(
    "address",
    ["office@example.gov.bd", "a.b+c@x.test", "o'neil@x.test", "a@localhost", "A@X.test"],
)
def test_an_ordinary_address_stays_as_it_is(address):
    assert check_mailbox(address) == address


@pytest.mark.parametrize(
    "address",
    [
        ".a@x.test",
        "a.@x.test",
        "a..b@x.test",
        "নদী@x.test",
        "a b@x.test",
        "a@-x.test",
        "a@x..test",
        "a@x.test.",
        "a" * 65 + "@x.test",
        "a@" + "b" * 64 + ".test",
        "a@" + ".".join(["b" * 60] * 5),
        "a@x.te\ud800st",
        "a(comment)@x.test",
        "a\u0085@x.test",
    ],
)
def test_what_is_no_plain_mailbox_is_unusable(address):
    with pytest.raises(UnusableAddress) as caught:
        check_mailbox(address)
    assert address not in str(caught.value)


@given(st.text(max_size=40))
def test_whatever_is_accepted_is_one_word_of_ascii_with_one_at(text):
    try:
        wire = check_mailbox(f"{text}@x.test")
    except UnusableAddress:
        return
    assert wire.isascii()
    assert wire.isprintable()
    assert wire.count("@") == 1
    assert not set(wire) & set(' ,;<>"()[]:\\')


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("a@x.test", "", "a@x.test"),
        ("প্রবেশ <a@x.test>", "প্রবেশ", "a@x.test"),
        ('"Portal, national" <a@x.test>', "Portal, national", "a@x.test"),
        (" Portal, national <a@x.test> ", "Portal, national", "a@x.test"),
    ],
)
def test_a_sender_is_a_name_and_a_mailbox(text, name, address):
    assert parse_sender(text) == Sender(name, address=address)


@pytest.mark.parametrize("text", ["a@x.test <b@x.test> <c@x.test>", "<>", "A <a@x", "A\n <a@x>"])
def test_a_sender_that_is_two_is_unusable(text):
    with pytest.raises(UnusableAddress):
        parse_sender(text)


def test_bengali_with_joiners_is_one_line():
    assert is_one_line("র\u200d্যাব ও ক্\u200cষ")
    assert not is_one_line("এক\u2029দুই")
