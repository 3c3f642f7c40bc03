"""Conversations: stored once, saved by compare-and-swap, taken once."""

from dataclasses import replace

import pytest

from idp.model.errors import AlreadySpent
from idp.model.request import AuthorizationRequest
from idp.model.sessions import AuthenticationSession
from idp.model.tokens import digest
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
        actions=("update_password", "accept_terms"),
        user_id="u",
        amr=("pwd",),
        notes={"challenge": "c", "typed": ODD},
    )
    with stores.write() as work:
        work.authentication_sessions.add(session)
    with stores.read() as view:
        assert view.authentication_sessions.find(session.id) == replace(session, version=1)


def test_a_conversation_may_have_no_request_and_no_client(stores: SqlStores) -> None:
    session = authentication_session(request=None, client_id="")
    with stores.write() as work:
        work.authentication_sessions.add(session)
        stored_session = replace(session, version=1)
        assert work.authentication_sessions.find(session.id) == stored_session
        asked = replace(stored_session, request=RICH_REQUEST, client_id="backoffice")
        work.authentication_sessions.save(asked)
        assert work.authentication_sessions.find(session.id) == replace(asked, version=2)
        work.authentication_sessions.save(replace(stored_session, version=2))
        assert work.authentication_sessions.find(session.id) == replace(stored_session, version=3)


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
        first,
        step=2,
        actions=("update_password",),
        flow="forgot",
        locale="en",
        user_id="u",
        amr=("pwd",),
        notes={"a": "b"},
    )
    with stores.write() as work:
        work.authentication_sessions.save(moved)
        assert work.authentication_sessions.find(first.id) == replace(moved, version=2)


def test_another_language_is_kept_ended_or_not_and_overtakes_no_tab(stores: SqlStores) -> None:
    first = stored(stores)
    spoken = replace(first, locale="en", step=9)
    with stores.write() as work:
        work.authentication_sessions.speak(spoken)
        assert work.authentication_sessions.find(first.id) == replace(first, locale="en")
        work.authentication_sessions.save(replace(first, locale="en", step=1))
        work.authentication_sessions.take(first.id, version=2, now=NOW)
        work.authentication_sessions.speak(replace(first, locale="bn"))
        found = work.authentication_sessions.find(first.id)
    assert found == replace(first, locale="bn", step=1, version=2, taken_at=NOW)


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


def opened(stores: SqlStores, *sessions: AuthenticationSession) -> None:
    with stores.write() as work:
        for session in sessions:
            work.authentication_sessions.add(session)


def taken_at(stores: SqlStores, *sessions: AuthenticationSession) -> list[int | None]:
    with stores.read() as view:
        found = [view.authentication_sessions.find(session.id) for session in sessions]
    return [None if session is None else session.taken_at for session in found]


def test_all_conversations_of_a_user_end_but_one_and_nobody_elses(stores: SqlStores) -> None:
    one, two, kept, ended = (authentication_session(user_id="u") for _ in range(4))
    others, nobodys = authentication_session(user_id="v"), authentication_session()
    opened(stores, one, two, kept, ended, others, nobodys)
    with stores.write() as work:
        work.authentication_sessions.take(ended.id, version=1, now=NOW)
        work.authentication_sessions.take_all_of_user("u", but=kept.id, now=NOW + 7)
    assert taken_at(stores, one, two, kept, ended) == [NOW + 7, NOW + 7, None, NOW]
    assert taken_at(stores, others, nobodys) == [None, None]
    with stores.write() as work, pytest.raises(AlreadySpent):
        work.authentication_sessions.save(replace(one, version=1))


def test_no_conversation_is_spared_for_no_id(stores: SqlStores) -> None:
    one, two = (authentication_session(user_id="u") for _ in range(2))
    opened(stores, one, two)
    with stores.write() as work:
        work.authentication_sessions.take_all_of_user("u", but="", now=NOW)
    assert taken_at(stores, one, two) == [NOW, NOW]


def test_all_conversations_of_a_browser_end_and_no_others(stores: SqlStores) -> None:
    here, there = digest("here"), digest("there")
    one, two = (authentication_session(browser_digest=here) for _ in range(2))
    other = authentication_session(browser_digest=there)
    opened(stores, one, two, other)
    with stores.write() as work:
        assert work.authentication_sessions.has_open(here, now=NOW)
        work.authentication_sessions.take_all_of_browser(here, now=NOW + 7)
        assert not work.authentication_sessions.has_open(here, now=NOW)
        assert work.authentication_sessions.has_open(there, now=NOW)
        work.authentication_sessions.take_all_of_browser(here, now=NOW + 9)
    assert taken_at(stores, one, two, other) == [NOW + 7, NOW + 7, None]


def test_a_conversation_is_open_to_its_last_second(stores: SqlStores) -> None:
    here = digest("here")
    opened(stores, *(authentication_session(browser_digest=here) for _ in range(2)))
    with stores.read() as view:
        last = authentication_session().expires_at - 1
        assert view.authentication_sessions.has_open(here, now=last)
        assert not view.authentication_sessions.has_open(here, now=last + 1)
        assert not view.authentication_sessions.has_open(digest("there"), now=NOW)
