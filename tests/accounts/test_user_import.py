"""Users out of files, on both databases."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, event
from typing_extensions import override

from idp.accounts import user_import as module
from idp.accounts.sign_out import SignOut
from idp.accounts.user_import import (
    ImportReport,
    ImportStopped,
    RecordFault,
    UserImport,
    UserRecord,
)
from idp.accounts.user_record import wanted_user
from idp.model.errors import AlreadySpent
from idp.model.user import User
from idp.stores.sql import SqlStores
from tests.contract.builders import (
    NOW,
    authentication_session,
    stored_grant,
    stored_token,
    stored_user,
    user_session,
)
from tests.fakes import FakeClock

OFFICE, OTHER = "office@example.gov.bd", "other@example.gov.bd"
HASH = "probesh1:1:$2b$12$" + "." * 53
NEW_HASH = "probesh1:1:$2b$12$" + "O" * 53
FOREIGN = "keycloak:$2a$10$" + "." * 53
NEW_FOREIGN = "keycloak:$2a$10$" + "O" * 53


@pytest.fixture
def stores(engine: Engine) -> SqlStores:
    """Return the stores over a fresh database, once for each kind."""
    return SqlStores(engine)


@pytest.fixture
def importing(stores: SqlStores, clock: FakeClock) -> UserImport:
    return an_import(stores, clock)


def an_import(stores: SqlStores, clock: FakeClock, **options: Any) -> UserImport:
    sign_out = SignOut(frozenset({"backoffice"}))
    return UserImport(stores, clock, sign_out=sign_out, history=5, **options)


def record(email: str = OFFICE, place: str = "line 2", **values: Any) -> UserRecord:
    return UserRecord(place=place, email=email, **values)


def apply(
    importing: UserImport, *records: UserRecord | RecordFault, **options: Any
) -> ImportReport:
    return importing.run(records, apply=True, **options)


def find(stores: SqlStores, email: str = OFFICE) -> User | None:
    with stores.read() as work:
        return work.users.find_by_email(email)


@pytest.mark.parametrize("cost", [13, 18])
@pytest.mark.parametrize("where", ["present", "history"])
def test_a_hash_of_ours_above_the_highest_cost_is_refused(
    importing: UserImport, stores: SqlStores, cost: int, where: str
) -> None:
    dear = HASH.replace("$12$", f"${cost}$")
    hashes = {"tagged_hash": dear} if where == "present" else {"history": (dear,)}
    importing.highest_cost = 12
    report = apply(importing, record(**{"tagged_hash": HASH} | hashes))
    assert [fault.message for fault in report.faults] == [
        "The password hash costs more than password.bcrypt_cost."
    ]
    assert find(stores) is None
    importing.highest_cost = cost
    assert apply(importing, record(**{"tagged_hash": HASH} | hashes)).added == 1


def require(stores: SqlStores, email: str = OFFICE) -> User:
    user = find(stores, email)
    assert user is not None
    return user


def stored_hash(stores: SqlStores, user: User) -> str | None:
    with stores.read() as work:
        return work.credentials.password_hash(user.id)


def actions(stores: SqlStores, user: User) -> Sequence[str]:
    with stores.read() as work:
        return work.required_actions.of_user(user.id)


def writes_of(engine: Engine) -> list[str]:
    """Return a list that grows with each unit of work that writes."""
    begun: list[str] = []
    event.listen(engine, "commit", lambda _: begun.append("commit"))
    return begun


def test_a_dry_run_tells_what_would_be_and_writes_nothing(
    importing: UserImport, stores: SqlStores
) -> None:
    report = importing.run([record()], apply=False)
    assert (report.added, report.applied) == (1, False)
    assert find(stores) is None


def test_a_new_user_has_what_the_file_says(
    importing: UserImport, stores: SqlStores, clock: FakeClock
) -> None:
    report = apply(
        importing,
        record(
            "Office@Example.gov.bd",
            id="5F2B9c1e",
            name_bn=" ক দপ্তর ",
            name_en="A",
            office="ঢাকা",
            tagged_hash=HASH,
            enabled=False,
            email_verified=True,
            locale="bn",
            required_actions=("update_password",),
            attributes={"office_code": "7", "services": ("a", "b")},
            roles={"realm": ["admin"], "clients": {"backoffice": ["clerk"]}},
            created_at=1_700_000_000,
        ),
    )
    assert (report.added, report.applied, report.fault_count) == (1, True, 0)
    user = require(stores)
    assert user == User(
        id="5F2B9c1e",
        email="Office@example.gov.bd",
        email_canonical=OFFICE,
        email_verified=True,
        name_bn="ক দপ্তর",
        name_en="A",
        office="ঢাকা",
        enabled=False,
        locale="bn",
        attributes='{"office_code":"7","services":["a","b"]}',
        roles='{"clients":{"backoffice":["clerk"]},"realm":["admin"]}',
        created_at=1_700_000_000,
        updated_at=clock(),
    )
    assert stored_hash(stores, user) == HASH
    assert actions(stores, user) == ("update_password",)


def test_a_new_user_of_an_address_alone_is_enabled_without_a_password(
    importing: UserImport, stores: SqlStores, clock: FakeClock
) -> None:
    apply(importing, record())
    user = require(stores)
    assert (user.enabled, user.email_verified, user.attributes, user.roles) == (
        *(True, False),
        *("{}", "{}"),
    )
    assert (user.created_at, stored_hash(stores, user)) == (clock(), None)
    assert len(user.id) == 36


def test_a_rerun_changes_nothing_and_writes_nothing(
    importing: UserImport, stores: SqlStores, clock: FakeClock
) -> None:
    records = [
        record(tagged_hash=HASH, name_en="A", attributes={"a": ["x"]}, locale="bn"),
        record(OTHER, "line 3", required_actions=("update_password",), enabled=False),
    ]
    apply(importing, *records)
    before = require(stores)
    clock.advance(60)
    written = writes_of(stores.engine)
    report = apply(importing, *records)
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)
    assert require(stores) == before
    if stores.engine.dialect.name == "sqlite":  # a read on PostgreSQL ends with a commit, too
        assert written == []


def test_what_a_record_does_not_tell_stays(importing: UserImport, stores: SqlStores) -> None:
    everything = record(
        name_bn="ক", office="খ", tagged_hash=HASH, attributes={"a": "b"}, enabled=False, locale="bn"
    )
    apply(importing, everything)
    before = require(stores)
    report = apply(importing, record(), record(OTHER, "line 3"))
    assert (report.added, report.unchanged) == (1, 1)
    assert require(stores) == before


def test_a_change_is_told_by_field_and_moves_the_time_of_update(
    importing: UserImport, stores: SqlStores, clock: FakeClock
) -> None:
    apply(importing, record(office="ক", attributes={"a": "b"}))
    version = require(stores).credential_version
    clock.advance(60)
    report = apply(importing, record(office="খ", attributes={}, email_verified=True))
    user = require(stores)
    assert (report.changed, report.disabled) == (1, 0)
    assert report.fields == {"office": 1, "attributes": 1, "email_verified": 1}
    assert (user.office, user.attributes, user.email_verified) == ("খ", "{}", True)
    assert (user.updated_at, user.credential_version) == (clock(), version)


def test_switching_off_logs_out_and_tells_the_clients(
    importing: UserImport, stores: SqlStores
) -> None:
    owner = stored_user(stores, email=OFFICE)
    session = user_session(owner)
    with stores.write() as work:
        work.user_sessions.add(session)
        work.authentication_sessions.add(authentication_session(id="open", user_id=owner.id))
    stored_grant(stores, owner, sid=session.sid)
    report = apply(importing, record(enabled=False))
    assert (report.changed, report.disabled) == (1, 1)
    user = require(stores)
    assert (user.enabled, user.credential_version) == (False, owner.credential_version + 1)
    with stores.write() as work:
        assert work.user_sessions.count_of_user(user.id, now=NOW) == 0
        assert [letter.to for letter in work.outbox.lease("notice", now=NOW, lease=1, most=9)] == [
            "backoffice"
        ]
        with pytest.raises(AlreadySpent):
            work.authentication_sessions.take("open", version=1, now=NOW)


def test_a_new_password_kills_links_and_keeps_the_old_one_from_coming_back(
    importing: UserImport, stores: SqlStores
) -> None:
    apply(importing, record(tagged_hash=HASH, required_actions=("update_password",)))
    owner = require(stores)
    token = stored_token(stores, owner)
    report = apply(importing, record(tagged_hash=NEW_HASH))
    assert report.fields == {"hash": 1}
    assert stored_hash(stores, owner) == NEW_HASH
    assert actions(stores, owner) == ()  # as when an administrator sets one
    with stores.write() as work:
        assert work.credentials.recent_hashes(owner.id, most=5) == [NEW_HASH, HASH]
        with pytest.raises(AlreadySpent):
            work.action_tokens.spend(token.id, now=NOW)


def test_a_new_password_with_a_demand_is_demanded_anew(
    importing: UserImport, stores: SqlStores
) -> None:
    demanding: dict[str, Any] = {"required_actions": ("update_password",)}
    apply(importing, record(tagged_hash=HASH, **demanding))
    apply(importing, record(tagged_hash=NEW_HASH, **demanding))
    assert actions(stores, require(stores)) == ("update_password",)
    assert apply(importing, record(tagged_hash=NEW_HASH, **demanding)).unchanged == 1


def test_passwords_may_be_kept(stores: SqlStores, clock: FakeClock) -> None:
    keeping = an_import(stores, clock, keep_passwords=True)
    apply(keeping, record(tagged_hash=HASH), record(OTHER, "line 3"))
    report = apply(
        keeping, record(tagged_hash=NEW_HASH), record(OTHER, "line 3", tagged_hash=NEW_HASH)
    )
    assert (report.changed, report.unchanged) == (1, 1)
    assert stored_hash(stores, require(stores)) == HASH
    assert stored_hash(stores, require(stores, OTHER)) == NEW_HASH


def test_required_actions_are_those_of_the_file(importing: UserImport, stores: SqlStores) -> None:
    apply(importing, record(required_actions=("update_password",)))
    assert apply(importing, record()).unchanged == 1
    assert apply(importing, record(required_actions=())).fields == {"required_actions": 1}
    assert actions(stores, require(stores)) == ()
    assert apply(importing, record(required_actions=("update_password",))).changed == 1
    assert actions(stores, require(stores)) == ("update_password",)


def test_an_id_finds_its_user_under_another_address(
    importing: UserImport, stores: SqlStores
) -> None:
    owner = stored_user(stores, email=OFFICE, email_verified=True)
    stored_token(stores, owner, id="link")
    report = apply(importing, record(OTHER, id=owner.id))
    moved = require(stores, OTHER)
    assert (report.fields, moved.id) == ({"email": 1}, owner.id)
    assert (moved.email_verified, moved.credential_version) == (False, owner.credential_version + 1)
    with stores.write() as work, pytest.raises(AlreadySpent):
        work.action_tokens.spend("link", now=NOW)


def test_a_mailbox_that_moves_is_verified_if_the_file_says_so(
    importing: UserImport, stores: SqlStores
) -> None:
    owner = stored_user(stores, email=OFFICE, email_verified=True)
    apply(importing, record(OTHER, id=owner.id, email_verified=True))
    assert require(stores, OTHER).email_verified
    assert apply(importing, record(OTHER, id=owner.id, email_verified=True)).unchanged == 1


def test_without_an_id_the_spelling_of_an_address_is_no_change(
    importing: UserImport, stores: SqlStores
) -> None:
    owner = stored_user(stores, email=OFFICE)
    assert apply(importing, record(" OFFICE@Example.gov.BD")).unchanged == 1
    assert apply(importing, record("Office@Example.gov.bd", id=owner.id)).fields == {"email": 1}
    assert require(stores).email == "Office@example.gov.bd"


def test_an_address_of_another_user_is_a_fault(importing: UserImport, stores: SqlStores) -> None:
    stored_user(stores, email=OFFICE, id="first")
    stored_user(stores, email=OTHER, id="second")
    for wanted in ("second", "third"):
        report = importing.run([record(id=wanted)], apply=False)
        (fault,) = report.faults
        assert (fault.place, "belongs to a user with another id" in fault.message) == (
            *("line 2", True),
        )


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (record(), record(OFFICE.upper(), "line 9"), "e-mail address OFFICE@example.gov.bd"),
        (record(id="a"), record(OTHER, "line 9", id="a"), "id is there already"),
        (record(), record(OTHER, "line 9", id="known"), "same user is there already"),
        (record(OTHER, id="known"), record(place="line 9"), "same user is there already"),
    ],
    ids=["address", "id", "address then id", "id then address"],
)
def test_a_user_who_is_there_twice_is_a_fault_that_names_both_places(
    importing: UserImport, stores: SqlStores, first: UserRecord, second: UserRecord, told: str
) -> None:
    if "known" in {first.id, second.id}:
        stored_user(stores, email=OFFICE, id="known")
    report = importing.run([first, second], apply=False)
    (fault,) = report.faults
    assert told in fault.message
    assert {fault.place, fault.message[-7:-1]} == {"line 2", "line 9"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"email": "nobody"}, "not an e-mail address"),
        ({"email": ""}, "empty"),
        ({"id": "a b"}, "id must be"),
        ({"office": "a\x00"}, "control character"),
        ({"tagged_hash": "secret"}, "scheme"),
        ({"tagged_hash": ""}, "scheme"),
        ({"locale": "x y"}, "locale"),
        ({"required_actions": ("dance",)}, "no such action"),
        ({"attributes": {"a": 1}}, "attribute a"),
        ({"roles": {"x": []}}, "roles"),
        ({"created_at": -1}, "time of creation"),
        ({"created_at": 2**60}, "time of creation"),
    ],
)
def test_a_fault_names_the_place_and_what_is_wrong_and_no_hash(
    importing: UserImport, values: dict[str, Any], told: str
) -> None:
    report = importing.run([record(**values)], apply=False)
    (fault,) = report.faults
    assert fault.place == "line 2"
    assert told in fault.message
    assert "secret" not in fault.message


def test_a_file_with_a_fault_is_refused_as_a_whole(
    importing: UserImport, stores: SqlStores
) -> None:
    report = apply(importing, record(), RecordFault("line 3", "It is no CSV."))
    assert (report.applied, report.added, report.fault_count) == (False, 1, 1)
    assert find(stores) is None


def test_or_without_the_faulty_users(importing: UserImport, stores: SqlStores) -> None:
    records: list[UserRecord | RecordFault] = [
        *(record(), RecordFault("line 3", "It is no CSV."), record("bad", "line 4")),
        *(record(OTHER, "line 5"), record(OTHER, "line 6", office="never")),
    ]
    report = apply(importing, *records, skip_faulty=True)
    assert (report.applied, report.added, report.fault_count) == (True, 2, 3)
    assert [fault.place for fault in report.faults] == ["line 3", "line 4", "line 6"]
    assert require(stores, OTHER).office == ""


def test_a_user_refused_in_the_check_is_not_taken_later(
    importing: UserImport, stores: SqlStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address becomes free in the first batch; the second user was told as faulty."""
    monkeypatch.setattr(module, "_BATCH", 1)
    owner = stored_user(stores, email=OFFICE)
    moving, follower = record(OTHER, id=owner.id), record(OFFICE, "line 3", id="another")
    report = apply(importing, moving, follower, skip_faulty=True)
    assert (report.changed, report.added, report.fault_count) == (1, 0, 1)
    assert find(stores) is None


