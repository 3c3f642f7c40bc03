"""The password policy, against a second and naive statement of its classes."""

import unicodedata
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from idp.accounts.passwords import LONGEST, is_hashable
from idp.accounts.policy import Policy
from idp.model.page import Message
from idp.model.user import User
from idp.settings.sections import Password

PASSWORD = "Nodi#Tir2026"
OWNER = User(
    id="u",
    email="Rahim.Uddin@example.gov.bd",
    email_canonical="rahim.uddin@example.gov.bd",
    name_bn="রহিম উদ্দিন",
    name_en="Mr. Rahim-Uddin Ali",
    office="ঢাকা জেলা প্রশাসকের কার্যালয়, Café",
)
NOBODY = User(id="n", email="", email_canonical="")
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
CAPITALS, SMALL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"


def keys(password: str, policy: Policy | None = None, owner: User = OWNER) -> list[str]:
    return [message.key for message in (policy or Policy()).faults(password, owner)]


def needed(password: str, policy: Policy | None = None) -> list[str]:
    """Return the rules of the composition that a password does not meet."""
    for message in (policy or Policy()).faults(password, NOBODY):
        if message.key == "err.policy":
            rules = message.facts["list"]
            assert isinstance(rules, tuple)
            return [rule.key for rule in rules]
    return []


def naive(password: str) -> list[str]:
    """Say the same again, letter by letter: what an old hand would write down."""
    text = unicodedata.normalize("NFC", "".join(c for c in password if c not in INVISIBLE))
    failed = [] if len(text) >= 8 else ["policy.len"]
    failed += [] if any(c in CAPITALS for c in text) else ["policy.upper"]
    failed += [] if any(c in SMALL for c in text) else ["policy.lower"]
    failed += [] if any(c.isdecimal() for c in text) else ["policy.digit"]
    signs = {"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"}
    failed += [] if any(unicodedata.category(c) in signs for c in text) else ["policy.special"]
    return failed


LETTERS = st.one_of(
    st.characters(),
    st.sampled_from("AZaz@[`{09০৯৳।৷কয়ড়ঢ়াéÀßıİKÅ！Ａ１²½Ⅷ😀\u0301\u09bc " + INVISIBLE),
)


@given(st.text(LETTERS, max_size=14))
@example("Ab1!Ab1!")
@example("\u212a\u212aaa11!!")  # the Kelvin sign is the letter K in NFC
@example("\U0001f1e7\U0001f1e9")
def test_the_rules_agree_with_a_second_statement_of_them(password: str) -> None:
    assert needed(password) == naive(password)


@given(st.text(LETTERS, max_size=30))
def test_both_spellings_of_a_password_get_one_verdict(password: str) -> None:
    for owner in (OWNER, NOBODY):
        nfc, nfd = (
            Policy().faults(unicodedata.normalize(form, password), owner) for form in ("NFC", "NFD")
        )
        assert nfc == nfd


@given(st.text(max_size=40))
def test_any_text_can_be_judged(password: str) -> None:
    assert all(isinstance(message, Message) for message in Policy().faults(password, OWNER))


def test_a_good_password_has_no_fault() -> None:
    assert Policy().faults(PASSWORD, OWNER) == ()


def test_everything_is_told_at_once_and_about_no_field() -> None:
    faults = Policy(min_length=12).faults(" rahim", OWNER)
    rules = ("policy.len", "policy.upper", "policy.digit", "policy.special")
    assert [message.key for message in faults] == ["err.policy", "err.space", "err.contains"]
    assert [rule.key for rule in faults[0].facts["list"]] == list(rules)  # type: ignore[union-attr] # messages
    assert faults[0].facts["list"][0].facts == {"n": 12}  # type: ignore[index, union-attr] # messages
    assert {message.field for message in faults} == {None}


def test_the_rules_stand_in_the_order_of_the_page_and_carry_their_data() -> None:
    rules = Policy().rules
    assert [rule.name for rule in rules] == ["len", "upper", "lower", "digit", "special"]
    assert [rule.least for rule in rules] == [8, 1, 1, 1, 1]
    assert rules[0].message == Message("policy.len", {"n": 8})
    data = [(rule.span, rule.categories) for rule in rules]
    assert data == [(None, ()), (("A", "Z"), ()), (("a", "z"), ()), (None, ("Nd",)),
                    (None, ("P", "S"))]  # fmt: skip


@pytest.mark.parametrize("require", [("special", "upper"), ("lower",), ()])
def test_only_the_required_classes_are_asked_for(require: tuple[str, ...]) -> None:
    policy = Policy(require=require, block_common=False)
    expected = [name for name in ("upper", "lower", "digit", "special") if name in require]
    assert [rule.name for rule in policy.rules][1:] == expected
    assert needed("কখগঘঙচছজ", policy) == [f"policy.{name}" for name in expected]


@pytest.mark.parametrize("sign", "!@#$%_-=+~`^|<>'\"\\৳।॥॰€§×😀“”…")
def test_every_sign_is_a_special_sign(sign: str) -> None:
    assert keys(f"NodiTir2026{sign}") == []


@pytest.mark.parametrize("digit", "0০৯٣९")
def test_every_digit_is_a_number(digit: str) -> None:
    assert keys(f"Nodir#Tire{digit}") == []


@pytest.mark.parametrize("letter", "²½Ⅷ৴ক্")
def test_what_is_no_decimal_digit_and_no_sign_is_neither(letter: str) -> None:
    assert needed(f"NodirTirek{letter}") == ["policy.digit", "policy.special"]


