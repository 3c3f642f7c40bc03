import json
from typing import Any

import pytest

from idp.accounts.hash_gate import HashGate
from idp.accounts.passwords import Hasher, is_known
from idp.admin.keycloak.credentials import HashRefused, tagged_hash
from idp.model.keyring import Keyring
from tests.admin.keycloak.exports import PASSWORDS, facts


def password_of(email: str) -> dict[str, Any]:
    found = next(one for one in facts()["users"] if one.get("email") == email)
    credential: dict[str, Any] = found["credentials"][0]
    return credential


def changed(email: str, part: str, **changes: Any) -> dict[str, Any]:
    credential = password_of(email)
    return {**credential, part: json.dumps({**json.loads(credential[part]), **changes})}


@pytest.fixture(scope="module")
def hasher() -> Hasher:

    return Hasher(Keyring({1: b"p" * 32}), 4, HashGate(threads=8))


@pytest.mark.parametrize("email", PASSWORDS)
def test_each_scheme_becomes_a_tagged_hash_that_verifies(hasher: Hasher, email: str):
    tagged = tagged_hash(password_of(email))
    assert is_known(tagged)
    assert hasher.verify(PASSWORDS[email], tagged)
    assert not hasher.verify("another", tagged)


ARGON, SHA256, BCRYPT = (
    "argon20@example.gov.bd",
    "pbkdf2-sha256@example.gov.bd",
    "bcrypt@example.gov.bd",
)


@pytest.mark.parametrize(
    ("credential", "reason"),
    [
        (changed(SHA256, "credentialData", algorithm="scrypt"), "scheme scrypt"),
        (changed(SHA256, "credentialData", hashIterations=900_000_000), "absurd"),
        (changed(SHA256, "credentialData", hashIterations=0), "cannot be read|absurd"),
        (changed(SHA256, "credentialData", hashIterations="many"), "cannot be read"),
        (changed(SHA256, "secretData", value="not base64!"), "cannot be read"),
        (changed(SHA256, "secretData", salt=None), "cannot be read"),
        (changed(SHA256, "secretData", salt=""), "absurd"),
        (changed(ARGON, "credentialData", additionalParameters={}), "cannot be read"),
        (changed(BCRYPT, "secretData", value="$2a$31$" + "a" * 53), "cannot be read"),
        (changed(BCRYPT, "secretData", value="$1$abc"), "cannot be read"),
        ({"type": "password", "value": "in the clear"}, "clear text"),
        ({"type": "password"}, "cannot be read"),
        ({"type": "password", "secretData": "[]", "credentialData": "[]"}, "cannot be read"),
        ({"type": "password", "secretData": "{", "credentialData": "{"}, "cannot be read"),
    ],
)
def test_what_nobody_could_log_in_with_is_refused(credential: dict[str, Any], reason: str):
    with pytest.raises(HashRefused, match=reason) as refused:
        tagged_hash(credential)
    assert "in the clear" not in str(refused.value)


@pytest.mark.parametrize("memory", ["999999999", "262145"])
def test_argon2_that_wants_too_much_memory_is_refused(memory: str):
    data = json.loads(password_of(ARGON)["credentialData"])
    more = {**data["additionalParameters"], "memory": [memory]}
    with pytest.raises(HashRefused, match="absurd"):
        tagged_hash(changed(ARGON, "credentialData", additionalParameters=more))
