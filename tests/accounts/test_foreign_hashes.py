"""Hashes from elsewhere: verified as Keycloak did, and nothing absurd is ever computed."""

import base64
import hashlib
import json
import unicodedata

import bcrypt
import pytest
from typing_extensions import override

from idp.accounts import foreign_hashes
from idp.accounts.foreign_hashes import Argon2, Bcrypt, Pbkdf2, Scheme
from idp.accounts.hash_gate import HashGate
from idp.accounts.passwords import Hasher, is_known, is_ours
from idp.model.keyring import Keyring

# From a real export of Keycloak 26.7.3.
ARGON2 = (
    "keycloak:$argon2id$v=19$m=7168,t=5,p=1$p9+v/EGC1/vSrt+G3v91YA"
    "$0dlI17QobA8IFqQCugLJA0xdCkBRTEcWDv4twYZRFQg"
)
ARGON2_BENGALI = (
    "keycloak:$argon2id$v=19$m=7168,t=5,p=1$AHIpOOxqgNyfM6Sg5UlRcA"
    "$Iix3QW0K/i6PU9ZPwbaoMXbCIvKcOH9yHlM15onv7sw"
)
PBKDF2 = (
    "keycloak:$pbkdf2-sha512$i=210000,l=64$GBF1zXZsbDNEV6pPPOZgSQ"
    "$bk9c2jRps3k/Ri28rZ3Vner36XRyDeGRp+VBcJfSGpH/gY31T1D1sttxhHrEYEhBDjjrJIOjcxRvOLv/o07pdg"
)
BENGALI = "বাংলা-Pass৯9!"


def pbkdf2(password: bytes, name: str = "sha256", iterations: int = 1000, length: int = 32) -> str:
    salt = b"0123456789abcdef"
    made = hashlib.pbkdf2_hmac(name, password, salt, iterations, length)
    octets = (base64.b64encode(one).decode().rstrip("=") for one in (salt, made))
    return f"keycloak:$pbkdf2-{name}$i={iterations},l={length}${'$'.join(octets)}"


def of_bcrypt(password: bytes, version: str = "2a") -> str:
    made = bcrypt.hashpw(password, bcrypt.gensalt(4)).decode()
    return f"keycloak:{made.replace('$2b$', f'${version}$', 1)}"


