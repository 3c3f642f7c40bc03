import uuid
from collections.abc import Callable
from typing import Any

import pytest
from typing_extensions import override

from idp.accounts import directory as module
from idp.accounts import known_browsers
from idp.accounts.credentials import change_password
from idp.accounts.directory import ACTIONS, Directory, UserExists, UserRefused, UserUnknown
from idp.accounts.passwords import LONGEST, Hasher
from idp.accounts.policy import Policy
from idp.accounts.sign_out import SignOut
from idp.accounts.user_sessions import UserSessionRules
from idp.model.errors import AlreadySpent, Busy, ProbeshError
from idp.model.user import User
from idp.stores.ports import Work
from idp.stores.sql import SqlStores
from tests.contract.builders import authentication_session, stored_grant
from tests.fakes import FakeClock

OFFICE, PASSWORD, ANOTHER = "office@example.gov.bd", "Nodi#Tir2026", "Boat#Ghat77x"
UNHASHABLE = "The password must have 1 to 1024 characters, none of them a null character."
RULES = UserSessionRules(3600, 36_000, SignOut(frozenset()))


@pytest.fixture
def directory(stores: SqlStores, hasher: Hasher, clock: FakeClock) -> Directory:
    return Directory(
        stores, hasher, clock, policy=Policy(), sign_out=SignOut(frozenset({"backoffice"}))
    )


def find(stores: SqlStores, email: str = OFFICE) -> User | None:
    with stores.read() as work:
        return work.users.find_by_email(email)


def stored_hash(stores: SqlStores, user: User) -> str | None:
    with stores.read() as work:
        return work.credentials.password_hash(user.id)


def required(stores: SqlStores, user: User) -> tuple[str, ...]:
    with stores.read() as work:
        return work.required_actions.of_user(user.id)


def logged_in(stores: SqlStores, user: User, clock: FakeClock) -> str:
    """Log a user in with a grant of a client that takes notices; return the cookie."""
    with stores.write() as work:
        cookie, session = RULES.start(work, user, amr=("pwd",), now=clock(), replaces=None)
    stored_grant(stores, user, sid=session.sid)
    return cookie


def is_logged_in(stores: SqlStores, cookie: str, clock: FakeClock) -> bool:
    with stores.read() as work:
        return RULES.find_good(work, cookie, now=clock()) is not None


def notices(stores: SqlStores, clock: FakeClock) -> int:
    with stores.write() as work:
        return len(work.outbox.lease("notice", now=clock(), lease=60, most=50))


def talking(stores: SqlStores, user: User) -> str:
    session = authentication_session(user_id=user.id)
    with stores.write() as work:
        work.authentication_sessions.add(session)
    return session.id


def is_open(stores: SqlStores, session_id: str) -> bool:
    with stores.read() as work:
        session = work.authentication_sessions.find(session_id)
    assert session is not None
    return session.taken_at is None


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
        directory.add(OFFICE, **{field: name})  # type: ignore[arg-type] # one of the texts
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


def test_a_user_is_added_with_a_password_in_one_unit_of_work(
    directory: Directory, stores: SqlStores, hasher: Hasher
) -> None:
    user = directory.add(OFFICE, password=PASSWORD)
    assert hasher.verify(PASSWORD, stored_hash(stores, user))
    assert required(stores, user) == ()
    with pytest.raises(UserRefused, match="easy to guess"):
        directory.add("new@example.gov.bd", password="Bangladesh@2026")
    assert find(stores, "new@example.gov.bd") is None
    with pytest.raises(UserExists, match="exists"):
        directory.add(OFFICE.upper(), password=ANOTHER)
    assert hasher.verify(PASSWORD, stored_hash(stores, user))


