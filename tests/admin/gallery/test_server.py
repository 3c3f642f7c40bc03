"""The gallery answers each switch, shows a refused theme, and talks to this machine alone."""

import re
import threading
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import requests

from idp.admin.gallery import EXHIBITS, Gallery, Listener
from idp.admin.gallery.copies import weigh
from idp.admin.gallery.exhibits import BY_SLUG, MAILS
from idp.admin.gallery.switches import CHOICES
from idp.admin.theme_shelf import Shelf
from tests.admin.gallery.conftest import THEME, Get, settings_with, visiting
from tests.theming.reading import read

LETTER = MAILS[0].slug
EVERY_CHOICE = [(name, choice) for name, choices in CHOICES.items() for choice in choices]


def copy_of(text: str) -> str:
    address: str
    [address] = re.findall(r'<iframe[^>]* src="([^"]*)"', text)
    return address.replace("&amp;", "&")


def test_the_index_names_every_exhibit_with_what_it_weighs(get: Get, shelf: Shelf):
    text = get("/").text
    for exhibit in EXHIBITS:
        assert f'href="/look/{exhibit.slug}?theme=portal&amp;language=bn' in text
    weight = weigh(BY_SLUG["login-fresh"].html(shelf.take("portal").theme, "bn"))
    row = text.partition("/look/login-fresh?")[2].partition("</tr>")[0]
    told = re.findall(r'class="n">([\d,]+)<', row)
    assert told == [f"{weight.bytes:,}", f"{weight.gzip:,}", str(weight.requests)]
    lowest = shelf.take("portal").lowest
    assert f"{lowest.ratio:.2f} : 1 ({lowest.ink} on {lowest.ground}, {lowest.scheme}" in text


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.slug)
def test_every_exhibit_is_shown_in_a_frame_of_its_own(exhibit, get: Get, shelf: Shelf):
    answer = get(f"/look/{exhibit.slug}?language=en")
    assert answer.status_code == 200
    page = read(answer.text)
    assert page.one("h1").text == f"{exhibit.page}: {exhibit.state}"
    framed = get(copy_of(answer.text)).text
    theme = shelf.take("portal").theme
    assert read(framed).one("title").text == read(exhibit.html(theme, "en")).one("title").text


@pytest.mark.parametrize("theme", ["base", "portal", "ministry", "mine"])
@pytest.mark.parametrize("language", ["bn", "en"])
def test_theme_and_language_can_be_chosen(theme: str, language: str, get: Get):
    query = f"theme={theme}&language={language}"
    text = get(f"/look/login-fresh?{query}").text
    assert f"<option selected>{theme}</option>" in text
    assert read(get(copy_of(text)).text).one("html").lang == language


@pytest.mark.parametrize(("name", "choice"), EVERY_CHOICE)
def test_every_other_switch_can_be_set_and_stays(name: str, choice: str, get: Get):
    for place in ("/", "/look/login-fresh", f"/look/{LETTER}"):
        answer = get(f"{place}?{name}={choice}")
        assert answer.status_code == 200
        assert f"<option selected>{choice}</option>" in answer.text
        assert f"{name}={choice}" in answer.text


def test_a_width_is_that_of_the_frame(get: Get):
    style = get("/gallery.css").text
    for width in CHOICES["width"]:
        assert f'<iframe class="w{width}"' in get(f"/look/login-fresh?width={width}").text
        assert f".w{width}{{width:{int(width) + 2}px}}" in style  # with its border


def test_the_night_and_forced_colours_are_shown_and_the_latter_called_a_simulation(get: Get):
    day, night, forced = (
        get(f"/copy/login-fresh.html?colours={choice}").text for choice in CHOICES["colours"]
    )
    assert "@media (min-width:0){" in night
    assert "@media (max-width:0){" in day
    assert "background:#000!important" in forced
    assert "simulation" in get("/look/login-fresh?colours=forced").text
    assert "simulation" not in get("/look/login-fresh?colours=dark").text


def test_without_script_a_copy_may_run_none(get: Get):
    on, off = (
        get(f"/copy/login-fresh.html?script={choice}").headers["Content-Security-Policy"]
        for choice in ("on", "off")
    )
    assert "script-src 'self'; sandbox allow-scripts" in on
    assert "script-src 'none'; sandbox allow-same-origin" in off
    assert all("form-action 'none'" in policy for policy in (on, off))


def test_long_words_are_longer(get: Get):
    real, long = (get(f"/copy/login-fresh.html?words={choice}").text for choice in ("real", "long"))
    assert len(read(long).one("h1").text) > len(read(real).one("h1").text)
    assert read(long).one("h1").text.startswith("[")


