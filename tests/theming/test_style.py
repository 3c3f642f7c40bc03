import re

import pytest

from idp.theming import ThemeRefused
from idp.theming.style import FIRST, compile_style, csp_hash
from idp.theming.tokens import Tokens
from tests.theming.samples import ROOT, Spoiled, read_tokens

CHAIN = (ROOT / "portal", ROOT / "base")


@pytest.fixture(scope="module")
def css():
    return compile_style(CHAIN, read_tokens(CHAIN))


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
    check_refused(
        spoiled,
        "h1 { margin: 0 }\nh2 { color: $actoin }\n",
        r"no token 'actoin'\. Did you mean \"action\"\?",
    )


def test_every_unknown_token_of_a_style_sheet_is_told_by_itself(spoiled):
    with pytest.raises(ThemeRefused) as refused:
        compiled(spoiled, "h1 { color: $actoin; margin: $zzz }\n\nh2 { width: $widht }\n")
    assert [(one.line, one.what) for one in refused.value.all] == [
        (1, "no token 'actoin'. Did you mean \"action\"?"),
        (1, "no token 'zzz'"),
        (3, "no token 'widht'. Did you mean \"width\"?"),
    ]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("h1 { background: url(https://cdn.example/x.png) }", "fetches nothing"),
        ("h1 { background: url( '//cdn.example/x.png') }", "fetches nothing"),
        ("h1 { background: URL(x.png) }", "fetches nothing"),
        ('@import "other.css";', "fetches nothing"),
        ('h1 { background: image-set("https://cdn.example/x.png" 1x) }', "fetches nothing"),
    ],
)
def test_a_style_sheet_that_leads_elsewhere_is_refused(spoiled, rule, what):
    check_refused(spoiled, f"p {{ margin: 0 }}\n{rule}\n", what)


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ('h1::after { content: "</style>" }', "would end the style sheet"),
        ("h1::after { content: '</STYLE ' }", "would end the style sheet"),
        ('h1 { background: url("data:image/svg+xml,<svg></style/>") }', "would end"),
        # Browsers read on here, and the parser that judges pages does not.
        ('h1::after { content: "</ style><!--" }', "would end the style sheet"),
        # Only `radius = "style"` or the next line makes an end of it.
        ("h1 { margin: </$radius>< }", "</ may stand in quotes only"),
        ("h1 { margin: </sty$radius }", "</ may stand in quotes only"),
        ("h1 { margin: </\nstyle> }", "</ may stand in quotes only"),
    ],
)
def test_what_ends_the_element_around_a_style_sheet_is_refused(spoiled, rule, what):
    check_refused(spoiled, f"p {{ margin: 0 }}\n{rule}\n", what)


def test_a_picture_that_is_written_out_closes_its_own_tags(spoiled):
    svg = "<svg xmlns='http://www.w3.org/2000/svg'><g></g></svg>"
    picture = f'url("data:image/svg+xml,{svg}")'
    assert f"h1{{background:{picture}}}" in compiled(spoiled, f"h1 {{ background: {picture} }}\n")


@pytest.mark.parametrize(
    "head", ['@charset "UTF-8";\n', "/* mine */ @CHARSET 'utf-8' ;\n", '\n@charset "utf-8";']
)
def test_a_charset_in_front_is_left_out_and_keeps_its_line(spoiled, head):
    css = compiled(spoiled, f"{head}h1 {{ margin: 0 }}\n")
    assert "charset" not in css.lower()
    assert "h1{margin:0}" in css
    check_refused(spoiled, f"{head}h1 {{ margin: $no }}\n", "no token 'no'")


def test_another_charset_than_ours_is_refused(spoiled):
    check_refused(spoiled, '\n@charset "iso-8859-1";\n', "iso-8859-1, but style sheets are UTF-8")


@pytest.mark.parametrize("cut", ["u/**/rl(https://x/y)", '@im/**/port "x";', "</**//style>"])
def test_a_comment_joins_nothing(spoiled, cut):
    css = compiled(spoiled, f"h1 {{ background: {cut} }}\n")
    assert not [joined for joined in ("url(https", "@import", "</") if joined in css]


