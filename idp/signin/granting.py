"""How a conversation answers its client: with a code for who may have one, else with the reason.

Somebody without a role that the client asks for is logged in all the same, only not there: the page
says so and offers another user ID, so that nobody is stuck.
"""

from dataclasses import dataclass, replace

from idp.accounts import known_browsers
from idp.accounts.user_sessions import UserSessionRules
from idp.flow.notices import notice
from idp.flow.step import Scene
from idp.model.clock import Clock
from idp.model.errors import AuthorizationError, RequestRefused
from idp.model.page import Page
from idp.model.request import AuthorizationRequest
from idp.model.sessions import AuthenticationSession, UserSession
from idp.model.user import User
from idp.oidc.provider import OpenIDProvider
from idp.signin.answers import Answer, Browser, Cookies, GoTo, Reply
from idp.signin.showing import Showing
from idp.stores.ports import Stores, Work


@dataclass(frozen=True, kw_only=True)
class Granting:
    """Answers authorization requests. It keeps nothing between requests."""

    provider: OpenIDProvider
    showing: Showing
    stores: Stores
    sessions: UserSessionRules
    clock: Clock

    def issue(self, request: AuthorizationRequest, browser: Browser, reference: str) -> Answer:
        """Answer a request by the session that the browser carries, if it is still there."""
        now = self.clock()
        with self.stores.write() as work:
            person = self.sessions.find_good(work, browser.session, now=now, hold=True)
            if person is None:  # it ended between the look and the grant
                conversation = self.showing.begin(request, browser, reference, now=now)
                return self.showing.current_page(conversation, browser, now=now)
            if not self.admits(request, person[1]):
                return self.forbid(request, person, browser, reference)
            self.sessions.touch(work, person[0], now=now)
            try:
                response = self.provider.answer(work, request, person[0], now=now)
            except RequestRefused as refused:
                return self.showing.refusal(refused, browser, reference, request.ui_locales)
        return Reply(
            response=response,
            locale=self.showing.locale(browser, request.ui_locales),
            reference=reference,
            client_id=request.client_id,
        )

    def finish(
        self,
        work: Work,
        proven: AuthenticationSession,
        request: AuthorizationRequest,
        user: User,
        browser: Browser,
    ) -> Reply | GoTo:
        """Log in who has proven every step, and answer the client, within `work`."""
        now = self.clock()
        if known_browsers.is_new(work, user.id, browser.known, now):
            scene = Scene.of(proven, user, browser.visit(now))
            work.outbox.add(notice(scene, "new_device", user.email))
        person = self.sessions.find_good(work, browser.session, now=now)
        cookie, session = self.sessions.start(
            work, user, amr=proven.amr, now=now, replaces=person[0] if person else None
        )
        known = known_browsers.remember(work, user.id, now, cookie=browser.known)
        cookies = Cookies(session=cookie, known=known, link="" if browser.link else None)
        if not self.admits(request, user):
            return GoTo(proven.id, cookies)  # its page says so, however often it is asked for
        response = self.provider.answer(work, request, session, now=now)
        return Reply(
            response=response,
            locale=proven.locale,
            reference=proven.reference,
            client_id=request.client_id,
            cookies=cookies,
        )

    def admits(self, request: AuthorizationRequest, user: User) -> bool:
        return self.provider.admits(request.client_id, user)

    def forbid(
        self,
        request: AuthorizationRequest,
        person: tuple[UserSession, User],
        browser: Browser,
        reference: str,
    ) -> Answer:
        """Tell somebody who is logged in that this client is not for them."""
        if "none" in request.prompt:
            description = "The person has none of the roles that this client asks for."
            error = AuthorizationError("access_denied", description, reply_to=request.reply_to)
            return self.fail(error, browser, reference, request.ui_locales)
        session, user = person
        # Older than the login: whatever is pressed there, it is asked again who goes on.
        begun = self.showing.begin(request, browser, reference, now=session.auth_time - 1)
        page = Page("forbidden", {"email": user.email}, status=403)
        return self.showing.page_of(replace(begun, user_typed=""), page, browser)

    def fail(
        self,
        error: AuthorizationError,
        browser: Browser,
        reference: str,
        ui_locales: tuple[str, ...] = (),
    ) -> Reply:
        """Answer with an error at the client (RFC 6749 4.1.2.1)."""
        return Reply(
            response=self.provider.failure(error),
            locale=self.showing.locale(browser, ui_locales),
            reference=reference,
            client_id="",
        )
