"""The gallery as a folder of files: for a review by mail, on a stick, or on any web server."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from idp.admin.files import FileRefused
from idp.admin.folders import create_folder, is_empty, place_of, replace_folder
from idp.admin.gallery.copies import fetched_by, that_stays, weigh
from idp.admin.gallery.exhibits import EXHIBITS, Exhibit, LetterExhibit
from idp.admin.gallery.showing import STYLE, show
from idp.admin.gallery.sources import source_of
from idp.admin.theme_shelf import Shelf, Shown

_LIST: Final = "list.json"
# By what it names, a later export tells files of ours from those of somebody else.
_SUMS: Final = "idp-gallery.sha256"
_PATH = re.compile(r"""((?:\s(?:href|src|action|formaction)="|url\(["']?))(/[^"')]*)""")
_ELSEWHERE = re.compile(r'<form[^>]* action="https?:')
_CHARSET: Final = '<meta charset="utf-8">'
# The page that posts itself to a client would leave the folder at once.
_STAY: Final = """<meta http-equiv="Content-Security-Policy" content="form-action 'none'">"""


@dataclass(frozen=True, slots=True)
class Row:
    """One file of an export, as `list.json` names it."""

    page: str
    state: str
    theme: str
    language: str
    file: str
    bytes: int
    gzip: int


def write_gallery(shelf: Shelf, names: Sequence[str], folder: Path) -> list[Row]:
    """Write all states of these themes into a folder: new, empty, or wholly made by an export.

    Return a row a file. Raises ThemeRefused or FileRefused; then the folder is as it was.
    """
    place = place_of(folder)
    is_old = _check_place(folder, place)
    files: dict[str, bytes] = {}
    rows: list[Row] = []
    shown = [shelf.take(name) for name in names]
    for theme in shown:
        for language in shelf.languages:
            more_rows, more_files = _files_of(theme, language, shelf)
            rows += more_rows
            files |= more_files
    listed = json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1)
    files[_LIST] = f"{listed}\n".encode()
    files["gallery.css"] = STYLE.encode()
    files["index.html"] = _index(shown, shelf.languages, rows, files).encode()
    files[_SUMS] = _sums({name: _digest(octets) for name, octets in files.items()})
    (replace_folder if is_old else create_folder)(place, files)
    return rows


def _files_of(shown: Shown, language: str, shelf: Shelf) -> tuple[list[Row], dict[str, bytes]]:
    """Return all exhibits of a theme in a language, and their files by name."""
    inside = f"{shown.name}/{language}"
    rows: list[Row] = []
    files: dict[str, bytes] = {}
    for exhibit in EXHIBITS:
        told = that_stays(exhibit.detached(shown.theme, language))
        assets = {
            path: shown.theme.assets[path]
            for path in fetched_by(told)
            if path in shown.theme.assets
        }
        html = _relative(told, assets)
        for path, asset in assets.items():
            files[f"{inside}{path}"] = asset.body
        file = f"{inside}/{exhibit.slug}.html"
        files[file] = html.encode()
        if isinstance(exhibit, LetterExhibit):
            letter = exhibit.letter(shown.theme, language)
            files[f"{inside}/{exhibit.slug}.txt"] = letter.text.encode()
            files[f"{inside}/{exhibit.slug}.eml"] = source_of(letter, shelf.settings)
        rows.append(_row(exhibit, shown.name, language, file, html))
    return rows, files


def _row(exhibit: Exhibit, theme: str, language: str, file: str, html: str) -> Row:
    weight = weigh(html)
    return Row(exhibit.page, exhibit.state, theme, language, file, weight.bytes, weight.gzip)


def _relative(html: str, assets: Mapping[str, object]) -> str:
    """Return a page whose parts lie beside it, and whose other links on this site go nowhere."""

    def turn(found: re.Match[str]) -> str:
        return found[1] + (found[2][1:] if found[2] in assets else "#")

    if _ELSEWHERE.search(html):
        html = html.replace(_CHARSET, _CHARSET + _STAY, 1)
    return _PATH.sub(turn, html)


def _index(
    shown: Sequence[Shown],
    languages: Sequence[str],
    rows: Sequence[Row],
    files: Mapping[str, bytes],
) -> str:
    by_theme = [
        {
            "name": theme.name,
            "lowest": theme.lowest,
            "lines": _lines([row for row in rows if row.theme == theme.name], files),
        }
        for theme in shown
    ]
    return show("folder", themes=by_theme, languages=languages, rows=rows)


def _lines(rows: Sequence[Row], files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Return a line a state, with the files of all its languages."""
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        start = {"page": row.page, "state": row.state, "files": []}
        line = lines.setdefault((row.page, row.state), start)
        others = [row.file.removesuffix("html") + end for end in ("txt", "eml")]
        line["files"].append({**asdict(row), "others": [one for one in others if one in files]})
    return list(lines.values())


def _check_place(folder: Path, place: Path) -> bool:
    """Tell whether an export's folder is there, which may go. Raises FileRefused for any other."""
    if place in {Path.cwd(), *Path.cwd().parents}:
        raise FileRefused(f"{folder} is the folder you are in, or above it: name another one.")
    if is_empty(place):
        return False
    if not place.is_dir():
        raise FileRefused(f"{folder} is no folder; nothing was written.")
    strangers = _strangers(place)
    if strangers:
        raise FileRefused(
            f"{folder} holds {strangers[0]}, which no export made as it is; nothing was written."
        )
    return True


def _strangers(place: Path) -> list[str]:
    """Return what of a folder an export did not write, or not as it is now."""
    digests = _written(place)
    return [
        name
        for file in sorted(place.rglob("*"))
        if not _is_written(file, digests.get(name := str(file.relative_to(place))))
    ]


def _is_written(file: Path, digest: str | None) -> bool:
    """Tell whether a file is what its digest says; a folder is as good as what it holds."""
    try:
        if file.is_dir() and not file.is_symlink():
            return any(file.iterdir())
        is_plain = file.is_file() and not file.is_symlink()
        return is_plain and digest is not None and _digest(file.read_bytes()) == digest
    except OSError:
        return False


def _written(place: Path) -> dict[str, str]:
    """Return the digests of what the export of a folder wrote, by name; none if none did."""
    file = place / _SUMS
    try:
        lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    except (OSError, ValueError):
        return {}
    digests = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    return {**digests, _SUMS: _digest(_sums(digests))}


def _sums(digests: Mapping[str, str]) -> bytes:
    """Return what `sha256sum --check` reads."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()
