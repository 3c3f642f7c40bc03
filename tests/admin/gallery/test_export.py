"""An export is whole, tells the truth about itself, and works from a folder."""

import gzip
import hashlib
import json
import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from idp.admin.files import FileRefused
from idp.admin.gallery import EXHIBITS, write_gallery
from idp.admin.gallery.exhibits import LetterExhibit
from idp.admin.theme_shelf import Shelf
from idp.theming import ThemeRefused
from tests.admin.gallery.conftest import THEME, settings_with
from tests.theming.reading import read

FIELDS = ["page", "state", "theme", "language", "file", "bytes", "gzip"]
LANGUAGES = ("bn", "en")
REFERENCE = re.compile(r"""\s(?:href|src|action|formaction)="([^"]*)"|url\(["']?([^"')]+)""")


@pytest.fixture(scope="session", name="folder")
def _folder(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "gallery"
    write_gallery(shelf, shelf.names, folder)
    return folder


def rows_of(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "list.json").read_bytes())
    return rows


def test_the_list_names_every_state_of_every_theme_and_language_once(folder: Path):
    found = [(row["theme"], row["language"], row["page"], row["state"]) for row in rows_of(folder)]
    assert len(set(found)) == len(found)
    assert set(found) == {
        (theme, language, exhibit.page, exhibit.state)
        for theme in ("base", "portal", "ministry", "mine")
        for language in LANGUAGES
        for exhibit in EXHIBITS
    }


def test_each_row_has_these_fields_and_agrees_with_its_file(folder: Path):
    for row in rows_of(folder):
        assert list(row) == FIELDS
        octets = (folder / row["file"]).read_bytes()
        assert row["bytes"] == len(octets)
        assert row["gzip"] == len(gzip.compress(octets, 6, mtime=0))
        assert f'<html lang="{row["language"]}">' in octets.decode()


def test_every_file_is_in_the_list_or_belongs_to_one_that_is(folder: Path):
    known = {row["file"] for row in rows_of(folder)}
    for file in folder.rglob("*"):
        name = file.relative_to(folder)
        if file.is_file() and name.suffix == ".html" and len(name.parts) > 1:
            assert str(name) in known
    for letter in (e for e in EXHIBITS if isinstance(e, LetterExhibit)):
        for end in ("txt", "eml"):
            assert (folder / "portal" / "bn" / f"{letter.slug}.{end}").stat().st_size > 100


def test_every_address_inside_leads_to_a_file_or_nowhere(folder: Path):
    for file in folder.rglob("*.html"):
        text = file.read_text("utf-8")
        for address in (first or second for first, second in REFERENCE.findall(text)):
            if not address or address.startswith(
                ("#", "data:", "https://", "tel:", "mailto:", "http://")
            ):
                continue
            assert not address.startswith("/"), (file, address)
            place = unquote(address.partition("#")[0])
            assert (file.parent / place).is_file(), (file, address)
            assert (file.parent / place).resolve().is_relative_to(folder.resolve())


def test_nothing_is_fetched_from_elsewhere(folder: Path):
    for file in (folder / "mine" / "bn").glob("*.html"):
        page = read(file.read_text("utf-8"))
        fetched = [element.attributes.get("src", "") for element in page.elements]
        fetched += [element.attributes["href"] for element in page.all("link")]
        assert not [one for one in fetched if "//" in one.partition(",")[0]], file


def test_a_picture_lies_beside_the_pages_of_its_theme(folder: Path):
    [file] = (folder / "mine" / "bn" / "static").glob("seal.*.svg")
    page = read((folder / "mine" / "bn" / "login-fresh.html").read_text("utf-8"))
    assert f"static/{file.name}" in [e.attributes["src"] for e in page.all("img")]


def test_no_form_leaves_the_folder(folder: Path):
    for file in folder.rglob("*.html"):
        text = file.read_text("utf-8")
        actions = re.findall(r'<form[^>]* action="([^"]*)"', text)
        if any(action != "#" for action in actions):
            assert "content=\"form-action 'none'\"" in text, (file, actions)


