"""Where themes lie, and which of them stand behind each other."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from idp.theming.refused import ThemeRefused
from idp.theming.static import check_folder
from idp.theming.theme_file import THEME_FILE, Declared, read_theme_file

BASE = "base"


_DIGITS = 12  # of a fingerprint


@dataclass(frozen=True, slots=True)
class Folders:
    """The folder of the program's own themes, and that of the installation's."""

    shipped: Path
    own: Path | None = None

    @property
    def all(self) -> tuple[Path, ...]:
        return (self.shipped, self.own) if self.own else (self.shipped,)

    def find(self, name: str) -> Path | None:
        """Return the folder of a theme. Raise ThemeRefused for a name that the program has, too."""
        found = [root / name for root in self.all if (root / name / THEME_FILE).is_file()]
        if len(found) > 1 and not found[0].samefile(found[1]):
            what = f"the program has a theme {name!r} itself: give yours another name"
            raise ThemeRefused(found[1] / THEME_FILE, 1, what)
        return found[0] if found else None


def find_chain(folders: Folders, name: str, default: str = BASE) -> tuple[Declared, ...]:
    """Return a theme and all that stand behind it, the base last.

    A theme that names no parent stands on the `default` one, unless that stands on it. Raise
    ThemeRefused with its place for a lost parent, a circle and a folder that is left.
    """
    standing = _climb(folders, default, lambda _: BASE)
    names = [declared.folder.name for declared in standing]
    if name in names:
        return standing[names.index(name) :]
    return _climb(folders, name, lambda child: BASE if child in names else default)


def _climb(folders: Folders, name: str, parent: Callable[[str], str]) -> tuple[Declared, ...]:
    chain: list[Declared] = []
    refusal = ThemeRefused(folders.all[-1], 1, f"no usable theme {name!r}")
    while name:
        folder = folders.find(name) if "/" not in name else None
        if folder is None or any(folder == declared.folder for declared in chain):
            raise refusal
        check_folder(folder)
        declared = read_theme_file(folder)
        chain.append(declared)
        name = "" if name == BASE else declared.file.parent or parent(name)
        refusal = declared.refused(("parent",), f"no usable theme {name!r}")
    return tuple(chain)


def fingerprint(theme: Path) -> str:
    """Return hexadecimal digits that are others once a file of the theme is another."""
    digest = hashlib.sha256()
    for path in sorted(path for path in theme.rglob("*") if path.is_file()):
        for part in (str(path.relative_to(theme)).encode(), path.read_bytes()):
            digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:_DIGITS]
