"""Conversations: stored once, saved by compare-and-swap, taken once."""

from dataclasses import replace

import pytest

from idp.model.errors import AlreadySpent
from idp.model.request import AuthorizationRequest
from idp.model.sessions import AuthenticationSession
from idp.stores.sql import SqlStores
from tests.contract.builders import NOW, ODD, authentication_session

RICH_REQUEST = AuthorizationRequest(
    client_id="backoffice",
    redirect_uri="https://b.example/cb",
    scope=("openid", "email"),
    response_mode="form_post",
    state=ODD,
    nonce=ODD,
    code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    prompt=("login",),
    max_age=0,
    login_hint=ODD,
    ui_locales=("bn", "en"),
)


def stored(stores: SqlStores) -> AuthenticationSession:
    session = authentication_session()
    with stores.write() as work:
        work.authentication_sessions.add(session)
    return replace(session, version=1)


def test_a_conversation_comes_back_whole_with_whatever_was_typed(stores: SqlStores) -> None:
    session = authentication_session(
        request=RICH_REQUEST,
        user_typed=ODD,
        step=1,
        user_id="u",
        amr=("pwd",),
        notes={"challenge": "c", "typed": ODD},
    )
    with stores.write() as work:
        work.authentication_sessions.add(session)
    with stores.read() as view:
        assert view.authentication_sessions.find(session.id) == replace(session, version=1)


def test_an_id_is_taken_by_the_first_and_the_unit_of_work_goes_on(stores: SqlStores) -> None:
    first = stored(stores)
    with stores.write() as work:
        with pytest.raises(AlreadySpent):
            work.authentication_sessions.add(authentication_session(id=first.id, flow="other"))
        assert work.authentication_sessions.find(first.id) == first


@pytest.mark.parametrize("handle", ["", "unknown", ODD])
def test_an_unknown_handle_finds_nothing(stores: SqlStores, handle: str) -> None:
    with stores.read() as view:
        assert view.authentication_sessions.find(handle) is None


def test_saving_moves_the_version_and_what_a_step_changes(stores: SqlStores) -> None:
    first = stored(stores)
    moved = replace(
        first, step=2, flow="forgot", locale="en", user_id="u", amr=("pwd",), notes={"a": "b"}
    )
    with stores.write() as work:
        work.authentication_sessions.save(moved)
        assert work.authentication_sessions.find(first.id) == replace(moved, version=2)


def test_a_stale_tab_saves_nothing(stores: SqlStores) -> None:
    first = stored(stores)
    with stores.write() as work:
        work.authentication_sessions.save(replace(first, step=1))
    with stores.write() as work, pytest.raises(AlreadySpent):
        work.authentication_sessions.save(replace(first, step=7))
    with stores.read() as view:
        assert view.authentication_sessions.find(first.id) == replace(first, step=1, version=2)


def test_a_conversation_is_taken_once_and_never_saved_after(stores: SqlStores) -> None:
    first = stored(stores)
    with stores.write() as work:
        work.authentication_sessions.take(first.id, version=1, now=NOW + 3)
    with stores.write() as work:
        with pytest.raises(AlreadySpent):
            work.authentication_sessions.take(first.id, version=1, now=NOW + 4)
        with pytest.raises(AlreadySpent):
            work.authentication_sessions.save(first)
        assert work.authentication_sessions.find(first.id) == replace(first, taken_at=NOW + 3)


def test_a_stale_version_takes_nothing(stores: SqlStores) -> None:
    first = stored(stores)
    with stores.write() as work, pytest.raises(AlreadySpent):
        work.authentication_sessions.take(first.id, version=0, now=NOW)
    with stores.read() as view:
        assert view.authentication_sessions.find(first.id) == first
