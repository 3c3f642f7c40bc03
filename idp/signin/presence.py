"""Who is logged in in a browser, and whether that is enough for what a client asks."""

from dataclasses import dataclass

from idp.accounts.user_sessions import UserSessionRules
from idp.flow.engine import Engine
from idp.model.clock import Clock
from idp.model.request import AuthorizationRequest
from idp.model.sessions import AuthenticationSession, UserSession
from idp.model.user import User
from idp.signin.answers import Browser
from idp.signin.showing import Showing
from idp.stores.ports import Stores


@dataclass(frozen=True, kw_only=True)
class Presence:
    """Looks at the session that a browser carries. It changes nothing."""

    engine: Engine
    showing: Showing
    stores: Stores
    sessions: UserSessionRules
    clock: Clock

    def person(self, browser: Browser) -> tuple[UserSession, User] | None:
        """Return who is logged in in this browser."""
        if browser.session is None:
            return None
        with self.stores.read() as work:
            return self.sessions.find_good(work, browser.session, now=self.clock())

    def is_enough(self, request: AuthorizationRequest, session: UserSession) -> bool:
        """Tell whether a session has proven what the client's own flow asks for."""
        return self.engine.is_proven(self.showing.flow_of(request.client_id), session.amr)

    def is_answer_to(self, session: AuthenticationSession, person: UserSession) -> bool:
        """Tell whether a person has logged in since a conversation began, by all that it asks."""
        if session.request is None or person.auth_time < session.created_at:
            return False
        return self.is_enough(session.request, person)

    def has_changed_since(self, session: AuthenticationSession, browser: Browser) -> bool:
        """Tell whether somebody has logged in in this browser since a conversation began."""
        if session.request is None or not self.showing.is_login(session):
            return False
        person = self.person(browser)
        return (
            person is not None
            # Within one second nobody can tell: asking once more is the safe side.
            and person[0].auth_time > session.created_at
            and self.is_enough(session.request, person[0])
        )
