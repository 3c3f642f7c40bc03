"""The shelf has every theme by its name, as its files are at this moment."""

import os
from pathlib import Path

import pytest

from idp.admin.gallery.exhibits import PAGES
from idp.admin.theme_shelf import Shelf
from idp.theming import ThemeRefused
from idp.theming.tokens import PAIRS, contrast
from idp.verdict import mistakes_of
from tests.admin.gallery.conftest import THEME, settings_with


@pytest.fixture(name="own")
def _own(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "theme.toml").write_text(THEME, "utf-8")
    return tmp_path / "own"


def test_the_programs_themes_stand_before_the_installations(own: Path):
    assert Shelf(settings_with(own.parent)).names == ("base", "ministry", "portal", "own")
    assert Shelf(settings_with(own / "nowhere")).names == ("base", "ministry", "portal")


def test_a_theme_is_read_once_as_long_as_no_file_changes(own: Path):
    shelf = Shelf(settings_with(own.parent))
    first = shelf.take("own")
    assert shelf.take("own") is first
    os.utime(own / "theme.toml", (1, 1))
    assert shelf.take("own") is not first


def test_every_pair_of_colours_is_told_by_day_and_by_night(own: Path):
    shown = Shelf(settings_with(own.parent)).take("own")
    assert len(shown.pairs) == 2 * len(PAIRS)
    [pair] = [p for p in shown.pairs if (p.scheme, p.ink, p.ground) == ("light", "action", "card")]
    assert pair.ratio == contrast("#7a1f5c", "#ffffff")
    assert shown.lowest.ratio == min(p.ratio for p in shown.pairs)
    assert all(p.ratio >= p.least for p in shown.pairs)


def test_a_refusal_has_its_place_and_ends_with_its_cause(own: Path):
    shelf = Shelf(settings_with(own.parent))
    shelf.take("own")
    (own / "theme.toml").write_text(THEME.replace("action", "acton"), "utf-8")
    with pytest.raises(ThemeRefused) as refused:
        shelf.take("own")
    [mistake] = mistakes_of(refused.value)
    assert (mistake.file, mistake.line, mistake.code) == (str(own / "theme.toml"), 4, "E301")
    assert "acton" in mistake.message
    (own / "theme.toml").write_text(THEME, "utf-8")
    assert shelf.take("own").name == "own"


def test_a_theme_can_be_tried_with_longer_words_beside_its_own(own: Path):
    shelf = Shelf(settings_with(own.parent))
    long, real = shelf.take("own", is_long=True).theme, shelf.take("own").theme
    assert long.name == real.name
    assert long.chain is real.chain
    assert shelf.take("own").theme is real
    assert shelf.take("own", is_long=True).theme is long


def test_longer_words_are_those_that_were_read_at_first(own: Path):
    words = own / "locale" / "bn" / "LC_MESSAGES" / "messages.po"
    words.parent.mkdir(parents=True)
    words.write_text('msgid "login.submit"\nmsgstr "ভিতরে আসুন"\n', "utf-8")
    theme = Shelf(settings_with(own.parent)).take("own").theme
    words.unlink()
    [fresh] = [one for one in PAGES if one.slug == "login-fresh"]
    assert ">ভিতরে আসুন<" in fresh.html(theme, "bn")
    longer = fresh.html(theme.stretched(), "bn")
    assert ">ভিতরে আসুন<" not in longer
    assert "ভিতরে আসুন" in longer


def test_what_pages_fetch_is_known_once_a_theme_was_taken(own: Path):
    (own / "static").mkdir()
    (own / "static" / "a.svg").write_text("<svg/>")
    shelf = Shelf(settings_with(own.parent))
    assert shelf.asset("/static/a.svg") is None
    [address] = [a for a in shelf.take("own").theme.assets if a.startswith("/static/a.")]
    asset = shelf.asset(address)
    assert asset is not None
    assert asset.body == b"<svg/>"


def test_all_mistakes_are_told_at_once(own: Path):
    shelf = Shelf(settings_with(own.parent))
    (own / "theme.toml").write_text(THEME.replace("#7a1f5c", "#f0f0f0"), "utf-8")
    (own / "static").mkdir()
    (own / "static" / "run.exe").touch()
    for locale in shelf.languages:
        file = own / "locale" / locale / "LC_MESSAGES" / "messages.po"
        file.parent.mkdir(parents=True)
        file.write_text(f'msgid "nothing.{locale}"\nmsgstr "x"\n', "utf-8")
    with pytest.raises(ThemeRefused) as refused:
        shelf.take("own")
    told = [str(mistake) for mistake in mistakes_of(refused.value)]
    assert len(set(told)) == len(told)
    for words in ("action on page", "action on card", "run.exe", "nothing.bn", "nothing.en"):
        assert any(words in one for one in told), words


def test_every_key_of_a_file_that_is_wrong_is_told(own: Path):
    (own / "theme.toml").write_text('colour = 1\nnmae = "x"\n[tokens.lihgt]\n', "utf-8")
    shelf = Shelf(settings_with(own.parent))
    with pytest.raises(ThemeRefused) as refused:
        shelf.take("own")
    assert [one.line for one in mistakes_of(refused.value)] == [1, 2, 3]