@pytest.mark.parametrize("length", [25, 72, 128])
def test_long_bengali_passwords_are_welcome_with_the_latin_that_is_needed(length: int) -> None:
    bengali = ("নদীরতীরেবালুচর" * 10)[: length - 4]
    assert keys(bengali) == ["err.policy"]
    assert keys(f"{bengali}Tx7#") == []


def test_the_length_counts_code_points_after_normalising() -> None:
    short = Policy(require=(), block_common=False)
    assert needed("e\u0301" * 7, short) == ["policy.len"]
    assert needed("e\u0301" * 8, short) == []
    assert needed("\u09df" * 4, short) == []  # in NFC it is two: য and its dot
    assert needed("😀" * 7 + INVISIBLE, short) == ["policy.len"]
    assert needed("😀" * 8, short) == []


@pytest.mark.parametrize("marks", ["\u0323\u0307", "\u09bc\u09be"])
def test_combining_marks_in_both_orders_are_one_password(marks: str) -> None:
    both = {Policy().faults(f"Nodi#ক{order}7{'x' * 3}", OWNER) for order in (marks, marks[::-1])}
    assert len(both) == 1


def test_a_password_has_at_most_the_longest() -> None:
    long = "Nodi#Tir" + "কখ7" * 339
    assert len(long + "x" * 7) == LONGEST + 8
    assert keys(long[:LONGEST]) == []
    faults = Policy().faults(long + "x" * 7, OWNER)
    assert faults == (Message("err.long", {"n": LONGEST}),)


def test_a_flood_of_marks_is_refused_without_normalising_it() -> None:
    assert keys("e" + "\u0301\u0323" * 100_000) == ["err.policy", "err.long"]


@pytest.mark.parametrize("space", [" ", "\t", "\u00a0", "\u3000", "\u200b ", " \ufeff"])
def test_a_space_at_the_edge_is_told_and_one_inside_is_part_of_it(space: str) -> None:
    assert keys(f"{space}{PASSWORD}") == ["err.space"]
    assert keys(f"{PASSWORD}{space}") == ["err.space"]
    assert keys(f"Nodi#{space}Tir2026") == []


@pytest.mark.parametrize("invisible", INVISIBLE)
def test_an_invisible_character_is_no_space(invisible: str) -> None:
    assert keys(f"{invisible}{PASSWORD}{invisible}") == []


def test_a_common_password_is_refused_unless_that_is_switched_off() -> None:
    assert keys("Bangladesh@2026") == ["err.common"]
    assert keys("Bangladesh@2026", Policy(block_common=False)) == []


@pytest.mark.parametrize(
    "password",
    [
        "Rahim.Uddin#7", "xRAHIM7#y", "my-uddin-Boat7", "রহিমBoat7#", "উদ্দি\u200dনBoat7#",
        "ঢাকাBoat7#", "প্রশাসকেরBoat7#", "কার্যাল\u09df7#Boat", "কার্যালয\u09bc7#Boat",
        "CAFE\u0301Boat7#",
    ],
)  # fmt: skip
def test_neither_the_user_id_nor_a_name_nor_the_office_may_be_in_it(password: str) -> None:
    assert keys(password) == ["err.contains"]
    assert keys(password, owner=NOBODY) == []
    assert keys(password, Policy(block_common=False)) == ["err.contains"]


@pytest.mark.parametrize("password", ["Example#Boat7", "my-eXample-Boat7", "Boat7#example.gov"])
def test_no_longer_part_of_the_domain_of_the_user_id_may_be_in_it(password: str) -> None:
    assert keys(password) == ["err.contains"]
    assert keys(password, owner=NOBODY) == []
    elsewhere = User(id="e", email="a@land.gov.bd", email_canonical="a@land.gov.bd")
    assert keys(password, owner=elsewhere) == []
    assert keys("Boat7#Land", owner=elsewhere) == ["err.contains"]


def test_a_common_password_that_names_its_owner_is_told_as_both() -> None:
    assert keys("কার্যাল\u09df7#Bo") == ["err.common", "err.contains"]
    assert keys("কার্যাল\u09df7#Bo", owner=NOBODY) == ["err.common"]
    assert keys("কার্যাল\u09df7#Bo", Policy(block_common=False)) == ["err.contains"]


@pytest.mark.parametrize("password", ["Nodi#Tir2026", "Padma#Setu71", "Padma#Nodi77"])
def test_the_passwords_of_the_samples_are_good(password: str) -> None:
    office = User(
        id="o",
        email="office@example.gov.bd",
        email_canonical="office@example.gov.bd",
        name_bn="দপ্তর",
        name_en="Office",
        office="উপজেলা",
    )
    for owner in (OWNER, NOBODY, office):
        assert keys(password, owner=owner) == []


@pytest.mark.parametrize("password", ["Ali#Boat77x", "Mr#Boat77xy", "Gov.Bd#Boat7"])
def test_a_short_word_of_a_name_may_be_in_it(password: str) -> None:
    assert keys(password) == []


def test_a_short_user_id_may_be_in_it() -> None:
    owner = User(id="s", email="dc1@example.gov.bd", email_canonical="dc1@example.gov.bd")
    assert keys("Boat#dc1xyz", owner=owner) == []


def test_text_that_cannot_be_hashed_is_judged_without_an_error() -> None:
    for password, sign in product((PASSWORD, ""), ("\x00", "\ud800")):
        Policy().faults(password + sign, OWNER)
        assert not is_hashable(password + sign)


def test_the_policy_is_the_configured_one() -> None:
    section = Password(min_length=10, require=("digit",), history=3, block_common=False)
    assert Policy.of(section) == Policy(10, ("digit",), 3, False)
    assert Policy.of(Password()) == Policy()
