import re
from dataclasses import fields

import pytest

from idp.model.page import Page
from idp.theming import Frame, ThemeRefused
from idp.theming.frame import HelpRows
from idp.theming.look import Look
from idp.theming.states import FIELDS, LETTERS, STATES
from idp.theming.variables import BLOCKS, FACTS, FRAME, LOOK, MAIL_BLOCKS, SUPPORT, VIEW
from tests.theming.reading import read
from tests.theming.samples import ROOT

FRESH = Page("login", {"user_id": ""})


def below(template: str) -> str:
    """Return a template that shows the parent's page, and its own text after it."""
    return '{% include "!login.html" %}' + template


def test_an_exclamation_mark_names_the_parents_template(spoiled):
    spoiled.write(
        "templates/login.html",
        '{% extends "!login.html" %}{% block main %}<p id="mine">{{ say("brand") }}</p>'
        "{{ super() }}{% endblock %}",
    )
    page = read(spoiled.load().page(FRESH, Frame(action="/", locale="bn")))
    assert page.has("p", id="mine")
    assert page.has("input", id="userid")


def test_a_theme_in_the_middle_may_use_its_own_parent(spoiled):
    for theme in ("portal", "mine"):
        path = spoiled.root / theme / "templates" / "layout.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            '{% extends "!layout.html" %}{% block footer %}'
            f'{{{{ super() }}}}<p class="{theme}"></p>{{% endblock %}}'
        )
    page = read(spoiled.load().page(FRESH, Frame(action="/", locale="en")))
    assert page.has("p", **{"class": "portal"})
    assert page.has("p", **{"class": "mine"})


def test_a_block_replaces_the_brand_on_every_page(spoiled):
    spoiled.write(
        "templates/layout.html",
        '{% extends "!layout.html" %}{% block brand %}<b id="b">x</b>{% endblock %}',
    )
    assert read(spoiled.load().page(FRESH, Frame(action="/", locale="bn"))).has("b", id="b")


@pytest.mark.parametrize(
    ("template", "line", "what"),
    [
        ("\n{% if %}", 2, "Expected"),
        ("\n\n{{ x | nofilter }}", 3, "nofilter"),
        ('{% extends "!nothing.html" %}', 1, "no template '!nothing.html'"),
        ('\n{% include "nothing.html" %}', 2, "no template"),
        ("{% extends frame.locale %}", 1, "plain string"),
        ('\n{{ say("login.tpyo") }}', 2, "no sentence 'login.tpyo'"),
        ("\n{{ frame.nothing }}", 2, "nothing"),
        ("\n\n{{ nobody }}", 3, "nobody"),
        ('\n{{ say("login.client") }}', 2, "needs client"),
        ('{{ "".__class__.__mro__ }}', 1, "unsafe"),
        ("\n{{ frame.language_hidden.clear() }}", 2, "unsafe"),
        ('\n{{ frame["hidden"] }}', 2, "unsafe"),
        ("{% set its = frame %}\n{{ its.hidden }}", 2, "unsafe"),
        ('\n{{ say("brand").translate({2482: frame.client}) }}', 2, "unsafe"),
        ('\n{{ (say("brand") | attr("translate"))({2482: "x"}) }}', 2, "unsafe"),
        ("\n{{ 1 + say }}", 2, "unsupported operand"),
    ],
)
def test_a_wrong_template_is_refused_with_its_place(spoiled, template, line, what):
    path = spoiled.write("templates/login.html", template)
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    assert str(refused.value).startswith(f"{path}:{line}: "), refused.value
    assert what in refused.value.what


@pytest.mark.parametrize("name", ["templates/login.html", "mail/code.html.j2", "mail/code.txt.j2"])
@pytest.mark.parametrize(("saved", "line"), [(b"a\nb\n\xe9", 3), ("a\nb".encode("utf-16"), 1)])
def test_a_template_that_is_not_utf_8_is_refused_with_its_line(spoiled, name, saved, line):
    spoiled.write(name, "").write_bytes(saved)
    with pytest.raises(ThemeRefused, match="is not UTF-8: save it as UTF-8") as refused:
        spoiled.load()
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("templates/code.html", ""),
        ("templates/code.html", "<p>16263</p>"),
        ("templates/code.html", '{% extends "layout.html" %}'),
        ("templates/layout.html", "<p>16263</p>"),
        ("mail/layout.html.j2", "<p>16263</p>"),
    ],
)
def test_a_template_that_takes_away_the_blocks_of_others_is_told_what_to_begin_with(
    spoiled, name, template
):
    path = spoiled.write(name, template)
    with pytest.raises(ThemeRefused, match="which other templates change") as refused:
        spoiled.load()
    assert {(one.path, one.line) for one in refused.value.all} == {(path, 1)}
    short = name.removeprefix("templates/")
    assert refused.value.what.endswith(f'begin with {{% extends "!{short}" %}}')


