"""The forgotten password: from any page to the mailed link, and from the link to a new password.

The conversation stays sealed in its pages until the new password is accepted: a mail scanner that
opens the link leaves no trace, and every proof is checked again in the one unit of work at the end.
"""

from dataclasses import dataclass, replace

from idp.accounts import known_browsers
from idp.accounts.address_limits import AddressLimits
from idp.accounts.user_sessions import UserSessionRules
from idp.flow.authenticators.reset_credentials import FAULT, OpenedLink, ResetCredentials
from idp.flow.engine import Engine
from idp.flow.required_actions.update_password import LINK, OTHER
from idp.model.clock import Clock
from idp.model.errors import TooMany
from idp.model.page import Message, Page
from idp.model.sessions import AuthenticationSession
from idp.model.tokens import digest
from idp.model.user import User
from idp.oidc.provider import OpenIDProvider
from idp.signin.answers import Answer, Browser, Cookies, GoTo, ShowPage
from idp.signin.showing import RESET, Showing
from idp.stores.ports import Stores, Work

_A_MOMENT = 60  # seconds


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """Resets, from the first page to the last. It keeps nothing between requests."""

    provider: OpenIDProvider
    engine: Engine
    showing: Showing
    links: ResetCredentials
    limits: AddressLimits
    stores: Stores
    sessions: UserSessionRules
    clock: Clock

    def ask(self, client_id: str, browser: Browser, ui_locales: tuple[str, ...] = ()) -> ShowPage:
        """Show the page that asks for a user ID to somebody whom no client waits for."""
        known = client_id if self.provider.client(client_id) else ""
        now = self.clock()
        session = self.showing.begin_reset(browser, client_id=known, now=now, ui_locales=ui_locales)
        return self.showing.current_page(session, browser, now=now)

    def ask_within(
        self, session: AuthenticationSession, user_typed: str, browser: Browser
    ) -> ShowPage:
        """Show that page in a conversation; its request and the user ID go along."""
        now = self.clock()
        anew = self.showing.again(session, browser, now=now)
        asking = replace(anew, flow=RESET, user_typed=user_typed or session.user_typed)
        return self.showing.current_page(asking, browser, now=now)

    def open(self, browser: Browser, *, opened_at: int = 0, letter: str = "") -> ShowPage:
        """Show what the link in this browser's cookie opens: a new password, or what is wrong.

        `opened_at` is when the cookie was set, and `letter` the language of the letter, if told.
        Raises TooMany when too many links of nobody's came from this address.
        """
        if browser.link is None:
            return self._without_link(browser, opened_at, letter)
        now = self.clock()
        opened = self.links.open(browser.link, now=now)
        if opened.token is None:
            wait = self.limits.wait("bad_link", browser.address)
            if wait is not None:
                raise TooMany(wait)
        return self._show(opened, browser, now, letter)

    def overtaken(self, session: AuthenticationSession, browser: Browser) -> Answer | None:
        """Answer a conversation whose link was used, or died, while its page stood open.

        Asked before anything is done for such a page: without its link it may not cost a hash, nor
        say whose it was. The second of two clicks gets the first one's page. None: it came without
        a link, or with one that is still good.
        """
        if LINK not in session.notes:
            return None
        now = self.clock()
        fault = self.links.look_up(session.notes[LINK], now=now).fault
        if not fault:
            return None
        # Looked for after the link: whoever used it up has stored the conversation with it.
        with self.stores.read() as work:
            is_won = work.authentication_sessions.find(session.id) is not None
        if is_won:
            return GoTo(session.id)
        return self._show_fault(replace(session, step=0, user_id=None), fault, browser, now)

    def finish(self, work: Work, proven: AuthenticationSession, browser: Browser) -> GoTo:
        """End a reset: nobody is logged in by it. Who was already gets a new cookie.

        The browser is known from now on: whoever has reset a password logs in there next, however
        many strangers have guessed.
        """
        now = self.clock()
        cookies = Cookies(link="")
        if proven.user_id is not None:
            known = known_browsers.remember(work, proven.user_id, now, cookie=browser.known)
            cookies = replace(cookies, known=known)
        person = self.sessions.find_good(work, browser.session, now=now)
        if person is not None and person[1].id == proven.user_id:
            cookies = replace(cookies, session=self.sessions.renew_cookie(work, person[0]))
        return GoTo(proven.id, cookies)

    def is_about_reset(self, session: AuthenticationSession) -> bool:
        """Tell whether a page of this conversation is as old as it likes.

        What a mailed link is worth is judged by the link's own time, and asking for one proves
        nothing.
        """
        return not self.showing.is_login(session) or LINK in session.notes

    def is_done(self, session: AuthenticationSession) -> bool:
        """Tell whether this is a reset that has ended well: no other one is ever stored."""
        return session.flow == RESET and session.taken_at is not None

    def done(self, session: AuthenticationSession, browser: Browser) -> ShowPage:
        """Show that the password is set, and the way on to the login."""
        page = Page("done", {"can_return": session.request is not None})
        return self.showing.page_of(session, page, browser)

    def cancelled(self, session: AuthenticationSession, browser: Browser) -> ShowPage:
        """Show that nothing was changed to somebody whom no client waits for."""
        page = Page("cancelled", notice=self.nothing_changed(session))
        shown = self.showing.page_of(session, page, browser)
        return replace(shown, sealed="", cookies=replace(shown.cookies, link=""))

    def nothing_changed(self, session: AuthenticationSession) -> Message:
        """Return what is said of a password that was not set: who had none has none still."""
        with self.stores.read() as work:
            has_none = session.user_id and not work.credentials.password_hash(session.user_id)
        return Message("upd.cancelled.first" if has_none else "upd.cancelled")

    def _show(self, opened: OpenedLink, browser: Browser, now: int, letter: str) -> ShowPage:
        token, user = opened.token, opened.user
        session = self.showing.begin_reset(browser, client_id="", now=now)
        session = replace(session, locale=self.showing.locale(browser, letter=letter))
        if token is not None:
            # The login that waits is the asking browser's own; elsewhere only the way home is told.
            is_same = token.browser_digest == digest(browser.key or "")
            request = token.request if is_same else None
            wished = request.ui_locales if request else ()
            session = replace(
                session,
                reference=token.reference,
                request=request,
                locale=self.showing.locale(browser, wished, letter=letter),
                client_id=token.client_id,
                user_typed=token.user_typed if is_same else "",
            )
        if token is None or user is None:
            return self._show_fault(session, opened.fault, browser, now)
        notes = {LINK: token.id}
        other = self._somebody_else(user, browser, now)
        if other:
            notes[OTHER] = other
        flow = self.showing.flow_from_link(session)
        proven = self.engine.pass_first(replace(session, flow=flow), user, notes)
        return self.showing.current_page(proven, browser, now=now)

    def _show_fault(
        self, session: AuthenticationSession, fault: str, browser: Browser, now: int
    ) -> ShowPage:
        # Whose user ID is switched off needs another one, not a new link.
        typed = "" if fault == "disabled" else session.user_typed
        faulty = replace(session, flow=RESET, notes={FAULT: fault}, user_typed=typed)
        shown = self.showing.current_page(faulty, browser, now=now)
        return replace(shown, page=replace(shown.page, status=400))

    def _somebody_else(self, user: User, browser: Browser, now: int) -> str:
        """Return the e-mail of another user who is logged in in this browser, or ""."""
        with self.stores.read() as work:
            person = self.sessions.find_good(work, browser.session, now=now)
        return person[1].email if person and person[1].id != user.id else ""

    def _without_link(self, browser: Browser, opened_at: int, letter: str) -> ShowPage:
        spoken, now = self.showing.locale(browser, letter=letter), self.clock()
        session = self.showing.begin_reset(browser, client_id="", now=now, ui_locales=(spoken,))
        is_just_now = 0 <= now - opened_at < _A_MOMENT
        if browser.key is not None or not is_just_now:  # back after the link's cookie has gone
            return self.showing.current_page(session, browser, now=now)
        # The cookies were set a moment ago: this browser keeps none.
        error = Message("err.cookies")
        shown = self.showing.current_page(session, browser, now=now, error=error)
        return replace(shown, page=replace(shown.page, status=400))
