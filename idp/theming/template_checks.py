"""What the templates of a theme may name, judged before one of them is rendered."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from jinja2 import nodes

from idp.theming.catalogues import Catalogue
from idp.theming.refused import ThemeRefused, check_all, hinted
from idp.theming.states import FIELDS, LETTERS, STATES
from idp.theming.static import Manifest
from idp.theming.variables import FACTS, FRAME, LOOK, MAIL_VARIABLES, PAGE_VARIABLES, SUPPORT, VIEW

_WORDS = {"say", "plain"}  # functions of a template whose first argument is a key
_STATIC = {"static"}
_REFERENCES = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
_JINJA = {"loop", "super", "caller"}  # names of the language itself
_OURS = {"frame", "view"}  # they say where forms are sent: what they name is never a theme's own
_MAIL = "mail/"

N = TypeVar("N", bound=nodes.Node)


@dataclass(frozen=True, slots=True)
class Parsed:
    """One template: `name` begins with its level in the chain, 0 is the theme itself."""

    name: str
    path: Path
    tree: nodes.Template
    parts: tuple[nodes.Node, ...] = field(init=False, repr=False)  # all of the tree

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.tree.find_all(nodes.Node)))

    def all(self, *kinds: type[N]) -> Iterator[N]:
        """Yield the nodes of some kinds."""
        return (node for node in self.parts if isinstance(node, kinds))

    @property
    def short(self) -> str:
        return self.name.partition(":")[2]

    @property
    def level(self) -> int:
        return int(self.name.partition(":")[0])

    @property
    def is_mail(self) -> bool:
        return self.short.startswith(_MAIL)

    def refused(self, line: int, what: str) -> ThemeRefused:
        return ThemeRefused(self.path, line, what)


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to be named."""

    words: Catalogue
    files: Manifest | None  # None: they are refused themselves, so nobody knows
    join: Callable[[str, str], str]  # a name in a template, the template → full name
    is_text: Callable[[str], bool]  # nothing is escaped there
    filters: Collection[str]
    tests: Collection[str]


def check_templates(templates: Mapping[str, Parsed], known: Known) -> None:
    """Judge all templates of a chain. Raise ThemeRefused with the faults of all of them."""
    every = templates.values()
    check_all(
        [
            *(partial(_check_references, template, templates, known) for template in every),
            *(partial(_check_escaping, template) for template in every),
            *(partial(_check_literals, template, known) for template in every),
            *(partial(_check_filters, template, known) for template in every),
            *(partial(_check_variables, template) for template in every),
            *(partial(_check_facts, template) for template in every),
        ]
    )
    _check_circles(templates, known)
    check_all(
        [
            *(partial(_check_blocks, template, templates, known) for template in every),
            partial(_check_use, templates, known),
        ]
    )


def _check_references(template: Parsed, templates: Mapping[str, Parsed], known: Known) -> None:
    for node, target in references(template):
        if target is None:
            raise template.refused(node.lineno, "a template is named by a plain string")
        full = known.join(target, template.name)
        if full not in templates:
            raise template.refused(node.lineno, f"no template {target!r}")
        if known.is_text(full) and not known.is_text(template.name):
            raise template.refused(node.lineno, f"{target!r} is plain text, which HTML cannot hold")


def references(template: Parsed) -> Iterator[tuple[nodes.Node, str | None]]:
    """Yield each node that names another template, and the name if it is a plain string."""
    for node in template.all(*_REFERENCES):
        target = getattr(node, "template", None)
        plain = target.value if isinstance(target, nodes.Const) else None
        yield node, plain if isinstance(plain, str) else None


def _check_circles(templates: Mapping[str, Parsed], known: Known) -> None:
    """Refuse the first template, the theme's own before its parents', that leads to itself."""
    targets = {
        name: [
            (known.join(target, name), target, node.lineno)
            for node, target in references(template)
            if target is not None
        ]
        for name, template in templates.items()
    }
    for name, named in targets.items():
        for full, target, line in named:
            if name in _reached(full, targets):
                hint = f'. Did you mean "!{target}"?' if full == name else ""
                raise templates[name].refused(line, f"{target!r} leads back to this file{hint}")


def _reached(name: str, targets: Mapping[str, Sequence[tuple[str, str, int]]]) -> Collection[str]:
    """Return a template with all that it names, and they."""
    waiting = [name]
    for one in waiting:
        waiting += [full for full, _, _ in targets[one] if full not in waiting]
    return waiting


def _check_escaping(template: Parsed) -> None:
    for node in template.all(nodes.EvalContextModifier, nodes.ScopedEvalContextModifier):
        raise template.refused(node.lineno, "escaping cannot be switched")


def _check_literals(template: Parsed, known: Known) -> None:
    for key, line in _literals(template.all(nodes.Call), _WORDS):
        if key not in known.words:
            raise template.refused(line, f"no sentence {key!r} in the catalogue")
    for name, line in _literals(template.all(nodes.Call), _STATIC):
        if known.files is not None and name not in known.files:
            raise template.refused(line, known.files.unknown(str(name)))


def literal_keys(tree: nodes.Template) -> list[tuple[str, int]]:
    """Return the catalogue keys that a template names literally, each with its line."""
    return _literals(tree.find_all(nodes.Call), _WORDS)


def _literals(calls: Iterable[nodes.Call], functions: Collection[str]) -> list[tuple[str, int]]:
    return [
        (call.args[0].value, call.lineno)
        for call in calls
        if isinstance(call.node, nodes.Name) and call.node.name in functions
        if call.args and isinstance(call.args[0], nodes.Const)
    ]


