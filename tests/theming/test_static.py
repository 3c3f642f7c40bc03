import hashlib
from urllib.parse import unquote_to_bytes

import pytest

from idp.theming import Asset, Folders, Frame, ThemeRefused, load_all, load_themes
from idp.theming.states import STATES
from idp.theming.static import read_static
from tests.theming.samples import LOCALES, ROOT, Help

FRAME = Frame(action="/signin", locale="bn")
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><title>"a" & b</title></svg>'


def test_an_address_holds_a_hash_of_the_content_and_nothing_else(spoiled):
    spoiled.write("static/map.svg", SVG)
    digest = hashlib.sha256(SVG.encode()).hexdigest()[:8]
    assert read_static((spoiled.mine,)).assets == {
        f"/static/map.{digest}.svg": Asset(SVG.encode(), "image/svg+xml")
    }
    spoiled.write("static/map.svg", SVG + " ")
    assert digest not in next(iter(read_static((spoiled.mine,)).assets))


def test_a_childs_file_takes_the_place_of_its_parents(spoiled):
    parent = spoiled.root / "portal" / "static"
    parent.mkdir(exist_ok=True)
    (parent / "map.svg").write_text("<svg/>")
    (parent / "seal.png").write_bytes(b"png")
    spoiled.write("static/map.svg", SVG)
    files = read_static((spoiled.mine, parent.parent))
    assert files.require("map.svg").asset.body == SVG.encode()
    assert files.require("seal.png").asset == Asset(b"png", "image/png")
    assert len(files.assets) == 2


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("page.html", "may be .ico, .jpg, .png, .svg, .webp, .woff2"),
        ("x.css", "rules belong into style.css"),
        ("x.js", "a theme has no script of its own"),
        ("x.php", "may be"),
        ("LOGO.SVG", "may be"),
        ("plain", "no suffix"),
        ("a b.svg", "plain names"),
        ("ছবি.svg", "plain names"),
        ("deep/map.svg", "plain names"),
    ],
)
def test_a_file_of_another_kind_is_refused(spoiled, name, what):
    spoiled.write(f"static/{name}", "x")
    with pytest.raises(ThemeRefused, match=what) as refused:
        spoiled.load()
    assert str(refused.value).startswith(str(spoiled.mine / "static"))


def test_a_file_that_would_fill_the_memory_is_refused(spoiled):
    spoiled.write("static/map.png", "x" * (1_048_576 + 1))
    with pytest.raises(ThemeRefused, match="larger than 1 MiB"):
        spoiled.load()


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "Desktop.ini"])
def test_what_file_managers_leave_behind_is_not_served(spoiled, name):
    spoiled.write(f"static/{name}", "x")
    assert not [file for file in spoiled.load().assets.values() if file.body == b"x"]


@pytest.mark.parametrize(
    "name",
    ["static/logo.svg", "templates/done.html", "style.css", "mail/x", "templates/Thumbs.db"],
)
def test_a_link_out_of_the_themes_folder_is_refused(spoiled, name):
    secret = spoiled.root / "secret"
    secret.write_text("x")
    path = spoiled.mine / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(secret)
    with pytest.raises(ThemeRefused, match="leads out of the theme's folder") as refused:
        spoiled.load()
    assert refused.value.path == path


def test_a_link_to_a_folder_outside_is_refused_too(spoiled):
    (spoiled.mine / "static").symlink_to(spoiled.root)
    with pytest.raises(ThemeRefused, match="leads out"):
        spoiled.load()


def test_a_link_inside_the_themes_folder_is_as_good_as_a_file(spoiled):
    # How Kubernetes mounts a ConfigMap.
    real = spoiled.write("static/real.svg", SVG)
    (spoiled.mine / "static" / "logo.svg").symlink_to(real)
    spoiled.write("theme.toml", 'logo = "logo.svg"')
    assert spoiled.load().looks.by_locale["bn"].logo


def test_a_small_picture_travels_in_the_page(spoiled):
    spoiled.write("static/logo.svg", SVG)
    spoiled.write("theme.toml", 'logo = "logo.svg"')
    logo = spoiled.load().looks.by_locale["bn"].logo
    head, _, body = logo.partition(",")
    assert head == "data:image/svg+xml"
    assert unquote_to_bytes(body) == SVG.encode()
    assert not set("\"<>&#'") & set(body)


