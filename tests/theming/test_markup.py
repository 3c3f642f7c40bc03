"""Nothing of a theme runs where passwords are typed, and nothing leads a page to another host."""

import pytest

from idp.theming import ThemeRefused
from idp.theming.markup import check_markup
from tests.theming.samples import ROOT, Spoiled

WRONG = [
    ("<script>go()</script>", "<script>"),
    ("<SCRIPT src='{{ static('a.js') }}'></SCRIPT>", "<script>"),
    ('<iframe src="/x"></iframe>', "<iframe>"),
    ('<base href="/x">', "<base>"),
    ('<p onclick="go()">', "on…="),
    ("<img src=x{{ locale }} onerror=go()>", "on…="),
    ('<a {% if a > b %}\nonfocus="go()"{% endif %}>', "on…="),
    ('<a href="javascript:go()">', "javascript:"),
    ('<a href=" Java\tScript:go()">', "javascript:"),
    ('<img src="https://evil.example/x.png">', "another host"),
    ('<img src="//evil.example/x.png">', "another host"),
    ('<img src="http://{{ locale }}.example/x.png">', "another host"),
    ('<link rel="stylesheet" href="https://evil.example/x.css">', "another host"),
    ('<form action="https://evil.example/">', "another host"),
    ('<button formaction="//evil.example/">', "another host"),
    ('<p style="background:url(https://evil.example/x.png)">', "another host"),
]


@pytest.fixture(name="spoiled")
def _spoiled(tmp_path):
    return Spoiled(tmp_path)


@pytest.mark.parametrize(("source", "what"), WRONG)
def test_what_runs_or_leads_elsewhere_is_refused_with_its_line(tmp_path, source, what):
    with pytest.raises(ThemeRefused) as refused:
        check_markup(tmp_path, f"<p>\n\n{source}")
    assert refused.value.line == 3
    assert what in refused.value.what


@pytest.mark.parametrize(
    "source",
    [
        '<a href="https://minister.example.gov.bd/">x</a>',
        '<img src="{{ static("a.png") }}" alt="">',
        '<img src="data:image/png;base64,AA">',
        '<p title="a script: onclick=1">javascript: and onclick= are words</p>',
        "{# <script> #}<p>",
        '<svg xmlns="http://www.w3.org/2000/svg"><use href="#a"/></svg>',
    ],
)
def test_links_words_and_files_of_ones_own_are_left_alone(tmp_path, source):
    check_markup(tmp_path, source)


@pytest.mark.parametrize("name", ["templates/code.html", "mail/code.html.j2"])
def test_a_template_of_a_theme_that_would_run_is_refused(spoiled, name):
    source = (ROOT / "base" / name).read_text("utf-8")
    path = spoiled.write(name, source + '\n{% if false %}<p onclick="x">{% endif %}')
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    assert (refused.value.path, refused.value.line) == (path, source.count("\n") + 2)


def test_the_text_of_a_letter_is_no_html(spoiled):
    source = (ROOT / "base" / "mail" / "code.txt.j2").read_text("utf-8")
    spoiled.write("mail/code.txt.j2", f"{source}\n<script> is a word")
    assert spoiled.load()


@pytest.mark.parametrize(
    "inside", ["<script>go()</script>", '<g onload="go()"/>', '<a href="javascript:go()"/>']
)
def test_a_picture_that_would_run_is_refused(spoiled, inside):
    path = spoiled.write(
        "static/map.svg", f'<svg xmlns="http://www.w3.org/2000/svg">\n{inside}</svg>'
    )
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    assert (refused.value.path, refused.value.line) == (path, 2)
