"""The gallery's own pages: plain HTML in English, which needs no script and fetches one style."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent / "templates"
STYLE: Final = (_HERE / "gallery.css").read_text("utf-8")
_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(_HERE),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def show(template: str, **facts: Any) -> str:
    """Render one of the templates beside this file."""
    return _ENVIRONMENT.get_template(f"{template}.html").render(facts)


def figure(number: int) -> str:
    return f"{number:,}"


def grouped(rows: list[Mapping[str, Any]]) -> Mapping[str, list[Mapping[str, Any]]]:
    """Return rows by their page, in their order."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["page"], []).append(row)
    return groups


_ENVIRONMENT.filters["figure"] = figure
_ENVIRONMENT.filters["grouped"] = grouped
