"""A configuration that may not be read is told as any other mistake in it."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from idp.cli.root import root


@pytest.mark.parametrize("before", [True, False])
def test_an_unreadable_configuration_is_a_mistake_with_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    # Root may read everything, so the question that click would ask is answered for it.
    monkeypatch.setattr(os, "access", lambda *_args, **_more: False)
    file = tmp_path / "idp.toml"
    file.mkdir()
    option = ["--config", str(file)]
    call = (
        [*option, "config", "check", "--json"] if before else ["config", "check", "--json", *option]
    )
    result = CliRunner().invoke(root, call)
    assert result.exit_code == 2
    assert [mistake["code"] for mistake in json.loads(result.stdout)["mistakes"]] == ["E001"]
