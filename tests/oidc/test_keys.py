import base64
import hmac
import json
from itertools import permutations

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from idp.model.errors import SettingsRefused
from idp.model.keyring import Keyring
from idp.oidc.key_schedule import KeySchedule
from idp.oidc.keys import (
    ACCESS_TOKEN,
    ID_TOKEN,
    LOGOUT_TOKEN,
    InvalidToken,
    KeySet,
    NoSigningKey,
    token_hash,
)
from idp.stores.sql import SqlStores
from tests.fakes import FakeClock
from tests.oidc.relying_party import published

CLAIMS = {"iss": "https://sso.example", "sub": "সচিবালয়", "n": [1, 2]}


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def header_of(token: str) -> dict[str, str]:
    segment = token.partition(".")[0]
    header: dict[str, str] = json.loads(base64.urlsafe_b64decode(segment + "=="))
    return header


def with_header(token: str, **fields: object) -> str:
    """The same token under another header, which its signature does not cover."""
    _, payload, signature = token.split(".")
    header = json.dumps(header_of(token) | fields, separators=(",", ":")).encode()
    return f"{encoded(header)}.{payload}.{signature}"


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_joserfc_reads_what_we_sign(keys: KeySet, alg: str):
    token = keys.sign(CLAIMS, alg=alg, typ=ID_TOKEN)
    public = published(keys)
    read = jwt.decode(token, public, algorithms=[alg])
    assert read.claims == CLAIMS
    assert read.header["typ"] == "JWT"
    assert read.header["kid"] in {key["kid"] for key in keys.public_jwks()["keys"]}


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_we_read_what_we_sign(keys: KeySet, alg: str):
    token = keys.sign(CLAIMS, alg=alg, typ=ACCESS_TOKEN)
    assert keys.verify(token, typ=ACCESS_TOKEN) == CLAIMS


def test_jwks_tells_public_members_only(keys: KeySet):
    published = keys.public_jwks()["keys"]
    assert {(key["kty"], key["alg"], key["use"]) for key in published} == {
        ("RSA", "RS256", "sig"),
        ("EC", "ES256", "sig"),
    }
    members = {"kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"}
    assert all(set(key) <= members for key in published)
    assert len({key["kid"] for key in published}) == len(published)


def test_a_token_without_algorithm_is_refused(keys: KeySet):
    header = encoded(b'{"alg":"none","typ":"JWT"}')
    payload = keys.sign(CLAIMS, alg="RS256", typ=ID_TOKEN).split(".")[1]
    for token in (f"{header}.{payload}.", f"{header}.{payload}.AA", f"{header}.{payload}"):
        with pytest.raises(InvalidToken):
            keys.verify(token, typ=ID_TOKEN)


def test_the_public_key_is_no_hmac_secret(keys: KeySet):
    rsa = next(key for key in keys.public_jwks()["keys"] if key["kty"] == "RSA")
    pem = RSAKey.import_key(dict(rsa)).as_pem(private=False)
    fields = {"alg": "HS256", "typ": "JWT", "kid": rsa["kid"]}
    message = f"{encoded(json.dumps(fields).encode())}.{encoded(json.dumps(CLAIMS).encode())}"
    token = f"{message}.{encoded(hmac.digest(pem, message.encode(), 'sha256'))}"
    with pytest.raises(InvalidToken):
        keys.verify(token, typ=ID_TOKEN)


@pytest.mark.parametrize(
    "field",
    [
        {"kid": "unknown"},
        {"jwk": {"kty": "RSA"}},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"crit": ["b64"], "b64": False},
        {"alg": "ES256"},
        {"zip": "DEF"},
    ],
    ids=lambda field: next(iter(field)),
)
def test_no_header_but_ours_is_believed(keys: KeySet, field: dict[str, object]):
    token = keys.sign(CLAIMS, alg="RS256", typ=ID_TOKEN)
    with pytest.raises(InvalidToken):
        keys.verify(with_header(token, **field), typ=ID_TOKEN)


def test_a_token_under_a_key_of_its_own_is_refused(keys: KeySet):
    own = RSAKey.generate_key(2048)
    header = {"alg": "RS256", "typ": "JWT", "kid": keys.public_jwks()["keys"][0]["kid"]}
    with pytest.raises(InvalidToken):
        keys.verify(jwt.encode(header, CLAIMS, own), typ=ID_TOKEN)


