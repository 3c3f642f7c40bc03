"""The gallery leaves nothing out, and every exhibit has an address of its own."""

import re

from idp.admin.gallery.exhibits import BY_SLUG, EXHIBITS, MAILS, PAGES
from idp.theming.states import LETTERS, STATES
from tests.theming.samples import load


def test_every_state_of_a_page_and_every_letter_is_an_exhibit():
    assert [exhibit.fixture for exhibit in EXHIBITS] == [*STATES, *LETTERS]


def test_names_and_addresses_are_plain_and_each_its_own():
    assert len(BY_SLUG) == len(EXHIBITS)
    assert len({(exhibit.page, exhibit.state) for exhibit in EXHIBITS}) == len(EXHIBITS)
    for exhibit in EXHIBITS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", exhibit.slug), exhibit
        assert exhibit.state


def test_a_page_in_a_folder_is_the_servers_but_for_where_its_forms_go():
    portal = load()

    def bare(page: str) -> str:
        return re.sub(r' action="[^"]*"', "", page)

    differ = [
        exhibit.slug
        for exhibit in PAGES
        if bare(exhibit.html(portal, "bn")) != bare(exhibit.detached(portal, "bn"))
    ]
    assert differ == []


def test_a_state_is_told_without_the_name_of_its_page():
    assert [(e.page, e.state, e.slug) for e in PAGES[:2]] == [
        ("login", "fresh", "login-fresh"),
        ("login", "client named", "login-client-named"),
    ]
    assert {exhibit.page for exhibit in MAILS} >= {"mail.code", "mail.reset", "mail.changed"}
