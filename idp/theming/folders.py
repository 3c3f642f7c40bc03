"""Where themes lie, and which of them stand behind each other."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from idp.settings.diagnostics import did_you_mean
from idp.theming.refused import ThemeRefused
from idp.theming.theme_file import THEME_FILE, Declared, read_theme_file

BASE = "base"
Read: TypeAlias = Callable[[Path], Declared]
Stamp: TypeAlias = tuple[tuple[Path, int, int, int], ...]
_DIGITS = 12  # of a fingerprint
_LEFT_BEHIND = ("thumbs.db", "desktop.ini")  # Windows writes them by itself


@dataclass(frozen=True, slots=True)
class Folders:
    """The folder of the program's own themes, and that of the installation's."""

    shipped: Path
    own: Path | None = None

    @property
    def all(self) -> tuple[Path, ...]:
        return (self.shipped, self.own) if self.own else (self.shipped,)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all themes: the program's own, then the installation's, by the alphabet."""
        found = (
            sorted(file.parent.name for file in root.glob(f"*/{THEME_FILE}")) for root in self.all
        )
        return tuple(dict.fromkeys(name for names in found for name in names))

    @property
    def stamp(self) -> Stamp:
        """What is another once a file is: a time of change cannot be set back, other times can."""
        return tuple(_stamped(self.all))

    def find(self, name: str) -> Path | None:
        """Return the folder of a theme. Raise ThemeRefused for a name that the program has, too."""
        found = [root / name for root in self.all if (root / name / THEME_FILE).is_file()]
        if len(found) > 1 and not found[0].samefile(found[1]):
            what = f"the program has a theme {name!r} itself: give yours another name"
            raise ThemeRefused(found[1] / THEME_FILE, 1, what)
        return found[0] if found else None


def _stamped(roots: Iterable[Path]) -> Iterator[tuple[Path, int, int, int]]:
    # A theme itself may be a link, which no pattern from further up follows.
    themes = [theme for root in roots for theme in sorted(root.glob("*"))]
    # Hidden names count here: links may lead to them, and are not followed.
    for file in (file for theme in themes for file in (theme, *sorted(theme.rglob("*")))):
        with suppress(FileNotFoundError):  # an editor is just moving it
            told = file.lstat()
            yield file, told.st_ino, told.st_ctime_ns, told.st_size


def find_chain(
    folders: Folders, name: str, default: str = BASE, read: Read = read_theme_file
) -> tuple[Declared, ...]:
    """Return a theme and all that stand behind it, the base last.

    A theme that names no parent stands on the `default` one, unless that stands on it. Raise
    ThemeRefused with its place for a lost parent, a circle and a folder that is left.
    """
    climb = partial(_climb, folders, read)
    standing = climb(default, lambda _: BASE)
    names = [declared.folder.name for declared in standing]
    if name in names:
        return standing[names.index(name) :]
    return climb(name, lambda child: BASE if child in names else default)


def _climb(
    folders: Folders, read: Read, name: str, parent: Callable[[str], str]
) -> tuple[Declared, ...]:
    chain: dict[str, Declared] = {}
    refused: Callable[[str], ThemeRefused] = partial(ThemeRefused, folders.all[-1], 1)
    while name:
        if name in chain:
            raise refused(_circle(tuple(chain), name))
        folder = folders.find(name) if "/" not in name else None
        if folder is None:
            hint = did_you_mean(name, folders.names) or f"There are {', '.join(folders.names)}."
            raise refused(f"no theme {name!r}. {hint}")
        _check_folder(folder)
        declared = chain[name] = read(folder)
        refused = partial(declared.refused, ("parent",))
        name = "" if name == BASE else declared.file.parent or parent(name)
    return tuple(chain.values())


def _circle(names: Sequence[str], name: str) -> str:
    if names[-1] == name:
        return f"{name!r} is its own parent"
    return f"circle of parents: {' → '.join([*names[names.index(name) :], name])}"


def held_in(folder: Path) -> list[Path]:
    """Return what lies in a folder of a theme, by the alphabet, as all who read one see it.

    What editors and file managers leave behind is passed over: names that begin with ".", too.
    """
    found = sorted(folder.glob("[!.]*"))
    # They leave no links behind: one is somebody's, and judged by where it leads.
    return [path for path in found if path.is_symlink() or path.name.lower() not in _LEFT_BEHIND]


def _held(folder: Path, above: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield what a theme holds, as it is read: through links that stay inside."""
    above = (*above, os.path.realpath(folder))
    for path in held_in(folder):
        yield path
        real = os.path.realpath(path)
        if path.is_dir() and real not in above and Path(real).is_relative_to(above[0]):
            yield from _held(path, above)


def _check_folder(theme: Path) -> None:
    """Raise ThemeRefused for what leaves a theme's folder by a symbolic link, or is no file."""
    root = os.path.realpath(theme)  # Path.resolve() fails on a link to itself
    for path in _held(theme):
        name = path.name.encode(errors="backslashreplace").decode()
        if name != path.name:
            raise ThemeRefused(path.parent, 1, f"the name {name} is not UTF-8")
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
            raise ThemeRefused(path, 1, "leads out of the theme's folder")
        if not path.is_file() and not path.is_dir():
            raise ThemeRefused(path, 1, "is no file")


def fingerprint(theme: Path) -> str:
    """Return hexadecimal digits that are others once a file of the theme is another."""
    digest = hashlib.sha256()
    for path in (path for path in _held(theme) if path.is_file()):
        for part in (os.fsencode(path.relative_to(theme)), path.read_bytes()):
            digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:_DIGITS]
