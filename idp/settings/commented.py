"""The complete file: every key with what it does, its default, or an example where it has none."""

import textwrap
from collections.abc import Iterator

from idp.settings.reference import NAME, Key, all_keys

_WIDTH = 98
_HEAD = """\
#:schema ./idp.schema.json
# The configuration of Probesh, complete: every key with what it does.
# A key that is not commented out stands with its default, or must be set. A key that is commented
# out stands with an example. Relative paths are relative to this file. Any value may also come
# from the environment, { env = "NAME", default = … }, or from a file of its own under secrets_dir,
# { file = "name" }; secrets come only so. Durations are in s, m, h or d.
# `idp config explain KEY` tells about one key, `idp config check` whether all are right.
"""
_CLIENTS = """\
# The applications that log people in here: here, or better in files of their own that include
# names. `idp client new` writes one.
"""
_EMPTY = ("", '""', "[]", "{}")
_SHOWN = ("include",)  # its default is of no use to anybody who has applications
_CHOSEN = {"flows": "staff", "scopes": "office"}  # names that the examples choose
_FREE = {"flows": '["password"]'}


def commented_file() -> str:
    """Return `idp.example.toml`: valid as it stands, in production mode."""
    keys = all_keys()
    parts = [_HEAD]
    for key in keys:
        if len(key.path) == 1:
            parts.extend(_part(key, [k for k in keys if k.path[:1] == key.path and k is not key]))
    return "".join(parts)


def _part(key: Key, inner: list[Key]) -> Iterator[str]:
    name = key.path[0]
    if key.is_list:
        yield f"\n{_CLIENTS}# [[{name}]]\n"
        yield from (_commented_out(_entry(one)) for one in inner if len(one.path) == 2)  # noqa: PLR2004 - clients.KEY
    elif not key.is_table:
        yield _entry(key)
    elif inner[0].path[1] == NAME:
        yield f"\n{_comment(key.sentence)}"
        yield _free_table(name, inner)
    else:
        yield f"\n{_comment(key.sentence)}[{name}]\n"
        yield from (_entry(one) for one in inner if len(one.path) == 2)  # noqa: PLR2004 - TABLE.KEY


def _free_table(name: str, inner: list[Key]) -> str:
    lines = [f"# [{name}.{_CHOSEN[name]}]\n"]
    lines += [_commented_out(_entry(one)) for one in inner if len(one.path) == 3]  # noqa: PLR2004
    return "".join(lines)


def _entry(key: Key) -> str:
    """Return the comment and the line of one key."""
    name, table = key.path[-1], key.path[0]
    if name == NAME:
        return f"{_comment(key.sentence)}# {_CHOSEN[table]} = {_FREE[table]}\n"
    shows_example = key.is_required or (key.default in _EMPTY and key.example != "")
    value = key.example if shows_example else key.default
    is_example = shows_example and not key.is_required and name not in _SHOWN
    comment = _comment(" ".join(_sentences(key, tells_default=shows_example)))
    return f"{comment}{'# ' if is_example else ''}{name} = {value}\n"


def _sentences(key: Key, *, tells_default: bool) -> Iterator[str]:
    yield key.sentence
    if key.choices:
        some = "Any of" if key.type.startswith("a list") else "One of"
        yield f"{some} {', '.join(key.choices)}."
    if key.constraints:
        yield f"{key.constraints[:1].upper()}{key.constraints[1:]}."
    if tells_default and key.default:
        yield f"Default: {key.default}."
    if key.is_required:
        yield "Required."
    if key.is_static:
        yield "A change needs a restart."


def _comment(text: str) -> str:
    lines = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "".join(f"# {line}\n" for line in lines)


def _commented_out(text: str) -> str:
    """Return an entry that is an example as a whole: its own comments two blanks deeper."""
    lines = text.splitlines()
    return "".join(f"{line}\n" if line.startswith("# ") else f"# {line}\n" for line in lines)
