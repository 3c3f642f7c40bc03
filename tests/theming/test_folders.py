import os

import pytest

from idp.model.page import Message
from idp.theming import Folders, ThemeRefused, fingerprint, load_all
from idp.theming.folders import find_chain
from idp.theming.states import LETTERS
from tests.theming.samples import LOCALES, ROOT, Help, Spoiled, say


@pytest.fixture
def own(tmp_path):
    return tmp_path / "themes"


def write(own, name: str, toml: str = "") -> None:
    (own / name).mkdir(parents=True)
    (own / name / "theme.toml").write_text(toml)


def names(own, name: str, default: str = "base") -> list[str]:
    return [one.folder.name for one in find_chain(Folders(ROOT, own), name, default)]


def test_a_theme_without_a_parent_stands_on_the_installations_own_one(own):
    write(own, "office")
    write(own, "finance")
    assert names(own, "office", "office") == ["office", "base"]
    assert names(own, "finance", "office") == ["finance", "office", "base"]
    assert names(own, "finance", "portal") == ["finance", "portal", "base"]
    assert names(own, "portal", "office") == ["portal", "base"]


def test_a_named_parent_counts_more(own):
    write(own, "office")
    write(own, "finance", 'parent = "portal"')
    assert names(own, "finance", "office") == ["finance", "portal", "base"]


def test_what_the_installations_own_theme_stands_on_does_not_stand_on_it(own):
    write(own, "plain")
    write(own, "office", 'parent = "plain"')
    write(own, "finance", 'parent = "plain"')
    assert names(own, "plain", "office") == ["plain", "base"]
    assert names(own, "office", "office") == ["office", "plain", "base"]
    assert names(own, "finance", "office") == ["finance", "plain", "base"]


def test_a_circle_through_the_installations_own_theme_is_refused(own):
    write(own, "office", 'parent = "finance"')
    write(own, "finance", '\nparent = "office"')
    with pytest.raises(ThemeRefused, match="parents: office → finance → office") as refused:
        names(own, "finance", "office")
    assert (refused.value.path, refused.value.line) == (own / "finance" / "theme.toml", 2)


def test_a_circle_is_told_with_all_that_stand_in_it(own):
    write(own, "office", 'parent = "finance"')
    write(own, "finance", 'parent = "health"')
    write(own, "health", 'parent = "finance"')
    with pytest.raises(ThemeRefused, match="circle of parents: finance → health → finance"):
        names(own, "office")


def test_a_theme_that_is_its_own_parent_is_told_so(own):
    write(own, "office", '\n\nparent = "office"')
    with pytest.raises(ThemeRefused, match="'office' is its own parent") as refused:
        names(own, "office")
    assert refused.value.line == 3


def test_a_misspelt_parent_is_told_with_the_nearest(own):
    write(own, "office", 'parent = "portl"')
    with pytest.raises(ThemeRefused, match=r"no theme 'portl'\. Did you mean \"portal\"\?"):
        names(own, "office")


def test_a_name_of_the_programs_own_themes_may_not_be_taken(own):
    write(own, "portal")
    with pytest.raises(ThemeRefused, match="give yours another name") as refused:
        names(own, "portal", "portal")
    assert refused.value.path == own / "portal" / "theme.toml"
    write(own, "base")
    with pytest.raises(ThemeRefused, match="'base'"):
        names(own, "ministry")


def test_the_programs_folder_may_be_named_as_ones_own():
    assert names(ROOT, "portal") == ["portal", "base"]


def test_an_absent_folder_holds_no_theme(own):
    assert names(own, "portal") == ["portal", "base"]
    with pytest.raises(
        ThemeRefused, match=r"no theme 'office'\. There are base, ministry, portal\."
    ):
        names(own, "office")


def test_a_theme_of_ones_own_changes_one_colour_one_sentence_and_one_letter(own):
    write(own, "finance", '[tokens.light]\naction = "#7a1f5c"\n')
    words = own / "finance" / "locale" / "bn" / "LC_MESSAGES" / "messages.po"
    words.parent.mkdir(parents=True)
    words.write_text('msgid "login.submit"\nmsgstr "প্রবেশ করুন"\n')
    (own / "finance" / "mail").mkdir()
    (own / "finance" / "mail" / "code.txt.j2").write_text("{{ facts.code }}\n")
    themes = load_all(
        Folders(ROOT, own), "portal", {"budget": "finance"}, locales=LOCALES, support=Help()
    )
    mine, others = themes.of("budget"), themes.default
    assert mine.looks.by_locale["bn"].tokens["action"] == "#7a1f5c"
    assert others.looks.by_locale["bn"].tokens["action"] == "#006a4e"
    assert say(mine, "bn", Message("login.submit")) == "প্রবেশ করুন"
    assert say(others, "bn", Message("login.submit")) == "লগইন"
    assert say(mine, "bn", Message("brand")) == say(others, "bn", Message("brand"))
    facts = next(state for state in LETTERS if state.kind == "code").facts("bn")
    assert mine.letter("code", "bn", facts).text == "482913\n"
    assert mine.letter("reset", "bn", facts) != mine.letter("code", "bn", facts)
    assert len(others.letter("code", "bn", facts).text) > 100