def test_faults_are_counted_beyond_those_that_are_told(importing: UserImport) -> None:
    faults = [RecordFault(f"line {n}", "bad") for n in range(2500)]
    report = importing.run(faults, apply=False)
    assert (report.fault_count, len(report.faults)) == (2500, 1000)
    assert report.faults[0].place == "line 0"


def test_what_comes_once_only_cannot_be_applied(importing: UserImport) -> None:
    with pytest.raises(TypeError, match="twice"):
        importing.run(iter([record()]), apply=True)
    assert importing.run(iter([record()]), apply=False).added == 1


def test_progress_is_told_for_both_phases(
    importing: UserImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 2)
    told: list[tuple[str, int]] = []
    records = [record(f"a{n}@example.gov.bd", f"line {n}") for n in range(3)]
    importing.run(records, apply=True, progress=lambda phase, done: told.append((phase, done)))
    assert told == [("check", 2), ("check", 3), ("apply", 2), ("apply", 3)]


class _Stopping(list[UserRecord]):
    """Records whose second reading ends in an error, as a kill would."""

    def __init__(self, records: Iterable[UserRecord], after: int) -> None:
        super().__init__(records)
        self.after, self.readings = after, 0

    @override
    def __iter__(self) -> Any:
        self.readings += 1
        for number, one in enumerate(list.__iter__(self)):
            if self.readings > 1 and number == self.after:
                raise KeyboardInterrupt
            yield one