@pytest.mark.parametrize("exhibit", MAILS, ids=lambda exhibit: exhibit.slug)
def test_a_letter_is_shown_as_html_text_and_source(exhibit, get: Get, shelf: Shelf):
    letter = exhibit.letter(shelf.take("portal").theme, "bn")
    shown = get(f"/look/{exhibit.slug}").text
    assert read(shown).all("pre")[0].text.split() == letter.text.split()
    text, source = (get(f"/copy/{exhibit.slug}.{end}") for end in ("txt", "eml"))
    assert text.text == letter.text
    assert {one.headers["Content-Type"] for one in (text, source)} == {"text/plain; charset=utf-8"}
    mail = message_from_bytes(source.data, policy=default)
    assert str(mail["From"]).endswith("<no-reply@example.gov.bd>")
    assert mail["Subject"] == letter.subject
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<gallery@sso.example.gov.bd>"
    assert source.text.count("Content-Transfer-Encoding: base64") == 2


def test_what_a_page_fetches_is_there(get: Get):
    text = get("/copy/login-fresh.html?theme=mine").text
    addresses = re.findall(r'src="(/static/[^"]+)"', text)
    assert any(address.startswith("/static/seal.") for address in addresses)
    for address in addresses:
        assert get(address).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/nothing",
        "/look/nothing",
        "/look/../etc/passwd",
        "/copy/login-fresh.txt",
        "/copy/login-fresh.eml",
        "/copy/nothing.html",
        "/static/../../etc/passwd",
        "/static/nothing.js",
        "/?theme=nothing",
        "/?theme=../../etc",
        "/look/login-fresh?language=xx",
        "/look/login-fresh?width=1",
        "/?colours=%3Cscript%3E",
        "/?nothing=1",
    ],
)
def test_what_is_not_there_is_told_on_a_page_that_leads_back(address: str, get: Get):
    answer = get(address)
    assert answer.status_code == 404
    assert '<a href="/">' in answer.text
    assert "<script" not in answer.text


def test_nothing_can_be_posted(get: Get):
    assert get("/", "POST").status_code == 405


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example"])
def test_a_foreign_name_for_this_machine_is_told_nothing(host: str, get: Get):
    answer = get("/", host=host)
    assert answer.status_code == 400
    assert "login" not in answer.text


def test_localhost_is_this_machine(get: Get):
    assert get("/", host="localhost:8000").status_code == 200


@pytest.mark.parametrize("address", ["/", f"/look/{LETTER}", "/nothing"])
def test_its_own_pages_fetch_nothing_foreign_and_run_nothing(address: str, get: Get):
    answer = get(address)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; frame-src 'self'")
    assert "script" not in policy
    assert "https://" not in re.sub(r"<pre.*?</pre>", "", answer.text, flags=re.DOTALL)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_change_of_a_file_is_seen_at_the_next_load(own: Path):
    get = visiting(Shelf(settings_with(own.parent)), "own")
    assert "#7a1f5c" in get("/copy/login-fresh.html").text
    (own / "theme.toml").write_text(THEME.replace("#7a1f5c", "#5c1f7a"), "utf-8")
    assert "#5c1f7a" in get("/copy/login-fresh.html").text


def test_a_refused_theme_is_a_page_with_the_place_until_it_is_mended(own: Path):
    get = visiting(Shelf(settings_with(own.parent)), "own")
    (own / "theme.toml").write_text(THEME.replace("#7a1f5c", "#f0f0f0"), "utf-8")
    for address in ("/", "/look/login-fresh", "/copy/login-fresh.html"):
        answer = get(address)
        assert answer.status_code == 422
        assert f"{own / 'theme.toml'}:4" in answer.text
        assert "contrast" in answer.text
    assert get("/?theme=portal").status_code == 200
    (own / "theme.toml").write_text(THEME, "utf-8")
    assert get("/").status_code == 200


def test_a_theme_that_comes_while_it_is_shown_is_offered(own: Path):
    get = visiting(Shelf(settings_with(own.parent)))
    (own.parent / "new").mkdir()
    (own.parent / "new" / "theme.toml").write_text(THEME, "utf-8")
    assert "<option>new</option>" in get("/").text
    assert get("/?theme=new").status_code == 200


def test_it_writes_nothing(own: Path):
    get = visiting(Shelf(settings_with(own.parent)), "own")
    before = sorted(own.parent.rglob("*"))
    for address in ("/", "/look/login-fresh", f"/look/{LETTER}", f"/copy/{LETTER}.eml"):
        get(address)
    assert sorted(own.parent.rglob("*")) == before


def test_it_listens_on_this_machine_alone_until_it_is_told_to_stop(shelf: Shelf):
    listener = Listener(Gallery(shelf, "portal"), 0)
    thread = threading.Thread(target=listener.serve)
    thread.start()
    try:
        assert listener.url == f"http://127.0.0.1:{listener.port}/"
        assert requests.get(f"{listener.url}gallery.css", timeout=10).status_code == 200
        with pytest.raises(OSError, match="in use"):
            Listener(Gallery(shelf, "portal"), listener.port)
    finally:
        listener.stop()
        thread.join(10)
    assert not thread.is_alive()
