import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.accounts.user_fields import (
    UserRefused,
    checked_actions,
    checked_attributes,
    checked_locale,
    checked_mailbox,
    checked_name,
    checked_roles,
    checked_subject,
)
from idp.accounts.user_id import canonical, fault, mailbox, plain_mailbox

_SIGNS = 'aZ09.@-_+ <>:"(),;\tক\u200b\u00e9ＡmailtoMAILTO'


@given(st.text(alphabet=_SIGNS, max_size=20) | st.emails())
def test_the_quick_way_to_a_mailbox_says_what_the_careful_one_says(typed: str) -> None:
    quick = plain_mailbox(typed)
    if quick is not None:
        assert (quick, fault(typed)) == (mailbox(typed), None)


@pytest.mark.parametrize(
    "typed",
    ["Office@Example.GOV.bd", " office@example.gov.bd", "<a@b.gov.bd>", "ক্ষ@x.bd", "a@নদী.বাংলা"],
)
def test_a_mailbox_is_judged_as_a_typed_user_id_is(typed: str) -> None:
    if fault(typed) is None:
        assert checked_mailbox(typed) == (mailbox(typed), canonical(typed))
    else:
        with pytest.raises(UserRefused):
            checked_mailbox(typed)


def test_the_quick_way_takes_ordinary_addresses() -> None:
    assert plain_mailbox("Office.Head@Example.GOV.bd") == "Office.Head@example.gov.bd"
    assert plain_mailbox("office @example.gov.bd") is None
    assert plain_mailbox("a" * 65 + "@example.gov.bd") is None


@pytest.mark.parametrize("bad", ["a\x00", "a\nb", "\ud800", "a\u2028b", "a\x85b", "x" * 201])
def test_a_name_that_no_page_can_show_is_refused(bad: str) -> None:
    with pytest.raises(UserRefused, match="name or office"):
        checked_name(bad)


def test_a_name_is_composed_and_its_joiners_stay() -> None:
    assert checked_name("  ক\u200dখ e\u0301 ") == "ক\u200dখ \u00e9"


@pytest.mark.parametrize("subject", ["", "a b", "ক", "x" * 256, "a\n"])
def test_a_subject_that_no_token_holds_is_refused(subject: str) -> None:
    with pytest.raises(UserRefused, match="255 ASCII"):
        checked_subject(subject)


def test_a_subject_stays_byte_for_byte() -> None:
    for subject in ("5F2B9C1E-0d7a", "f:uuid:name", "x" * 255):
        assert checked_subject(subject) == subject


@pytest.mark.parametrize("locale", ["b", "bn_BD", "-bn", "bn ", "ক"])
def test_a_locale_has_the_form_of_a_language_tag(locale: str) -> None:
    assert [checked_locale(good) for good in ("", "bn", "en-GB", "zh-Hans-CN")]
    with pytest.raises(UserRefused, match="like"):
        checked_locale(locale)


def test_actions_are_known_ones_each_once() -> None:
    assert checked_actions(("update_password", "update_password")) == ("update_password",)
    with pytest.raises(UserRefused, match="no such action"):
        checked_actions(("VERIFY_EMAIL",))


def test_attributes_are_stored_in_one_form() -> None:
    assert checked_attributes({"b": "ক", "a": ("x", "y")}) == '{"a":["x","y"],"b":"\\u0995"}'
    assert checked_attributes({}) == "{}"


@pytest.mark.parametrize(
    "attributes",
    [
        *({"a": 1}, {"a": None}, {"a": ["x", 1]}, {"a": {"b": "c"}}, {"": "x"}, {"a b": "x"}),
        *({"a" * 256: "x"}, {"a": "x" * 70_000}),
    ],
)
def test_other_attributes_are_refused(attributes: dict[str, Any]) -> None:
    with pytest.raises(UserRefused, match="attribute"):
        checked_attributes(attributes)


def test_roles_are_stored_in_one_form() -> None:
    told = {"realm": ["b", "a", "b"], "clients": {"z": ["y", "x"], "empty": []}}
    assert checked_roles(told) == '{"clients":{"z":["x","y"]},"realm":["a","b"]}'
    assert checked_roles({"realm": [], "clients": {}}) == "{}"


@pytest.mark.parametrize(
    "roles",
    [{"realms": []}, {"realm": "a"}, {"realm": [1]}, {"clients": ["a"]}, {"clients": {"a": "b"}}],
)
def test_other_roles_are_refused(roles: dict[str, Any]) -> None:
    with pytest.raises(UserRefused, match="roles"):
        checked_roles(roles)


@pytest.mark.parametrize("sign", ["\u202a", "\u202e", "\u2066", "\u2069"])
def test_a_name_that_turns_the_text_behind_it_is_refused(sign: str) -> None:
    with pytest.raises(UserRefused, match="A name or office holds a control character"):
        checked_name(f"a{sign}b")


def test_an_attribute_may_have_several_lines() -> None:
    assert json.loads(checked_attributes({"address": "পুরান ঢাকা\r\n\t১১০০"})) == {
        "address": "পুরান ঢাকা\r\n\t১১০০"
    }


@pytest.mark.parametrize("bad", ["\x00", "a\x00b", "\x1b[2J", "\x7f", "\x85", "\ud800", "a\udfff"])
def test_an_attribute_or_role_that_no_database_holds_is_refused(bad: str) -> None:
    for attributes in ({"a": bad}, {"a": ["x", bad]}):
        with pytest.raises(UserRefused, match="The attribute a holds a control character"):
            checked_attributes(attributes)
    broken: tuple[dict[str, Any], ...] = (
        {"realm": ["x", bad]},
        {"clients": {bad: []}},
        {"clients": {"a": [bad]}},
    )
    for roles in broken:
        with pytest.raises(UserRefused, match="A role or its client holds a control character"):
            checked_roles(roles)
