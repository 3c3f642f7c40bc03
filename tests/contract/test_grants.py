"""Grants, codes and refresh tokens: what is single-use, and what ends what."""

import pytest

from idp.model.grant import Grant
from idp.model.tokens import digest, new_id
from idp.model.user import User
from idp.stores.sql import SqlStores
from idp.stores.sql.work import SqlWork
from tests.contract.builders import DAY, NOW, ODD, stored_grant, stored_user

CLIENT = "backoffice"


@pytest.fixture
def owner(stores: SqlStores) -> User:
    return stored_user(stores)


@pytest.fixture
def grant(stores: SqlStores, owner: User) -> Grant:
    return stored_grant(stores, owner)


def claim(stores: SqlStores, grant: Grant, **values: object) -> tuple[Grant, User] | None:
    with stores.write() as work:
        return work.grants.claim_code(
            digest(grant.id),
            client_id=str(values.get("client_id", CLIENT)),
            now=int(str(values.get("now", NOW))),
        )


def test_a_code_is_claimed_once_with_grant_and_user(
    stores: SqlStores, owner: User, grant: Grant
) -> None:
    assert claim(stores, grant) == (grant, owner)
    assert claim(stores, grant) is None


@pytest.mark.parametrize("nonce", [None, "", "null", "ক", ODD])
def test_a_clients_nonce_comes_back_as_it_was(
    stores: SqlStores, owner: User, nonce: str | None
) -> None:
    made = stored_grant(stores, owner, nonce=nonce, code_challenge=None, scope=(), amr=())
    assert claim(stores, made) == (made, owner)


@pytest.mark.parametrize("client_id", ["other", "", ODD])
def test_a_code_claimed_by_another_client_is_not_burnt(
    stores: SqlStores, owner: User, grant: Grant, client_id: str
) -> None:
    assert claim(stores, grant, client_id=client_id) is None
    assert claim(stores, grant) == (grant, owner)


def test_a_code_dies_with_its_time(stores: SqlStores, owner: User, grant: Grant) -> None:
    assert claim(stores, grant, now=NOW + 60) is None
    assert claim(stores, grant, now=NOW + 59) == (grant, owner)


def test_a_code_outlives_a_grant_without_refresh_tokens(stores: SqlStores, owner: User) -> None:
    made = stored_grant(stores, owner, expires_at=NOW)
    assert claim(stores, made, now=NOW + 5) == (made, owner)


@pytest.mark.usefixtures("grant")
def test_an_unknown_code_claims_nothing(stores: SqlStores) -> None:
    with stores.write() as work:
        assert work.grants.claim_code(digest("unknown"), client_id=CLIENT, now=NOW) is None


def test_the_code_of_an_ended_grant_is_void(stores: SqlStores, grant: Grant) -> None:
    with stores.write() as work:
        work.grants.end(grant.id, now=NOW)
    assert claim(stores, grant) is None


def test_the_code_of_a_disabled_user_is_void(stores: SqlStores) -> None:
    made = stored_grant(stores, stored_user(stores, enabled=False))
    assert claim(stores, made) is None
    with stores.read() as view:
        assert view.grants.find_live(made.id) is None


def test_a_claim_that_is_rolled_back_leaves_the_code(
    stores: SqlStores, owner: User, grant: Grant
) -> None:
    with pytest.raises(ZeroDivisionError), stores.write() as work:  # noqa: PT012 - the unit fails at its end
        assert work.grants.claim_code(digest(grant.id), client_id=CLIENT, now=NOW) is not None
        raise ZeroDivisionError
    assert claim(stores, grant) == (grant, owner)


def test_a_code_presented_again_ends_its_grant(stores: SqlStores, grant: Grant) -> None:
    with stores.write() as work:
        assert not work.grants.end_if_code_spent(digest(grant.id), now=NOW)
        assert not work.grants.end_if_code_spent(digest("unknown"), now=NOW)
    claim(stores, grant)
    with stores.write() as work:
        assert work.grants.find_live(grant.id) is not None
        assert work.grants.end_if_code_spent(digest(grant.id), now=NOW)
        assert work.grants.find_live(grant.id) is None
        assert work.grants.end_if_code_spent(digest(grant.id), now=NOW)


