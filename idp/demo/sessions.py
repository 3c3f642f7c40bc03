"""A relying party's own sessions: kept in this process, named by an opaque cookie.

Tokens therefore never travel in the browser's cookie. A restart forgets everybody, which single
sign-on makes painless.
"""

import secrets
import threading
from collections import OrderedDict
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from typing_extensions import override

KEEP = 1000


class MemorySession(dict[str, Any], SessionMixin):
    """One browser's session: the live record, shared by this browser's requests."""

    def __init__(self) -> None:
        super().__init__()
        self.key = ""
        self.is_renewed = False

    def renew(self) -> None:
        """Demand a fresh cookie value with this answer (against session fixation)."""
        self.is_renewed = True


class MemorySessions(SessionInterface):
    """Holds at most `KEEP` sessions and forgets the one that was opened first."""

    def __init__(self, cookie: str) -> None:
        self._cookie = cookie
        self._kept: OrderedDict[str, MemorySession] = OrderedDict()
        self._lock = threading.Lock()

    def end(self, *, sub: str, sid: str) -> None:
        """End the sessions named `sid`, or all of `sub` when there is no `sid`.

        A request under way finishes with what it holds; the next one finds nothing.
        """
        name, value = ("sid", sid) if sid else ("sub", sub)
        with self._lock:
            ended = [key for key, kept in self._kept.items() if kept.get(name) == value]
            for key in ended:
                del self._kept[key]

    @override
    def open_session(self, app: Flask, request: Request) -> MemorySession:
        with self._lock:
            return self._kept.get(request.cookies.get(self._cookie, "")) or MemorySession()

    @override
    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, MemorySession):
            raise TypeError(session)
        if session and session.key and not session.is_renewed:
            return
        with self._lock:
            had_cookie = self._kept.pop(session.key, None) is not None
            session.key = secrets.token_urlsafe(32) if session else ""
            session.is_renewed = False
            if session:
                self._kept[session.key] = session
            while len(self._kept) > KEEP:
                self._kept.popitem(last=False)
        if session:
            self._set_cookie(app, response, session.key)
        elif had_cookie:
            response.delete_cookie(self._cookie)

    def _set_cookie(self, app: Flask, response: Response, key: str) -> None:
        secure = app.config["PREFERRED_URL_SCHEME"] == "https"
        response.set_cookie(self._cookie, key, httponly=True, samesite="Lax", secure=secure)
