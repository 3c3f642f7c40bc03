"""Begin, resume, finish: how an authorization request becomes a person who is logged in.

begin            the request is checked; a good user session answers it at once, else the first
                 page of the flow is the answer, with the request sealed in it
resume_sealed    the first page comes back; the first proof stores the conversation
resume           the pages after it
finish           every step is proven: session, code and the end of the conversation at once
"""

import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from idp.accounts.user_id import canonical
from idp.flow.engine import Completed, Ended, Engine, Moved, Shown, unsaid
from idp.model.clock import Clock
from idp.model.errors import (
    AlreadySpent,
    AuthorizationError,
    Busy,
    RequestRefused,
)
from idp.model.page import Message
from idp.model.sessions import AuthenticationSession
from idp.model.tokens import digest, new_reference
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
from idp.signin.granting import Granting
from idp.signin.meanwhile import CHOICES, Meanwhile
from idp.signin.presence import Presence
from idp.signin.recovery import Recovery
from idp.signin.seal import SealBroken
from idp.signin.showing import Showing, speaking
from idp.stores.ports import Stores, Work

_log = logging.getLogger(__name__)

_WAYS_OUT = frozenset({"forgot", "login", "cancel", "restart"})  # the buttons drawn as links
COOKIES = "cookies"  # the field of a page that was shown for want of them


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """The conversation. Everything that it needs it is given; it keeps nothing between requests."""

    provider: OpenIDProvider
    engine: Engine
    showing: Showing
    stores: Stores
    granting: Granting
    presence: Presence
    meanwhile: Meanwhile
    recovery: Recovery
    clock: Clock

    def begin(self, parameters: Sequence[tuple[str, str]], browser: Browser) -> Answer:
        """Answer an authorization request (OIDC Core 3.1.2.1)."""
        reference, now = new_reference(), self.clock()
        wished = self.showing.wished(parameters)
        try:
            request = self.provider.check_request(parameters)
            person = self.presence.person(browser)
            session = person[0] if person and self.presence.is_enough(request, person[0]) else None
            reason = self.provider.reason_to_ask(request, session, now=now)
        except RequestRefused as refused:
            return self.showing.refusal(refused, browser, reference, wished)
        except AuthorizationError as error:
            return self.granting.fail(error, browser, reference, wished)
        if session is not None and reason is None:
            return self.granting.issue(request, browser, reference)
        conversation = self.showing.begin(request, browser, reference, now=now)
        if person is not None and reason in {"login_prompted", "max_age"}:
            return self._ask_again(conversation, person[1], browser)
        return self.showing.current_page(conversation, browser, now=now)

    def resume_sealed(self, sealed: str, submission: Submission, browser: Browser) -> Answer:
        """Go on with a conversation that nothing is proven in."""
        try:
            session = self.showing.seal.open(sealed)
        except SealBroken:
            return self.unknown(browser)
        if not _is_bound(session, browser):
            typed = submission.form.get("userid") or session.user_typed
            return self._without_key(replace(session, user_typed=typed), submission, browser)
        if not submission.is_genuine:
            return self._ask_to_submit_again(session, submission, browser)
        return self.recovery.overtaken(session, browser) or self._go_on(
            session, submission, browser
        )

    def show(self, handle: str, browser: Browser) -> Answer:
        """Show a stored conversation where it stands; one that has ended begins again."""
        session = self._find(handle)
        if session is None:
            return self.unknown(browser)
        if not _is_bound(session, browser):
            return self.unknown(browser, client_id=session.client_id)
        if not self._goes_on(session):
            return self._after_its_end(session, browser)
        overtaken = self.meanwhile.overtaken(session, browser)
        return overtaken or self.showing.current_page(session, browser, now=self.clock())

    def resume(self, handle: str, submission: Submission, browser: Browser) -> Answer:
        """Go on with a stored conversation."""
        session = self._find(handle)
        if session is None:
            return self.unknown(browser)
        if not _is_bound(session, browser):
            # Without the cookie the proof is lost, not the request; whose it was is not told.
            stranger = replace(session, user_typed="")
            return self._without_key(stranger, submission, browser)
        if not submission.is_genuine:
            return self._ask_to_submit_again(session, submission, browser)
        if submission.language:
            return self._speak(session, submission.language, browser)
        if not self._goes_on(session):
            is_going_on = submission.action == "login" and self.recovery.is_done(session)
            go_on = self._begin_again if is_going_on else self._after_its_end
            return go_on(session, browser)
        if submission.action in _WAYS_OUT:
            return self._leave(session, submission, browser)
        overtaken = self.meanwhile.overtaken(session, browser)
        return overtaken or self._submit(session, submission, browser)

    def _go_on(
        self, session: AuthenticationSession, submission: Submission, browser: Browser
    ) -> Answer:
        if submission.language:
            return self._speak(session, submission.language, browser)
        if submission.action in _WAYS_OUT:
            return self._leave(session, submission, browser)
        if submission.action in CHOICES or self.presence.has_changed_since(session, browser):
            return self.meanwhile.choose(session, submission, browser)
        if self.recovery.is_about_reset(session):  # what follows it begins now
            expires_at = self.clock() + self.showing.rules.login_timeout
            session = replace(session, expires_at=expires_at)
        if session.expires_at <= self.clock() or not self.showing.is_current(session):
            return self._begin_again(session, browser, notice=_too_late(session))
        return self._submit(session, submission, browser)

    def interrupted(
        self, sealed: str, handle: str, browser: Browser
    ) -> AuthenticationSession | None:
        """Return the conversation of this browser that a page of an error can lead back to."""
        try:
            session = self._find(handle) if handle else self.showing.seal.open(sealed)
        except SealBroken:
            return None
        return session if session and _is_bound(session, browser) else None

    def unknown(self, browser: Browser, *, client_id: str = "") -> ShowPage:
        """Answer somebody who comes without a conversation, or with another browser's."""
        person = self.presence.person(browser)
        email = person[1].email if person else ""
        return self.showing.unknown(browser, email, client_id=client_id)

    # -- the engine's turn ------------------------------------------------------------------

    def _submit(
        self, session: AuthenticationSession, submission: Submission, browser: Browser
    ) -> Answer:
        visit = browser.visit(self.clock())

        def finish(work: Work, proven: AuthenticationSession, user: User) -> Reply | GoTo:
            if proven.request is None or not self.showing.is_login(proven):
                return self.recovery.finish(work, proven, browser)
            return self.granting.finish(work, proven, proven.request, user, browser)

        try:
            turn = self.engine.submit(session, submission.form, visit, finish)
        except AlreadySpent:
            return self._follow_the_winner(session, submission, browser)
        except Busy as busy:
            overtaken = self.recovery.overtaken(session, browser)
            return overtaken or self._ask_to_wait(session, submission, busy, browser)
        except RequestRefused as refused:
            wished = session.request.ui_locales if session.request else ()
            return self.showing.refusal(refused, browser, session.reference, wished)
        return self._answer_of(turn, session, browser)

    def _answer_of(
        self,
        turn: Shown | Moved | Ended | Completed[Reply | GoTo],
        session: AuthenticationSession,
        browser: Browser,
    ) -> Answer:
        match turn:
            case Shown():
                _tell(session, *(error.key for error in turn.page.errors))
                overtaken = self.recovery.overtaken(session, browser)
                return overtaken or self.showing.page_of(turn.session, turn.page, browser)
            case Moved():
                _tell(session, "moved")
                return GoTo(session.id)
            case Ended():
                _tell(session, "ended", turn.error.key)
                typed = replace(session, user_typed=turn.user_typed)
                return self._begin_again(typed, browser, error=turn.error)
            case Completed():
                _tell(session, "completed")
                return turn.result

    def _follow_the_winner(
        self, session: AuthenticationSession, submission: Submission, browser: Browser
    ) -> Answer:
        """Another tab, or the second of two clicks: its page is the winner's.

        Unless the winner is somebody else: after Back, a second person may have used the page.
        """
        overtaken = self.recovery.overtaken(session, browser)
        if overtaken is not None:
            return overtaken
        stored = self._find(session.id)
        if stored is None:  # not the conversation was overtaken, but what it stands on
            return self._ask_to_wait(session, submission, Busy(1), browser)
        typed = submission.form.get("userid") or session.user_typed
        is_login = self.showing.is_login(session)
        if is_login and not session.version and canonical(typed) != canonical(stored.user_typed):
            return self._begin_again(replace(session, user_typed=typed), browser)
        return GoTo(session.id)

    def _ask_to_wait(
        self,
        session: AuthenticationSession,
        submission: Submission,
        busy: Busy,
        browser: Browser,
    ) -> ShowPage:
        """Show the same page again: nothing was judged, nothing is lost but the password."""
        typed, error = _with_typed(session, submission), Message("e503.soon")
        answer = self.showing.current_page(typed, browser, now=self.clock(), error=error)
        page = replace(answer.page, status=503, retry_after=busy.retry_after)
        return replace(answer, page=page)

    def _ask_to_submit_again(
        self, session: AuthenticationSession, submission: Submission, browser: Browser
    ) -> Answer:
        """Show the same page again whose form has grown too old: nothing of it was done."""
        if session.version and not self._goes_on(session):
            return self._after_its_end(session, browser)
        overtaken = self.recovery.overtaken(session, browser)
        if overtaken is not None:
            return overtaken
        typed, error, now = _with_typed(session, submission), Message("form.expired"), self.clock()
        is_late = session.expires_at <= now and not self.recovery.is_about_reset(session)
        if is_late or not self.showing.is_current(session):
            answer = self._begin_again(typed, browser, error=error)
        else:
            answer = self.showing.current_page(typed, browser, now=now, error=error)
        return replace(answer, page=replace(answer.page, status=403))

    # -- ways round the engine --------------------------------------------------------------

    def _leave(
        self, session: AuthenticationSession, submission: Submission, browser: Browser
    ) -> Answer:
        """Leave the conversation by one of its ways out; its request stays with the person."""
        if session.version:
            try:
                self.engine.take(session, browser.visit(self.clock()))
            except AlreadySpent:
                return GoTo(session.id)
        match submission.action:
            case "forgot":
                typed = submission.form.get("userid", "")
                return self.recovery.ask_within(session, typed, browser)
            case "cancel" if session.request is None:
                return self.recovery.cancelled(session, browser)
            case "cancel":
                notice = self.recovery.nothing_changed(session)
                answer = self._begin_again(session, browser, notice=notice)
                # Who sits here next must not find the page of the link again.
                return replace(answer, cookies=replace(answer.cookies, link=""))
            case "restart":
                return self._begin_again(replace(session, user_typed=""), browser)
            case _:
                return self._begin_again(session, browser)

    def _speak(self, session: AuthenticationSession, language: str, browser: Browser) -> Answer:
        """Change the language; one that is not offered changes nothing."""
        kept = language if language in self.showing.rules.locales else None
        spoken = speaking(session, kept) if kept else session
        if session.version:
            with self.stores.write() as work:
                work.authentication_sessions.speak(spoken)
            return GoTo(session.id, Cookies(language=kept))
        if self.presence.has_changed_since(session, browser):
            answer = self.meanwhile.choose(spoken, Submission({}, is_genuine=True), browser)
        elif self.showing.is_current(session):
            answer = self.showing.current_page(spoken, browser, now=self.clock())
        else:
            answer = self._begin_again(spoken, browser)
        return replace(answer, cookies=replace(answer.cookies, language=kept))

    def _begin_again(
        self,
        session: AuthenticationSession,
        browser: Browser,
        *,
        notice: Message | None = None,
        error: Message | None = None,
    ) -> ShowPage:
        now = self.clock()
        return self.showing.begin_again(session, browser, now=now, notice=notice, error=error)

    def _without_key(
        self, session: AuthenticationSession, submission: Submission, browser: Browser
    ) -> ShowPage:
        """Begin again for a form that comes without the key that it is bound to.

        The key ends with the browser's own session: only the page that has set it just now can tell
        that this browser keeps none.
        """
        if browser.key is None and submission.form.get(COOKIES):
            answer = self._begin_again(session, browser, error=Message("err.cookies"))
        elif session.version:
            answer = self._begin_again(session, browser, notice=_too_late(session))
        else:
            answer = self._begin_again(session, browser, error=Message("form.expired"))
        return replace(answer, fields={COOKIES: "set"})

    def _ask_again(
        self, conversation: AuthenticationSession, user: User, browser: Browser
    ) -> ShowPage:
        """Ask somebody who is logged in; a hint or a wish for another account leaves open who."""
        request, notice = conversation.request, Message("login.reauth")
        if request and not request.login_hint and "select_account" not in request.prompt:
            conversation = replace(conversation, user_typed=user.email)
        return self.showing.current_page(conversation, browser, now=self.clock(), notice=notice)

    def _after_its_end(self, session: AuthenticationSession, browser: Browser) -> Answer:
        if self.recovery.is_done(session):
            return self.recovery.done(session, browser)
        person = self.presence.person(browser)
        if session.taken_at and person and self.presence.is_answer_to(session, person[0]):
            # Back after a completed login: the application's request can still be answered.
            return self.meanwhile.offer(session, browser)
        notice = None if session.taken_at else _too_late(session)
        return self._begin_again(session, browser, notice=notice)

    # -- small things -----------------------------------------------------------------------

    def _find(self, handle: str) -> AuthenticationSession | None:
        with self.stores.read() as work:
            return work.authentication_sessions.find(handle)

    def _goes_on(self, session: AuthenticationSession) -> bool:
        is_open = session.taken_at is None and session.expires_at > self.clock()
        return is_open and self.showing.is_current(session)


def _tell(session: AuthenticationSession, *outcome: str) -> None:
    """Log what a step answered: the reference, the client and keys of ours, nothing typed."""
    _log.info(
        "%s client=%s step=%d %s", session.reference, session.client_id, session.step, outcome
    )


def _with_typed(session: AuthenticationSession, submission: Submission) -> AuthenticationSession:
    """Keep the user ID that was typed, on a page that asks for one.

    Once something hangs on it, a step's note or a proof, it changes no more: a code that was mailed
    for one user must never go to another.
    """
    if session.user_id is not None or unsaid(session.notes):
        return session
    return replace(session, user_typed=submission.form.get("userid") or session.user_typed)


def _too_late(session: AuthenticationSession) -> Message:
    """Tell that a page was open for too long: where no client waits, a reset begins again."""
    return Message("login.timeout" if session.request else "reset.timeout")


def _is_bound(session: AuthenticationSession, browser: Browser) -> bool:
    return browser.key is not None and hmac.compare_digest(
        session.browser_digest, digest(browser.key)
    )
