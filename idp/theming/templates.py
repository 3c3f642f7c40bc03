"""The templates of a chain of themes: sandboxed Jinja in which `!name` is the parent theme's."""

from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, TemplateSyntaxError, nodes
from jinja2.environment import Environment
from jinja2.exceptions import TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment
from typing_extensions import override

from idp.theming.catalogues import Catalogue
from idp.theming.refused import ThemeRefused

_FOLDERS = ("templates", "mail")
_WORDS = {"say", "plain"}  # functions of a template whose first argument is a key
_REFERENCES = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)


class _Sources(BaseLoader):
    """Sources by their place in the chain: `0:login.html` is ours, `1:login.html` the parent's."""

    def __init__(self, themes: tuple[Path, ...]) -> None:
        self.paths: dict[str, Path] = {}
        for level, theme in enumerate(themes):
            for folder in _FOLDERS:
                prefix = "" if folder == "templates" else f"{folder}/"
                for path in sorted((theme / folder).glob("*")):
                    self.paths[f"{level}:{prefix}{path.name}"] = path

    @override
    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Any]:
        path = self.paths.get(template)
        if path is None:
            raise TemplateNotFound(template)
        return path.read_text("utf-8"), str(path), lambda: True

    def find(self, name: str, start: int, depth: int) -> str:
        found = (f"{level}:{name}" for level in range(start, depth))
        return next((candidate for candidate in found if candidate in self.paths), name)


class Templates(ImmutableSandboxedEnvironment):
    """Jinja for one chain. Everything is escaped except the text part of a mail."""

    def __init__(self, themes: tuple[Path, ...]) -> None:
        self._depth = len(themes)
        self._sources = _Sources(themes)
        super().__init__(
            loader=self._sources,
            undefined=StrictUndefined,
            autoescape=lambda name: not (name or "").endswith(".txt.j2"),
            auto_reload=False,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def named(self, name: str) -> str:
        """Return the full name of the first theme's template of that name."""
        return self._sources.find(name, 0, self._depth)

    @override
    def join_path(self, template: str, parent: str) -> str:
        level = int(parent.partition(":")[0])
        if template.startswith("!"):
            return self._sources.find(template[1:], level + 1, self._depth)
        return self.named(template)

    def check(self, words: Catalogue) -> None:
        """Compile every template. Raise ThemeRefused for a fault, a lost parent, an unknown key."""
        for name, path in self._sources.paths.items():
            try:
                tree = self.parse(path.read_text("utf-8"), name, str(path))
                self._check_references(name, path, tree)
                _check_keys(path, tree, words)
                self.get_template(name)
            except TemplateSyntaxError as error:
                raise ThemeRefused(path, error.lineno, error.message or "syntax") from error
            except UnicodeDecodeError as error:
                raise ThemeRefused(path, 1, "not UTF-8") from error

    def _check_references(self, name: str, path: Path, tree: nodes.Template) -> None:
        for node in tree.find_all(_REFERENCES):
            target = getattr(node, "template", None)
            if not isinstance(target, nodes.Const):
                raise ThemeRefused(path, node.lineno, "a template is named by a plain string")
            if self.join_path(target.value, name) not in self._sources.paths:
                raise ThemeRefused(path, node.lineno, f"no template {target.value!r}")


def _check_keys(path: Path, tree: nodes.Template, words: Catalogue) -> None:
    for key, line in literal_keys(tree):
        if key not in words:
            raise ThemeRefused(path, line, f"no sentence {key!r} in the catalogue")


def literal_keys(tree: nodes.Template) -> list[tuple[str, int]]:
    """Return the catalogue keys that a template names literally, each with its line."""
    return [
        (call.args[0].value, call.lineno)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in _WORDS
        if call.args and isinstance(call.args[0], nodes.Const)
    ]
