"""Counts the statements that the stores send."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from idp.stores.sql.prepared import Prepared, Rows


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect every statement that the stores send in the block."""
    statements: list[str] = []
    execute = Prepared.execute

    def noted(self: Prepared, *arguments: Any) -> Rows:
        statements.append(self.text)
        return execute(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Prepared, "execute", noted)
        yield statements
