import pytest

from idp.accounts.known_browsers import LIFETIME, MOST, is_known, is_new, remember
from idp.model.user import User
from idp.stores.sql import SqlStores
from tests.contract.builders import user_session

NOW = 1_795_000_000


@pytest.fixture(autouse=True)
def _two_users(stores: SqlStores) -> None:
    with stores.write() as work:
        for name in ("a", "b"):
            email = f"{name}@example.gov.bd"
            work.users.add(User(id=name, email=email, email_canonical=email))


def remembered(
    stores: SqlStores, user_id: str = "a", now: int = NOW, cookie: str | None = None
) -> str:
    with stores.write() as work:
        return remember(work, user_id, now, cookie=cookie)


def known(stores: SqlStores, cookie: str | None, user_id: str = "a", now: int = NOW) -> bool:
    with stores.read() as work:
        return is_known(work, user_id, cookie, now)


def test_a_remembered_browser_is_known_to_its_account_only(stores: SqlStores) -> None:
    cookie = remembered(stores)
    assert len(cookie) == 43
    assert known(stores, cookie)
    assert not known(stores, cookie, "b")


@pytest.mark.parametrize("cookie", [None, "", "guess", "\x00", "\ud800"])
def test_other_browsers_are_strangers(stores: SqlStores, cookie: str | None) -> None:
    remembered(stores)
    assert not known(stores, cookie)


def test_a_browser_is_forgotten_after_90_days(stores: SqlStores) -> None:
    assert LIFETIME == 90 * 86_400
    cookie = remembered(stores)
    assert known(stores, cookie, now=NOW + LIFETIME)
    assert not known(stores, cookie, now=NOW + LIFETIME + 1)


def test_a_login_in_a_known_browser_keeps_its_cookie_and_starts_its_90_days_anew(
    stores: SqlStores,
) -> None:
    cookie = remembered(stores)
    assert remembered(stores, now=NOW + LIFETIME, cookie=cookie) == cookie
    assert known(stores, cookie, now=NOW + 2 * LIFETIME)


def test_a_cookie_that_is_not_known_is_never_adopted(stores: SqlStores) -> None:
    assert remembered(stores, cookie="planted") != "planted"
    assert not known(stores, "planted")
    of_another = remembered(stores, "b")
    assert remembered(stores, cookie=of_another) != of_another


def test_the_oldest_of_more_than_ten_browsers_is_forgotten(stores: SqlStores) -> None:
    cookies = [remembered(stores, now=NOW + i) for i in range(MOST + 1)]
    answers = [known(stores, cookie, now=NOW + MOST) for cookie in cookies]
    assert answers == [False] + [True] * 10


def test_one_busy_browser_does_not_push_out_the_others(stores: SqlStores) -> None:
    other, busy = remembered(stores), remembered(stores)
    for login in range(MOST + 5):
        remembered(stores, now=NOW + login, cookie=busy)
    assert known(stores, other, now=NOW + MOST)


def new(stores: SqlStores, cookie: str | None, user_id: str = "a", now: int = NOW) -> bool:
    with stores.read() as work:
        return is_new(work, user_id, cookie, now)


def test_no_browser_is_new_to_an_account_that_has_never_been_used(stores: SqlStores) -> None:
    remembered(stores, "b")
    assert not new(stores, None)
    assert not new(stores, "guess")


def test_any_browser_but_the_known_ones_is_new_to_an_account_in_use(stores: SqlStores) -> None:
    cookie = remembered(stores)
    assert not new(stores, cookie)
    for other in (None, "", "guess", remembered(stores, "b")):
        assert new(stores, other)
    assert new(stores, cookie, now=NOW + LIFETIME + 1)


def test_an_account_whose_browsers_were_all_forgotten_is_known_by_its_sessions(
    stores: SqlStores,
) -> None:
    cookie = remembered(stores)
    with stores.write() as work:
        owner = work.users.find("a")
        assert owner is not None
        work.user_sessions.add(user_session(owner))
        work.user_sessions.end_all_of_user("a", now=NOW)
        work.known_browsers.forget_all("a")
    assert new(stores, cookie)
    assert not new(stores, cookie, "b")