def test_a_fingerprint_is_another_once_a_file_is(own):
    write(own, "finance")
    before = fingerprint(own / "finance")
    assert fingerprint(own / "finance") == before
    (own / "finance" / "style.css").write_text("")
    added = fingerprint(own / "finance")
    (own / "finance" / "style.css").write_text("a{}")
    assert len({before, added, fingerprint(own / "finance")}) == 3
    (own / "finance" / "style.css").unlink()
    (own / "finance" / "Thumbs.db").write_text("Windows makes it by itself")
    assert fingerprint(own / "finance") == before


def test_a_stamp_is_another_once_a_file_is_whatever_its_size_and_time_say(own, tmp_path):
    write(own, "finance", "[tokens.light]\n")
    elsewhere = tmp_path / "releases" / "budget"
    write(elsewhere.parent, "budget")
    (own / "budget").symlink_to(elsewhere)
    folders, file = Folders(ROOT, own), own / "finance" / "theme.toml"
    seen = [folders.stamp]
    assert folders.stamp == seen[0]
    for changed in (file, elsewhere / "theme.toml"):
        before = changed.stat()
        changed.write_bytes(b"#" * before.st_size)
        os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
        seen.append(folders.stamp)
    (own / "finance" / "style.css").touch()
    seen.append(folders.stamp)
    assert len({*seen}) == 4


def test_a_theme_is_another_once_a_file_is_that_a_link_leads_to(own):
    # How Kubernetes mounts a ConfigMap, and exchanges all of its files at once.
    theme = own / "finance"
    for folder in ("..monday", "..tuesday"):
        (theme / folder).mkdir(parents=True)
        (theme / folder / "theme.toml").write_text("")
    (theme / "..data").symlink_to("..monday")
    (theme / "theme.toml").symlink_to("..data/theme.toml")
    seen = [(Folders(ROOT, own).stamp, fingerprint(theme))]
    (theme / "..monday" / "theme.toml").write_text("[tokens.light]\n")
    seen.append((Folders(ROOT, own).stamp, fingerprint(theme)))
    (theme / "..new").symlink_to("..tuesday")
    (theme / "..new").rename(theme / "..data")
    seen.append((Folders(ROOT, own).stamp, fingerprint(theme)))
    assert len({stamp for stamp, _ in seen}) == 3
    assert seen[0][1] == seen[2][1] != seen[1][1]


def test_what_is_behind_a_link_counts_whatever_its_folder_is_called(tmp_path):
    spoiled = Spoiled(tmp_path)
    page = spoiled.write("..data/templates/login.html", '{% extends "!login.html" %}')
    (spoiled.mine / "templates").symlink_to("..data/templates")
    spoiled.load()
    before = fingerprint(spoiled.mine)
    page.write_text('{% extends "!layout.html" %}')
    assert fingerprint(spoiled.mine) != before
    page.unlink()
    page.symlink_to(tmp_path / "secret")
    (tmp_path / "secret").write_text("x")
    with pytest.raises(ThemeRefused, match="leads out") as refused:
        spoiled.load()
    assert refused.value.path == spoiled.mine / "templates" / "login.html"


def leave_behind(theme) -> None:
    (theme / ".#theme.toml").symlink_to("somebody@office.1234:1700000000")
    (theme / ".theme.toml.swp").write_bytes(b"b0VIM")
    (theme / ".git").mkdir()
    (theme / ".git" / "index").write_bytes(b"DIRC")


def test_what_editors_leave_behind_refuses_nothing_and_makes_no_difference(tmp_path):
    spoiled = Spoiled(tmp_path)
    before = fingerprint(spoiled.mine)
    leave_behind(spoiled.mine)
    spoiled.load()
    assert fingerprint(spoiled.mine) == before


def test_a_link_to_itself_is_refused_with_its_place(tmp_path):
    spoiled = Spoiled(tmp_path)
    link = spoiled.mine / "again"
    link.symlink_to("again")
    with pytest.raises(ThemeRefused, match="is no file") as refused:
        spoiled.load()
    assert refused.value.path == link


@pytest.mark.parametrize("target", [".", "..", "static"])
def test_links_in_a_circle_come_to_an_end(tmp_path, target):
    spoiled = Spoiled(tmp_path)
    spoiled.write("static/map.png", "x")
    (spoiled.mine / "round").symlink_to(target)
    (spoiled.mine / "and round").symlink_to(".")
    assert len(fingerprint(spoiled.mine)) == 12


def test_a_name_that_is_no_text_is_told_in_signs_that_can_be_shown(tmp_path):
    spoiled = Spoiled(tmp_path)
    os.close(os.open(os.fsencode(spoiled.mine) + b"/caf\xe9.txt", os.O_CREAT))
    assert len(fingerprint(spoiled.mine)) == 12
    with pytest.raises(ThemeRefused, match=r"the name caf\\udce9\.txt is not UTF-8") as refused:
        spoiled.load()
    assert refused.value.path == spoiled.mine
