"""Which themes and languages this installation has: named by whoever knows the folders."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Looks:
    """The names that `theme.name`, a client's `theme` and `theme.locales` may take."""

    themes: frozenset[str]
    locales: frozenset[str]

    def with_own(self, folder: Path) -> "Looks":
        """Return these with the installation's own themes, which speak the same languages."""
        return Looks(self.themes | find_looks(folder).themes, self.locales)


def find_looks(folder: Path) -> Looks:
    """Return what the folder of themes holds: a theme has a theme.toml, a language words."""
    return Looks(
        frozenset(file.parent.name for file in folder.glob("*/theme.toml")),
        frozenset(
            file.parents[1].name for file in folder.glob("*/locale/*/LC_MESSAGES/messages.po")
        ),
    )
