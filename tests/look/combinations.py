"""Which combinations of language, theme, scheme, layout and script each state is looked at in."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from typing_extensions import override

from idp.theming.states import STATES
from tests.look.stand import THEMES
from tests.theming.samples import LOCALES

SCHEMES = ("light", "dark", "forced")
# CSS pixels: 1280 wide at 400 % is 320, at 200 % is 640.
LAYOUTS = {
    "phone": (360, 740),
    "narrow": (320, 256),
    "zoomed": (640, 512),  # and its text twice as large again
    "spaced": (360, 740),  # with the text spacing of WCAG 2.2, 1.4.12
    "desktop": (1280, 900),
}


# What each layout is asked about in tests/look/probes.js.
PROBES: Mapping[str, tuple[str, ...]] = {
    "phone": ("disordered", "unfocused", "small"),
    "narrow": ("sideways", "clipped", "small"),
    "zoomed": ("sideways", "clipped"),
    "spaced": ("sideways", "clipped"),
    "desktop": ("disordered", "unfocused", "small"),
}
OF_FORCED = ("borderless", "moving")  # in forced colours, where no motion is wanted either


@dataclass(frozen=True, order=True)
class Combination:
    """One state as one person meets it."""

    theme: str
    layout: str
    scheme: str
    has_script: bool
    locale: str
    state: str

    @property
    def probes(self) -> tuple[str, ...]:
        return PROBES[self.layout] + (OF_FORCED if self.scheme == "forced" else ())

    @override
    def __str__(self) -> str:
        script = "script" if self.has_script else "no script"
        return f"{self.state} ({self.locale}, {self.theme}, {self.scheme}, {self.layout}, {script})"


FACTORS = tuple(field.name for field in fields(Combination))


def cover(states: tuple[str, ...]) -> tuple[Combination, ...]:
    """Return rows in which any two values of two factors meet (a covering array of strength 2).

    A row a layout for each state; the other factors turn with the layout, and with the state at
    different speeds, so that each state meets each of their values and they meet each other.
    """
    return tuple(
        sorted(
            Combination(
                theme=THEMES[(n + turn) % 3],
                layout=layout,
                scheme=SCHEMES[(n // 3 + turn) % 3],
                has_script=bool((n // 18 + turn) % 2),
                locale=LOCALES[(n // 9 + turn) % 2],
                state=state,
            )
            for n, state in enumerate(states)
            for turn, layout in enumerate(LAYOUTS)
        )
    )


ROWS = cover(tuple(state.name for state in STATES))
