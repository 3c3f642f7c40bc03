"""Which of the offered languages a page speaks."""

from collections.abc import Iterable, Sequence

from babel.core import negotiate_locale

_FACTORY_SETTING = "en-US"
_MOST = 20  # languages that are looked at in one header


def choose(
    offered: Sequence[str],
    default: str,
    *,
    ui_locales: Iterable[str] = (),
    saved: str = "",
    letter: str = "",
    accept_language: str = "",
) -> str:
    """Choose a language: what the client asks, what the person chose, what the browser prefers.

    Between the last two comes what a `letter` spoke in which a link was opened.

    A client whose own pages are English asks for English (`ui_locales`, OIDC Core 3.1.2.1); the
    switch pressed in a conversation becomes that conversation's own `ui_locales`. Nothing unknown
    is ever an error.
    """
    wishes = [*ui_locales, saved, letter, *_preferred(accept_language)]
    wanted = [wish.lower().replace("_", "-") for wish in wishes if wish]  # RFC 5646 2.1.1
    spelled = {locale.lower(): locale for locale in offered}
    found = negotiate_locale(wanted, list(spelled), sep="-", aliases={})
    return spelled[found] if found else default


def _preferred(header: str) -> list[str]:
    """Languages of an Accept-Language header, best first (RFC 9110 12.5.4).

    A machine that nobody has set up says "en-US,en": that is nobody's wish
    (docs/decisions/007-the-first-page-is-bengali.md).
    """
    ranked: list[tuple[float, str]] = []
    for item in header.split(",")[:_MOST]:
        language, _, parameter = item.strip().partition(";")
        weight = _weight(parameter)
        if language and weight > 0:
            ranked.append((weight, language.strip()))
    best_first = [language for _, language in sorted(ranked, key=lambda pair: -pair[0])]
    if best_first[:1] == [_FACTORY_SETTING]:
        return [language for language in best_first if language not in {_FACTORY_SETTING, "en"}]
    return best_first


def _weight(parameter: str) -> float:
    """Read the q value, 1 if there is none, 0 if it cannot be read."""
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    digits = value.strip().replace(".", "", 1)
    readable = digits.isascii() and digits.isdigit() and name.strip() == "q"
    return float(value) if readable else 0.0
