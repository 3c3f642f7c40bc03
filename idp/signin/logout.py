"""Signing out: one click at any client ends the session, and every client of it is told.

RP-Initiated Logout 1.0 and Back-Channel Logout 1.0. The notices leave through the outbox; the last
page looks after them and names the services that did not answer.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

from babel.lists import format_list

from idp.accounts.sign_out import Cause, SignOut
from idp.model.clock import Clock
from idp.model.grant import Grant
from idp.model.logout import LogoutRequest
from idp.model.page import Message, Page
from idp.model.sessions import UserSession
from idp.model.tokens import digest, new_id, new_reference
from idp.oidc.logout import redirect_location
from idp.oidc.parameters import Pairs
from idp.oidc.provider import OpenIDProvider
from idp.signin.answers import Browser, Cookies, LoggedOut, ShowPage, Submission
from idp.signin.showing import Showing
from idp.stores.ports import Stores

_Ends: TypeAlias = tuple[UserSession | None, bool]  # a session, and whether a login is under way

CONFIRM = "/logout/confirm"  # where the confirmation's form posts to
_PATIENCE = 5  # seconds for which the last page waits for services to answer


@dataclass(frozen=True, kw_only=True)
class LogOut:
    """The way out. It keeps nothing between requests."""

    provider: OpenIDProvider
    showing: Showing
    stores: Stores
    sign_out: SignOut
    clock: Clock

    def begin(self, pairs: Pairs, browser: Browser) -> ShowPage | LoggedOut:
        """Answer a logout request (RP-Initiated Logout 1.0, 2).

        Without a valid ID token of this browser's own session the person is asked first: any site
        can send a browser here.
        """
        asked = self.provider.check_logout(pairs)
        session, is_busy = ends = self._what_ends(browser)
        # A token of an earlier session is no proof: colleagues share computers and keep old tokens.
        is_sure = asked.is_hinted and (session is None or session.sid == asked.sid)
        if (is_sure and not asked.fault) or not (session or is_busy):
            return self._end(asked, ends, browser, may_return=asked.is_hinted)
        return self.ask(asked, browser)

    def ask(
        self, asked: LogoutRequest, browser: Browser, language: str = "", *errors: Message
    ) -> ShowPage:
        """Ask whether to log out. What the request has proven travels in the form."""
        key, cookies = browser.keyed()
        locale = language or self.showing.locale(browser, asked.ui_locales)
        fields = {
            "client_id": asked.client_id,
            "post_logout_redirect_uri": asked.redirect_uri,
            "state": asked.state or "",
            "ui_locales": locale if language or asked.ui_locales else "",
        }
        developer = {"reason": asked.fault} if asked.fault else {}
        return ShowPage(
            page=Page("logout", {"client": self._name(asked.client_id, locale)}, errors),
            locale=locale,
            reference=new_reference(),
            client_id=asked.client_id,
            form=CONFIRM,
            fields={name: value for name, value in fields.items() if value},
            browser_key=key,
            developer=developer,
            cookies=replace(cookies, language=language or None),
        )

    def confirm(
        self, pairs: Pairs, submission: Submission, browser: Browser
    ) -> ShowPage | LoggedOut:
        """End the session of somebody who has pressed the button, or ask in another language.

        A form that is not right any more, or not ours, asks once more and ends nothing.
        """
        asked, language = self.provider.check_logout(pairs), submission.language
        if not submission.is_genuine:
            answer = self.ask(asked, browser, "", Message("form.expired"))
            return replace(answer, page=replace(answer.page, status=403))
        if language:
            offered = language in self.showing.rules.locales
            return self.ask(asked, browser, language if offered else "")
        return self._end(asked, self._what_ends(browser), browser, may_return=True)

    def end_login(self, grant: Grant) -> None:
        """End the session in which a grant was given; a client has proven that it may."""
        now = self.clock()
        with self.stores.write() as work:
            self.sign_out.end(work, grant.sid, Cause(new_reference(), new_id()), now=now)

    def done(
        self, batch: str, client_id: str, browser: Browser, ui_locales: tuple[str, ...] = ()
    ) -> ShowPage:
        """Show that the person is logged out, and which services have not confirmed it.

        Anybody can link to this page: to somebody who is logged in it asks instead.
        """
        locale, now = self.showing.locale(browser, ui_locales), self.clock()
        client = self.provider.client(client_id)
        session, _ = self._what_ends(browser)
        if session is not None:
            asked = LogoutRequest(client_id=client_id if client else "", ui_locales=ui_locales)
            return self.ask(asked, browser)
        with self.stores.read() as work:
            open_notices = work.outbox.undelivered(batch)
        is_waiting = any(notice.created_at + _PATIENCE > now for notice in open_notices)
        names = (self._name(notice.to, locale) or notice.to for notice in open_notices)
        silent = [*dict.fromkeys(names)]
        view = {
            "unconfirmed": "" if is_waiting else format_list(silent, locale=locale),
            "is_waiting": is_waiting,
            "return_to": self.provider.home(client_id),
            "client": self._name(client_id, locale),
        }
        return ShowPage(
            page=Page("logged_out", view),
            locale=locale,
            reference=new_reference(),
            client_id=client_id if client else "",
        )

    def _what_ends(self, browser: Browser) -> _Ends:
        """Return the session of this browser, and whether a login is under way in it.

        One that has been idle too long counts: the clients' own sessions may live on.
        """
        now, key = self.clock(), digest(browser.key or "")
        with self.stores.read() as work:
            session = work.user_sessions.find(digest(browser.session or ""))
            return session, work.authentication_sessions.has_open(key, now=now)

    def _end(
        self,
        asked: LogoutRequest,
        ends: _Ends,
        browser: Browser,
        *,
        may_return: bool,
    ) -> LoggedOut:
        (session, is_busy), batch, now = ends, new_id(), self.clock()
        if session or is_busy:
            with self.stores.write() as work:
                key = digest(browser.key or "")
                work.authentication_sessions.take_all_of_browser(key, now=now)
                if session is not None:
                    self.sign_out.end(work, session.sid, Cause(new_reference(), batch), now=now)
        # An opened link goes too: it belongs to whoever leaves, not to the next person here.
        return LoggedOut(
            location=redirect_location(asked) if may_return else "",
            batch=batch,
            client_id=asked.client_id,
            ui_locales=asked.ui_locales,
            cookies=Cookies(session="", link=""),
        )

    def _name(self, client_id: str, locale: str) -> str:
        return self.provider.client_name(client_id, locale) if client_id else ""
