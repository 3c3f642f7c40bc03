"""The `idp` command: one file a noun, `--json` everywhere, exit codes 0, 1 and 2."""

from idp.cli.quiet_start import listen_again  # before all others, which take a while to read
from idp.cli.root import main

__all__ = ["main"]

listen_again()
