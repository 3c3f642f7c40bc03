import datetime as dt
import hmac

import pytest

from idp.oidc import clients as clients_module
from idp.oidc.client_authentication import Credentials
from tests.oidc.conftest import House
from tests.oidc.relying_party import basic, client, raw_basic, secret_hash

SECRET = "backoffice-secret"
CODE = {"grant_type": "authorization_code", "code": "x"}


def outcome(house: House, form: dict[str, str], headers: dict[str, str]):
    answer = house.token(CODE | form, headers=headers)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.is_json
    return answer.status_code, answer.get_json()["error"]


REFUSED = (401, "invalid_client")
PROVEN = (400, "invalid_grant")  # authenticated; the code is the next thing that is wrong


def test_each_client_proves_itself_the_registered_way(house: House):
    assert outcome(house, {}, basic("backoffice", SECRET)) == PROVEN
    post = {"client_id": "ministry", "client_secret": "ministry-secret"}
    assert outcome(house, post, {}) == PROVEN
    assert outcome(house, {"client_id": "spa"}, {}) == PROVEN


def test_a_wrong_secret_looks_like_an_unknown_client(house: House):
    wrong = house.token(CODE, headers=basic("backoffice", "wrong"))
    unknown = house.token(CODE, headers=basic("nobody", "wrong"))
    disabled = house.token(CODE, headers=basic("closed", "closed-secret"))
    for answer in (wrong, unknown, disabled):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert wrong.data == unknown.data == disabled.data
    assert dict(wrong.headers) == dict(unknown.headers) == dict(disabled.headers)


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({"client_id": "backoffice"}, {}),  # CA2: none by a confidential client
        ({"client_id": "backoffice", "client_secret": SECRET}, {}),  # CA3
        ({}, basic("ministry", "ministry-secret")),
        ({}, basic("spa", "")),
        ({"client_id": "spa", "client_secret": "x"}, {}),
        ({"client_assertion": "a.b.c", "client_assertion_type": "jwt-bearer"}, {}),
        ({}, {}),
        ({"client_secret": SECRET}, {}),
    ],
)
def test_an_unregistered_method_is_refused(house: House, form, headers):
    assert outcome(house, form, headers) == REFUSED


@pytest.mark.parametrize(
    "authorization",
    [
        *("Basic", "Basic ", "Basic !!!", "Basic YQ", "basic é", "Bearer abc", "Digest x", ""),
        *("Basic Og==", "Basic " + "A" * 9999, "  ", "Basic ক".encode().decode("latin-1")),
    ],
)
def test_a_garbled_header_is_refused(house: House, authorization: str):
    assert outcome(house, {}, {"Authorization": authorization}) == REFUSED


@pytest.mark.parametrize(
    "credentials",
    [
        *(b"\xff\xfe:secret", b"backoffice", b"backoffice:", b":", b"\x00:\x00"),
        *(b"backoffice%3Abackoffice-secret", b"backoffice%FF:x", b"backoffice:\xc3\x28"),
        *("ব্যাকঅফিস:গোপন".encode(), "backoffice:গোপন".encode(), b"backoffice:%ED%A0%80"),
    ],
)
def test_garbled_credentials_are_refused(house: House, credentials: bytes):
    assert outcome(house, {}, raw_basic(credentials)) == REFUSED


def test_basic_credentials_are_form_decoded(make_house):
    secret = "a b+c%/:é"
    record = client("backoffice", secrets=({"hash": secret_hash(secret)},))
    house = make_house({"backoffice": record})
    assert outcome(house, {}, basic("backoffice", secret)) == PROVEN
    assert outcome(house, {}, raw_basic(b"backoffice:a+b%2Bc%25%2f:%C3%A9")) == PROVEN


@pytest.mark.parametrize("extra", [{"client_secret": SECRET}, {"client_assertion": "a.b.c"}])
def test_two_credentials_are_refused(house: House, extra: dict[str, str]):
    form = {"client_id": "backoffice", **extra}
    assert outcome(house, form, basic("backoffice", SECRET)) == (400, "invalid_request")


def test_the_client_id_in_the_body_must_be_the_same(house: House):
    headers = basic("backoffice", SECRET)
    assert outcome(house, {"client_id": "backoffice"}, headers) == PROVEN
    assert outcome(house, {"client_id": "spa"}, headers) == (400, "invalid_request")


def test_two_secrets_live_at_once_and_each_until_its_last_day(make_house, clock):
    today = dt.datetime.fromtimestamp(clock(), dt.UTC).date()
    secrets = (
        {"hash": secret_hash("old"), "expires": today},
        {"hash": secret_hash("new")},
        {"hash": secret_hash("dead"), "expires": today - dt.timedelta(days=1)},
    )
    house = make_house({"backoffice": client("backoffice", secrets=secrets)})
    assert outcome(house, {}, basic("backoffice", "old")) == PROVEN
    assert outcome(house, {}, basic("backoffice", "new")) == PROVEN
    assert outcome(house, {}, basic("backoffice", "dead")) == REFUSED
    clock.advance(86_400)
    assert outcome(house, {}, basic("backoffice", "old")) == REFUSED


def test_secrets_are_compared_in_constant_time_even_for_unknown_clients(monkeypatch):
    compared: list[tuple[bytes, bytes]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return a == b

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert clients_module.find_secret(None, "secret", now=0) is None
    two = ({"hash": secret_hash("a")}, {"hash": secret_hash("b")})
    known = clients_module.RegisteredClient(client("rp", secrets=two))
    assert clients_module.find_secret(known, "a", now=0) is known.record.secrets[0]
    assert len(compared) == 3
    assert all(len(a) == len(b) == 32 for a, b in compared)


def test_credentials_do_not_show_their_secret():
    assert "hidden" not in repr(Credentials("client_secret_basic", "rp", "hidden"))


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
def test_each_refused_client_is_named_in_the_log(house: House, path: str, caplog):
    form = CODE | {"token": "x"}
    house.post(path, form, headers=basic("backoffice", "wrong-secret"))
    post = {"client_id": "কেউ না\u202e", "client_secret": "wrong-secret"}
    house.post(path, form | post, headers={})
    house.post(path, form | {"client_id": "x" * 300}, headers={})
    house.post(path, form, headers=raw_basic(b"secret-without-a-name"))
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.getMessage() for record in warnings] == [
        "invalid_client client_id='backoffice'",
        "invalid_client client_id='কেউ না\\u202e'",
        f"invalid_client client_id='{'x' * 100}'",
        "invalid_client client_id=''",
    ]
    assert "secret" not in caplog.text


def test_a_client_that_may_not_ask_is_named_and_a_good_one_is_not(house: House, caplog):
    house.post("/introspect", {"token": "x", "client_id": "spa"}, headers={})
    assert caplog.messages == ["invalid_client client_id='spa'"]
    assert outcome(house, {}, basic("backoffice", SECRET)) == PROVEN
    assert len(caplog.messages) == 1