def test_a_block_that_nobody_has_is_told_where_it_stands(spoiled):
    spoiled.write("templates/layout.html", '{% extends "!layout.html" %}')
    path = spoiled.root / "portal/templates/done.html"
    path.parent.mkdir(exist_ok=True)
    path.write_text('{% extends "layout.html" %}\n{% block mian %}{% endblock %}')
    with pytest.raises(ThemeRefused, match='mean "main"') as refused:
        spoiled.load()
    assert (refused.value.path, refused.value.line) == (path, 2)


@pytest.mark.parametrize("folder", ["templates", "mail"])
def test_a_folder_among_templates_is_refused(spoiled, folder):
    path = spoiled.write(f"{folder}/parts/x.html", "").parent
    with pytest.raises(ThemeRefused, match="is a folder; templates lie beside") as refused:
        spoiled.load()
    assert refused.value.path == path


def test_two_templates_that_name_each_other_are_refused(spoiled):
    path = spoiled.write("templates/a.html", '\n{% include "b.html" %}')
    spoiled.write("templates/b.html", '{% include "a.html" %}')
    spoiled.write("templates/login.html", below('{% include "a.html" %}'))
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    assert (refused.value.path, refused.value.line) == (path, 2)
    assert refused.value.what == "'b.html' leads back to this file"


def test_a_letter_that_cannot_be_said_is_refused_with_its_place(spoiled):
    path = spoiled.write("mail/changed.txt.j2", "\n{{ facts.nobody }}")
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    assert (refused.value.path, refused.value.line) == (path, 2), refused.value


def test_a_template_of_another_suffix_is_escaped_too(spoiled):
    spoiled.write("templates/odd.svg", "{{ frame.client }}")
    spoiled.write("templates/login.html", below('{% include "odd.svg" %}'))
    html = spoiled.load().page(FRESH, Frame(action="/", locale="bn", client="<b>"))
    assert html.endswith("&lt;b&gt;")


@pytest.mark.parametrize(
    ("toml", "what"),
    [
        ('parent = "nobody"', "nobody"),
        ('\nparent = "mine"', "mine"),
        ('parent = "../portal"', "parent must be a short name"),
    ],
)
def test_a_lost_or_circular_parent_is_refused(spoiled, toml, what):
    path = spoiled.write("theme.toml", toml)
    with pytest.raises(ThemeRefused, match=what) as refused:
        spoiled.load()
    assert refused.value.path == path


def test_an_unknown_theme_is_refused(spoiled):
    with pytest.raises(ThemeRefused, match="no theme 'nobody'"):
        spoiled.load("nobody")


@pytest.mark.parametrize(
    ("template", "line", "what"),
    [
        ("\n{{ nobody }}", 2, "no variable 'nobody'"),
        ("{% if false %}\n{{ suport }}{% endif %}", 2, 'Did you mean "support"?'),
        ("{% if false %}\n\n{{ view.userid }}{% endif %}", 3, 'Did you mean "user_id"?'),
        ("{% if false %}{{ view.masked }}{% endif %}", 1, "no variable 'view.masked'"),
        ("{% if false %}{{ frame.acton }}{% endif %}", 1, 'Did you mean "action"?'),
        ("{% if false %}{{ look.tokens.action }}{{ look.color }}{% endif %}", 1, "'look.color'"),
        ("{% if false %}{{ range(3) }}{% endif %}", 1, "no variable 'range'"),
        ("\n{{ frame.client | safe }}", 2, "the filter 'safe' puts a value into markup"),
        (
            "\n<p{{ {frame.client: 1} | xmlattr }}>",
            2,
            "the filter 'xmlattr' puts a value into markup",
        ),
        (
            '\n{{ say("brand") | indent(frame.client) }}',
            2,
            "the filter 'indent' puts a value into markup",
        ),
        (
            '\n<p title="{{ frame.client | tojson }}">',
            2,
            "the filter 'tojson' puts a value into markup",
        ),
        ("\n{% autoescape false %}{{ frame.client }}{% endautoescape %}", 2, "escaping"),
        ('\n{{ static("map.png") }}', 2, "no file 'map.png' in static/"),
        ('{% extends "!login.html" %}\n{% block mian %}{% endblock %}', 2, 'mean "main"?'),
        ('{% include "mail/code.txt.j2" %}', 1, "plain text"),
        ("\n{{ frame.hidden }}", 2, "no variable 'frame.hidden'"),
        ("{% if false %}\n{{ title | uper }}{% endif %}", 2, """'uper'. Did you mean "upper"?"""),
        (
            "{% if false %}\n{{ title | safe }}{% endif %}",
            2,
            "the filter 'safe' puts a value into markup",
        ),
        ("\n{% filter safe %}{{ title }}{% endfilter %}", 2, "the filter 'safe' puts"),
        ('\n{{ ["x"] | map("safe") | list }}', 2, "No filter named 'safe'"),
        ("{% if false %}\n{{ title is defind }}{% endif %}", 2, 'Did you mean "defined"?'),
        ("\n{% set frame = view %}", 2, "'frame' is ours"),
        ("\n{% macro form(view) %}{% endmacro %}", 2, "'view' is ours"),
        ("\n{% import 'parts.html' as frame %}", 2, "'frame' is ours"),
        ('\n{% extends "login.html" %}', 2, 'Did you mean "!login.html"?'),
        ('{% extends "!login.html" %}\n{% include "login.html" %}', 2, "leads back to this file"),
        ('\n<p style="color:red">', 2, "rules belong into style.css"),
    ],
)
def test_what_no_page_is_given_is_refused_before_anybody_meets_it(spoiled, template, line, what):
    path = spoiled.write("templates/login.html", template)
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    assert (refused.value.path, refused.value.line) == (path, line), refused.value
    assert what in refused.value.what


