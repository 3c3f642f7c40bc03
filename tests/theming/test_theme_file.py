import pytest

from idp.theming import ThemeRefused
from idp.theming.theme_file import ThemeFile, read_theme_file
from idp.theming.tokens import tokens_of
from tests.theming.samples import ROOT, Spoiled


def refusal(spoiled: Spoiled, toml: str) -> ThemeRefused:
    path = spoiled.write("theme.toml", toml)
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    assert refused.value.path == path
    return refused.value


@pytest.mark.parametrize(
    ("toml", "line", "what"),
    [
        ('\nparnt = "base"', 2, 'parnt is not a key. Did you mean "parent"?'),
        ("[wrong]\na = 1", 1, "wrong is not a key"),
        ('[token.light]\naction = "#000000"', 1, 'Did you mean "tokens"?'),
        ("\nparent = 3", 2, "parent must be a text in quotes"),
        ('parent = "base"\nparent = "base"', 2, "is not TOML"),
        ('name = "ঢাকা"', 1, "name must be a table"),
        ('\nname = { bn = "" }', 2, "name.bn must be one line"),
        ('name = { bn = "a\\nb" }', 1, "must be one line"),
        ('name = { Bangla = "x" }', 1, 'must be a language like "bn"'),
        ('name = { fr = "x" }', 1, "no theme has words in 'fr'"),
        ('\n[footer]\nbn = "x"\nfr = "x"', 4, "no theme has words in 'fr'"),
        ("[footer]\nen = 1", 2, "must be a text"),
        ('logo = "../../portal/theme.toml"', 1, "the name of a file in static/"),
        ('logo = "/etc/passwd"', 1, "the name of a file in static/"),
        ('logo = ".."', 1, "the name of a file in static/"),
        ('\nlogo = "logo.svg"', 2, "no file 'logo.svg' in static/"),
        ('sidebar = ["phone"]', 1, 'must be "manual"'),
        ('sidebar = "phones"', 1, "must be a list"),
        ('sidebar = ["phones", "phones"]', 1, "each row once"),
        ("fonts = {}", 1, "fonts.families is missing"),
        ("fonts = { families = [] }", 1, "must not be empty"),
        ("fonts = { families = ['a\"b'] }", 1, "the name of a font"),
        ('fonts = { families = ["A"], file = "a.woff2" }', 1, "no file 'a.woff2'"),
        ("\n[tokens.sizes]\nwidht = '1px'", 3, 'Did you mean "width"?'),
    ],
)
def test_a_wrong_key_is_told_at_its_line_with_what_was_meant(spoiled, toml, line, what):
    refused = refusal(spoiled, toml)
    assert refused.line == line, refused
    assert what in refused.what


def test_a_file_that_is_no_text_is_refused(spoiled):
    path = spoiled.write("theme.toml", "")
    path.write_bytes(b"\xff")
    with pytest.raises(ThemeRefused, match="not UTF-8"):
        spoiled.load()


def test_a_file_may_begin_with_a_byte_order_mark(spoiled):
    spoiled.write("theme.toml", '\ufeffname = { en = "Finance" }')
    assert read_theme_file(spoiled.mine).file.name == {"en": "Finance"}


@pytest.mark.parametrize("name", ["base", "portal", "ministry"])
def test_the_shipped_themes_say_nothing_wrong(name):
    assert read_theme_file(ROOT / name).folder.name == name


def test_every_key_tells_what_it_is_for():
    assert all(field.description for field in ThemeFile.model_fields.values())


def test_a_contrast_is_told_where_the_nearest_theme_set_one_of_the_two_colours(spoiled):
    # The ink is the base's, the ground that makes it unreadable is ours.
    refused = refusal(spoiled, 'parent = "base"\n[tokens.light]\n\npage = "#333333"\n')
    assert refused.line == 4
    assert "light: ink on page has contrast" in refused.what


def test_a_contrast_that_a_parent_spoils_is_told_at_the_parents_line(spoiled):
    path = spoiled.root / "portal" / "theme.toml"
    path.write_text('[tokens.dark]\n\ncard = "#777777"\n')
    spoiled.write("theme.toml", 'parent = "portal"\n[tokens.dark]\nline = "#000000"\n')
    with pytest.raises(ThemeRefused, match="dark: ") as refused:
        spoiled.load()
    assert (refused.value.path, refused.value.line) == (path, 3)


def test_a_font_may_have_a_bengali_name(spoiled):
    spoiled.write("theme.toml", 'fonts = { families = ["কালপুরুষ", "ডি এম সি", "sans-serif"] }')
    look = spoiled.load().looks.by_locale["bn"]
    assert 'font:1.125rem/1.6 "কালপুরুষ","ডি এম সি",sans-serif' in look.first


def test_fonts_are_one_token_which_a_child_may_set_again(spoiled):
    spoiled.write("theme.toml", 'fonts = { families = ["Kalpurush", "sans-serif"] }')
    chain = (read_theme_file(spoiled.mine), read_theme_file(ROOT / "base"))
    assert tokens_of(chain).sizes["font"] == '"Kalpurush",sans-serif'
    child = spoiled.root / "child"
    child.mkdir()
    (child / "theme.toml").write_text("[tokens.sizes]\nfont = 'serif'\n")
    assert tokens_of((read_theme_file(child), *chain)).sizes["font"] == "serif"
