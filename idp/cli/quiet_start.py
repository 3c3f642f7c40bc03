"""Ctrl-C while the program is still being read: it ends without a word, for nothing has begun.

Imported before everything else; Python would answer with a traceback through our imports.
"""

import signal
import threading

__all__ = ["listen_again"]

_before = (
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if threading.current_thread() is threading.main_thread()
    else None
)


def listen_again() -> None:
    """Let Ctrl-C interrupt as before: from now on somebody handles it."""
    if _before is not None:
        signal.signal(signal.SIGINT, _before)