def test_what_a_comment_says_is_nobodys_business(spoiled):
    text = "/* url(https://x)\n</b> @import */ p { margin: $no }\n"
    check_refused(spoiled, text, "no token 'no'")


def test_a_style_sheet_may_hold_a_picture_itself(spoiled):
    assert "url(" in compiled(spoiled, 'h1 { background: url("data:image/png;base64,AA") }\n')


PICTURE = "data:image/png;base64,AA//BB=="


@pytest.mark.parametrize("picture", [f'url("{PICTURE}")', f"url('{PICTURE}')", f"url({PICTURE})"])
def test_a_picture_beside_a_colour_stands_whole_by_day_and_by_night(spoiled, picture):
    css = compiled(spoiled, f".x {{ margin: 0; background: $card {picture}; padding: 0 }}\n")
    assert f".x{{margin:0;background:#fff {picture};padding:0}}" in css
    assert css.endswith(f".x{{background:#17211e {picture}}}}}")


@pytest.mark.parametrize(
    ("rule", "plain"),
    [
        (".x { width: calc(100% + 8px) }", ".x{width:calc(100% + 8px)}"),
        (".x + .y > b , i { margin: -1px }", ".x + .y>b,i{margin:-1px}"),
        (""".x { content: "a > b,  c: {d} $no" }""", """.x{content:"a > b,  c: {d} $no"}"""),
        (""".x { content: 'it "is" ; /* so */' }""", """.x{content:'it "is" ; /* so */'}"""),
        (r""".x { content: "\"; }" ; top: 0 }""", r""".x{content:"\"; }";top:0}"""),
        ("#aabbcc { color: #AABBCC }", "#aabbcc{color:#AABBCC}"),
        ("[href$='.pdf'] { margin: 0 }", "[href$='.pdf']{margin:0}"),
        ("@font-face { font-family: 'X Y'; src: local('X') }", "@font-face{font-family:'X Y';"),
        ("@media print { .x { width: $width } }", "@media print{.x{width:62rem}}"),
    ],
)
def test_what_a_rule_says_is_not_changed(spoiled, rule, plain):
    assert plain in compiled(spoiled, f"p {{ margin: 0 }}\n{rule}\n")


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (".x { color: $error", "{ is not closed"),
        ("@media print { .x { margin: 0 }", "{ is not closed"),
        (".x { margin: 0\n.y { margin: 0 }", "{ is not closed"),
        (".x { width: calc(100% ; }", r"\( is not closed"),
        (".x { width: calc(100%) ) }", r"\) ends nothing"),
        ("[type=text { margin: 0 }", r"\[ is not closed"),
        ('.x { content: "a }', '" is not closed'),
        (".x { content: 'a }", "' is not closed"),
        ('.x { content: "a\rb" }', '" is not closed'),
        ("/* .x { margin: 0 }", r"/\* is not closed"),
        (".x { margin: 0 } }", "} ends nothing"),
        (".x { margin: 0 };", "; ends nothing"),
        ('@charset "utf-8";', "; ends nothing"),
        ("h1", "has no braces"),
        (".x { margin: 0; .y { margin: 0 } }", "rules may not stand in a rule"),
        (r".x\{ { margin: 0 }", "may stand in quotes only"),
        ("@media print { .x { color: $error } }", r"\$error may not stand inside @"),
        ("h1 { width: $Width }", "no token 'Width'"),
    ],
)
def test_what_would_spoil_the_sheets_behind_it_is_refused(spoiled, rule, what):
    check_refused(spoiled, f"p {{ margin: 0 }}\n{rule}\n", what)


@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf"])
def test_a_style_sheet_that_is_not_utf_8_is_refused_at_its_line(spoiled, head):
    spoiled.write("style.css", "").write_bytes(head + b"p { margin: 0 }\n\xe9 {}\n")
    with pytest.raises(ThemeRefused, match="not UTF-8") as refused:
        spoiled.load()
    assert (refused.value.path, refused.value.line) == (spoiled.mine / "style.css", 2)


def test_a_byte_order_mark_does_not_join_the_first_selector(spoiled):
    assert "}h1{margin:0}" in compiled(spoiled, "\ufeffh1 { margin: 0 }\n")


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
