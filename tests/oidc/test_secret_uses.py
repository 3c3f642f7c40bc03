"""Notes of client secrets: rare, and never a request's trouble."""

import datetime as dt
from base64 import b64encode

from idp.model.errors import StoreUnavailable
from idp.oidc.clients import RegisteredClient, find_secret
from idp.oidc.secret_uses import SecretUses
from idp.settings import ClientSecret
from idp.stores.sql import SqlStores
from tests.fakes import FakeClock
from tests.oidc.relying_party import client, secret_hash
from tests.statements import counted
from tests.system import SECRET, System

A, B = ClientSecret(hash=secret_hash("a")), ClientSecret(hash=secret_hash("b"))
HOUR = 3600


def uses(stores: SqlStores, client_id: str = "backoffice") -> dict[str, int]:
    with stores.read() as view:
        return dict(view.client_secret_uses.last_uses(client_id))


class Shut:
    """Stores that do not answer."""

    def __init__(self) -> None:
        self.asked = 0

    def read(self):
        self.asked += 1
        raise StoreUnavailable("OperationalError")

    write = read


def test_a_use_is_noted_by_the_first_eight_digits_of_the_hash(stores: SqlStores):
    SecretUses(stores).note("backoffice", A, now=100)
    assert uses(stores) == {A.hash[7:15]: 100}


def test_within_an_hour_nothing_is_sent_to_the_database(stores: SqlStores):
    noting = SecretUses(stores)
    noting.note("backoffice", A, now=100)
    with counted() as statements:
        for second in range(1, HOUR, 60):
            noting.note("backoffice", A, now=100 + second)
    assert statements == []
    noting.note("backoffice", A, now=100 + HOUR)
    assert uses(stores) == {A.short: 100 + HOUR}


def test_each_secret_of_each_client_has_its_own_hour(stores: SqlStores):
    noting = SecretUses(stores)
    for client_id, secret, now in (("x", A, 1), ("x", B, 2), ("y", A, 3)):
        noting.note(client_id, secret, now=now)
    assert uses(stores, "x") == {A.short: 1, B.short: 2}
    assert uses(stores, "y") == {A.short: 3}


def test_what_another_process_noted_within_the_hour_is_not_written_again(stores: SqlStores):
    SecretUses(stores).note("backoffice", A, now=100)
    with counted() as statements:
        SecretUses(stores).note("backoffice", A, now=200)
    assert len(statements) == 1
    assert uses(stores) == {A.short: 100}


def test_a_database_that_does_not_answer_is_let_alone_for_the_hour():
    shut = Shut()
    noting = SecretUses(shut)  # type: ignore[arg-type]  # it is no whole store
    noting.note("backoffice", A, now=100)
    noting.note("backoffice", A, now=101)
    assert shut.asked == 1


def test_a_token_request_notes_the_secret_that_was_right(system: System):
    _ask_for_token(system, SECRET)
    short = system.assembly.settings.clients_by_id["backoffice"].secrets[0].short
    assert uses(system.stores) == {short: system.clock.now}


def test_a_wrong_secret_and_a_right_one_of_another_way_leave_no_note(system: System):
    assert _ask_for_token(system, "wrong") == 401
    assert _ask_for_token(system, SECRET, in_body=True) == 401
    assert uses(system.stores) == {}


def test_a_client_that_asks_for_itself_touches_no_database_but_for_the_note(system: System):
    with counted() as first:
        assert _ask_for_token(system, SECRET) == 200
    with counted() as second:
        assert _ask_for_token(system, SECRET) == 200
    assert len(first) == 2
    assert second == []


def test_a_dead_secret_is_none_to_note(clock: FakeClock):
    ended = dt.datetime.fromtimestamp(clock(), dt.UTC).date() - dt.timedelta(days=1)
    known = RegisteredClient(client("rp", secrets=({"hash": A.hash, "expires": ended},)))
    assert find_secret(known, "a", now=clock()) is None


def _ask_for_token(system: System, secret: str, *, in_body: bool = False) -> int:
    form = {"grant_type": "client_credentials"}
    headers = {}
    if in_body:
        form |= {"client_id": "backoffice", "client_secret": secret}
    else:
        pair = b64encode(f"backoffice:{secret}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    browser = system.browser()
    answer = browser.client.post("/token", data=form, headers=headers, base_url=browser.origin)
    return answer.status_code
