"""The themes of a configuration are opened again only when something of them has changed."""

from pathlib import Path

from idp.settings import Settings
from idp.verdict import load_settings, open_themes
from tests.system import write_config


def settings(folder: Path, more: str = "", issuer: str = "http://127.0.0.1:9000") -> Settings:
    return load_settings(write_config(folder, database="sqlite:///x", more=more, issuer=issuer))


def test_a_reload_that_changes_no_theme_gets_those_of_the_last_time(tmp_path):
    first = open_themes(settings(tmp_path))
    assert open_themes(settings(tmp_path, '[theme]\ntimezone = "Asia/Kolkata"')) is first


def test_whatever_a_page_is_made_of_is_opened_again(tmp_path):
    own = tmp_path / "themes" / "office" / "theme.toml"
    own.parent.mkdir(parents=True)
    own.write_text('parent = "base"\n')
    office = '[theme]\nname = "office"'
    opened = [
        open_themes(settings(tmp_path)),
        open_themes(settings(tmp_path, issuer="http://127.0.0.1:9000/sso")),
        open_themes(settings(tmp_path, '[theme]\nlocales = ["bn"]')),
        open_themes(settings(tmp_path, office)),
    ]
    own.write_text('parent = "portal"\n')
    opened.append(open_themes(settings(tmp_path, office)))
    assert len({*map(id, opened)}) == 5
    assert [folder.name for folder in opened[-1].default.folders] == ["office", "portal", "base"]


def test_a_client_that_gets_a_theme_of_its_own_is_shown_in_it(tmp_path):
    without = open_themes(settings(tmp_path))
    clients = tmp_path / "clients.d" / "all.toml"
    config = tmp_path / "idp.toml"
    text = clients.read_text(encoding="utf-8")
    clients.write_text(text.replace('auth = "none"', 'auth = "none"\ntheme = "ministry"'))
    themes = open_themes(load_settings(config))
    assert (without.of("app").name, themes.of("app").name) == ("portal", "ministry")