def test_a_small_picture_that_is_no_text_travels_as_base64(spoiled):
    spoiled.write("static/logo.png", "").write_bytes(b"\x89PNG")
    spoiled.write("theme.toml", 'logo = "logo.png"')
    assert spoiled.load().looks.by_locale["bn"].logo == "data:image/png;base64,iVBORw=="


def test_a_larger_picture_has_an_address_behind_the_path_of_the_issuer(spoiled):
    spoiled.write("static/logo.svg", SVG + " " * 1024)
    spoiled.write("theme.toml", 'logo = "logo.svg"')
    theme = load_themes(
        spoiled.root, "mine", locales=LOCALES, support=Help(), base="/realms/portal"
    )
    logo = theme.looks.by_locale["bn"].logo
    assert logo.startswith("/realms/portal/static/logo.")
    assert logo.removeprefix("/realms/portal") in theme.assets


@pytest.mark.parametrize("name", ["logo.woff2", "logo.ico"])
def test_a_logo_is_a_picture(spoiled, name):
    spoiled.write(f"static/{name}", "x")
    spoiled.write("theme.toml", f'logo = "{name}"')
    with pytest.raises(ThemeRefused, match="must be a picture"):
        spoiled.load()


def test_a_font_is_fetched_by_pages_of_its_theme_alone_and_waited_for_by_none(spoiled):
    spoiled.write("static/noto.woff2", "x")
    spoiled.write("theme.toml", 'fonts = { families = ["Noto", "serif"], file = "noto.woff2" }')
    theme = load_themes(spoiled.root, "mine", locales=LOCALES, support=Help(), base="/sso")
    address = next(address for address in theme.assets if address.endswith(".woff2"))
    for style in (theme.looks.by_locale["bn"].first, theme.looks.by_locale["bn"].style):
        assert style.startswith(
            f'@font-face{{font-family:"Noto";src:url("/sso{address}") format("woff2");'
            "font-display:optional}"
        )
        assert 'font:1.125rem/1.6 "Noto",serif' in style
    plain = load_themes(ROOT, "portal", locales=LOCALES, support=Help())
    assert theme.has_fonts
    assert not plain.has_fonts


def test_a_font_is_a_woff2_file(spoiled):
    spoiled.write("static/noto.png", "x")
    spoiled.write("theme.toml", '\n[fonts]\nfamilies = ["Noto"]\nfile = "noto.png"')
    with pytest.raises(ThemeRefused, match="must be a woff2 file") as refused:
        spoiled.load()
    assert refused.value.line == 4


def test_a_template_names_a_file_and_gets_its_address(spoiled):
    spoiled.write("static/map.png", "x")
    spoiled.write("templates/aside.html", '<img src="{{ static("map.png") }}" alt="">')
    theme = load_themes(spoiled.root, "mine", locales=LOCALES, support=Help(), base="/sso")
    address = next(address for address in theme.assets if "/map." in address)
    page = theme.page(next(s for s in STATES if s.name == "login fresh").page, FRAME)
    assert f'<img src="/sso{address}" alt="">' in page


def test_all_themes_together_serve_what_each_of_them_needs(spoiled):
    spoiled.write("static/map.png", "x")
    themes = load_all(
        Folders(ROOT, spoiled.root / "none"),
        "portal",
        {"one": "ministry"},
        locales=LOCALES,
        support=Help(),
    )
    assert themes.assets == {**themes.default.assets, **themes.of("one").assets}
    assert any(address.startswith("/static/logo.") for address in themes.assets)


def test_every_language_has_its_script_behind_the_path_of_the_issuer():
    theme = load_themes(ROOT, "portal", locales=LOCALES, support=Help(), base="/sso")
    scripts = [theme.looks.by_locale[locale].script for locale in LOCALES]
    assert [s.removeprefix("/sso").partition(".")[2][:3] for s in scripts] == ["bn.", "en."]
    assert {s.removeprefix("/sso") for s in scripts} <= theme.assets.keys()
    bodies = {theme.assets[s.removeprefix("/sso")].body for s in scripts}
    assert len(bodies) == 2
    page = theme.page(next(s for s in STATES if s.name == "code fresh").page, FRAME)
    assert f'src="{scripts[0]}"' in page