@pytest.mark.usefixtures("grant")
@pytest.mark.parametrize("grant_id", ["", "unknown", ODD])
def test_an_unknown_grant_is_not_found(stores: SqlStores, grant_id: str) -> None:
    with stores.read() as view:
        assert view.grants.find_live(grant_id) is None


def test_a_refresh_token_is_rotated_once(stores: SqlStores, owner: User, grant: Grant) -> None:
    token = add_token(stores, grant)
    with stores.read() as view:
        assert view.refresh_tokens.find_live(token, now=NOW) == (grant, owner)
    assert rotate(stores, token) == (grant, owner)
    assert rotate(stores, token) is None
    with stores.read() as view:
        assert view.refresh_tokens.find_live(token, now=NOW) is None


@pytest.mark.parametrize("client_id", ["other", "", ODD])
def test_a_refresh_token_of_another_client_is_not_burnt(
    stores: SqlStores, owner: User, grant: Grant, client_id: str
) -> None:
    token = add_token(stores, grant)
    assert rotate(stores, token, client_id=client_id) is None
    assert rotate(stores, token) == (grant, owner)


def test_a_refresh_token_dies_with_its_own_time_and_its_grants(
    stores: SqlStores, owner: User
) -> None:
    made = stored_grant(stores, owner, expires_at=NOW + 50)
    short, long = add_token(stores, made, life=20), add_token(stores, made, life=DAY)
    assert rotate(stores, short, now=NOW + 20) is None
    assert rotate(stores, long, now=NOW + 50) is None
    assert rotate(stores, short, now=NOW + 19) == (made, owner)
    assert rotate(stores, long, now=NOW + 49) == (made, owner)


def test_a_refresh_token_dies_with_its_grant_and_its_user(stores: SqlStores, grant: Grant) -> None:
    token = add_token(stores, grant)
    other = stored_user(stores)
    others = add_token(stores, stored_grant(stores, other))
    with stores.write() as work:
        work.grants.end(grant.id, now=NOW)
        work.users.set_enabled(other.id, enabled=False, now=NOW)
        assert work.refresh_tokens.find_live(token, now=NOW) is None
        assert work.refresh_tokens.find_live(others, now=NOW) is None
    assert rotate(stores, token) is None
    assert rotate(stores, others) is None


def test_a_rotated_token_presented_again_ends_the_family(
    stores: SqlStores, owner: User, grant: Grant
) -> None:
    first = add_token(stores, grant)
    with stores.write() as work:
        assert not end_if_rotated(work, first)
    rotate(stores, first)
    second = add_token(stores, grant)
    with stores.write() as work:
        assert not end_if_rotated(work, first, client_id="other")
        assert not end_if_rotated(work, first, client_id=ODD)
        assert not end_if_rotated(work, second)
        assert work.refresh_tokens.find_live(second, now=NOW) == (grant, owner)
        assert end_if_rotated(work, first)
        assert work.refresh_tokens.find_live(second, now=NOW) is None
    assert rotate(stores, second) is None


def test_the_first_end_of_a_grant_is_kept(stores: SqlStores, grant: Grant) -> None:
    claim(stores, grant)
    with stores.write() as work:
        work.grants.end(grant.id, now=NOW + 1)
        work.grants.end(grant.id, now=NOW + 2)
        work.grants.end_if_code_spent(digest(grant.id), now=NOW + 3)
    with stores.engine.connect() as connection:
        ended = connection.exec_driver_sql("SELECT ended_at FROM grants").scalar_one()
    assert ended == NOW + 1


def add_token(stores: SqlStores, grant: Grant, *, life: int = 3600) -> bytes:
    token = digest(new_id())
    with stores.write() as work:
        work.refresh_tokens.add(token, grant.id, expires_at=NOW + life, now=NOW)
    return token


def rotate(
    stores: SqlStores, token: bytes, *, client_id: str = CLIENT, now: int = NOW
) -> tuple[Grant, User] | None:
    with stores.write() as work:
        return work.refresh_tokens.rotate(token, client_id=client_id, now=now)


def end_if_rotated(work: SqlWork, token: bytes, *, client_id: str = CLIENT) -> bool:
    return work.refresh_tokens.end_grant_if_rotated(token, client_id=client_id, now=NOW)
