"""A theme changes how a page looks and speaks, and never takes away what it works by."""

import time

import pytest

from idp.theming import ThemeRefused, load_themes
from idp.theming.essentials import Need, block_of, find_lost
from tests.theming.samples import LOCALES, ROOT, Help, Spoiled

FORM = (
    '<main id="main"><h1>x</h1><form method="post" action="/a"><input type="hidden" name="t" '
    'value="1"><input name="user"><button name="action" value="go">x</button></form></main>'
)


BARE = "{{ title }}\n<main>" + "".join(
    f"{{% block {name} %}}{{% endblock %}}"
    for name in ("style", "head", "brand", "language", "message", "main", "aside", "footer")
)
FIELDLESS = (
    "{% macro field(a, b, c, d) %}{% if false %}{{ caller() }}{% endif %}{% endmacro %}"
    "{% macro described(a, b, c) %}{% endmacro %}"
)


def refusal(spoiled: Spoiled) -> ThemeRefused:
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    return refused.value


@pytest.mark.parametrize(
    ("taken", "put", "kinds"),
    [
        ('id="main"', "", ["main"]),
        ("<h1>x</h1>", "", ["h1"]),
        ("<h1>x</h1>", "<h1>x</h1><h1>y</h1>", ["h1"]),
        ('type="hidden" name="t"', 'type="hidden" name="u"', ["hidden"]),
        ('value="1"', 'value="2"', ["hidden"]),
        ('name="user"', "", ["field"]),
        ('value="go"', "", ["button"]),
        ("button", "span", ["button"]),
        ('action="/a"', 'action="/b"', ["button", "field", "form", "hidden"]),
        ('method="post"', "", ["button", "field", "form", "hidden"]),
        ('method="post"', 'method="post" enctype="text/plain"', ["form"]),
        ('method="post"', 'method="post" rel="noreferrer"', ["form"]),
        ("<button", '<button type="button"', ["button"]),
        ("<button", '<button type="button" type="submit"', ["button"]),
        ("<button", "<button disabled", ["button"]),
        ("<button", '<button form="other"', ["button"]),
        ('name="user"', 'name="user" type="password"', ["field"]),
        ('name="user"', 'name="user" maxlength="2"', ["field"]),
        ('name="user"', 'name="user" READONLY', ["field"]),
        ('<input name="user">', '<div hidden/><input name="user"></div>', ["field"]),
        ('<input name="user">', '<DIV INERT><div></div><input name="user"></DIV>', ["field"]),
        ("<button", "</form><button", ["button"]),
        ("<button", "<div hidden></form></div><button", ["button"]),
        (
            "<form",
            '<div hidden><form action="/a"></div><form',
            ["button", "field", "form", "hidden"],
        ),
    ],
)
def test_what_a_page_works_by_is_missed(taken: str, put: str, kinds: list[str]):
    assert [need.kind for need in find_lost(FORM.replace(taken, put), FORM)] == kinds


def test_what_stands_in_a_comment_is_not_there():
    hidden = FORM.replace("<form", "<!-- <form").replace("</form>", "</form> -->")
    assert len(find_lost(hidden, FORM)) == 4


@pytest.mark.parametrize(
    "around",
    [
        *("details", "dialog", "noscript", "plaintext", "select", "svg", "template", "textarea"),
        *("div hidden", "div inert", "fieldset disabled", "form", "TEMPLATE", "xmp"),
    ],
)
def test_what_is_buried_does_not_work(around: str):
    buried = FORM.replace("<h1>", f"<{around}><h1>").replace("</main>", f"</{around}></main>")
    kinds = {need.kind for need in find_lost(buried, FORM)}
    assert {"button", "field", "form", "hidden"} <= kinds
    closed = f"<{around}>y</{around.split(maxsplit=1)[0]}>"
    after = FORM.replace("<h1>", f"{closed}<h1>")
    assert around == "plaintext" or find_lost(after, FORM) == []


def test_what_a_page_of_ours_has_in_details_is_no_loss():
    ours = FORM.replace("</main>", "<details><summary>x</summary><p>y</p></details></main>")
    assert find_lost(ours, ours) == []
    assert find_lost(FORM, ours) == []


@pytest.mark.parametrize("unclosed", ["<p>x</p", "<br", '<a href="/x>x</a>'])
def test_what_a_tag_swallows_that_is_not_closed_is_missed(unclosed: str):
    kinds = {need.kind for need in find_lost(FORM.replace("<form", f"{unclosed}\n<form"), FORM)}
    assert "form" in kinds


def test_what_works_otherwise_is_told_with_what_it_had():
    changed = FORM.replace("<button", '<button type="button"')
    assert [need.told for need in find_lost(changed, FORM)] == [
        "the button action=go with type=submit"
    ]


def test_what_one_of_two_forms_to_one_address_loses_is_missed(spoiled):
    path = spoiled.write(
        "templates/login.html",
        (ROOT / "base/templates/login.html").read_text("utf-8").replace("{{ hidden }}", ""),
    )
    refused = refusal(spoiled)
    assert refused.path == path
    assert "hidden field" in refused.what


