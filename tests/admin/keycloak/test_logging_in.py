"""Who comes from Keycloak logs in with the password of there, by the real sign-in."""

import base64
import json

import pytest

from idp.accounts.passwords import is_ours
from idp.admin.keycloak.export import Export
from idp.admin.keycloak.moving import Move
from idp.admin.users import user_import
from idp.model.user import User
from tests.admin.keycloak.exports import (
    ARGON,
    ARGON_ID,
    HISTORY,
    MUST_CHANGE,
    MUST_PASSWORD,
    NOW_PASSWORD,
    OFF,
    OFF_PASSWORD,
    OLDER,
    OLDEST,
    PASSWORDS,
    REALM,
    facts,
)
from tests.browser import Browser
from tests.system import CALLBACK, SECRET, VERIFIER, System, authorize_url

WRONG, CODE = "সঠিক নয়", "কোড লিখুন"


@pytest.fixture
def moved(system: System) -> System:
    """A provider with the users of the export."""
    move_in(system)
    return system


def move_in(system: System):
    importing = user_import(
        system.assembly.settings, system.stores, keep_own=True, clock=system.clock
    )
    return importing.run(Move(Export((REALM,))).users, apply=True)


def type_password(system: System, userid: str, password: str) -> Browser:
    browser = system.browser().get(authorize_url())
    return browser.press("submit", userid=userid, password=password)


def user(system: System, email: str) -> tuple[User, str | None]:
    with system.stores.read() as work:
        found = work.users.find_by_email(email)
        assert found is not None
        return found, work.credentials.password_hash(found.id)


def test_everybody_logs_in_twice_and_the_hash_is_ours_from_the_first_time(moved: System):
    for email, password in PASSWORDS.items():
        assert not is_ours(user(moved, email)[1] or "")
        for _ in range(2):
            browser = type_password(moved, email, password)
            assert CODE in browser.text, email
            browser.press("submit", code=moved.code())
            assert browser.left_to.startswith(f"{CALLBACK}?code="), email
            stored = user(moved, email)[1]
            assert stored is not None
            assert is_ours(stored), email


def test_a_wrong_password_is_refused_and_the_hash_stays(moved: System):
    before = user(moved, ARGON)[1]
    for wrong in ("Meghna#argon29a", "Meghna#argon29A ", ""):
        assert CODE not in type_password(moved, ARGON, wrong).text
    assert user(moved, ARGON)[1] == before


def test_sub_is_keycloaks_id_byte_for_byte(moved: System):
    """And so it is in what the client gets."""
    ids = {one["id"] for one in facts()["users"] if one.get("email") in PASSWORDS}
    assert {user(moved, email)[0].id for email in PASSWORDS} == ids
    browser = type_password(moved, ARGON, PASSWORDS[ARGON])
    browser.press("submit", code=moved.code())
    assert subject(moved, browser) == ARGON_ID


def subject(system: System, browser: Browser) -> str:
    """Take the client's tokens and return the subject of its ID token."""
    answer = browser.client.post(
        "/token",
        base_url=system.assembly.settings.issuer,
        auth=("backoffice", SECRET),
        data={
            "grant_type": "authorization_code",
            "code": browser.answer["code"],
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        },
    )
    assert answer.status_code == 200, answer.text
    body = answer.get_json()["id_token"].split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(body + "=="))["sub"])


def test_who_is_switched_off_is_told_so_only_with_the_right_password(moved: System):
    assert WRONG in type_password(moved, OFF, "wrong").text
    page = type_password(moved, OFF, OFF_PASSWORD).text
    assert CODE not in page
    assert WRONG not in page
    assert not is_ours(user(moved, OFF)[1] or "")


def test_who_must_change_the_password_does_so_at_the_first_login(moved: System):
    browser = type_password(moved, MUST_CHANGE, MUST_PASSWORD)
    browser.press("submit", code=moved.code())
    assert not browser.left_to
    new = {"new_password": "Padma#2026Setu", "confirm_password": "Padma#2026Setu"}
    browser.press("submit", **new)
    assert browser.left_to.startswith(f"{CALLBACK}?code=")
    assert CODE in type_password(moved, MUST_CHANGE, "Padma#2026Setu").text
    assert WRONG in type_password(moved, MUST_CHANGE, MUST_PASSWORD).text


def test_earlier_passwords_of_keycloak_may_not_come_back(moved: System):
    with moved.stores.write() as work:
        work.required_actions.require(user(moved, HISTORY)[0].id, "update_password", now=1)
    browser = type_password(moved, HISTORY, NOW_PASSWORD)
    browser.press("submit", code=moved.code())
    for earlier in (OLDER, OLDEST, NOW_PASSWORD):
        browser.press("submit", new_password=earlier, confirm_password=earlier)
        assert not browser.left_to, earlier
    browser.press("submit", new_password="Padma#2026Setu", confirm_password="Padma#2026Setu")
    assert browser.left_to.startswith(CALLBACK)


def test_a_second_import_changes_nothing_and_takes_nobody_a_password_back(moved: System):
    type_password(moved, ARGON, PASSWORDS[ARGON]).press("submit", code=moved.code())
    ours = user(moved, ARGON)[1]
    report = move_in(moved)
    assert (report.added, report.changed, report.fault_count) == (0, 0, 0)
    assert user(moved, ARGON)[1] == ours


def test_a_password_that_was_changed_there_meanwhile_comes_along(moved: System):
    email = "pbkdf2-sha256@example.gov.bd"
    found, tagged = user(moved, email)
    with moved.stores.write() as work:
        work.credentials.rehash(
            found.id, str(user(moved, "bcrypt@example.gov.bd")[1]), old=str(tagged)
        )
    report = move_in(moved)
    assert report.changed == 1
    assert CODE in type_password(moved, email, PASSWORDS[email]).text