KNOWN = {
    "argon2": (ARGON2, "Meghna#argon29A"),
    "argon2 of a Bengali password": (ARGON2_BENGALI, BENGALI),
    "pbkdf2-sha512": (PBKDF2, "Meghna#pbkdf2-sha5129A"),
    "pbkdf2-sha256": (pbkdf2(b"password", iterations=27_500), "password"),
    "pbkdf2-sha256, 64 bytes": (pbkdf2(b"password", length=64), "password"),
    "pbkdf2 (sha1)": (pbkdf2(b"password", "sha1", length=64), "password"),
    "bcrypt 2a": (of_bcrypt(b"password"), "password"),
    "bcrypt 2b": (of_bcrypt(b"password", "2b"), "password"),
    "bcrypt 2y": (of_bcrypt(b"password", "2y"), "password"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_hash_from_keycloak_verifies_its_password_and_no_other(hasher: Hasher, name: str) -> None:
    tagged, password = KNOWN[name]
    assert is_known(tagged)
    assert hasher.verify(password, tagged)
    assert not hasher.verify(password + "x", tagged)
    assert not hasher.verify(password.swapcase(), tagged)


@pytest.mark.parametrize("name", KNOWN)
def test_a_hash_from_keycloak_is_outdated_and_not_ours(hasher: Hasher, name: str) -> None:
    assert hasher.is_outdated(KNOWN[name][0])
    assert not is_ours(KNOWN[name][0])
    assert is_ours(hasher.hash("x"))


@pytest.mark.parametrize("name", KNOWN)
def test_the_tagged_form_is_read_back_as_it_was_written(name: str) -> None:
    tagged = KNOWN[name][0]
    found = foreign_hashes.parse(tagged)
    assert str(found) == tagged
    assert tagged.isascii()
    assert len(tagged) < 200


def test_the_sample_of_the_argon2_reference_implementation_matches(hasher: Hasher) -> None:
    argon2 = (
        "keycloak:$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ"
        "$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
    )
    assert hasher.verify("password", argon2)
    assert not hasher.verify("differentpassword", argon2)


def test_the_bytes_are_tried_as_they_came_and_then_normalised(hasher: Hasher) -> None:
    composed, decomposed = "\u09dfনদী#9A", "\u09af\u09bcনদী#9A"
    normal = unicodedata.normalize("NFC", composed)
    assert composed != normal  # U+09DF is excluded from composition
    of_received, of_normal = pbkdf2(composed.encode()), pbkdf2(normal.encode())
    assert hasher.verify(composed, of_received)
    assert not hasher.verify(decomposed, of_received)  # Keycloak said so, too
    assert hasher.verify(composed, of_normal)
    assert hasher.verify(decomposed, of_normal)
    assert hasher.verify(f"{decomposed}\u200d", of_normal)


def test_bcrypt_looks_at_72_bytes_as_it_did_there(hasher: Hasher) -> None:
    tagged = of_bcrypt(("ক" * 24).encode())
    assert hasher.verify("ক" * 24 + "anything", tagged)
    assert not hasher.verify("ক" * 23 + "খ", tagged)


ABSURD = [
    "keycloak:$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8",
    "keycloak:$argon2id$v=19$m=65536,t=25,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8",
    "keycloak:$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8",
    "keycloak:$pbkdf2-sha256$i=6000001,l=32$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43,
    "keycloak:$pbkdf2-sha1$i=1500001,l=64$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 86,
    "keycloak:$pbkdf2-sha512$i=3000001,l=64$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 86,
    # Threads cost, not memory: each pass of a lane starts four.
    "keycloak:$argon2id$v=19$m=792,t=250,p=99$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8",
    "keycloak:$argon2id$v=19$m=72,t=1,p=9$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8",
    "keycloak:$argon2id$v=19$m=64,t=400,p=8$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8",
    "keycloak:$argon2id$v=19$m=16,t=1600,p=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8",
    "keycloak:$2a$15$" + "." * 53,
    "keycloak:$2a$03$" + "." * 53,
    "probesh1:1:$2b$03$" + "." * 53,
    "probesh1:1:$2b$19$" + "." * 53,
    "probesh1:1:$2b$31$" + "." * 53,
    "probesh1:1:$2b$99$" + "." * 53,
]
UNKNOWN = [
    "",
    "keycloak:",
    "keycloak:argon2",
    ARGON2.removeprefix("keycloak:"),
    ARGON2 + "=",
    ARGON2 + "\n",
    ARGON2.replace("id$", "x$"),
    ARGON2.replace("v=19", "v=18"),
    ARGON2.replace("t=5", "t=0"),
    ARGON2.replace("keycloak", "Keycloak"),
    PBKDF2.replace("l=64", "l=32"),
    PBKDF2.replace("sha512", "md5"),
    PBKDF2[:-1],
    "keycloak:$pbkdf2-sha256$i=1,l=32$QQ$" + "A" * 43,
    "keycloak:$2x$10$" + "." * 53,
    "keycloak:$2a$10$" + "." * 52,
    "keycloak:$2a$10$" + "a" * 53,  # 22 letters that are no 16 bytes
    "probesh1:1:$2b$04$" + "a" * 53,
    "keycloak:$2a$10$" + "ক" * 53,
    "probesh1:1:$2b$04$short",
    "plain text",
]


@pytest.mark.parametrize("tagged", [*ABSURD, *UNKNOWN])
def test_what_is_absurd_or_unknown_is_no_hash_and_never_computed(
    hasher: Hasher, tagged: str
) -> None:
    assert not is_known(tagged)
    assert foreign_hashes.parse(tagged) is None
    assert not hasher.verify("password", tagged)
    assert hasher.is_outdated(tagged)


def test_keycloaks_own_dearest_scheme_is_bearable() -> None:
    assert Pbkdf2("sha1", 1_300_000, 64).is_bearable()
    assert Argon2("id", 19, 7168, 5, 1, 32).is_bearable()


def test_what_the_rfc_recommends_is_bearable() -> None:
    assert Argon2("id", 19, 65_536, 3, 4, 32).is_bearable()  # RFC 9106 4, the second one


@pytest.mark.parametrize("last", ".Oeu")
def test_the_four_last_letters_of_a_bcrypt_salt_are_known_and_computed(
    hasher: Hasher, last: str
) -> None:
    for prefix in ("keycloak:$2a$04$", "probesh1:1:$2b$04$"):
        tagged = prefix + "a" * 21 + last + "." * 31
        assert is_known(tagged)
        assert not hasher.verify("password", tagged)


def test_a_hash_of_ours_is_known_whatever_its_pepper(hasher: Hasher) -> None:
    assert is_known(hasher.hash("x"))
    assert is_known("probesh1:77:$2b$18$" + "." * 53)


@pytest.mark.parametrize(
    "scheme",
    [Argon2("i", 16, 64, 1, 1, 16), Pbkdf2("sha1", 5, 20), Bcrypt(4), Bcrypt(4, "2y")],
    ids=str,
)
def test_a_dummy_is_of_its_scheme_and_nobodys_password(scheme: Scheme) -> None:
    made = foreign_hashes.dummy(scheme)
    assert made.scheme == scheme
    assert not made.matches(b"x")


def test_a_verification_takes_a_place_of_the_gate() -> None:
    gate = HashGate(threads=2)
    hasher = Hasher(Keyring({1: b"p" * 32}), 4, gate)
    seen: list[int] = []

    class Noting(HashGate):
        @override
        def _return_place(self) -> None:
            seen.append(self._taken)
            super()._return_place()

    hasher.gate = Noting(threads=2)
    assert hasher.verify("password", KNOWN["pbkdf2-sha256"][0])
    assert seen == [1]


def test_nothing_of_a_hash_is_told_by_its_representation() -> None:
    found = foreign_hashes.parse(ARGON2)
    assert "0dlI" not in repr(found)
    assert json.dumps(ARGON2) not in repr(found)
