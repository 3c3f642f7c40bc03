"""Invitations: who is sent a letter of welcome, and how many leave at a time."""

from dataclasses import dataclass, replace

import pytest

from idp.accounts.directory import UserUnknown
from idp.accounts.invitations import A_SECOND, Invitations
from idp.accounts.user_fields import UserRefused
from idp.admin.installation import directory
from idp.model.letter import Letter
from idp.stores.sql import SqlStores
from tests.fakes import FakeClock
from tests.system import PASSWORD, System

DAY = 24 * 3600
NEW = "new@example.gov.bd"  # has no password
OFFICE = "office@example.gov.bd"  # has one
CLOSED = "closed@example.gov.bd"


@dataclass
class Desk:
    system: System
    inviting: Invitations

    @property
    def clock(self) -> FakeClock:
        return self.system.clock

    @property
    def stores(self) -> SqlStores:
        return self.system.stores

    def letters(self) -> list[Letter]:
        """Take the letters that are due now."""
        with self.stores.write() as work:
            return list(work.outbox.lease("mail", now=self.clock(), lease=10 * DAY, most=1000))

    def add(self, *emails: str, locale: str = "") -> None:
        with self.stores.write() as work:
            somebody = work.users.find_by_email(NEW)
            assert somebody is not None
            for email in emails:
                other = replace(somebody, id=f"id-{email}", email=email, locale=locale)
                work.users.add(replace(other, email_canonical=email))


@pytest.fixture
def desk(system: System) -> Desk:
    secrets = system.assembly.secrets
    inviting = Invitations(
        stores=system.stores,
        form_key=secrets.form_key,
        clock=system.clock,
        lifetime=DAY,
        locales=("bn", "en"),
    )
    return Desk(system, inviting)


def test_a_user_without_a_password_is_sent_one_letter_and_one_link(desk: Desk):
    assert desk.inviting.invite(" NEW@Example.gov.bd").email == NEW
    (letter,) = desk.letters()
    assert (letter.kind, letter.to, letter.locale) == ("welcome", NEW, "bn")
    assert letter.expires_at == desk.clock() + DAY
    with desk.stores.read() as work:
        token = work.action_tokens.find(str(letter.facts["token"]))
    assert token is not None
    assert token.is_invitation
    assert token.request is None
    assert token.expires_at == letter.expires_at


@pytest.mark.parametrize(
    ("saved", "spoken"), [("en", "en"), ("en-GB", "en"), ("fr", "bn"), ("", "bn")]
)
def test_the_letter_speaks_the_user_s_language_or_the_first_one(
    desk: Desk, saved: str, spoken: str
):
    desk.add("other@example.gov.bd", locale=saved)
    desk.inviting.invite("other@example.gov.bd")
    assert [letter.locale for letter in desk.letters()] == [spoken]


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("nobody@example.gov.bd", "No user has this e-mail address."),
        ("no address\x00", "No user has this e-mail address."),
        (OFFICE, f"{OFFICE} has a password already: a forgotten one is reset on the page."),
        (CLOSED, f"{CLOSED} is disabled: enable the user first."),
    ],
)
def test_who_cannot_be_invited_is_refused_in_one_sentence_and_nothing_is_written(
    desk: Desk, email: str, told: str
):
    with pytest.raises((UserUnknown, UserRefused)) as refused:
        desk.inviting.invite(email)
    assert str(refused.value) == told
    assert desk.letters() == []


def test_a_lost_letter_can_be_sent_again_but_one_link_is_left_for_the_page(desk: Desk):
    desk.inviting.invite(NEW)
    desk.inviting.invite(NEW)
    with pytest.raises(UserRefused, match="has 2 links that still work"):
        desk.inviting.invite(NEW)
    browser = desk.system.browser().get("/reset")
    browser.press("submit", userid=NEW)
    assert [letter.kind for letter in desk.letters()].count("reset") == 1
    desk.clock.advance(DAY)
    desk.inviting.invite(NEW)


def test_everybody_without_a_password_is_invited_once(desk: Desk):
    desk.add("a@example.gov.bd", "b@example.gov.bd")
    assert desk.inviting.count() == 3
    assert desk.letters() == []
    assert desk.inviting.invite_all() == 3
    assert (desk.inviting.count(), desk.inviting.invite_all()) == (0, 0)
    desk.clock.advance(DAY + 2)
    assert desk.inviting.count() == 3


def test_nobody_with_a_password_and_nobody_disabled_is_invited_with_the_rest(desk: Desk):
    desk.inviting.invite_all()
    desk.clock.advance(60)
    assert {letter.to for letter in desk.letters()} == {NEW}


def test_many_letters_leave_little_by_little_each_with_its_whole_time(desk: Desk):
    desk.add(*(f"u{n:03}@example.gov.bd" for n in range(250)))
    assert desk.inviting.invite_all() == 251
    assert len(desk.letters()) == A_SECOND
    desk.clock.advance(10)
    assert len(desk.letters()) == 10 * A_SECOND
    desk.clock.advance(251)
    last = desk.letters()
    assert len(last) == 251 - 11 * A_SECOND
    assert {letter.expires_at - letter.created_at for letter in last} == {DAY}


def test_an_invitation_dies_when_a_password_is_set_by_hand(desk: Desk):
    desk.inviting.invite(NEW)
    (_, letter) = desk.system.deliver()[-1]
    link = next(line for line in letter.text.splitlines() if "/reset/" in line)
    users = directory(desk.system.assembly.settings, desk.clock)
    users.set_password(NEW, PASSWORD)
    assert isinstance(users._stores, SqlStores)
    users._stores.engine.dispose()
    browser = desk.system.browser().get(link)
    assert browser.status == 400
    assert "লিংকটি বাতিল হয়ে গেছে" in browser.text
