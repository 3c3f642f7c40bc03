"""The import rules hold, and each of them is able to fail."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BREACHES = {
    "idp/model/user.py": ("import idp.stores.ports", "Rooms depend one way"),
    "idp/web/pages.py": ("import idp.stores.sql", "Only app names a store adapter"),
    "idp/flow/authenticators/password.py": (
        "import idp.flow.authenticators.email_otp",
        "Steps do not import each other",
    ),
    "idp/web/forms.py": ("import joserfc", "Authlib and joserfc live in oidc"),
    "idp/flow/engine.py": ("import flask", "Flask stays at the border"),
    "idp/web/errors.py": ("import flask_mail", "Flask-Mail lives in the outbox"),
    "idp/demo/letters.py": ("import idp.model.user", "The demonstration imports nothing"),
}


def _lint(folder: Path) -> str:
    command: list[str | Path] = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    run = subprocess.run(
        command,
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder)},
    )
    return run.stdout


def test_every_import_rule_is_kept_and_breaks_when_somebody_breaks_it(tmp_path: Path):
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "idp", tmp_path / "idp", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    kept = _lint(tmp_path)
    assert f"{len(BREACHES)} kept, 0 broken" in kept
    for name, (line, _) in BREACHES.items():
        file = tmp_path / name
        file.write_text(file.read_text("utf-8") + f"\n{line}\n", encoding="utf-8")
    broken = _lint(tmp_path)
    for _, rule in BREACHES.values():
        assert any(rule in told and "BROKEN" in told for told in broken.splitlines()), rule
