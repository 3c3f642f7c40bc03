import base64
import hashlib
import hmac
import threading
from concurrent.futures import ThreadPoolExecutor

import bcrypt
import pytest
from argon2.exceptions import HashingError
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.accounts.hash_gate import HashGate
from idp.accounts.passwords import LONGEST, Hasher, is_hashable, normalise
from idp.model.errors import Busy
from idp.model.keyring import Keyring

PASSWORD = "Nodi#Tir2026"
OLD, NEW = b"o" * 32, b"n" * 32


def a_hasher(versions: dict[int, bytes] | None = None, cost: int = 4) -> Hasher:
    return Hasher(Keyring(versions or {1: OLD}), cost, HashGate(threads=8))


def test_a_hash_says_its_scheme_and_its_pepper_and_verifies_its_password(hasher: Hasher) -> None:
    tagged = hasher.hash(PASSWORD)
    assert tagged.startswith("probesh1:1:$2b$04$")
    assert hasher.verify(PASSWORD, tagged)
    assert not hasher.verify(PASSWORD + "x", tagged)


def test_two_hashes_of_one_password_differ(hasher: Hasher) -> None:
    assert hasher.hash(PASSWORD) != hasher.hash(PASSWORD)


def test_a_hash_is_bcrypt_of_the_keyed_prehash_of_the_normalised_password() -> None:
    _, _, hashed = a_hasher().hash("e\u0301" + PASSWORD).split(":")
    normal = ("\u00e9" + PASSWORD).encode()
    prehash = base64.b64encode(hmac.digest(OLD, normal, hashlib.sha384))
    assert bcrypt.checkpw(prehash, hashed.encode())


def test_passwords_with_equal_first_72_bytes_and_different_tails_differ(hasher: Hasher) -> None:
    tagged = hasher.hash("x" * 72 + "1")
    assert hasher.verify("x" * 72 + "1", tagged)
    assert not hasher.verify("x" * 72 + "2", tagged)
    assert not hasher.verify("x" * 72, tagged)


@pytest.mark.parametrize("length", [25, 26, 64, 128, LONGEST])
def test_long_bengali_passwords_count_to_their_last_letter(hasher: Hasher, length: int) -> None:
    tagged = hasher.hash("ক" * length)
    assert hasher.verify("ক" * length, tagged)
    assert not hasher.verify("ক" * (length - 1) + "খ", tagged)


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("\u09df#Tir2026", "\u09af\u09bc#Tir2026"),
        ("\u09dc\u09dd", "\u09a1\u09bc\u09a2\u09bc"),
        ("\u09cb", "\u09c7\u09be"),
        ("é", "e\u0301"),
    ],
)
def test_composed_and_decomposed_letters_are_the_same_password(
    hasher: Hasher, stored: str, typed: str
) -> None:
    assert stored != typed
    assert hasher.verify(typed, hasher.hash(stored))
    assert hasher.verify(stored, hasher.hash(typed))