def test_a_letter_is_given_other_variables_than_a_page(spoiled):
    path = spoiled.write("mail/code.txt.j2", '{{ say("mail.greet") }}\n{{ facts.cod }}')
    with pytest.raises(ThemeRefused, match='Did you mean "code"') as refused:
        spoiled.load()
    assert (refused.value.path, refused.value.line) == (path, 2)
    spoiled.write("mail/code.txt.j2", "{{ hidden }}")
    with pytest.raises(ThemeRefused, match="no variable 'hidden'"):
        spoiled.load()


@pytest.mark.parametrize(
    ("name", "hint"), [("templates/logn.html", "login.html"), ("mail/cod.txt.j2", "code.txt.j2")]
)
def test_a_template_that_nothing_uses_was_misspelt(spoiled, name, hint):
    path = spoiled.write(name, "")
    with pytest.raises(ThemeRefused, match=hint) as refused:
        spoiled.load()
    assert refused.value.path == path


def test_a_block_inside_another_one_is_a_new_one_to_change(spoiled):
    spoiled.write(
        "templates/login.html",
        '{% extends "!login.html" %}{% block main %}{{ super() }}{% block mine %}<p id="m"></p>'
        "{% endblock %}{% endblock %}",
    )
    assert read(spoiled.load().page(FRESH, Frame(action="/", locale="bn"))).has("p", id="m")


def test_a_template_makes_names_of_its_own(spoiled):
    spoiled.write("templates/mine.html", "{% macro shout(text) %}{{ text }}!{% endmacro %}")
    spoiled.write(
        "templates/login.html",
        below(
            '{% from "mine.html" import shout as cry %}{% import "mine.html" as mine %}'
            "{% set one = 1 %}{% for n in (1, 2) %}{{ n }}{{ loop.last }}{% endfor %}"
            "{{ cry(one) }}{{ mine.shout(2) }}"
        ),
    )
    html = spoiled.load().page(FRESH, Frame(action="/", locale="bn"))
    assert html.endswith("1False2True1!2!")


def test_the_text_part_of_a_letter_alone_is_not_escaped(spoiled):
    spoiled.write("templates/odd.txt.j2", "{{ frame.client }}")
    spoiled.write("templates/login.html", below('{% include "odd.txt.j2" %}'))
    spoiled.write("mail/code.txt.j2", "{{ facts.email }}{{ facts.code }}")
    theme = spoiled.load()
    html = theme.page(FRESH, Frame(action="/", locale="bn", client="<b>"))
    assert html.endswith("&lt;b&gt;")
    facts = {**next(s for s in LETTERS if s.kind == "code").facts("bn"), "email": "<a&b>"}
    letter = theme.letter("code", "bn", facts)
    assert letter.text == "<a&b>482913\n"
    assert "<a&b>" not in letter.html


def test_what_editors_leave_behind_is_no_template(spoiled):
    spoiled.write("templates/.login.html.swp", "").write_bytes(b"\xff")
    spoiled.load()


def test_every_documented_fact_of_a_page_stands_in_a_fixture_of_it_and_the_other_way_round():
    shown: dict[str, set[str]] = {name: set() for name in FIELDS}
    for state in STATES:
        shown[state.page.name] |= state.page.view.keys()
    assert {page: set(facts) for page, facts in VIEW.items()} == shown


def test_every_documented_fact_of_a_letter_stands_in_a_fixture_and_the_other_way_round():
    assert {fact for letter in LETTERS for fact in letter.facts("en")} == set(FACTS)


def test_what_surrounds_a_page_is_documented_field_by_field():
    assert {f.name for f in fields(Frame)} == {"hidden", *FRAME}
    assert {f.name for f in fields(Look)} == set(LOOK)
    assert {f.name for f in fields(HelpRows)} | {"contacts"} == set(SUPPORT)


def test_every_block_that_a_theme_may_fill_is_documented():
    blocks = re.compile(r"{% block ([a-z_]+) %}")
    pages = "".join(path.read_text() for path in (ROOT / "base/templates").glob("*.html"))
    assert set(blocks.findall(pages)) == set(BLOCKS)
    assert set(blocks.findall((ROOT / "base/mail/layout.html.j2").read_text())) == set(MAIL_BLOCKS)