def test_a_page_weighs_what_the_server_would_send(folder: Path, shelf: Shelf):
    theme = shelf.take("portal").theme
    rows = {(row["theme"], row["language"], row["file"]): row for row in rows_of(folder)}
    for exhibit in EXHIBITS[:20]:
        sent = exhibit.html(theme, "bn").encode()
        told = rows["portal", "bn", f"portal/bn/{exhibit.slug}.html"]
        assert abs(told["gzip"] - len(gzip.compress(sent, 6, mtime=0))) <= 16


def test_the_index_leads_to_every_file(folder: Path):
    text = (folder / "index.html").read_text("utf-8")
    for row in rows_of(folder):
        assert f'href="{row["file"]}"' in text
    assert "lowest contrast" in text


@pytest.fixture(name="few")
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only some exhibits, where all of them would say no more."""
    monkeypatch.setattr("idp.admin.gallery.export.EXHIBITS", (EXHIBITS[0], EXHIBITS[-1]))


@pytest.mark.usefixtures("few")
def test_one_theme_alone_can_be_written(shelf: Shelf, tmp_path: Path):
    rows = write_gallery(shelf, ["ministry"], tmp_path / "out")
    assert {row.theme for row in rows} == {"ministry"}
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "gallery.css",
        "idp-gallery.sha256",
        "index.html",
        "list.json",
        "ministry",
    ]


def small(shelf: Shelf, folder: Path) -> None:
    write_gallery(shelf, ["portal"], folder)


@pytest.mark.usefixtures("few")
def test_an_empty_folder_is_filled_and_an_export_replaced(shelf: Shelf, tmp_path: Path):
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)
    write_gallery(shelf, ["mine"], folder)
    write_gallery(shelf, ["portal"], folder)
    assert {row["theme"] for row in rows_of(folder)} == {"portal"}
    assert not (folder / "mine").exists()
    assert list(folder.parent.iterdir()) == [folder]


def a_file(folder: Path) -> None:
    folder.write_text("mine")


def a_folder_of_somebody(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")


def a_folder_with_another_list(folder: Path) -> None:
    folder.mkdir()
    (folder / "list.json").write_text('[{"file": 1}, 2]')
    (folder / "thesis.html").write_text("mine")


def a_list_that_names_its_neighbour(folder: Path) -> None:
    folder.mkdir()
    (folder / "list.json").write_text('[{"file": "../notes.html"}]')
    (folder / "thesis.html").write_text("mine")


def a_site_of_somebody(folder: Path) -> None:
    folder.mkdir()
    (folder / "index.html").write_text("mine")


def a_project_with_static_files(folder: Path) -> None:
    (folder / "a" / "b" / "static").mkdir(parents=True)
    (folder / "a" / "b" / "static" / "thesis.doc").write_text("mine")


def a_list_that_names_what_is_there(folder: Path) -> None:
    folder.mkdir()
    (folder / "list.json").write_text('[{"file": "thesis.html"}]')
    (folder / "thesis.html").write_text("mine")


def sums_of_something_else(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.html").write_text("mine")
    digest = hashlib.sha256(b"yours").hexdigest()
    (folder / "idp-gallery.sha256").write_text(f"{digest}  thesis.html\n")


def sums_with_a_note(folder: Path) -> None:
    folder.mkdir()
    (folder / "idp-gallery.sha256").write_text("remember: mine\n")


@pytest.mark.parametrize(
    "make",
    [
        a_file,
        a_folder_of_somebody,
        a_folder_with_another_list,
        a_list_that_names_its_neighbour,
        a_site_of_somebody,
        a_project_with_static_files,
        a_list_that_names_what_is_there,
        sums_of_something_else,
        sums_with_a_note,
    ],
    ids=lambda make: make.__name__,
)
def test_what_no_export_made_is_not_touched(make: Any, shelf: Shelf, tmp_path: Path):
    folder = tmp_path / "out"
    make(folder)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(FileRefused) as refused:
        small(shelf, folder)
    assert str(folder) in str(refused.value)
    assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == before


@pytest.mark.usefixtures("few")
def test_a_file_put_into_an_export_keeps_it_from_being_replaced(shelf: Shelf, tmp_path: Path):
    folder = tmp_path / "out"
    small(shelf, folder)
    (folder / "portal" / "remarks.txt").write_text("mine")
    with pytest.raises(FileRefused, match=r"holds portal/remarks\.txt, which no export made"):
        small(shelf, folder)
    assert (folder / "portal" / "remarks.txt").read_text() == "mine"


def changed(folder: Path) -> str:
    (folder / "index.html").write_text("mine")
    return "index.html"


def put_beside_our_pictures(folder: Path) -> str:
    (folder / "mine" / "bn" / "static" / "thesis.doc").write_text("mine")
    return "mine/bn/static/thesis.doc"


def a_folder_that_waits_for_files(folder: Path) -> str:
    (folder / "remarks").mkdir()
    return "remarks"


def a_link_in_place_of_a_file(folder: Path) -> str:
    page = folder / "index.html"
    page.rename(folder.parent / "elsewhere.html")
    page.symlink_to(folder.parent / "elsewhere.html")
    return "index.html"


def noted_in_the_sums(folder: Path) -> str:
    with (folder / "idp-gallery.sha256").open("a") as sums:
        sums.write("remember: mine\n")
    return "idp-gallery.sha256"


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    "work",
    [
        changed,
        put_beside_our_pictures,
        a_folder_that_waits_for_files,
        a_link_in_place_of_a_file,
        noted_in_the_sums,
    ],
    ids=lambda work: work.__name__,
)
def test_work_of_somebody_in_an_export_is_kept(work: Any, shelf: Shelf, tmp_path: Path):
    folder = tmp_path / "out"
    write_gallery(shelf, ["mine"], folder)
    name = work(folder)
    before = sorted(folder.rglob("*"))
    with pytest.raises(FileRefused, match=re.escape(f"holds {name}, which no export made")):
        small(shelf, folder)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.usefixtures("few")
def test_an_export_from_which_a_file_was_taken_is_still_one(shelf: Shelf, tmp_path: Path):
    folder = tmp_path / "out"
    small(shelf, folder)
    (folder / "index.html").unlink()
    small(shelf, folder)
    assert (folder / "index.html").is_file()


@pytest.mark.usefixtures("few")
def test_the_sums_are_those_that_sha256sum_checks(shelf: Shelf, tmp_path: Path):
    small(shelf, tmp_path / "out")
    command = ["sha256sum", "--strict", "--check", "idp-gallery.sha256"]
    done = subprocess.run(command, cwd=tmp_path / "out", capture_output=True, text=True, check=True)
    files = [file for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert done.stdout.count(": OK\n") == len(files) - 1


def test_the_folder_somebody_stands_in_is_refused(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for folder in (Path(), tmp_path.parent):
        with pytest.raises(FileRefused, match="the folder you are in"):
            small(shelf, folder)


def test_a_refused_theme_leaves_nothing_behind(own: Path, tmp_path: Path):
    shelf = Shelf(settings_with(own.parent))
    (own / "theme.toml").write_text(THEME.replace("#7a1f5c", "#f0f0f0"), "utf-8")
    with pytest.raises(ThemeRefused):
        write_gallery(shelf, ["portal", "own"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_others_may_read_what_was_written(folder: Path):
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((folder / "index.html").stat().st_mode) == 0o666 & ~mask
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777 & ~mask


def test_no_page_of_an_export_posts_itself_to_a_client(folder: Path):
    page = (folder / "portal" / "bn" / "form-post.html").read_text("utf-8")
    assert read(page).has("form", method="post")
    assert not [e for e in read(page).all("script") if "src" not in e.attributes]
