"""Copies show a page as another device would; weights are what a line carries."""

import gzip

import pytest

from idp.admin.gallery.copies import fetched_by, in_forced_colours, in_scheme, that_stays, weigh

PAGE = """<!doctype html><html><head><meta name="color-scheme" content="light dark">
<style>:root{color-scheme:light dark}a{color:red}@media (prefers-color-scheme:dark){a{color:#fff}}\
@media (forced-colors: active){b{border:1px solid}}</style></head><body></body></html>"""


def test_the_night_of_a_page_holds_whatever_the_browser_prefers():
    night = in_scheme(PAGE, "dark")
    assert "@media (min-width:0){a{color:#fff}}" in night
    assert '<meta name="color-scheme" content="dark">' in night
    assert ":root{color-scheme:dark}" in night


def test_its_day_never_becomes_night():
    day = in_scheme(PAGE, "light")
    assert "@media (max-width:0){a{color:#fff}}" in day
    assert 'content="light"' in day
    assert ":root{color-scheme:light}" in day


def test_forced_colours_take_the_place_of_all_others():
    forced = in_forced_colours(PAGE)
    assert "@media (min-width:0){b{border:1px solid}}" in forced
    assert forced.index("background:#000!important") < forced.index("</head>")
    assert in_forced_colours("<p>no head").endswith("<p>no head")


def test_a_page_that_posts_itself_stays():
    html = '<script src="/a.js" defer></script><form></form><script>submit()</script>'
    assert that_stays(html) == '<script src="/a.js" defer></script><form></form>'


def test_a_weight_is_that_of_the_bytes_on_the_line():
    text = "<p>বাংলা</p>" * 50
    weight = weigh(text)
    assert weight.bytes == len(text.encode()) > len(text)
    assert gzip.decompress(gzip.compress(text.encode(), 6)) == text.encode()
    assert weight.gzip == len(gzip.compress(text.encode(), 6, mtime=0)) < weight.bytes
    assert weight.requests == 1


@pytest.mark.parametrize(
    ("part", "address"),
    [
        ('<script src="/static/a.js" defer></script>', "/static/a.js"),
        ('<img src="/static/a.svg" alt="">', "/static/a.svg"),
        ('<link rel="icon" href="/favicon.ico">', "/favicon.ico"),
        ("<style>@font-face{src:url(/static/a.woff2)}</style>", "/static/a.woff2"),
    ],
)
def test_each_part_that_a_browser_fetches_is_a_request(part: str, address: str):
    assert fetched_by(part * 2) == {address}
    assert weigh(part).requests == 2


@pytest.mark.parametrize(
    "part",
    [
        '<img src="data:image/svg+xml,x">',
        '<link rel="icon" href="data:,">',
        '<a href="https://example.gov.bd/">x</a>',
        "<style>a{background:url(data:image/png;base64,AA)}</style>",
        '<form action="/signin"></form>',
    ],
)
def test_what_is_inside_or_only_linked_is_none(part: str):
    assert weigh(part).requests == 1