@pytest.mark.parametrize(
    ("typ", "taken_for"), list(permutations((ACCESS_TOKEN, ID_TOKEN, LOGOUT_TOKEN), 2))
)
def test_a_token_of_one_type_is_none_of_another(keys: KeySet, typ: str, taken_for: str):
    token = keys.sign(CLAIMS, alg="ES256", typ=typ)
    assert keys.verify(token, typ=typ) == CLAIMS
    with pytest.raises(InvalidToken):
        keys.verify(token, typ=taken_for)


def test_algorithms_outside_the_list_are_refused(keys: KeySet):
    token = keys.sign(CLAIMS, alg="ES256", typ=ID_TOKEN)
    with pytest.raises(InvalidToken):
        keys.verify(token, typ=ID_TOKEN, algs=["RS256"])


def test_changed_claims_and_signatures_are_refused(keys: KeySet):
    for alg in ("RS256", "ES256"):
        header, payload, signature = keys.sign(CLAIMS, alg=alg, typ=ID_TOKEN).split(".")
        other = encoded(b'{"sub":"somebody else"}')
        for token in (
            f"{header}.{other}.{signature}",
            f"{header}.{payload}.{signature[:-8]}",
            f"{header}.{payload}.!!!!",
            f"{header}.{payload}.",
            f"{header}.{payload}.{signature}.x",
        ):
            with pytest.raises(InvalidToken):
                keys.verify(token, typ=ID_TOKEN)


@pytest.mark.parametrize("token", ["", ".", "..", "ক.খ.গ", "a" * 9000, "\x00.\x00.\x00", "é.é.é"])
def test_garbage_is_refused(keys: KeySet, token: str):
    with pytest.raises(InvalidToken):
        keys.verify(token, typ=ID_TOKEN)


def test_a_token_beyond_eight_kibibytes_is_not_read(keys: KeySet):
    token = keys.sign({"filler": "x" * 8192}, alg="ES256", typ=ID_TOKEN)
    with pytest.raises(InvalidToken):
        keys.verify(token, typ=ID_TOKEN)


def test_keys_at_rest_are_sealed(stores: SqlStores, clock: FakeClock):
    with stores.read() as work:
        assert all(b"kty" not in key.sealed for key in work.signing_keys.all())
    with pytest.raises(SettingsRefused, match="another key_encryption_key"):
        KeySet.load(stores, Keyring({1: b"x" * 32}), KeySchedule(), clock())


def test_a_newer_key_encryption_key_still_opens_older_seals(stores: SqlStores, clock: FakeClock):
    both = Keyring({1: b"k" * 32, 2: b"n" * 32})
    assert KeySet.load(stores, both, KeySchedule(), clock()).algs == {"RS256", "ES256"}


def test_at_hash_is_the_left_half_of_the_digest():
    # The example of OIDC Core, appendix A.3.
    assert token_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_no_key_shows_itself(keys: KeySet):
    shown = repr(keys) + "".join(repr(key) for key in keys._ring.keys)
    assert "PrivateKey" not in shown


def test_claims_that_were_read_once_cannot_be_changed_for_the_next_reader(keys: KeySet):
    token = keys.sign(CLAIMS, alg="ES256", typ=ID_TOKEN)
    keys.verify(token, typ=ID_TOKEN)["sub"] = "somebody else"
    assert keys.verify(token, typ=ID_TOKEN) == CLAIMS
    with pytest.raises(InvalidToken):
        keys.verify(token, typ=ACCESS_TOKEN)


def test_a_withdrawn_key_neither_signs_nor_verifies_nor_is_published(keys: KeySet):
    keys = keys.only([key["kid"] for key in keys.public_jwks()["keys"]])  # of this test alone
    tokens = {alg: keys.sign(CLAIMS, alg=alg, typ=ACCESS_TOKEN) for alg in ("RS256", "ES256")}
    for token in tokens.values():
        assert keys.verify(token, typ=ACCESS_TOKEN) == CLAIMS  # and is remembered
    keys.take(keys.only([header_of(tokens["RS256"])["kid"]]))
    assert keys.verify(tokens["RS256"], typ=ACCESS_TOKEN) == CLAIMS
    with pytest.raises(InvalidToken):
        keys.verify(tokens["ES256"], typ=ACCESS_TOKEN)
    with pytest.raises(NoSigningKey, match="no ES256 key may sign"):
        keys.sign(CLAIMS, alg="ES256", typ=ACCESS_TOKEN)
    assert [key["alg"] for key in keys.public_jwks()["keys"]] == ["RS256"]
