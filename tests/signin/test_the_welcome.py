"""A new user's first password: from the letter of welcome to the first login."""

from collections.abc import Callable

import pytest

from idp.admin.installation import invitations
from idp.stores.sql import SqlStores
from tests.browser import Browser
from tests.signin.resetting import ask, choose, link, stranger, try_password
from tests.system import System, authorize_url

NEW = "new@example.gov.bd"
PASSWORD = "Padma#Nodi77"
FIRST = "লগইন করার জন্য একটি পাসওয়ার্ড দিন।"
CHANGE = "আপনার পাসওয়ার্ড পরিবর্তন করতে হবে।"


def invited(system: System, client_id: str = "") -> str:
    """Invite the user who has no password; return the address in the letter."""
    inviting = invitations(system.assembly.settings, client_id, system.clock)
    inviting.invite(NEW)
    assert isinstance(inviting.stores, SqlStores)
    inviting.stores.engine.dispose()
    return link(system)


def test_the_link_leads_to_a_first_password_and_from_there_to_the_login(system: System):
    browser = stranger(system).get(invited(system))
    assert FIRST in browser.text
    assert CHANGE not in browser.text
    assert f"{NEW}" in browser.text
    choose(browser, PASSWORD)
    assert "আপনাকে অভিনন্দন।" in browser.text
    assert browser.cookie("probesh_session") is None  # nobody is logged in by a link
    login = try_password(system, PASSWORD, userid=NEW)
    login.press("submit", code=system.code())
    assert login.left_to.startswith("http://127.0.0.1:9001/callback?code=")


def test_the_first_login_of_an_invited_user_is_nothing_new_to_tell(small: System):
    choose(stranger(small).get(invited(small)), PASSWORD)
    small.clock.advance(61)
    try_password(small, PASSWORD, userid=NEW).press("submit", code=small.code())
    subjects = [letter.subject for _, letter in small.desk.letters]
    assert "নতুন ডিভাইস থেকে লগইন" not in subjects
    assert "আপনার পাসওয়ার্ড পরিবর্তন হয়েছে" in subjects  # whoever has set it


def test_whoever_has_no_password_yet_is_not_told_of_an_earlier_one(small: System):
    address = invited(small)
    alone = stranger(small).get(address).press("cancel")
    assert "ইমেইলের লিংকটির মেয়াদ শেষ না হওয়া পর্যন্ত" in alone.text
    assert "আগের পাসওয়ার্ডটিই চালু আছে" not in alone.text
    at_login = ask(small, userid=NEW)
    at_login.get(link(small)).press("cancel")
    assert "ইমেইলের লিংকটির মেয়াদ শেষ না হওয়া পর্যন্ত" in at_login.text
    assert "পাসওয়ার্ড ভুলে গেছেন?" in at_login.text
    assert "আপনাকে অভিনন্দন।" in choose(stranger(small).get(address), PASSWORD).text


def test_somebody_with_a_password_is_asked_to_change_it(small: System):
    browser = stranger(small).get("/reset").press("submit", userid="office@example.gov.bd")
    browser.get(link(small))
    assert CHANGE in browser.text
    assert FIRST not in browser.text


def test_the_end_leads_to_the_application_that_the_invitation_names(small: System):
    browser = stranger(small).get(invited(small, "app"))
    choose(browser, PASSWORD)
    assert 'href="http://127.0.0.1:9005/"' in browser.html


def test_the_letter_speaks_of_hours_and_names_the_application(small: System):
    invited(small, "app")
    letter = small.desk.letters[-1][1]
    assert letter.subject == "আপনার ইউজার তৈরি হয়েছে"
    assert "লিংকটি ২৪ ঘণ্টা কাজ করবে এবং একবারই ব্যবহার করা যাবে।" in letter.text
    assert "সেবা: অ্যাপ" in letter.text
    assert "http://127.0.0.1:9000/reset?client_id=app&ui_locales=bn" in letter.text.splitlines()


def at(system: System, address: str) -> Browser:
    return stranger(system).get(address)


def test_the_link_lives_its_hours_and_not_a_second_longer(system: System):
    address = invited(system)
    system.clock.advance(24 * 3600 - 1)
    assert FIRST in at(system, address).text
    system.clock.advance(1)
    browser = at(system, address)
    assert browser.status == 400
    assert "নিরাপত্তার জন্য লিংক ২৪ ঘণ্টা পরে আর কাজ করে না। নতুন লিংক নিন।" in browser.text


def test_its_life_is_configured_and_told_as_it_is(make: Callable[..., System]):
    system = make('[reset]\nwelcome_ttl = "3h"')
    address = invited(system)
    assert "৩ ঘণ্টা কাজ করবে" in system.desk.letters[-1][1].text
    system.clock.advance(3 * 3600)
    assert "লিংক ৩ ঘণ্টা পরে আর কাজ করে না" in at(system, address).text


def test_from_an_expired_link_a_new_one_can_be_had(small: System):
    address = invited(small)
    small.clock.advance(24 * 3600)
    browser = at(small, address)
    browser.press("forgot").press("submit", userid=NEW)
    choose(at(small, link(small)), PASSWORD)
    assert "কোড লিখুন" in try_password(small, PASSWORD, userid=NEW).text


def test_the_link_of_a_reset_is_still_told_in_minutes(small: System):
    stranger(small).get("/reset").press("submit", userid=NEW)
    address = link(small)
    small.clock.advance(1800)
    assert "লিংক ৩০ মিনিট পরে আর কাজ করে না" in at(small, address).text


def test_the_link_works_once(system: System):
    address = invited(system)
    choose(at(system, address), PASSWORD)
    browser = at(system, address)
    assert browser.status == 400
    assert "লিংকটি আগেই ব্যবহার করা হয়েছে" in browser.text


def test_opening_it_changes_nothing_and_the_secret_leaves_the_address(small: System):
    address = invited(small)
    browser = at(small, address)
    assert address not in browser.url
    assert small.browser().get(authorize_url()).status == 200
    assert FIRST in at(small, address).text


@pytest.mark.parametrize("language", ["bn", "en"])
def test_the_page_speaks_the_reader_s_language(small: System, language: str):
    browser = stranger(small)
    browser.take_cookie("probesh_language", language)
    shown = browser.get(invited(small)).text
    assert (FIRST in shown) == (language == "bn")
    assert ("Set the password you will log in with." in shown) == (language == "en")
