"""Users of an export: what becomes of each of their keys, and what is told of the rest."""

from pathlib import Path
from typing import Any

import pytest

from idp.accounts.user_record import RecordFault, UserRecord
from idp.admin.keycloak.export import Export, ExportRefused
from idp.admin.keycloak.moving import Move
from tests.admin.keycloak.exports import ARGON, ARGON_ID, REALM, facts, move_of, told, user


def records(folder: Path, *users: dict[str, Any], **changes: Any) -> tuple[Move, list[Any]]:
    move = move_of(folder, {**facts(), "users": list(users), **changes})
    return move, list(move.users)


def record(folder: Path, **changes: Any) -> UserRecord:
    _, (found,) = records(folder, user(**changes))
    assert isinstance(found, UserRecord)
    return found


def findings(folder: Path, **changes: Any) -> dict[str, list[str]]:
    move, _ = records(folder, user(**changes))
    return told(move)


def test_a_user_keeps_everything_that_has_a_place_here(tmp_path: Path):
    found = record(tmp_path)
    assert found.place == f"user 1 ({ARGON})"
    assert found.id == ARGON_ID
    assert found.email == ARGON
    assert (found.name_bn, found.name_en) == ("রহিমা খাতুন", "")
    assert found.locale == "bn"
    assert found.attributes == {"given_name": "রহিমা", "family_name": "খাতুন"}
    assert (found.enabled, found.email_verified) == (True, True)
    assert found.created_at == 1_795_359_923
    assert found.required_actions == ()
    assert found.tagged_hash is not None
    assert found.tagged_hash.startswith("keycloak:$argon2id$")
    assert found.roles == {
        "realm": ["approver", "default-roles-seba", "offline_access", "uma_authorization"],
        "clients": {"citizen-desk": ["publisher"]},
    }


@pytest.mark.parametrize(
    ("first", "last", "name_bn", "name_en"),
    [
        ("Karim", "Uddin", "", "Karim Uddin"),
        ("করিম", "Uddin", "করিম Uddin", ""),
        (" Karim ", None, "", "Karim"),
        (None, "উদ্দিন", "উদ্দিন", ""),
        (None, None, "", ""),
    ],
)
def test_a_name_goes_to_the_field_of_its_script(
    tmp_path: Path, first: str | None, last: str | None, name_bn: str, name_en: str
):
    found = record(tmp_path, firstName=first, lastName=last)
    assert (found.name_bn, found.name_en) == (name_bn, name_en)


def test_attributes_stay_texts_and_lists_and_the_language_leaves_them(tmp_path: Path):
    attributes = {"locale": ["bn"], "office_code": ["4711"], "phones": ["1", "2"], "none": []}
    found = record(tmp_path, attributes=attributes, firstName=None, lastName=None)
    assert found.attributes == {"office_code": "4711", "phones": ("1", "2"), "none": ()}
    assert found.locale == "bn"
    odd = record(tmp_path, attributes={"locale": ["Bangla?"]}, firstName="", lastName=None)
    assert (odd.attributes, odd.locale) == ({"locale": "Bangla?"}, "")


def test_the_two_names_and_a_username_are_kept_for_the_claims_of_keycloak(tmp_path: Path):
    found = record(tmp_path, username="rahima")
    assert found.attributes == {
        "given_name": "রহিমা",
        "family_name": "খাতুন",
        "preferred_username": "rahima",
    }


LEFT_OUT = "Attributes in the place of a username or name, left out: the real ones count"


def test_an_attribute_makes_nobody_somebody_else(tmp_path: Path):
    """People may edit attributes in Keycloak; these three would become claims here."""
    own = {"preferred_username": ["minister"], "given_name": ["Boss"], "family_name": ["Big"]}
    move, (found,) = records(tmp_path, user(username="rahima", lastName=None, attributes=own))
    assert found.attributes == {"given_name": "রহিমা", "preferred_username": "rahima"}
    assert told(move)[LEFT_OUT] == [f"rahima/{name}" for name in own]
    without = record(tmp_path, attributes=own)  # whose username is the e-mail address
    assert "preferred_username" not in (without.attributes or {})


def test_an_attribute_that_says_the_same_is_not_worth_a_word(tmp_path: Path):
    assert LEFT_OUT not in findings(tmp_path, attributes={"given_name": ["রহিমা"]})


@pytest.mark.parametrize("subject", [None, 7, True, ["x"]])
def test_an_id_that_is_no_text_is_a_fault(tmp_path: Path, subject: object):
    _, (found,) = records(tmp_path, {**user(), "id": subject})
    assert isinstance(found, RecordFault)
    assert "its id is no text" in found.message


