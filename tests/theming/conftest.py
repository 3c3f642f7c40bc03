"""A folder of themes that a test may spoil."""

from pathlib import Path

import pytest

from tests.theming.samples import Spoiled


@pytest.fixture
def spoiled(tmp_path: Path) -> Spoiled:
    """Return a copy of the themes with one of a test's own."""
    return Spoiled(tmp_path)
