import os

import pytest

from idp.theming import Folders, ThemeRefused, fingerprint, load_all
from idp.theming.folders import find_chain
from idp.theming.states import LETTERS
from tests.theming.samples import LOCALES, ROOT, Help


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
    assert mine.keys("bn") == others.keys("bn")
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
