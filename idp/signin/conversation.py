"""Begin, resume, finish: how an authorization request becomes a person who is logged in.

begin            the request is checked; a good user session answers it at once, else the first
                 page of the flow is the answer, with the request sealed in it
resume_sealed    the first page comes back; the first proof stores the conversation
resume           the pages after it
finish           every step is proven: session, code and the end of the conversation at once
"""

import hmac
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from idp.accounts import known_browsers
from idp.accounts.user_sessions import UserSessionRules
from idp.flow.engine import Completed, Ended, Engine, Moved, Shown
from idp.model.clock import Clock
from idp.model.errors import AlreadySpent, AuthorizationError, ProbeshError, RequestRefused
from idp.model.page import Message, Page
from idp.model.request import AuthorizationRequest
from idp.model.sessions import AuthenticationSession, UserSession
from idp.model.tokens import digest, new_id, new_reference, new_secret
from idp.model.user import User
from idp.oidc.provider import OpenIDProvider
from idp.signin.answers import (
    Answer,
    Browser,
    Cookies,
    GoTo,
    Reply,
    ShowPage,
    Submission,
)
from idp.signin.seal import Seal, SealBroken
from idp.stores.ports import Stores, Work
from idp.theming.locale import choose

_log = logging.getLogger(__name__)


