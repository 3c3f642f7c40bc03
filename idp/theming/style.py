"""The style sheet: tokens compiled into plain CSS at load, since old browsers know no variables."""

import base64
import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idp.theming.refused import ThemeRefused

FIRST = ("style.css",)  # what the login page needs
SHEETS = (*FIRST, "later.css")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_VALUE = re.compile(r'[\w\s.,%"#-]+')  # nothing that could end a declaration
_TOKEN = re.compile(r"\$([a-z-]+)")
_MEDIA = re.compile(r"@[^{}]+\{(?:[^{}]*\{[^{}]*\})*\s*\}")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_TEXT, _EDGE = 4.5, 3.0  # WCAG 2.2: 1.4.3 for text, 1.4.11 for the edges of fields
_LINEAR = 0.04045  # sRGB: below it a channel is linear
_PAIRS = (
    *((ink, ground, _TEXT) for ink in ("ink", "soft-ink", "action", "error")
      for ground in ("page", "card")),
    *((ink, f"{kind}-tint", _TEXT) for kind in ("error", "warning", "success", "info")
      for ink in ("ink", kind)),
    ("on-action", "action", _TEXT),
    ("field-border", "card", _EDGE),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a theme decides of the look: sizes, then the colours by day and by night."""

    sizes: Mapping[str, str]
    light: Mapping[str, str]
    dark: Mapping[str, str]


def read_tokens(themes: tuple[Path, ...]) -> Tokens:
    """Read the tokens of a chain, ours first, the base last. Raise ThemeRefused with the place."""
    merged: dict[str, dict[str, str]] = {"sizes": {}, "light": {}, "dark": {}}
    for theme in reversed(themes):
        path = theme / "theme.toml"
        is_base = theme == themes[-1]
        for group, tokens in read_toml(path).get("tokens", {}).items():
            if group not in merged:
                raise ThemeRefused(path, line_of(path, group), f"no group of tokens {group!r}")
            for name, value in tokens.items():
                known = is_base or name in merged[group]
                _check_token(path, name, value, is_colour=group != "sizes", known=known)
                merged[group][name] = value
    tokens = Tokens(**merged)
    _check_contrast(themes[0] / "theme.toml", tokens)
    return tokens


def read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ThemeRefused(path, 1, "no such theme") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        found = re.search(r"line (\d+)", str(error))
        raise ThemeRefused(path, int(found[1]) if found else 1, str(error)) from error


def line_of(path: Path, key: str) -> int:
    """Return the first line that begins with the key or names it as a table; 1 if there is none."""
    begins = re.compile(rf"\s*\[?[\w.]*\b{re.escape(key)}\b\s*[\]=]")
    lines = path.read_text("utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if begins.match(line)), 1)


def _check_token(path: Path, name: str, value: object, *, is_colour: bool, known: bool) -> None:
    allowed = _COLOUR if is_colour else _VALUE
    if not known:
        raise ThemeRefused(path, line_of(path, name), f"no token {name!r}")
    if not isinstance(value, str) or not allowed.fullmatch(value):
        kind = "a colour like #006a4e" if is_colour else "a size or a list of fonts"
        raise ThemeRefused(path, line_of(path, name), f"{name!r} must be {kind}")


def _check_contrast(path: Path, tokens: Tokens) -> None:
    for scheme, colours in (("light", tokens.light), ("dark", tokens.dark)):
        for ink, ground, least in _PAIRS:
            ratio = contrast(colours[ink], colours[ground])
            if ratio < least:
                what = f"{scheme}: {ink} on {ground} has contrast {ratio:.2f}, needs {least}"
                raise ThemeRefused(path, line_of(path, ink), what)


def contrast(one: str, other: str) -> float:
    """Contrast of two colours `#rrggbb` (WCAG 2.2, contrast ratio)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= _LINEAR else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def compile_style(themes: tuple[Path, ...], tokens: Tokens, names: tuple[str, ...] = SHEETS) -> str:
    """Join the chain's style sheets of these names, base first, and put the tokens in.

    Rules that use a colour are repeated with the night's colours under `prefers-color-scheme`.
    """
    sheets = (theme / name for theme in reversed(themes) for name in names)
    files = [path for path in sheets if path.is_file()]
    known = {*tokens.sizes, *tokens.light}
    for path in files:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if strange := set(_TOKEN.findall(line)) - known:
                raise ThemeRefused(path, number, f"no token {', '.join(sorted(strange))}")
    source = "".join(path.read_text("utf-8") for path in files)
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    light = _fill(source, {**tokens.sizes, **tokens.light})
    night = _fill(_coloured(_MEDIA.sub("", source), tokens), {**tokens.sizes, **tokens.dark})
    return _minify(f"{light}@media (prefers-color-scheme:dark){{{night}}}")


def _coloured(source: str, tokens: Tokens) -> str:
    """Only the declarations that name a colour which the night changes."""
    changed = {name for name, value in tokens.light.items() if tokens.dark[name] != value}
    rules = []
    for selector, body in _RULE.findall(source):
        kept = [line for line in body.split(";") if changed.intersection(_TOKEN.findall(line))]
        if kept:
            rules.append(f"{selector}{{{';'.join(kept)}}}")
    return "".join(rules)


def _fill(source: str, values: Mapping[str, str]) -> str:
    return _TOKEN.sub(lambda found: values[found[1]], source)


def _minify(css: str) -> str:
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r"#(\w)\1(\w)\2(\w)\3\b", r"#\1\2\3", css)
    css = re.sub(r"\s*([{};,>+])\s*", r"\1", css)
    return re.sub(r":\s+", ":", css).replace(";}", "}").strip()


def csp_hash(inline: str) -> str:
    """Return the source expression that allows exactly this inline text (CSP Level 3, 6.7.3.3)."""
    digest = hashlib.sha256(inline.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