def test_a_temporary_password_must_be_changed_at_the_next_login(
    directory: Directory, stores: SqlStores
) -> None:
    user = directory.add(OFFICE, password=PASSWORD, temporary=True)
    assert required(stores, user) == ACTIONS
    directory.set_password(OFFICE, ANOTHER)
    assert required(stores, user) == ()
    directory.set_password(OFFICE, PASSWORD, temporary=True)
    assert required(stores, user) == ACTIONS


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", ("The password needs at least 8 characters, a capital letter (A-Z), a small letter "
         "(a-z), a digit, a special sign; it is easy to guess.")),
        ("\u200bnadi#2", "The password needs at least 8 characters, a capital letter (A-Z)."),
        (f" {PASSWORD}", "The password must not begin or end with a space."),
        ("Padma#Boat77", "The password must not hold the user ID, a name or the office."),
        ("Bangladesh@71", "The password is easy to guess."),
        (f"Nodi#7{'x' * LONGEST}", f"The password may have at most {LONGEST} characters."),
        (f"{PASSWORD}\x00", UNHASHABLE),
        (f"{PASSWORD}\ud800", UNHASHABLE),
    ],
)  # fmt: skip
def test_a_password_that_nobody_may_have_is_refused_in_one_sentence(
    directory: Directory, stores: SqlStores, password: str, sentence: str
) -> None:
    user = directory.add(OFFICE, office="Padma Office")
    with pytest.raises(UserRefused) as refused:
        directory.set_password(OFFICE, password)
    assert str(refused.value) == sentence
    assert stored_hash(stores, user) is None


def test_an_administrator_may_give_an_earlier_password_again(
    directory: Directory, stores: SqlStores, hasher: Hasher
) -> None:
    user = directory.add(OFFICE, password=PASSWORD)
    directory.set_password(OFFICE, ANOTHER)
    directory.set_password(OFFICE, PASSWORD)
    assert hasher.verify(PASSWORD, stored_hash(stores, user))
    with stores.read() as work:
        assert len(work.credentials.recent_hashes(user.id, most=50)) == 3


def test_a_set_password_leaves_the_sessions_unless_they_shall_end(
    directory: Directory, stores: SqlStores, clock: FakeClock
) -> None:
    user = directory.add(OFFICE)
    cookie = logged_in(stores, user, clock)
    with stores.write() as work:
        browser = known_browsers.remember(work, user.id, clock(), cookie=None)
    directory.set_password(OFFICE, PASSWORD)
    assert is_logged_in(stores, cookie, clock)
    directory.set_password(OFFICE, ANOTHER, end_sessions=True)
    assert not is_logged_in(stores, cookie, clock)
    assert notices(stores, clock) == 1
    with stores.read() as work:
        assert not known_browsers.is_known(work, user.id, browser, clock())


class Rival(Hasher):
    """Hashes slowly: by the time it is done, somebody else has changed the account."""

    def __init__(self, hasher: Hasher) -> None:
        super().__init__(hasher._pepper, 4, hasher.gate)
        self.meanwhile: list[Callable[[], None]] = []

    @override
    def hash(self, password: str, *, known_browser: bool = False) -> str:
        tagged_hash = super().hash(password, known_browser=known_browser)
        while self.meanwhile:
            self.meanwhile.pop()()
        return tagged_hash


def test_a_change_that_comes_in_between_does_not_stop_the_administrator(
    directory: Directory, stores: SqlStores, hasher: Hasher, clock: FakeClock
) -> None:
    user, rival = directory.add(OFFICE, password=PASSWORD), Rival(hasher)
    slow = Directory(stores, rival, clock, policy=Policy(), sign_out=SignOut(frozenset()))
    rival.meanwhile.append(lambda: directory.set_password(OFFICE, "Chor#Bali88x"))
    slow.set_password(OFFICE, ANOTHER)
    assert hasher.verify(ANOTHER, stored_hash(stores, user))


@pytest.mark.parametrize(("losses", "is_refused"), [(1, False), (2, True)])
def test_a_lost_race_is_tried_once_more_and_then_told(
    directory: Directory,
    stores: SqlStores,
    monkeypatch: pytest.MonkeyPatch,
    losses: int,
    is_refused: bool,
) -> None:
    user = directory.add(OFFICE)
    left = [AlreadySpent() for _ in range(losses)]

    def lose_first(work: Work, *arguments: Any, **more: Any) -> None:
        if left:
            raise left.pop()
        change_password(work, *arguments, **more)

    monkeypatch.setattr(module, "change_password", lose_first)
    if is_refused:
        with pytest.raises(UserRefused, match=r"^Somebody else is changing .*: try again\.$"):
            directory.set_password(OFFICE, PASSWORD)
    else:
        directory.set_password(OFFICE, PASSWORD)
    assert (stored_hash(stores, user) is None) is is_refused


def test_nothing_is_changed_while_no_place_to_hash_is_free(
    directory: Directory, stores: SqlStores, monkeypatch: pytest.MonkeyPatch, hasher: Hasher
) -> None:
    def refuse(**_: bool) -> None:
        raise Busy(2)

    monkeypatch.setattr(hasher.gate, "place", refuse)
    with pytest.raises(Busy):
        directory.add(OFFICE, password=PASSWORD)
    assert find(stores) is None


