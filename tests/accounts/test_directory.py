import uuid

import pytest

from idp.accounts.directory import Directory, UserExists, UserRefused, UserUnknown
from idp.accounts.passwords import LONGEST, Hasher
from idp.accounts.user_sessions import UserSessionRules
from idp.model.errors import ProbeshError
from idp.model.user import User
from idp.stores.sql import SqlStores
from tests.fakes import FakeClock

OFFICE, PASSWORD = "office@example.gov.bd", "Nodi#Tir2026"


@pytest.fixture
def directory(stores: SqlStores, hasher: Hasher, clock: FakeClock) -> Directory:
    return Directory(stores, hasher, clock)


def find(stores: SqlStores, email: str = OFFICE) -> User | None:
    with stores.read() as work:
        return work.users.find_by_email(email)


def stored_hash(stores: SqlStores, user: User) -> str | None:
    with stores.read() as work:
        return work.credentials.password_hash(user.id)


def test_an_added_user_is_enabled_and_has_a_random_id_and_no_password(
    directory: Directory, stores: SqlStores, clock: FakeClock
) -> None:
    user = directory.add("Office@Example.gov.bd", name_bn="অফিস", name_en="Office", office="ঢাকা")
    assert find(stores) == user
    assert uuid.UUID(user.id).version == 4
    assert (user.email, user.email_canonical) == ("Office@example.gov.bd", OFFICE)
    assert (user.name_bn, user.name_en, user.office) == ("অফিস", "Office", "ঢাকা")
    assert (user.enabled, user.email_verified, user.created_at) == (True, False, clock())
    assert stored_hash(stores, user) is None


def test_one_mailbox_is_added_once_however_it_is_spelt(
    directory: Directory, stores: SqlStores
) -> None:
    first = directory.add(OFFICE)
    for spelling in (OFFICE, " <OFFICE@example.GOV.bd>", "mailto:office@example.gov.bd"):
        with pytest.raises(UserExists, match="exists"):
            directory.add(spelling)
    assert find(stores) == first


@pytest.mark.parametrize(
    "email", ["", "অফিস@example.gov.bd", "office", "a@b.bd,c@d.bd", "a\x00@b.bd"]
)
def test_what_is_no_mailbox_is_not_added(directory: Directory, email: str) -> None:
    with pytest.raises(UserRefused, match="e-mail address"):
        directory.add(email)


@pytest.mark.parametrize("name", ["a\x00b", "a\nb", "a\ud800", "a\u2028b", "x" * 201])
@pytest.mark.parametrize("field", ["name_bn", "name_en", "office"])
def test_a_name_that_no_page_can_show_is_refused(
    directory: Directory, stores: SqlStores, field: str, name: str
) -> None:
    with pytest.raises(UserRefused, match="name or office"):
        directory.add(OFFICE, **{field: name})
    assert find(stores) is None


def test_a_bengali_name_keeps_its_joiners_and_is_stored_in_nfc(directory: Directory) -> None:
    user = directory.add(OFFICE, name_bn="  র\u200d্যাব \u09df ")
    assert user.name_bn == "র\u200d্যাব \u09af\u09bc"


def test_a_set_password_verifies_and_moves_the_credential_version(
    directory: Directory, stores: SqlStores, hasher: Hasher
) -> None:
    user = directory.add(OFFICE)
    directory.set_password("OFFICE@example.gov.bd", PASSWORD)
    assert hasher.verify(PASSWORD, stored_hash(stores, user))
    changed = find(stores)
    assert changed is not None
    assert changed.credential_version == user.credential_version + 1


@pytest.mark.parametrize("password", ["", "\u200b", "a\x00b", "\ud800", "x" * (LONGEST + 1)])
def test_a_password_that_cannot_be_hashed_is_refused(
    directory: Directory, stores: SqlStores, password: str
) -> None:
    user = directory.add(OFFICE)
    with pytest.raises(UserRefused, match="1 to 1024 characters"):
        directory.set_password(OFFICE, password)
    assert stored_hash(stores, user) is None


def test_a_disabled_user_has_no_session_and_gets_none_back_when_enabled(
    directory: Directory, stores: SqlStores, clock: FakeClock
) -> None:
    user, rules = directory.add(OFFICE), UserSessionRules(idle=3600, maximum=36_000)
    with stores.write() as work:
        cookie, _ = rules.start(work, user, amr=("pwd",), now=clock(), replaces=None)
    directory.set_enabled(OFFICE, False)
    disabled = find(stores)
    assert disabled is not None
    assert not disabled.enabled
    directory.set_enabled(OFFICE, True)
    enabled = find(stores)
    assert enabled is not None
    assert enabled.enabled
    with stores.read() as work:
        assert rules.find_good(work, cookie, now=clock()) is None


@pytest.mark.parametrize(
    "email", ["nobody@example.gov.bd", "", "অফিস", "a\x00@b.bd", "\udc80@b.bd"]
)
def test_an_unknown_user_cannot_be_changed(directory: Directory, email: str) -> None:
    with pytest.raises(UserUnknown, match="No user"):
        directory.set_password(email, PASSWORD)
    with pytest.raises(UserUnknown, match="No user"):
        directory.set_enabled(email, False)


def test_every_refusal_is_one_plain_sentence_without_the_password(directory: Directory) -> None:
    directory.add(OFFICE)
    secret = "Canary\x00Password"
    with pytest.raises(ProbeshError) as refused:
        directory.set_password(OFFICE, secret)
    sentence = str(refused.value)
    assert "Canary" not in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
