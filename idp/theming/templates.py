"""The templates of a chain of themes: sandboxed Jinja in which `!name` is the parent theme's."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.environment import Environment
from jinja2.exceptions import TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup
from typing_extensions import override

from idp.theming.catalogues import Catalogue
from idp.theming.folders import held_in
from idp.theming.frame import Frame
from idp.theming.markup import check_markup
from idp.theming.refused import ThemeRefused, check_all, line_of
from idp.theming.static import Manifest
from idp.theming.template_checks import (
    Known,
    Parsed,
    check_templates,
    literal_keys,
    references,
)

__all__ = ["Templates", "is_text", "literal_keys"]

PAGES, MAIL = "templates", "mail"
_TEXT = ".txt.j2"
# What a person typed is escaped, whatever a theme says: `indent` shows its own argument as it is,
# `tojson` leaves the quotes that end an attribute, `xmlattr` the names of attributes.
_UNESCAPING = ("safe", "indent", "tojson", "xmlattr")
_AS_IT_IS = "the filter {!r} puts a value into markup as it is: everything is escaped"


def is_text(name: str) -> bool:
    """Answer whether a template is the text part of a letter, the one thing never escaped."""
    name = name.rpartition(":")[2]
    return name.startswith(f"{MAIL}/") and name.endswith(_TEXT)


class _Sources(BaseLoader):
    """Sources by their place in the chain: `0:login.html` is ours, `1:login.html` the parent's."""

    def __init__(self, themes: tuple[Path, ...]) -> None:
        self.paths: dict[str, Path] = {}
        self.trees: dict[str, nodes.Template] = {}
        for level, theme in enumerate(themes):
            for folder in (PAGES, MAIL):
                prefix = "" if folder == PAGES else f"{folder}/"
                for path in held_in(theme / folder):
                    self.paths[f"{level}:{prefix}{path.name}"] = path

    @override
    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Any]:
        path = self.paths.get(template)
        if path is None:
            raise TemplateNotFound(template)
        return path.read_text("utf-8"), str(path), lambda: True

    @override
    def load(
        self,
        environment: Environment,
        name: str,
        globals: Any = None,
    ) -> Template:
        """Compile a template and keep its tree, which is judged: parsing is most of the work."""
        source, filename, uptodate = self.get_source(environment, name)
        tree = self.trees[name] = environment.parse(source, name, filename)
        for one in tree.find_all(nodes.Filter):
            if one.name in _UNESCAPING:  # told before Jinja says that it does not know its own
                raise TemplateSyntaxError(_AS_IT_IS.format(one.name), one.lineno, name, filename)
        code = environment.compile(tree, name, filename)
        return environment.template_class.from_code(environment, code, globals or {}, uptodate)

    def find(self, name: str, start: int, depth: int) -> str:
        found = (f"{level}:{name}" for level in range(start, depth))
        return next((candidate for candidate in found if candidate in self.paths), name)


