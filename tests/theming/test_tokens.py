import pytest

from idp.theming import ThemeRefused
from idp.theming.tokens import contrast
from tests.theming.samples import ROOT, read_tokens

CHAIN = (ROOT / "portal", ROOT / "base")


def test_contrast_is_the_one_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#006a4e", "#ffffff") == pytest.approx(6.62, abs=0.01)
    assert contrast("#f42a41", "#ffffff") == pytest.approx(4.00, abs=0.01)


def test_a_theme_inherits_the_tokens_that_it_does_not_name():
    tokens = read_tokens(CHAIN)
    assert tokens.light["action"] == "#006a4e"
    assert tokens.light["error"] == "#b3001b"
    assert tokens.light.keys() == tokens.dark.keys()


def test_a_list_of_fonts_may_name_bengali_ones(spoiled):
    fonts = '"কালপুরুষ ২", বাংলা, sans-serif'
    spoiled.write("theme.toml", f"[tokens.sizes]\nfont = '{fonts}'\n")
    assert read_tokens((spoiled.mine, *CHAIN)).sizes["font"] == fonts


@pytest.mark.parametrize(
    ("toml", "line", "what"),
    [
        ('[tokens.light]\nacton = "#000000"\n', 3, "no token 'acton'"),
        ('[tokens.light]\n\naction = "green"\n', 4, "a colour like"),
        ('[tokens.light]\naction = "#ffffff"\n', 3, "action on"),
        ('[tokens.dark]\nsoft-ink = "#222222"\n', 3, "soft-ink on"),
        ('[tokens.sizes]\nwidth = "1px}body{"\n', 3, "a size"),
        ("[tokens.sizes]\nwidth = '6px\"'\n", 3, "a size"),
        ('[tokens.sizes]\nwidth = """\n6px\n7px"""\n', 3, "a size"),
        ("[tokens.sizes]\nwidth = 3\n", 3, "a text in quotes"),
        ('[tokens.colour]\naction = "#000000"\n', 2, "is not a key"),
        ("[tokens.light\n", 2, "is not TOML"),
        ('[tokens.\'light]\nink = "#000000"\n\n', 2, "is not TOML"),
    ],
)
def test_wrong_tokens_are_refused_with_their_place(spoiled, toml, line, what):
    path = spoiled.write("theme.toml", 'parent = "portal"\n' + toml)
    with pytest.raises(ThemeRefused) as refused:
        read_tokens((spoiled.mine, *CHAIN))
    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert what in refused.value.what
