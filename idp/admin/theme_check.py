"""What is told about a theme that can be used: contrast, weight, own sentences, warnings."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idp.admin.gallery.copies import weigh
from idp.admin.gallery.exhibits import PAGES
from idp.admin.theme_shelf import Pair, Shelf, Shown
from idp.settings.diagnostics import did_you_mean
from idp.theming.catalogues import Sentence, load_catalogue, own_sentences, words_file
from idp.theming.folders import held_in
from idp.theming.script import SOURCE
from idp.theming.static import FOLDER as STATIC
from idp.theming.style import SHEETS
from idp.theming.templates import MAIL
from idp.theming.templates import PAGES as TEMPLATES
from idp.theming.theme_file import THEME_FILE, Declared

# What lies in these folders is judged when the theme is loaded.
_READ = (THEME_FILE, *SHEETS, STATIC, TEMPLATES, MAIL)
_LOGIN = tuple(exhibit for exhibit in PAGES if exhibit.page == "login")


@dataclass(frozen=True, slots=True)
class Heaviest:
    """The login page in the state in which it weighs most, its sealed request included."""

    gzip: int  # bytes after gzip -6, weighed as in the gallery and in docs/pages.md
    state: str


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one theme; all mappings are by language."""

    name: str
    folder: Path
    lowest: Pair
    pairs: tuple[Pair, ...]
    login: Mapping[str, Heaviest]
    changed: Mapping[str, tuple[str, ...]]  # sentences that differ from the parent's
    untranslated: Mapping[str, tuple[str, ...]]  # changed in another language only
    warnings: tuple[str, ...]  # `file:line: what was probably not meant`

    def facts(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "theme": self.name,
            "folder": str(self.folder),
            "login_gzip": {language: one.gzip for language, one in self.login.items()},
            "login_state": {language: one.state for language, one in self.login.items()},
            "warnings": list(self.warnings),
            "changed": {language: list(keys) for language, keys in self.changed.items()},
            "untranslated": {language: list(keys) for language, keys in self.untranslated.items()},
            "contrast": [
                {
                    "scheme": pair.scheme,
                    "ink": pair.ink,
                    "ground": pair.ground,
                    "ratio": round(pair.ratio, 2),
                    "least": pair.least,
                }
                for pair in self.pairs
            ],
        }


def report_on(shelf: Shelf, name: str) -> Report:
    """Judge a theme as start, reload and `idp config check` do. Raises ThemeRefused."""
    shown = shelf.take(name)
    chain = shown.theme.chain
    folder = chain[0].folder
    own = {language: own_sentences(folder, language) for language in shelf.languages}
    changed = {language: tuple(sentences) for language, sentences in own.items()}
    everything = [key for keys in changed.values() for key in keys]
    return Report(
        name,
        folder,
        shown.lowest,
        shown.pairs,
        login={language: _login(shown, language) for language in shelf.languages},
        changed=changed,
        untranslated={
            language: tuple(dict.fromkeys(key for key in everything if key not in keys))
            for language, keys in changed.items()
        },
        warnings=tuple(_warnings(chain, own)),
    )


def _login(shown: Shown, language: str) -> Heaviest:
    weights = (
        Heaviest(weigh(exhibit.html(shown.theme, language)).gzip, exhibit.state)
        for exhibit in _LOGIN
    )
    return max(weights, key=lambda one: one.gzip)


def _warnings(
    chain: tuple[Declared, ...], own: Mapping[str, Mapping[str, Sentence]]
) -> Iterator[str]:
    yield from _unread(chain, own)
    if len(chain) > 1:
        yield from _one_sided(chain[0], own)
        for language, sentences in own.items():
            yield from _left_out(chain, language, sentences)


def _unread(chain: tuple[Declared, ...], languages: Collection[str]) -> Iterator[str]:
    """Tell each file and folder that lies where nobody looks for it."""
    folder = chain[0].folder
    names = _READ if len(chain) > 1 else (*_READ, SOURCE)  # the script is the base's alone
    read = [folder / name for name in names]
    read += [words_file(folder, language) for language in languages]
    known = [str(path.relative_to(folder)) for path in read]
    for path in _strange(folder, read):
        if path.parent == folder / "locale" and path.is_dir():
            yield f"{path}: nobody is offered pages in {path.name!r} (theme.locales)."
        else:
            hint = did_you_mean(str(path.relative_to(folder)), known)
            yield f"{path}: nobody reads it.{hint and f' {hint}'}"


def _strange(folder: Path, read: Collection[Path]) -> Iterator[Path]:
    """Yield what lies in a folder, is not read, and holds nothing that is."""
    for path in held_in(folder):
        if any(path in one.parents for one in read):
            yield from _strange(path, read)
        elif path not in read:
            yield path


def _one_sided(declared: Declared, languages: Collection[str]) -> Iterator[str]:
    """Tell each line of theme.toml that is said in some languages only."""
    for key in ("name", "footer"):
        said = getattr(declared.file, key)
        for language in languages if said else ():
            if language not in said:
                what = f"{key} is not said in {language!r}, whose pages have the parent's."
                yield str(declared.refused((key,), what))


def _left_out(
    chain: tuple[Declared, ...], language: str, own: Mapping[str, Sentence]
) -> Iterator[str]:
    """Tell each sentence that says less than the parent's."""
    folder, *parents = (declared.folder for declared in chain)
    parent = load_catalogue(tuple(parents), language)
    for key, sentence in own.items():
        if lost := sorted(parent.names(key) - sentence.names):
            place = f"{words_file(folder, language)}:{sentence.line}"
            facts = ", ".join(f"{{{name}}}" for name in lost)
            yield f"{place}: {key!r} leaves out {facts}, which the parent's sentence says."