def test_an_interrupted_import_leaves_whole_batches_and_a_rerun_completes_it(
    importing: UserImport, stores: SqlStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 10)
    records = [record(f"a{n}@example.gov.bd", f"line {n}", tagged_hash=HASH) for n in range(45)]
    with pytest.raises(KeyboardInterrupt):
        importing.run(_Stopping(records, after=27), apply=True)
    there = [one for one in records if find(stores, one.email)]
    assert there == records[:20]
    report = apply(importing, *records)
    assert (report.added, report.unchanged) == (25, 20)
    assert apply(importing, *records).unchanged == 45


def test_somebody_who_is_added_meanwhile_is_changed_instead(
    importing: UserImport, stores: SqlStores
) -> None:
    class Racing(list[UserRecord]):
        readings = 0

        @override
        def __iter__(self) -> Any:
            self.readings += 1
            if self.readings == 2:
                stored_user(stores, email=OFFICE, office="old")
            return list.__iter__(self)

    report = importing.run(Racing([record(office="new")]), apply=True)
    assert (report.added, report.changed) == (0, 1)
    assert require(stores).office == "new"


def test_a_batch_that_is_overtaken_is_planned_again(
    importing: UserImport, stores: SqlStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    overtaken = [AlreadySpent()]
    carry_out = UserImport._carry_out

    def once_too_late(self: UserImport, work: Any, plan: Any) -> None:
        carry_out(self, work, plan)
        if overtaken:
            raise overtaken.pop()

    monkeypatch.setattr(UserImport, "_carry_out", once_too_late)
    report = apply(importing, record())
    assert report.added == 1
    assert find(stores) is not None


def test_an_import_that_is_always_overtaken_says_so(
    importing: UserImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*_: object) -> None:
        raise AlreadySpent

    monkeypatch.setattr(UserImport, "_carry_out", too_late)
    with pytest.raises(ImportStopped, match="run it again"):
        apply(importing, record())


def test_no_record_and_no_plan_shows_a_hash() -> None:
    assert HASH not in repr(record(tagged_hash=HASH))
    assert HASH not in repr(wanted_user(record(tagged_hash=HASH)))


def test_who_was_switched_off_here_stays_so_and_is_named(
    stores: SqlStores, clock: FakeClock
) -> None:
    for existing in ("keep", "update"):
        careful = an_import(stores, clock, existing=existing)
        apply(careful, record(enabled=False))
        report = apply(careful, record(enabled=True), record(OTHER, "line 3", enabled=True))
        assert (report.kept_off, report.kept_off_count) == (("line 2",), 1)
        assert not require(stores).enabled
        assert require(stores, OTHER).enabled
    assert apply(an_import(stores, clock), record(enabled=True)).kept_off_count == 0
    assert require(stores).enabled


def test_whoever_is_kept_off_is_counted_once_when_something_else_changes(
    stores: SqlStores, clock: FakeClock
) -> None:
    careful = an_import(stores, clock, existing="update")
    apply(careful, record(enabled=False))
    report = apply(careful, record(enabled=True, name_en="New"))
    assert (report.changed, report.kept_off) == (1, ("line 2",))
    assert (require(stores).enabled, require(stores).name_en) == (False, "New")


def test_a_careful_import_still_switches_off(stores: SqlStores, clock: FakeClock) -> None:
    careful = an_import(stores, clock, existing="keep")
    apply(careful, record())
    assert apply(careful, record(enabled=False)).disabled == 1
    assert not require(stores).enabled


def test_a_careful_import_only_adds_demands(stores: SqlStores, clock: FakeClock) -> None:
    """A newer password of the file does not meet a demand that was made here."""
    for existing in ("keep", "update"):
        careful = an_import(stores, clock, existing=existing)
        apply(careful, record(tagged_hash=FOREIGN, required_actions=("update_password",)))
        assert apply(careful, record(required_actions=())).unchanged == 1
        apply(careful, record(tagged_hash=NEW_FOREIGN, required_actions=()))
        assert stored_hash(stores, require(stores)) == NEW_FOREIGN
        assert actions(stores, require(stores)) == ("update_password",)
        apply(an_import(stores, clock), record(required_actions=(), tagged_hash=FOREIGN))
    careful = an_import(stores, clock, existing="keep")
    apply(careful, record(OTHER))
    assert apply(careful, record(OTHER, required_actions=("update_password",))).changed == 1


def test_what_became_of_somebody_here_is_kept_unless_an_update_is_asked_for(
    stores: SqlStores, clock: FakeClock
) -> None:
    told: dict[str, Any] = {"roles": {"realm": ["clerk"]}, "name_en": "A", "email_verified": True}
    apply(an_import(stores, clock), record(**told))
    newer = record(roles={"realm": ["admin"]}, name_en="B", email_verified=False)
    assert apply(an_import(stores, clock, existing="keep"), newer).unchanged == 1
    assert "clerk" in require(stores).roles
    report = apply(an_import(stores, clock, existing="update"), newer)
    assert report.fields == {"roles": 1, "name_en": 1, "email_verified": 1}
    assert "admin" in require(stores).roles


def test_a_known_id_takes_over_no_account_unless_an_update_is_asked_for(
    stores: SqlStores, clock: FakeClock
) -> None:
    owner = stored_user(stores, email=OFFICE)
    (fault,) = apply(an_import(stores, clock, existing="keep"), record(OTHER, id=owner.id)).faults
    assert OFFICE in fault.message
    assert OTHER in fault.message
    assert require(stores).id == owner.id
    report = apply(an_import(stores, clock, existing="update"), record(OTHER, id=owner.id))
    assert (report.moved, report.fields) == (("line 2",), {"email": 1})
    assert require(stores, OTHER).id == owner.id


def test_another_spelling_of_a_mailbox_is_no_other_mailbox(
    stores: SqlStores, clock: FakeClock
) -> None:
    owner = stored_user(stores, email=OFFICE)
    spelled = record("Office@example.gov.bd", id=owner.id)
    assert apply(an_import(stores, clock, existing="keep"), spelled).unchanged == 1
    report = apply(an_import(stores, clock, existing="update"), spelled)
    assert (report.changed, report.moved) == (1, ())
