import pytest

from idp.model.page import Page
from idp.theming import Frame, ThemeRefused
from tests.theming.reading import read
from tests.theming.samples import Spoiled

FRESH = Page("login", {"user_id": ""})


@pytest.fixture
def spoiled(tmp_path):
    return Spoiled(tmp_path)


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
        ("\n{{ frame.hidden.clear() }}", 2, "unsafe"),
        ("\n{{ 1 + say }}", 2, "unsupported operand"),
    ],
)
def test_a_wrong_template_is_refused_with_its_place(spoiled, template, line, what):
    path = spoiled.write("templates/login.html", template)
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    assert str(refused.value).startswith(f"{path}:{line}: "), refused.value
    assert what in refused.value.what


def test_a_template_that_is_not_utf_8_is_refused(spoiled):
    spoiled.write("templates/login.html", "").write_bytes(b"\xff")
    with pytest.raises(ThemeRefused, match="not UTF-8"):
        spoiled.load()


def test_a_template_of_another_suffix_is_escaped_too(spoiled):
    spoiled.write("templates/odd.svg", "{{ frame.client }}")
    spoiled.write("templates/login.html", '{% include "odd.svg" %}')
    html = spoiled.load().page(FRESH, Frame(action="/", locale="bn", client="<b>"))
    assert html == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("toml", "what"),
    [
        ('parent = "nobody"', "nobody"),
        ('\nparent = "mine"', "mine"),
        ('parent = "../portal"', "portal"),
    ],
)
def test_a_lost_or_circular_parent_is_refused(spoiled, toml, what):
    path = spoiled.write("theme.toml", toml)
    with pytest.raises(ThemeRefused, match=what) as refused:
        spoiled.load()
    assert refused.value.path == path


def test_an_unknown_theme_is_refused(spoiled):
    with pytest.raises(ThemeRefused, match="no usable theme 'nobody'"):
        spoiled.load("nobody")