@pytest.mark.parametrize("invisible", ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"])
def test_characters_that_nobody_can_see_make_no_difference(hasher: Hasher, invisible: str) -> None:
    assert hasher.verify(f"Nodi{invisible}#Tir2026{invisible}", hasher.hash(PASSWORD))


def test_an_invisible_character_does_not_keep_letters_from_composing() -> None:
    assert normalise("e\u200d\u0301") == normalise("é")


@pytest.mark.parametrize(
    "typed", [" " + PASSWORD, PASSWORD + " ", PASSWORD.lower(), "Ｎodi#Tir2026"]
)
def test_spaces_case_and_width_make_a_difference(hasher: Hasher, typed: str) -> None:
    assert not hasher.verify(typed, hasher.hash(PASSWORD))


def test_an_unknown_user_is_never_right(hasher: Hasher) -> None:
    assert not hasher.verify(PASSWORD, None)
    assert not hasher.verify("." * 31, None)


def test_not_even_the_password_of_the_dummy_lets_an_unknown_user_in() -> None:
    hasher = a_hasher()
    dummy = hasher._parse(hasher.hash(PASSWORD))
    assert dummy is not None
    hasher._dummy = dummy
    assert not hasher.verify(PASSWORD, None)


def test_an_unknown_user_costs_a_hash_of_the_configured_cost() -> None:
    hasher = a_hasher(cost=5)
    assert hasher._dummy.bcrypt_hash.startswith(b"$2b$05$")
    assert len(hasher._dummy.bcrypt_hash) == len(bcrypt.hashpw(b"x", bcrypt.gensalt(4)))
    with _turn_of_somebody_else(hasher.gate), pytest.raises(Busy):
        hasher.verify(PASSWORD, None)


@pytest.mark.parametrize(
    "tagged",
    [
        "",
        "probesh1",
        "probesh1:1:",
        "probesh1:1:$2b$04$short",
        "probesh2:1:$2b$04$" + "a" * 53,
        "probesh1:0:$2b$04$" + "a" * 53,
        "probesh1:9:$2b$04$" + "a" * 53,
        "probesh1:1:$2b$04$" + "ক" * 53,
        "$2b$04$" + "a" * 53,
    ],
)
def test_a_hash_that_is_not_ours_is_wrong_and_outdated_and_no_crash(
    hasher: Hasher, tagged: str
) -> None:
    assert not hasher.verify(PASSWORD, tagged)
    assert hasher.is_outdated(tagged)


def test_a_hash_of_today_is_not_outdated(hasher: Hasher) -> None:
    assert not hasher.is_outdated(hasher.hash(PASSWORD))


def test_a_hash_of_another_cost_still_verifies_and_is_outdated() -> None:
    tagged = a_hasher(cost=4).hash(PASSWORD)
    assert a_hasher(cost=5).verify(PASSWORD, tagged)
    assert a_hasher(cost=5).is_outdated(tagged)


def test_a_hash_under_an_older_pepper_still_verifies_and_is_outdated() -> None:
    tagged = a_hasher({1: OLD}).hash(PASSWORD)
    both = a_hasher({1: OLD, 2: NEW})
    assert both.verify(PASSWORD, tagged)
    assert both.is_outdated(tagged)
    assert both.hash(PASSWORD).startswith("probesh1:2:")


def test_a_hash_under_a_lost_pepper_or_another_one_verifies_nothing() -> None:
    tagged = a_hasher({1: OLD}).hash(PASSWORD)
    assert not a_hasher({2: NEW}).verify(PASSWORD, tagged)
    assert not a_hasher({1: NEW}).verify(PASSWORD, tagged)


UNHASHABLE = ["", "\u200b\u200d", "a\x00b", "\x00", "\ud800", "a\udfffb", "x" * (LONGEST + 1)]


@pytest.mark.parametrize("password", UNHASHABLE)
def test_what_cannot_be_a_password_is_wrong_for_everybody_without_a_hash(password: str) -> None:
    hasher = a_hasher()
    tagged = hasher.hash(PASSWORD)
    assert not is_hashable(password)
    with _turn_of_somebody_else(hasher.gate):  # a hash would raise Busy
        assert not hasher.verify(password, tagged)
        assert not hasher.verify(password, None)
    with pytest.raises(ValueError, match="cannot be a password"):
        hasher.hash(password)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_any_text_is_verified_or_refused_without_a_crash(password: str) -> None:
    hasher = a_hasher()
    expected = is_hashable(password)
    tagged = hasher.hash(password) if expected else None
    assert hasher.verify(password, tagged) is expected


def test_many_threads_hash_one_after_the_other_and_the_surplus_is_busy() -> None:
    hasher = a_hasher(cost=8)
    tagged, start = hasher.hash(PASSWORD), threading.Barrier(12)

    def log_in() -> bool | None:
        start.wait(5)
        try:
            return hasher.verify(PASSWORD, tagged, known_browser=True)
        except Busy:
            return None

    with ThreadPoolExecutor(12) as pool:
        answers = [f.result(20) for f in [pool.submit(log_in) for _ in range(12)]]
    assert answers.count(True) >= 4  # four places
    assert False not in answers
    assert hasher.verify(PASSWORD, tagged)


def test_a_request_that_holds_a_place_may_verify_and_rehash_in_it() -> None:
    hasher = a_hasher()
    with hasher.gate.place(known_browser=False):
        assert hasher.verify(PASSWORD, hasher.hash(PASSWORD))


OUTRAGED = [ValueError("invalid salt $2b$04$secret"), HashingError("out of memory")]


@pytest.mark.parametrize("error", OUTRAGED, ids=["form", "memory"])
@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_what_a_library_cannot_compute_is_wrong_and_told_once_without_the_hash(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    whose: str,
) -> None:
    hasher = a_hasher()
    ours = hasher.hash(PASSWORD)
    tagged = ours if whose == "ours" else "keycloak:" + ours.removeprefix("probesh1:1:")

    def outraged(*_: bytes) -> bool:
        raise error

    monkeypatch.setattr(bcrypt, "checkpw", outraged)
    monkeypatch.setattr(bcrypt, "hashpw", outraged)
    assert not hasher.verify(PASSWORD, tagged)
    (told,) = caplog.records
    assert "cannot be computed" in told.getMessage()
    assert told.exc_info is None
    assert "$" not in caplog.text


class _turn_of_somebody_else:  # noqa: N801 - reads as a phrase where it is used
    """Occupy every place of a gate, so that whoever hashes is Busy."""

    def __init__(self, gate: HashGate) -> None:
        self._gate = gate

    def __enter__(self) -> None:
        self._gate._taken += 100

    def __exit__(self, *_: object) -> None:
        self._gate._taken -= 100
