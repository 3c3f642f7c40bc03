"""What browsers fetch: a theme's pictures and fonts, our script, under names that never change.

The name holds a hash of the content, so a browser may keep the file for ever.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from idp.theming.folders import held_in
from idp.theming.markup import check_markup
from idp.theming.refused import ThemeRefused, hinted

FOLDER = "static"
TYPES: Mapping[str, str] = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
_SCRIPT = "text/javascript; charset=utf-8"  # of ours; a theme's would run where passwords are typed
_WHY_NOT = {
    ".css": "rules belong into style.css",
    ".js": "a theme has no script of its own",
}
PICTURES = frozenset({".svg", ".png", ".jpg", ".webp"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LARGEST = 1_048_576  # bytes; it is held in memory, and fetched on a slow line
_INLINE = 1024  # bytes: a picture that small costs less than a request
_DIGITS = 8  # of the hash in a name
_UNQUOTED = " =:/;,()!*"  # what a data: URI may hold as it is, inside double quotes


@dataclass(frozen=True, slots=True)
class Asset:
    """What is served under one address."""

    body: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file of a theme: where it is served, and what."""

    path: Path
    address: str  # without the path of the issuer
    asset: Asset

    @property
    def is_picture(self) -> bool:
        return self.path.suffix in PICTURES

    @property
    def inline(self) -> str:
        """Return the file as a data: URI if it is small enough for that, else ""."""
        body, kind = self.asset.body, self.asset.content_type
        if len(body) > _INLINE:
            return ""
        if self.path.suffix == ".svg":  # text, which a page's own compression packs best as it is
            return f"data:{kind},{quote(body, safe=_UNQUOTED)}"
        return f"data:{kind};base64,{base64.b64encode(body).decode()}"


class Manifest:
    """The static files of a chain of themes by their names; a child's replaces its parent's."""

    def __init__(self, files: Mapping[str, StaticFile]) -> None:
        self._files = dict(files)

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def require(self, name: str) -> StaticFile:
        """Return a file by its name. Raise LookupError, with what is there, for an unknown one."""
        try:
            return self._files[name]
        except KeyError:
            raise LookupError(self.unknown(name)) from None

    def unknown(self, name: str) -> str:
        """Say that there is no such file, and which was probably meant."""
        return hinted(f"no file {name!r} in {FOLDER}/", name, self._files)

    @property
    def assets(self) -> dict[str, Asset]:
        return {file.address: file.asset for file in self._files.values()}


def read_static(themes: tuple[Path, ...]) -> Manifest:
    """Read the static files of a chain, ours first. Raise ThemeRefused for one of another kind."""
    files: dict[str, StaticFile] = {}
    found: list[ThemeRefused] = []
    for theme in reversed(themes):
        for path in held_in(theme / FOLDER):
            try:
                files[path.name] = _read(path)
            except ThemeRefused as refused:
                found += refused.all
    if found:
        raise ThemeRefused.joined(found)
    return Manifest(files)


def _read(path: Path) -> StaticFile:
    if not path.is_file() or not _NAME.fullmatch(path.name):
        raise ThemeRefused(path, 1, f"only files with plain names may lie in {FOLDER}/")
    if path.suffix not in TYPES:
        what = _WHY_NOT.get(path.suffix, "may be " + ", ".join(sorted(TYPES)))
        raise ThemeRefused(path, 1, f"{path.suffix or 'no suffix'}: {what}")
    if path.stat().st_size > _LARGEST:
        raise ThemeRefused(path, 1, "is larger than 1 MiB")
    asset = Asset(path.read_bytes(), TYPES[path.suffix])
    if path.suffix == ".svg":
        check_markup(path, asset.body.decode(errors="replace"))
    return StaticFile(path, _address(path.stem, path.suffix, asset), asset)


def _address(stem: str, suffix: str, asset: Asset) -> str:
    digest = hashlib.sha256(asset.body).hexdigest()[:_DIGITS]
    return f"/{FOLDER}/{stem}.{digest}{suffix}"


def script_asset(theme: str, locale: str, script: str) -> tuple[str, Asset]:
    """Return the address and the content of our script with a theme's words in one language."""
    asset = Asset(script.encode(), _SCRIPT)
    return _address(f"{theme}.{locale}", ".js", asset), asset
