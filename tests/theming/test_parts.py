"""An author is told of all mistakes at once, not of one kind after the other."""

import pytest

from idp.theming import ThemeRefused, loading, parts
from idp.theming.static import read_static
from tests.theming.samples import Spoiled


def test_mistakes_of_every_kind_are_told_in_one_run(tmp_path):
    spoiled = Spoiled(tmp_path)
    toml = spoiled.write(
        "theme.toml", 'parent = "portal"\ncolour = 1\n[tokens.light]\naction = "#ffffff"\n'
    )
    login = spoiled.write("templates/login.html", "\n{{ nobody }}")
    code = spoiled.write("templates/code.html", '\n\n{{ say("no.such") }}<p onclick="x">')
    sheet = spoiled.write("style.css", "a{color:$nothing}")
    static = spoiled.write("static/run.exe", "")
    bn = spoiled.words("bn", 'msgid "login.h1"\nmsgstr ""\n')
    en = spoiled.words("en", 'msgid "no.such"\nmsgstr "x"\n')
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    found = refused.value.all
    assert (found[0].path, found[0].line) == (toml, 2)
    places = {(one.path, one.line) for one in found}
    assert places == {
        (toml, 2),
        (toml, 4),
        (login, 2),
        (code, 3),
        (sheet, 1),
        (static, 1),
        (bn, 4),
        (en, 4),
    }
    assert len({str(one) for one in found}) == len(found)
    assert not [one for one in found if "run.exe" in one.what]


def test_files_that_are_refused_make_no_template_wrong(tmp_path):
    spoiled = Spoiled(tmp_path)
    spoiled.write("static/map.gif", "")
    spoiled.write(
        "templates/login.html",
        '{% include "!login.html" %}<img src="{{ static("map.gif") }}" alt="">',
    )
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    assert [one.path.name for one in refused.value.all] == ["map.gif"]


def test_nothing_more_is_told_of_a_theme_whose_parent_is_lost(tmp_path):
    spoiled = Spoiled(tmp_path)
    spoiled.write("theme.toml", 'parent = "portl"')
    spoiled.write("static/run.exe", "")
    with pytest.raises(ThemeRefused) as refused:
        spoiled.load()
    assert len(refused.value.all) == 1


@pytest.mark.parametrize(
    ("mistake", "what"),
    [
        ("{{ 60 // view.wait }}", "by zero"),
        ('{{ "100 %"|format(view.wait) }}', "incomplete format"),
        ('{{ "%q"|format(view.wait) }}', "unsupported format character"),
        ("{{ 2.0 ** 5000 }}", "out of range"),
        ("{{ locale|dictsort }}", "no attribute 'items'"),
        (
            "{% macro again(n) %}{{ again(n + 1) }}{% endmacro %}{{ again(1) }}",
            "recursion depth exceeded",
        ),
    ],
)
def test_what_python_raises_of_a_template_is_told_with_its_line(tmp_path, mistake, what):
    spoiled = Spoiled(tmp_path)
    page = spoiled.write(
        "templates/code.html",
        f'{{% extends "!code.html" %}}\n{{% block intro %}}\n{mistake}\n{{% endblock %}}',
    )
    with pytest.raises(ThemeRefused, match=what) as refused:
        spoiled.load()
    [one] = refused.value.all
    assert (one.path, one.line) == (page, 3)


def test_a_catalogue_that_python_cannot_read_is_a_refusal(tmp_path, monkeypatch):
    def unreadable(*_):
        raise ValueError("plural?")

    spoiled = Spoiled(tmp_path)
    monkeypatch.setattr(loading, "load_catalogue", unreadable)
    monkeypatch.setattr(parts, "load_catalogue", unreadable)
    with pytest.raises(ThemeRefused, match="plural"):
        spoiled.load()


def test_static_files_are_read_once_for_their_faults_and_their_names(tmp_path, monkeypatch):
    spoiled = Spoiled(tmp_path)
    spoiled.write("theme.toml", "colour = 1\n")
    read: list[object] = []

    def counted(paths):
        read.append(paths)
        return read_static(paths)

    monkeypatch.setattr(parts, "read_static", counted)
    with pytest.raises(ThemeRefused):
        spoiled.load()
    assert len(read) == 1
