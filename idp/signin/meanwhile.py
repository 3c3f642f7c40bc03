"""Somebody logs in in one tab while a conversation stands open in another: how that one goes on."""

from dataclasses import dataclass

from idp.flow.engine import Engine
from idp.model.clock import Clock
from idp.model.errors import AlreadySpent
from idp.model.page import Page
from idp.model.sessions import AuthenticationSession
from idp.signin.answers import Answer, Browser, GoTo, Submission
from idp.signin.granting import Granting
from idp.signin.presence import Presence
from idp.signin.showing import Showing

CHOICES = frozenset({"continue", "switch"})  # of somebody who is logged in already


@dataclass(frozen=True, kw_only=True)
class Meanwhile:
    """Answers for whoever is logged in by now. A proof that is demanded is never passed over."""

    engine: Engine
    showing: Showing
    granting: Granting
    presence: Presence
    clock: Clock

    def overtaken(self, session: AuthenticationSession, browser: Browser) -> Answer | None:
        """Answer a stored conversation during which somebody has logged in in this browser.

        For the same person everything that it asks is proven by now: it ends, and its client is
        answered. Anybody else chooses. None: nobody has, or not by all that it asks.
        """
        person = self.presence.person(browser)
        if person is None or not self.presence.has_changed_since(session, browser):
            return None
        if session.user_id != person[1].id:
            return self.offer(session, browser)
        try:
            self.engine.take(session, browser.visit(self.clock()))
        except AlreadySpent:
            return GoTo(session.id)
        return self._choose_anew(session, "continue", browser)

    def offer(self, session: AuthenticationSession, browser: Browser) -> Answer:
        """Let the person choose in a sealed page with the request of a stored conversation."""
        return self._choose_anew(session, "", browser)

    def choose(
        self, session: AuthenticationSession, submission: Submission, browser: Browser
    ) -> Answer:
        """Go on as the person who is logged in, or as another."""
        person, now = self.presence.person(browser), self.clock()
        if person is None or submission.action == "switch":
            return self.showing.begin_again(session, browser, now=now)
        user_session, user = person
        request = session.request
        if request and not self.granting.admits(request, user):
            return self.granting.forbid(request, person, browser, session.reference)
        if submission.action != "continue":
            page = Page("already", {"email": user.email})
            return self.showing.page_of(session, page, browser)
        if request and self.presence.is_answer_to(session, user_session):
            return self.granting.issue(request, browser, session.reference)
        return self.showing.begin_again(session, browser, now=now)

    def _choose_anew(self, session: AuthenticationSession, action: str, browser: Browser) -> Answer:
        # As old as the conversation: what was proven before it began answers nothing.
        anew = self.showing.again(session, browser, now=session.created_at)
        return self.choose(anew, Submission({"action": action}, is_genuine=True), browser)