class ForgedForm(ProbeshError):
    """A form that we did not show to this browser: nothing of it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Choices of the configuration; times in seconds."""

    login_timeout: int
    locales: tuple[str, ...]
    default_locale: str
    flow_of: Mapping[str, str]  # clients that name another flow than "browser"


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """The conversation. Everything that it needs it is given; it keeps nothing between requests."""

    provider: OpenIDProvider
    engine: Engine
    stores: Stores
    seal: Seal
    sessions: UserSessionRules
    rules: Rules
    clock: Clock

    def begin(self, parameters: Sequence[tuple[str, str]], browser: Browser) -> Answer:
        """Answer an authorization request (OIDC Core 3.1.2.1)."""
        reference, now = new_reference(), self.clock()
        try:
            request = self.provider.check_request(parameters)
            person = self._person(browser, now)
            session = person[0] if person else None
            reason = self.provider.reason_to_ask(request, session, now=now)
        except RequestRefused as refused:
            return self._refuse(refused, browser, reference)
        except AuthorizationError as error:
            return self._fail(error, browser, reference)
        if person is not None and reason is None:
            return self._issue(request, person[0], browser, reference)
        conversation = self._new(request, browser, reference, now)
        if person is None:
            return self._show_first(conversation, browser)
        asked_again = replace(conversation, user_typed=person[1].email)
        return self._show_first(asked_again, browser, notice=Message("login.reauth"))

    def resume_sealed(self, sealed: str, submission: Submission, browser: Browser) -> Answer:
        """Go on with a conversation that nothing is proven in.

        Raises ForgedForm; Busy if no password can be hashed now.
        """
        now = self.clock()
        try:
            session = self.seal.open(sealed)
        except SealBroken:
            return self._unknown(browser)
        if not _is_bound(session, browser):
            anew = self._again(session, browser, now)
            return self._show_first(anew, browser, error=Message("err.cookies"))
        if not submission.is_genuine:
            raise ForgedForm
        if submission.language:
            return self._speak(session, submission.language, browser)
        if session.expires_at <= now:
            anew = self._again(session, browser, now)
            return self._show_first(anew, browser, notice=Message("login.timeout"))
        if submission.action in {"continue", "switch"} or self._logged_in_since(session, browser):
            return self._choose(session, submission, browser)
        return self._submit(session, submission, browser)

    def show(self, handle: str, browser: Browser) -> Answer:
        """Show a stored conversation where it stands; one that has ended begins again."""
        found = self._find(handle, browser)
        if not isinstance(found, AuthenticationSession):
            return found
        page = self.engine.show(found, browser.visit(self.clock()))
        return self._page_of(found, page, browser)

    def resume(self, handle: str, submission: Submission, browser: Browser) -> Answer:
        """Go on with a stored conversation. Raises ForgedForm."""
        found = self._find(handle, browser, submission)
        if not isinstance(found, AuthenticationSession):
            return found
        if submission.language:
            return self._speak(found, submission.language, browser)
        if submission.action == "restart":
            return self._restart(found, browser)
        return self._submit(found, submission, browser)

    # -- the engine's turn ------------------------------------------------------------------

    def _submit(
        self, session: AuthenticationSession, submission: Submission, browser: Browser
    ) -> Answer:
        visit = browser.visit(self.clock())

        def finish(work: Work, proven: AuthenticationSession, user: User) -> Reply:
            return self._finish(work, proven, user, browser)

        try:
            turn = self.engine.submit(session, submission.form, visit, finish)
        except AlreadySpent:
            # Another tab, or the second of two clicks: its page is the winner's.
            return GoTo(session.id)
        match turn:
            case Shown():
                _tell(session, *(error.key for error in turn.page.errors))
                return self._page_of(turn.session, turn.page, browser)
            case Moved():
                _tell(session, "moved")
                return GoTo(session.id)
            case Ended():
                _tell(session, "ended", turn.error.key)
                anew = self._again(session, browser, visit.now)
                return self._show_first(anew, browser, error=turn.error)
            case Completed():
                _tell(session, "completed")
                return turn.result

    def _finish(
        self, work: Work, proven: AuthenticationSession, user: User, browser: Browser
    ) -> Reply:
        now = self.clock()
        person = self.sessions.find_good(work, browser.session, now=now)
        cookie, session = self.sessions.start(
            work, user, amr=proven.amr, now=now, replaces=person[0] if person else None
        )
        known = known_browsers.remember(work, user.id, now, cookie=browser.known)
        hinted = proven.request.hinted_subject
        if hinted is not None and hinted != user.id:
            # OIDC Core 3.1.2.2: somebody else than the client named has logged in.
            response = self.provider.failure(
                AuthorizationError(
                    "login_required",
                    "another user than the one named by id_token_hint logged in",
                    reply_to=proven.request.reply_to,
                )
            )
        else:
            response = self.provider.issue_code(work, proven.request, session, now=now)
        return Reply(
            response=response,
            locale=proven.locale,
            reference=proven.reference,
            client_id=proven.request.client_id,
            cookies=Cookies(session=cookie, known=known),
        )

    # -- ways round the engine --------------------------------------------------------------

    def _issue(
        self,
        request: AuthorizationRequest,
        session: UserSession,
        browser: Browser,
        reference: str,
    ) -> Reply:
        now = self.clock()
        with self.stores.write() as work:
            self.sessions.touch(work, session, now=now)
            response = self.provider.issue_code(work, request, session, now=now)
        return Reply(
            response=response,
            locale=self._locale(browser, request.ui_locales),
            reference=reference,
            client_id=request.client_id,
        )

    def _choose(
        self, session: AuthenticationSession, submission: Submission, browser: Browser
    ) -> Answer:
        """Somebody logged in in this browser meanwhile: go on as that person, or as another."""
        now = self.clock()
        person = self._person(browser, now)
        if person is None or submission.action == "switch":
            return self._show_first(self._again(session, browser, now), browser)
        user_session, user = person
        if submission.action != "continue":
            page = Page("already", {"email": user.email})
            return self._page_of(session, page, browser)
        if user_session.auth_time >= session.created_at:
            return self._issue(session.request, user_session, browser, session.reference)
        return self._show_first(self._again(session, browser, now), browser)

    def _restart(self, session: AuthenticationSession, browser: Browser) -> Answer:
        now = self.clock()
        try:
            self.engine.take(session, browser.visit(now))
        except AlreadySpent:
            return GoTo(session.id)
        anew = replace(self._again(session, browser, now), user_typed="")
        return self._show_first(anew, browser)

    def _speak(self, session: AuthenticationSession, language: str, browser: Browser) -> Answer:
        """Change the language of a conversation; a language that is not offered changes nothing."""
        locale = language if language in self.rules.locales else session.locale
        spoken, cookies = replace(session, locale=locale), Cookies(language=locale)
        visit = browser.visit(self.clock())
        if not session.version:
            page = self.engine.show(spoken, visit)
            return replace(self._page_of(spoken, page, browser), cookies=cookies)
        with self.stores.write() as work:
            work.authentication_sessions.save(spoken)
        return GoTo(session.id, cookies)

    def _find(
        self, handle: str, browser: Browser, submission: Submission | None = None
    ) -> AuthenticationSession | Answer:
        """Find a stored conversation that goes on, or the answer that its end deserves."""
        now = self.clock()
        with self.stores.read() as work:
            session = work.authentication_sessions.find(handle)
        if session is None or not _is_bound(session, browser):
            return self._unknown(browser)
        if submission is not None and not submission.is_genuine:
            raise ForgedForm
        if session.taken_at is None and session.expires_at > now:
            return session
        if session.taken_at is not None and self._person(browser, now) is not None:
            # Back after a completed login: the application's request can still be answered.
            anew = self._again(session, browser, session.created_at)
            return self._choose(anew, Submission({}, is_genuine=True), browser)
        notice = None if session.taken_at else Message("login.timeout")
        return self._show_first(self._again(session, browser, now), browser, notice=notice)

    # -- pages ------------------------------------------------------------------------------

    def _show_first(
        self,
        session: AuthenticationSession,
        browser: Browser,
        *,
        notice: Message | None = None,
        error: Message | None = None,
    ) -> ShowPage:
        page = self.engine.show(session, browser.visit(self.clock()))
        page = replace(page, notice=notice, errors=(error,) if error else ())
        return self._page_of(session, page, browser)

    def _page_of(self, session: AuthenticationSession, page: Page, browser: Browser) -> ShowPage:
        """Show a page of a conversation; a browser without a key is given one."""
        key, cookies = browser.key, Cookies()
        if key is None:
            key = new_secret()
            cookies = Cookies(key=key)
            session = replace(session, browser_digest=digest(key))
        return ShowPage(
            page=page,
            locale=session.locale,
            reference=session.reference,
            client_id=session.request.client_id,
            sealed="" if session.version else self.seal.close(session),
            handle=session.id if session.version else "",
            browser_key=key,
            cookies=cookies,
        )

    def _unknown(self, browser: Browser) -> ShowPage:
        errors = (Message("err.cookies"),) if browser.key is None else ()
        return ShowPage(
            page=Page("expired", errors=errors, status=400),
            locale=self._locale(browser),
            reference=new_reference(),
        )

    def _refuse(self, refused: RequestRefused, browser: Browser, reference: str) -> ShowPage:
        view = {"title": "eclient.title", "body": "eclient.body", "facts": {}}
        return ShowPage(
            page=Page("error", view, status=400),
            locale=self._locale(browser),
            reference=reference,
            developer={"reason": refused.reason, **refused.details},
        )

    def _fail(self, error: AuthorizationError, browser: Browser, reference: str) -> Reply:
        return Reply(
            response=self.provider.failure(error),
            locale=self._locale(browser),
            reference=reference,
            client_id="",
        )

    # -- small things -----------------------------------------------------------------------

    def _new(
        self, request: AuthorizationRequest, browser: Browser, reference: str, now: int
    ) -> AuthenticationSession:
        return AuthenticationSession(
            id=new_id(),
            reference=reference,
            browser_digest=digest(browser.key or ""),
            request=request,
            flow=self.rules.flow_of.get(request.client_id, "browser"),
            locale=self._locale(browser, request.ui_locales),
            created_at=now,
            expires_at=now + self.rules.login_timeout,
            user_typed=request.login_hint,
        )

    def _again(
        self, session: AuthenticationSession, browser: Browser, now: int
    ) -> AuthenticationSession:
        """Begin anew with the same request, reference, language and user ID."""
        anew = self._new(session.request, browser, session.reference, now)
        return replace(anew, locale=session.locale, user_typed=session.user_typed)

    def _person(self, browser: Browser, now: int) -> tuple[UserSession, User] | None:
        if browser.session is None:
            return None
        with self.stores.read() as work:
            return self.sessions.find_good(work, browser.session, now=now)

    def _logged_in_since(self, session: AuthenticationSession, browser: Browser) -> bool:
        person = self._person(browser, self.clock())
        return person is not None and person[0].auth_time > session.created_at

    def _locale(self, browser: Browser, ui_locales: tuple[str, ...] = ()) -> str:
        return choose(
            self.rules.locales,
            self.rules.default_locale,
            ui_locales=ui_locales,
            saved=browser.saved_language,
            accept_language=browser.accept_language,
        )


def _tell(session: AuthenticationSession, *outcome: str) -> None:
    """Log what a step answered: the reference, the client and keys of ours, nothing typed."""
    client_id = session.request.client_id
    _log.info("%s client=%s step=%d %s", session.reference, client_id, session.step, outcome)


def _is_bound(session: AuthenticationSession, browser: Browser) -> bool:
    return browser.key is not None and hmac.compare_digest(
        session.browser_digest, digest(browser.key)
    )