def _check_filters(template: Parsed, known: Known) -> None:
    """Refuse what Jinja would miss only in the branch that a page takes."""
    for node in template.all(nodes.Filter, nodes.Test):
        is_test = isinstance(node, nodes.Test)
        kind, there = ("test", known.tests) if is_test else ("filter", known.filters)
        if node.name not in there:
            what = hinted(f"No {kind} named {node.name!r}", node.name, there)
            raise template.refused(node.lineno, what)


# -- variables ------------------------------------------------------------------------------------


def _check_variables(template: Parsed) -> None:
    documented = MAIL_VARIABLES if template.is_mail else PAGE_VARIABLES
    own = dict(_own(template))
    for name in _OURS & own.keys():
        raise template.refused(own[name], f"{name!r} is ours: a template's own name is another")
    known = {*documented, *_JINJA, *own}
    for node in template.all(nodes.Name):
        if node.name not in known:
            raise _unknown(template, node, node.name, known)


def _own(template: Parsed) -> Iterator[tuple[str, int]]:
    """Yield the names that a template makes itself, each with its line."""
    yield from ((one.name, one.lineno) for one in template.all(nodes.Name) if one.ctx != "load")
    yield from ((macro.name, macro.lineno) for macro in template.all(nodes.Macro))
    yield from ((imported.target, imported.lineno) for imported in template.all(nodes.Import))
    for imported in template.all(nodes.FromImport):
        for one in imported.names:
            yield one if isinstance(one, str) else one[1], imported.lineno


def _check_facts(template: Parsed) -> None:
    """Judge what stands behind the dot of a documented object."""
    inside = _inside(template)
    for node in template.all(nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name in inside:
            known = inside[node.node.name]
            if node.attr not in known:
                raise _unknown(template, node, f"{node.node.name}.{node.attr}", known)


def _inside(template: Parsed) -> Mapping[str, Collection[str]]:
    if template.is_mail:
        return {"facts": _facts_of_letters(), "support": SUPPORT}
    page = template.short.removesuffix(".html")
    return {"view": _facts_of(page), "frame": FRAME, "look": LOOK, "support": SUPPORT}


@cache
def _facts_of(page: str) -> Collection[str]:
    """Return the facts of a page, those of all pages for a template that several share."""
    pages = {page} if page in FIELDS else FIELDS.keys()
    shown = {fact for state in STATES if state.page.name in pages for fact in state.page.view}
    return shown.union(*(VIEW.get(name, {}) for name in pages))


@cache
def _facts_of_letters() -> Collection[str]:
    return {*FACTS, *(fact for letter in LETTERS for fact in letter.facts("en"))}


def _unknown(template: Parsed, node: nodes.Node, name: str, known: Collection[str]) -> ThemeRefused:
    what = hinted(f"no variable {name!r}", name.rpartition(".")[2], known)
    return template.refused(node.lineno, what)


# -- blocks, and templates that nobody reaches ----------------------------------------------------


def _check_blocks(template: Parsed, templates: Mapping[str, Parsed], known: Known) -> None:
    """Refuse a block that what is extended has not: it would never be shown."""
    above = list(_extended(template, templates, known))
    if not above:
        return
    inherited = _blocks(above)
    for node in template.tree.body:
        if isinstance(node, nodes.Block) and node.name not in inherited:
            for one in above:
                if one.level < template.level and node.name in _hidden(one, templates, known):
                    begin = f'begin with {{% extends "!{one.short}" %}}'
                    what = f"no block {node.name!r}, which other templates change: {begin}"
                    raise one.refused(1, what)
            what = hinted(f"no block {node.name!r}", node.name, inherited)
            raise template.refused(node.lineno, what)


def _blocks(templates: Iterable[Parsed]) -> set[str]:
    return {block.name for one in templates for block in one.all(nodes.Block)}


def _hidden(template: Parsed, templates: Mapping[str, Parsed], known: Known) -> set[str]:
    """Return the blocks of the parent theme's template that this one stands for."""
    parent = templates.get(known.join(f"!{template.short}", template.name))
    return _blocks((parent, *_extended(parent, templates, known))) if parent else set()


def _extended(template: Parsed, templates: Mapping[str, Parsed], known: Known) -> Iterator[Parsed]:
    """Yield what a template extends, the nearest first."""
    for node in template.all(nodes.Extends):
        target = node.template
        assert isinstance(target, nodes.Const)  # noqa: S101 - references were judged before
        parent = templates[known.join(target.value, template.name)]
        yield parent
        yield from _extended(parent, templates, known)


def _check_use(templates: Mapping[str, Parsed], known: Known) -> None:
    """Refuse a template that is no page, no letter and named by no other: a misspelt name."""
    named = {
        known.join(target, template.name)
        for template in templates.values()
        for _, target in references(template)
        if target is not None
    }
    usual = {template.short for template in templates.values() if _is_shown(template.short)}
    inherited = usual | {name.partition(":")[2] for name in named}
    for template in templates.values():
        if template.short not in inherited:
            what = hinted("no page or letter of this name", template.short, inherited)
            raise template.refused(1, what)


def _is_shown(short: str) -> bool:
    if short.startswith(_MAIL):
        kind, _, suffix = short.removeprefix(_MAIL).partition(".")
        return suffix in {"txt.j2", "html.j2"} and kind in {letter.kind for letter in LETTERS}
    return short == "aside.html" or short.removesuffix(".html") in FIELDS