def test_nothing_of_an_export_steers_a_terminal(tmp_path: Path):
    evil = "\x1b]0;owned\x07\u202e\r"
    bad = user(username=evil + "x" * 300, credentials=[{"type": evil}], realmRoles=[evil])
    bad |= {evil: 1, "createdTimestamp": evil, "groups": [evil], "attributes": {evil: ["x"]}}
    move, (fault,) = records(tmp_path, bad, groups=[{"name": evil, "path": evil}])
    assert isinstance(fault, RecordFault)
    assert len(fault.place) < 120
    texts = [fault.place, fault.message, *map(str, move.findings)]
    assert [text for text in texts if not text.isprintable()] == []
    with pytest.raises(ExportRefused) as refused:
        _ = move_of(tmp_path, {**facts(), evil: "**********"}).realm
    assert str(refused.value).isprintable()


def test_required_actions_are_ours_or_told(tmp_path: Path):
    actions = ["UPDATE_PASSWORD", "CONFIGURE_TOTP", "VERIFY_EMAIL"]
    assert record(tmp_path, requiredActions=actions).required_actions == ("update_password",)
    said = findings(tmp_path, requiredActions=actions)
    assert said["Users of whom CONFIGURE_TOTP was required, which is not demanded here"] == [ARGON]
    assert said["Users of whom VERIFY_EMAIL was required, which is not demanded here"] == [ARGON]


def test_disabled_and_unverified_stay_so(tmp_path: Path):
    found = record(tmp_path, enabled=False, emailVerified=False)
    assert (found.enabled, found.email_verified) == (False, False)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"email": None}, "Users without an e-mail address"),
        ({"email": ""}, "Users without an e-mail address"),
        ({"serviceAccountClientId": "x"}, "Accounts of services"),
        ({"federationLink": "ldap", "credentials": []}, "Users of another directory"),
    ],
)
def test_who_cannot_be_taken_over_is_left_out_and_named(
    tmp_path: Path, changes: dict[str, Any], what: str
):
    move, found = records(tmp_path, user(**changes))
    assert found == []
    assert [ex for kind, ex in told(move).items() if kind.startswith(what)] == [[ARGON]]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"username": "rahima"}, "Users who logged in by a name"),
        ({"federationLink": "ldap"}, "Users whose links to other providers"),
        ({"federatedIdentities": [{"identityProvider": "g"}]}, "Users whose links to other"),
        ({"credentials": []}, "Users without a password"),
        ({"credentials": [{"type": "webauthn"}]}, "Credentials of the type webauthn"),
        ({"credentials": [{"type": "password", "value": "x"}]}, "Passwords in clear text"),
        ({"shoeSize": 42}, "Keys of users that are not known"),
        ({"attributes": {"office": ["x"]}}, "Attributes of users"),
        ({"groups": ["/nowhere"]}, "Groups of users that the realm does not declare"),
    ],
)
def test_what_has_no_place_here_is_told(tmp_path: Path, changes: dict[str, Any], what: str):
    assert any(kind.startswith(what) for kind in findings(tmp_path, **changes)), findings(
        tmp_path, **changes
    )
    assert not any(kind.startswith(what) for kind in findings(tmp_path))


def test_the_newest_password_counts_and_earlier_ones_are_history(tmp_path: Path):
    owner = next(one for one in facts()["users"] if one.get("email") == "history@example.gov.bd")
    owner["credentials"].reverse()
    _, (found,) = records(tmp_path, owner)
    assert len(found.history) == 2
    assert len({found.tagged_hash, *found.history}) == 3
    again = Move(Export((REALM,))).users
    (straight,) = [one for one in again if one.place.endswith("(history@example.gov.bd)")]
    assert isinstance(straight, UserRecord)
    assert straight.history == found.history  # by their dates, not their order


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"credentials": 7},
        {"credentials": ["x"]},
        {"attributes": ["x"]},
        {"createdTimestamp": "yesterday"},
        {"clientRoles": ["x"]},
        {"realmRoles": [{}]},
    ],
)
def test_a_broken_user_is_a_fault_with_its_place(tmp_path: Path, changes: dict[str, Any]):
    _, found = records(tmp_path, user(), user(**changes))
    assert isinstance(found[0], UserRecord)
    assert isinstance(found[1], RecordFault)
    assert found[1].place == f"user 2 ({ARGON})"


def test_findings_are_those_of_one_reading(tmp_path: Path):
    move, _ = records(tmp_path, user(email=None))
    list(move.users)
    (found,) = [one for one in move.findings if one.what.startswith("Users without an e-mail")]
    assert found.count == 1


def test_nothing_of_a_password_is_told(tmp_path: Path):
    found = record(tmp_path)
    assert "argon2id" not in repr(found)
