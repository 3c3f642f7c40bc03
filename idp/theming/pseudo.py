"""A pretended language: ours in brackets, with accents and 40 % longer, its facts as they are.

It shows what a template says past the catalogue, and where a longer translation would be cut.
"""

_LONGER = 0.4
_ACCENTS = str.maketrans("aceinosuyACEINOSUY", "áçéíñóšúýÁÇÉÍÑÓŠÚÝ")
_FILLERS = {"bn": "এক দুই তিন চার পাঁচ ছয় সাত আট নয় দশ", "en": "óñé twó thréé fóúr fívé šíx"}

Part = tuple[str, str | None]  # words, then the fact that follows them


def stretch(form: tuple[Part, ...], locale: str) -> tuple[Part, ...]:
    """Return one form of a sentence in brackets, its words changed and its facts kept."""
    length = sum(len(literal) for literal, _ in form)
    (first, *rest) = ((literal.translate(_ACCENTS), name) for literal, name in form)
    return (("[" + first[0], first[1]), *rest, (f"{_filler(length, locale)}]", None))


def _filler(length: int, locale: str) -> str:
    """Return words that make a text longer by two fifths, as a translation would: it may wrap."""
    wanted = max(1, round(length * _LONGER))
    words = f" {_FILLERS.get(locale, _FILLERS['en'])}"
    return (words * (wanted // len(words) + 1))[: wanted + 1].rstrip()
