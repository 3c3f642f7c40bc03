"""Mailed links: they come back whole, and are used once, while nothing has changed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from idp.model.errors import AlreadySpent
from idp.model.request import AuthorizationRequest
from idp.model.user import User
from idp.stores.sql import SqlStores
from idp.stores.sql.work import SqlWork
from tests.contract.builders import NOW, ODD, action_token, stored_token, stored_user, user

RICH_REQUEST = AuthorizationRequest(
    client_id="backoffice",
    redirect_uri="https://b.example/cb",
    scope=("openid", "email"),
    state=ODD,
    nonce=ODD,
    login_hint=ODD,
    max_age=0,
)


@pytest.fixture
def owner(stores: SqlStores) -> User:
    return stored_user(stores)


@pytest.mark.parametrize("request_", [RICH_REQUEST, None])
def test_a_link_comes_back_whole_with_whatever_was_typed(
    stores: SqlStores, owner: User, request_: AuthorizationRequest | None
) -> None:
    made = stored_token(stores, owner, request=request_, user_typed=ODD)
    with stores.read() as view:
        assert view.action_tokens.find(made.id) == made


def test_a_ghosts_link_is_stored_and_never_used(stores: SqlStores) -> None:
    ghosts = stored_token(stores, user(), client_id="")
    with stores.write() as work:
        assert work.action_tokens.find(ghosts.id) == ghosts
        assert work.action_tokens.live_of_user(ghosts.user_id, 1, now=NOW) == 1
        with pytest.raises(AlreadySpent):
            work.action_tokens.spend(ghosts.id, now=NOW)


@pytest.mark.parametrize("text", ["", "unknown", "%", ODD])
def test_an_unknown_link_finds_nothing(stores: SqlStores, owner: User, text: str) -> None:
    stored_token(stores, owner)
    with stores.read() as view:
        assert view.action_tokens.find(text) is None


def test_a_link_is_used_once_and_says_when(stores: SqlStores, owner: User) -> None:
    made, other = stored_token(stores, owner), stored_token(stores, owner)
    with stores.write() as work:
        work.action_tokens.spend(made.id, now=NOW + 5)
        with pytest.raises(AlreadySpent):
            work.action_tokens.spend(made.id, now=NOW + 6)
        assert work.action_tokens.find(made.id) == replace(made, used_at=NOW + 5)
        assert work.action_tokens.find(other.id) == other


def test_a_link_lives_to_its_last_second(stores: SqlStores, owner: User) -> None:
    made = stored_token(stores, owner)
    with stores.write() as work:
        with pytest.raises(AlreadySpent):
            work.action_tokens.spend(made.id, now=made.expires_at)
        work.action_tokens.spend(made.id, now=made.expires_at - 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda work, of: work.credentials.set_password(of.id, "h", version=1, keep=4, now=NOW),
        lambda work, of: work.users.set_email(of.id, "n@x.gov.bd", "n@x.gov.bd", now=NOW),
        lambda work, of: work.users.set_enabled(of.id, enabled=False, now=NOW),
    ],
    ids=["password", "mailbox", "disabled"],
)
def test_a_change_of_its_user_kills_a_link_and_no_others(
    stores: SqlStores, owner: User, change: Callable[[SqlWork, User], None]
) -> None:
    made = stored_token(stores, owner)
    others = stored_token(stores, stored_user(stores))
    with stores.write() as work:
        change(work, owner)
    with stores.write() as work:
        with pytest.raises(AlreadySpent):
            work.action_tokens.spend(made.id, now=NOW)
        assert work.action_tokens.find(made.id) == made
        work.action_tokens.spend(others.id, now=NOW)


def test_an_account_that_was_off_in_between_has_none_of_its_links_back(
    stores: SqlStores, owner: User
) -> None:
    made = stored_token(stores, owner)
    with stores.write() as work:
        work.users.set_enabled(owner.id, enabled=False, now=NOW)
        work.users.set_enabled(owner.id, enabled=True, now=NOW)
        with pytest.raises(AlreadySpent):
            work.action_tokens.spend(made.id, now=NOW)
        assert work.action_tokens.find(made.id) == made


def test_what_changes_no_credential_leaves_a_link_alive(stores: SqlStores, owner: User) -> None:
    made = stored_token(stores, owner)
    with stores.write() as work:
        work.users.verify_email(owner.id)
        work.required_actions.require(owner.id, "update_password", now=NOW)
        work.action_tokens.spend(made.id, now=NOW)


def test_live_links_of_a_user_are_those_neither_used_nor_expired(
    stores: SqlStores, owner: User
) -> None:
    used = stored_token(stores, owner)
    stored_token(stores, owner, expires_at=NOW)
    stored_token(stores, owner, expires_at=NOW + 1)
    stored_token(stores, stored_user(stores))
    with stores.write() as work:
        assert work.action_tokens.live_of_user(owner.id, 1, now=NOW) == 2
        work.action_tokens.spend(used.id, now=NOW)
        assert work.action_tokens.live_of_user(owner.id, 1, now=NOW) == 1
        assert work.action_tokens.live_of_user("nobody", 1, now=NOW) == 0


def test_links_of_another_version_do_not_count(stores: SqlStores, owner: User) -> None:
    stored_token(stores, owner)
    stored_token(stores, owner)
    with stores.write() as work:
        work.users.set_email(owner.id, "n@x.gov.bd", "n@x.gov.bd", now=NOW)
        work.action_tokens.add(action_token(owner, credential_version=2))
        assert work.action_tokens.live_of_user(owner.id, 1, now=NOW) == 2
        assert work.action_tokens.live_of_user(owner.id, 2, now=NOW) == 1
        assert work.action_tokens.live_of_user(owner.id, 3, now=NOW) == 0