@pytest.mark.parametrize(
    ("taken", "put"),
    [
        ("x", "y"),
        ('<input name="user">', '<p>y</p><input name="user" value="typed" class="wide">'),
        ("</main>", '<form action="/search"><input name="q"></form></main>'),
        ("</main>", "<!-- nothing --></main>"),
    ],
)
def test_words_attributes_and_what_is_added_are_the_themes_own(taken: str, put: str):
    assert find_lost(FORM.replace(taken, put), FORM) == []


def test_a_loss_in_the_form_of_the_language_is_looked_for_in_its_block():
    switch = Need("button", "language", "bn", "post /l")
    token = Need("hidden", "t", "1", "post /l")
    assert block_of([switch, token]) == "language"
    assert block_of([switch, Need("h1")]) == "main"
    assert block_of([Need("main"), token]) == ""


@pytest.mark.parametrize(
    ("name", "template", "line", "what"),
    [
        (
            "login.html",
            '{% extends "!login.html" %}\n\n{% block main %}<h1>{{ title }}</h1>{% endblock %}',
            3,
            "the page loses the button action=forgot, the button action=submit, the field password",
        ),
        (
            "layout.html",
            '{% extends "!layout.html" %}\n{% block language %}{% endblock %}',
            2,
            "the button language=en",
        ),
        (
            "code.html",
            '{% extends "!code.html" %}\n{% block main %}{{ super() }}<h1>2</h1>{% endblock %}',
            2,
            "its one <h1>",
        ),
        (
            "layout.html",
            BARE,
            1,
            'its id="main"',
        ),
        (
            "login.html",
            '{% extends "!login.html" %}\n{% block main %}<details>{{ super() }}{% endblock %}',
            2,
            "the field password",
        ),
        ("parts.html", FIELDLESS, 1, "the field userid"),
        ("aside.html", "\n<h1>help</h1>", 1, "its one <h1>"),
    ],
)
def test_a_theme_that_takes_it_away_is_refused_at_its_block(spoiled, name, template, line, what):
    path = spoiled.write(f"templates/{name}", template)
    refused = refusal(spoiled)
    assert (refused.path, refused.line) == (path, line), refused
    assert what in refused.what, refused


def test_a_loss_in_one_state_and_language_is_found(spoiled):
    path = spoiled.write(
        "templates/code.html",
        '{% extends "!code.html" %}\n{% block main %}'
        '{% if view.wait and locale == "en" %}<h1>x</h1>{% else %}{{ super() }}{% endif %}'
        "{% endblock %}",
    )
    refused = refusal(spoiled)
    assert (refused.path, refused.line) == (path, 2)
    assert "state “code" in refused.what


@pytest.mark.parametrize(
    ("name", "template", "what"),
    [
        ("code.txt.j2", "{{ facts.minutes }}", "“code” the letter loses the code"),
        ("code.html.j2", "<p>{{ facts.code[:3] }} {{ facts.code[3:] }}</p>", "loses the code"),
        ("reset.txt.j2", "{{ facts.host }}", "“reset” the letter loses the link"),
        ("welcome.html.j2", "<p>{{ facts.page }}</p>", "“welcome” the letter loses the link"),
        (
            "reset.html.j2",
            '<p>{% if locale == "bn" %}{{ facts.url }}{% endif %}</p>',
            "“reset” the letter loses the link",
        ),
    ],
)
def test_a_letter_that_does_not_bring_what_it_is_sent_for_is_refused(spoiled, name, template, what):
    path = spoiled.write(f"mail/{name}", template)
    refused = refusal(spoiled)
    assert (refused.path, refused.line, len(refused.all)) == (path, 1, 1)
    assert what in refused.what


def test_a_letters_loss_is_not_told_of_the_sidebar(spoiled):
    spoiled.write("templates/aside.html", "<p>help</p>")
    blocks = "".join(
        f"{{% block {name} %}}{{% endblock %}}" for name in ("greet", "body", "origin")
    )
    path = spoiled.write("mail/layout.txt.j2", f"{{% if false %}}{blocks}{{% endif %}}")
    assert {one.path for one in refusal(spoiled).all} == {path}


def test_a_letter_may_say_less_than_the_base_does(spoiled):
    spoiled.write("mail/code.txt.j2", "{{ facts.code }}")
    spoiled.write("mail/changed.html.j2", "<p>{{ facts.email }}</p>")
    spoiled.load()


def test_the_trial_of_changed_pages_is_quick(spoiled):
    spoiled.write("templates/layout.html", '{% extends "!layout.html" %}')
    spoiled.load()  # whatever is remembered is now
    took = []
    for name in ("portal", "mine"):
        start = time.process_time()
        load_themes(spoiled.root, name, locales=LOCALES, support=Help())
        took.append(time.process_time() - start)
    assert took[1] - took[0] < 0.6  # it is 0.2 on an idle machine