def test_a_moved_mailbox_is_the_user_id_from_then_on(
    directory: Directory, stores: SqlStores, clock: FakeClock
) -> None:
    before = directory.add(OFFICE)
    with stores.write() as work:
        work.users.verify_email(before.id)
    cookie, conversation = logged_in(stores, before, clock), talking(stores, before)
    after = directory.set_email(OFFICE, "Ministry@New.example.gov.bd")
    assert after == find(stores, "ministry@new.example.gov.bd")
    assert find(stores) is None
    assert (after.id, after.email) == (before.id, "Ministry@new.example.gov.bd")
    assert not after.email_verified
    assert after.credential_version == before.credential_version + 1
    assert is_logged_in(stores, cookie, clock)
    assert not is_open(stores, conversation)


def test_a_mailbox_may_be_spelt_anew(directory: Directory) -> None:
    directory.add(OFFICE)
    assert directory.set_email(OFFICE, "OFFICE@example.gov.bd").email == "OFFICE@example.gov.bd"


def test_a_mailbox_moves_to_no_bad_and_no_taken_address(
    directory: Directory, stores: SqlStores
) -> None:
    before, other = directory.add(OFFICE), directory.add("other@example.gov.bd")
    with pytest.raises(UserExists, match="exists"):
        directory.set_email(OFFICE, " <OTHER@example.gov.bd>")
    with pytest.raises(UserRefused, match="not an e-mail address"):
        directory.set_email(OFFICE, "office")
    assert find(stores) == before
    assert find(stores, other.email) == other


def test_an_action_is_demanded_and_dropped_again(directory: Directory, stores: SqlStores) -> None:
    user = directory.add(OFFICE)
    for demanded in (True, True, False, False):
        directory.require(OFFICE, "update_password", demanded)
        assert required(stores, user) == (ACTIONS if demanded else ())


@pytest.mark.parametrize("action", ["", "verify_email", "UPDATE_PASSWORD", "a\x00"])
def test_an_action_that_there_is_not_is_refused(
    directory: Directory, stores: SqlStores, action: str
) -> None:
    user = directory.add(OFFICE)
    with pytest.raises(UserRefused, match=r"^There is no such action; actions are update_password"):
        directory.require(OFFICE, action, True)
    assert required(stores, user) == ()


@pytest.mark.parametrize("enabled", [False, True])
def test_switching_an_account_off_or_on_ends_every_session_and_login_under_way(
    directory: Directory, stores: SqlStores, clock: FakeClock, enabled: bool
) -> None:
    user = directory.add(OFFICE)
    stranger = directory.add("other@example.gov.bd")
    cookies = [logged_in(stores, one, clock) for one in (user, user, stranger)]
    conversations = [talking(stores, one) for one in (user, stranger)]
    directory.set_enabled(OFFICE, enabled)
    changed = find(stores)
    assert changed is not None
    assert changed.enabled is enabled
    directory.set_enabled(OFFICE, True)  # a disabled user's sessions are dead in any case
    assert [is_logged_in(stores, one, clock) for one in cookies] == [False, False, True]
    assert [is_open(stores, one) for one in conversations] == [False, True]
    assert notices(stores, clock) == 2


@pytest.mark.parametrize(
    "email", ["nobody@example.gov.bd", "", "অফিস", "a\x00@b.bd", "\udc80@b.bd"]
)
def test_an_unknown_user_cannot_be_changed(directory: Directory, email: str) -> None:
    with pytest.raises(UserUnknown, match="No user"):
        directory.set_password(email, PASSWORD)
    with pytest.raises(UserUnknown, match="No user"):
        directory.set_enabled(email, False)
    with pytest.raises(UserUnknown, match="No user"):
        directory.set_email(email, "new@example.gov.bd")
    with pytest.raises(UserUnknown, match="No user"):
        directory.require(email, "update_password", True)


def test_every_refusal_is_one_plain_sentence_without_the_password(directory: Directory) -> None:
    directory.add(OFFICE)
    secret = "Canary\x00Password"
    with pytest.raises(ProbeshError) as refused:
        directory.set_password(OFFICE, secret)
    sentence = str(refused.value)
    assert "Canary" not in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
