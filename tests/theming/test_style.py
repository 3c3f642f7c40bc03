import re

import pytest

from idp.theming import ThemeRefused
from idp.theming.style import (
    FIRST,
    Tokens,
    compile_style,
    contrast,
    csp_hash,
    read_tokens,
)
from tests.theming.samples import ROOT, Spoiled

CHAIN = (ROOT / "portal", ROOT / "base")


@pytest.fixture
def spoiled(tmp_path):
    return Spoiled(tmp_path)


@pytest.fixture(scope="module")
def css():
    return compile_style(CHAIN, read_tokens(CHAIN))


def test_contrast_is_the_one_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#006a4e", "#ffffff") == pytest.approx(6.62, abs=0.01)
    assert contrast("#f42a41", "#ffffff") == pytest.approx(4.00, abs=0.01)


def test_no_token_and_no_modern_syntax_is_left_for_old_browsers(css):
    assert "$" not in css
    for modern in ("var(", "clamp(", ":has(", "grid", "&", ":focus-visible", "inset", "gap:"):
        assert modern not in css


def test_braces_are_balanced_and_rules_do_not_nest(css):
    inner = re.sub(r"@media[^{]+\{((?:[^{}]*\{[^{}]*\})*)\}", r"\1", css)
    assert re.sub(r"[^{}]+\{[^{}]*\}", "", inner) == ""


def test_the_night_repeats_colours_and_nothing_else(css):
    night = css[css.index("@media (prefers-color-scheme:dark)") :]
    assert "#0f1614" in night
    assert "#006a4e" not in night
    assert "padding:" not in night
    assert "width:" not in night


def test_a_theme_inherits_the_tokens_that_it_does_not_name():
    tokens = read_tokens(CHAIN)
    assert tokens.light["action"] == "#006a4e"
    assert tokens.light["error"] == "#b3001b"
    assert tokens.light.keys() == tokens.dark.keys()


@pytest.mark.parametrize(
    ("toml", "line", "what"),
    [
        ('[tokens.light]\nacton = "#000000"\n', 3, "no token 'acton'"),
        ('[tokens.light]\n\naction = "green"\n', 4, "a colour like"),
        ('[tokens.light]\naction = "#ffffff"\n', 3, "action on"),
        ('[tokens.dark]\nsoft-ink = "#222222"\n', 3, "soft-ink on"),
        ('[tokens.sizes]\nwidth = "1px}body{"\n', 3, "a size"),
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


def compiled(spoiled: Spoiled, text: str) -> str:
    """Return the whole style of a theme with a style sheet of its own."""
    spoiled.write("style.css", text)
    chain = (spoiled.mine, *CHAIN)
    return compile_style(chain, read_tokens(chain))


def check_refused(spoiled: Spoiled, text: str, what: str) -> None:
    """See that such a style sheet is refused at its second line."""
    with pytest.raises(ThemeRefused, match=what) as refused:
        compiled(spoiled, text)
    assert (refused.value.path, refused.value.line) == (spoiled.mine / "style.css", 2)


def test_a_style_sheet_of_a_theme_follows_its_parents(spoiled):
    css = compiled(spoiled, "/* mine */\nh1 { color: $action }\n")
    assert css.index("h1{font-size") < css.index("h1{color:#006a4e}")
    assert "h1{color:#5cc9a3}" in css
    assert "mine" not in css


def test_the_first_sheet_is_the_beginning_of_the_whole(css):
    first = compile_style(CHAIN, read_tokens(CHAIN), FIRST)
    day, _, night = first.partition("@media (prefers-color-scheme:dark)")
    assert ".rules" in css
    assert ".rules" not in first
    assert css.startswith(day)
    assert night.rstrip("}") in css


def test_an_unknown_token_in_a_style_sheet_is_refused(spoiled):
    check_refused(spoiled, "h1 { margin: 0 }\nh2 { color: $actoin }\n", "no token actoin")


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("h1 { background: url(https://cdn.example/x.png) }", "fetches nothing"),
        ("h1 { background: url( '//cdn.example/x.png') }", "fetches nothing"),
        ("h1 { background: URL(x.png) }", "fetches nothing"),
        ('@import "other.css";', "fetches nothing"),
        ('h1 { background: image-set("https://cdn.example/x.png" 1x) }', "fetches nothing"),
        ('h1::after { content: "</style>" }', "would end the style sheet"),
    ],
)
def test_a_style_sheet_that_leads_elsewhere_is_refused(spoiled, rule, what):
    check_refused(spoiled, f"p {{ margin: 0 }}\n{rule}\n", what)


@pytest.mark.parametrize("cut", ["u/**/rl(https://x/y)", '@im/**/port "x";', "</**//style>"])
def test_a_comment_joins_nothing(spoiled, cut):
    css = compiled(spoiled, f"h1 {{ background: {cut} }}\n")
    assert not [joined for joined in ("url(https", "@import", "</") if joined in css]


def test_what_a_comment_says_is_nobodys_business(spoiled):
    text = "/* url(https://x)\n</b> @import */ p { margin: $no }\n"
    check_refused(spoiled, text, "no token no")


def test_a_style_sheet_may_hold_a_picture_itself(spoiled):
    assert "url(" in compiled(spoiled, 'h1 { background: url("data:image/png;base64,AA") }\n')


def test_colours_that_do_not_change_are_not_repeated(tmp_path):
    (tmp_path / "style.css").write_text("a { color: $one; margin: 0; top: $two }")
    tokens = Tokens({}, {"one": "#111111", "two": "#222222"}, {"one": "#111111", "two": "#333333"})
    dark = "@media (prefers-color-scheme:dark){a{top:#333}}"
    assert compile_style((tmp_path,), tokens) == f"a{{color:#111;margin:0;top:#222}}{dark}"


def test_the_hash_is_the_one_that_csp_wants():
    # The example of CSP Level 3, 7.7: "alert('Hello, world.');"
    assert csp_hash("alert('Hello, world.');") == (
        "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    )