class Templates(ImmutableSandboxedEnvironment):
    """Jinja for one chain. Everything is escaped except the text part of a letter."""

    def __init__(self, themes: tuple[Path, ...]) -> None:
        self._depth = len(themes)
        self._sources = _Sources(themes)
        super().__init__(
            loader=self._sources,
            undefined=StrictUndefined,
            autoescape=lambda name: not is_text(name or ""),
            auto_reload=False,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        for name in _UNESCAPING:
            del self.filters[name]

    def find(self, name: str) -> Template:
        """Return the first theme's template of that name. Raise TemplateNotFound."""
        return self.get_template(self._named(name))

    def _named(self, name: str) -> str:
        return self._sources.find(name, 0, self._depth)

    @override
    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Refuse more than Jinja does.

        What the table of Markup.translate puts in is not escaped. A page kept ready is rendered
        without hidden inputs (skeleton.py): `hidden` is the one way to them.
        """
        is_hole = isinstance(obj, Markup) and attr == "translate"
        is_empty = isinstance(obj, Frame) and attr == "hidden"
        return not (is_hole or is_empty) and super().is_safe_attribute(obj, attr, value)

    @override
    def join_path(self, template: str, parent: str) -> str:
        level = int(parent.partition(":")[0])
        if template.startswith("!"):
            return self._sources.find(template[1:], level + 1, self._depth)
        return self._named(template)

    def check(self, words: Catalogue, files: Manifest | None) -> None:
        """Compile and judge every template. Raise ThemeRefused with the place of every fault.

        Refused are a fault in the language, a lost parent, a circle, a key, file, variable,
        filter or block that does not exist, whatever would show a value unescaped, and HTML that
        runs or leads away.
        """
        paths = self._sources.paths
        check_all(partial(self._prepare, name, path) for name, path in paths.items())
        parsed = {
            name: Parsed(name, paths[name], tree) for name, tree in self._sources.trees.items()
        }
        known = Known(words, files, self.join_path, is_text, self.filters, self.tests)
        own = [name for name in paths if self._is_own(name) and not is_text(name)]
        check_all(
            [
                partial(check_templates, parsed, known),
                *(partial(self._check_markup, name, paths[name]) for name in own),
            ]
        )
        self._sources.trees.clear()

    def _check_markup(self, name: str, path: Path) -> None:
        check_markup(path, path.read_text("utf-8"), "letter" if _is_mail(name) else "page")

    @property
    def has_pages(self) -> bool:
        """Answer whether a theme of the chain changes what the base makes of a page."""
        paths = self._sources.paths
        return any(self._is_own(name) and not _is_mail(name) for name in paths)

    def _is_own(self, name: str) -> bool:
        return int(name.partition(":")[0]) < self._depth - 1

    def place_of(self, name: str, block: str) -> tuple[Path, int]:
        """Return where a theme most probably changes a block: one without `super()`.

        An empty name stands for what is in no block.
        """
        own = [
            template for template in self._reached(self._named(name)) if self._is_own(template.name)
        ]
        whole = [one for one in own if not any(one.all(nodes.Extends))]
        found = [
            (node.name == block, not _has_super(node), one.path, node.lineno)
            for one in own
            for node in one.all(nodes.Block)
        ]
        if not found or (whole and not block):
            return (whole or own)[0].path, 1
        return max(found, key=lambda one: one[:2])[2:]

    def _reached(self, name: str) -> Iterator[Parsed]:
        """Yield a template and all that it names, the nearest first."""
        # No page names the sidebar: it is given to all, rendered.
        aside = [] if _is_mail(name) else [self._named("aside.html")]
        waiting, seen = [name, *aside], set()
        for one in waiting:
            if one not in seen:
                seen.add(one)
                parsed = Parsed(one, self._sources.paths[one], self._tree(one))
                yield parsed
                targets = (target for _, target in references(parsed) if target)
                waiting += [self.join_path(target, one) for target in targets]

    def _tree(self, name: str) -> nodes.Template:
        source, filename, _ = self._sources.get_source(self, name)
        return self.parse(source, name, filename)

    def _prepare(self, name: str, path: Path) -> None:
        try:
            self.get_template(name)
        except TemplateSyntaxError as error:
            raise ThemeRefused(path, error.lineno, error.message or "syntax") from error
        except UnicodeDecodeError as error:
            raise ThemeRefused(path, line_of(error), "is not UTF-8: save it as UTF-8") from error
        except IsADirectoryError as error:
            what = "is a folder; templates lie beside each other"
            raise ThemeRefused(path, 1, what) from error


def _is_mail(name: str) -> bool:
    return f":{MAIL}/" in name


def _has_super(block: nodes.Block) -> bool:
    names = (node.node for node in block.find_all(nodes.Call))
    return any(isinstance(name, nodes.Name) and name.name == "super" for name in names)
