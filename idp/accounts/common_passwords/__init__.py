"""Common passwords: the bundled lists, and the disguises in which their words come back."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

_LISTS = ("zxcvbn.txt", "portal.txt")
# What is written for a letter. 1, ! and | stand for two letters, so they are undone both ways.
_DISGUISES = tuple(
    str.maketrans("@40835$7+1!|", f"aaobesstt{stroke}{stroke}{stroke}") for stroke in "il"
)
_SHIFTED = str.maketrans("!@#$%^&*()", "1234567890")  # the same keys with the shift key held
_ROWS = ("01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz")
_COLUMNS = ("1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik", "9ol")
_KEYS = "\0".join(run[::step] for run in (*_ROWS, *_COLUMNS) for step in (1, -1))
_SHORTEST_RUN = 3
_RUNS = re.compile("[\u0980-\u09ff]+|[a-z]+")  # of letters of one script
_FEW_LETTERS = 2
# General categories: numbers, punctuation, separators, and symbols but pictures, which are words.
_NOISE = ("N", "P", "Z", "Sc", "Sk", "Sm")
_SIGNS = _NOISE[1:]


def folded(text: str) -> str:
    """Return the form in which words are compared: NFC, without case (Unicode 3.13, D145)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def is_common(password: str) -> bool:
    """Tell whether a password is a common one, in disguise or between digits and signs.

    So is what holds no letter, one character over and over, and nothing but runs of keys.
    """
    text = "".join(map(_plain_digit, folded(password)))
    cores, words = _cores(text), common_words()
    if "" in cores or _is_padded(text, words):
        return True
    return any(_is_guessed(word, words) for core in cores for word in _undone(core))


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Return the bundled words as they are compared; read once, about a megabyte."""
    folder = resources.files(__name__)
    texts = (folder.joinpath(name).read_text(encoding="utf-8") for name in _LISTS)
    lines = (line for text in texts for line in text.splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _is_guessed(word: str, words: frozenset[str]) -> bool:
    unit = word[: (word + word).find(word, 1)]  # of "abcabc": "abc"
    return len(unit) == 1 or word in words or unit in words or _is_run(word)


def _is_padded(text: str, words: frozenset[str]) -> bool:
    """Tell whether a text is a common word and, beside it, the two letters that the rules ask for.

    That is how a Bengali word gets past them: Bengali has no case.
    """
    runs = _RUNS.findall(text)
    return any(run in words for run in runs) and all(
        run in words or len(run) <= _FEW_LETTERS for run in runs
    )


def _cores(text: str) -> set[str]:
    """Return a text with and without the digits and signs at either end."""
    letters = [n for n, c in enumerate(text) if not unicodedata.category(c).startswith(_NOISE)]
    if not letters:
        return {""}
    first, last = letters[0], letters[-1] + 1
    return {text, text[first:], text[:last], text[first:last]}


def _undone(core: str) -> Iterator[str]:
    yield core
    yield core.translate(_SHIFTED)
    yield "".join(c for c in core if not unicodedata.category(c).startswith(_SIGNS))  # pass@word
    for letters in _DISGUISES:
        yield core.translate(letters)


def _is_run(text: str) -> bool:
    """Tell whether a text is made of neighbouring keys or letters only, three or more at a time."""
    ends = {0}
    for start in range(len(text)):
        stop = start + _SHORTEST_RUN
        while start in ends and stop <= len(text) and text[start:stop] in _KEYS:
            ends.add(stop)
            stop += 1
    return len(text) in ends


def _plain_digit(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)
