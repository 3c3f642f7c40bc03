"""What the conversation shows: its pages, with all that the next request needs to go on."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from idp.flow.authenticators.password import MAILBOX_FIRST
from idp.flow.engine import Engine, led_by, saying
from idp.model.errors import RequestRefused
from idp.model.page import Message, Page
from idp.model.request import AuthorizationRequest
from idp.model.sessions import AuthenticationSession
from idp.model.tokens import digest, new_id, new_reference
from idp.oidc.errors import error_uri
from idp.oidc.parameters import Pairs, offered_locales, single_values
from idp.oidc.request_check import difference
from idp.signin.answers import Browser, ShowPage
from idp.signin.seal import Seal
from idp.theming.locale import choose

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Choices of the configuration; times in seconds."""

    login_timeout: int
    locales: tuple[str, ...]
    default_locale: str
    flow_of: Mapping[str, str]  # clients that name another flow than "browser"
    continues: bool = False  # after a reset: the new password need not be typed again
    issuer: str = ""


RESET = "reset_credentials"  # the flow of a forgotten password


def after_reset(flow: str) -> str:
    """Return the name of the flow that resets and then goes on with another flow's steps."""
    return led_by(RESET, flow)


@dataclass(frozen=True, kw_only=True)
class Showing:
    """Makes conversations and shows their pages. It decides nothing and writes nothing."""

    engine: Engine
    seal: Seal
    rules: Rules

    def begin(
        self, request: AuthorizationRequest, browser: Browser, reference: str, *, now: int
    ) -> AuthenticationSession:
        """Return a new conversation, bound to this browser, at the first step of its flow."""
        bare = self._bare(browser, request.client_id, request.ui_locales, now)
        return replace(bare, reference=reference, request=request, user_typed=request.login_hint)

    def begin_reset(
        self, browser: Browser, *, client_id: str, now: int, ui_locales: tuple[str, ...] = ()
    ) -> AuthenticationSession:
        """Return a new conversation about a forgotten password, which no client waits for."""
        return replace(self._bare(browser, client_id, ui_locales, now), flow=RESET)

    def _bare(
        self, browser: Browser, client_id: str, ui_locales: tuple[str, ...], now: int
    ) -> AuthenticationSession:
        return AuthenticationSession(
            id=new_id(),
            reference=new_reference(),
            browser_digest=digest(browser.key or ""),
            request=None,
            client_id=client_id,
            flow=self.flow_of(client_id),
            locale=self.locale(browser, ui_locales),
            created_at=now,
            expires_at=now + self.rules.login_timeout,
        )

    def again(
        self, session: AuthenticationSession, browser: Browser, *, now: int
    ) -> AuthenticationSession:
        """Begin anew with the same request, reference, language and user ID.

        Where no client waits, a reset is all that can begin.
        """
        if session.request is None:
            anew = self.begin_reset(browser, client_id=session.client_id, now=now)
        else:
            anew = self.begin(session.request, browser, session.reference, now=now)
        return replace(
            anew,
            reference=session.reference,
            locale=session.locale,
            user_typed=session.user_typed,
        )

    def begin_again(
        self,
        session: AuthenticationSession,
        browser: Browser,
        *,
        now: int,
        notice: Message | None = None,
        error: Message | None = None,
    ) -> ShowPage:
        """Show the first page of the same request, saying `notice` or `error` if given."""
        anew = self.again(session, browser, now=now)
        return self.current_page(anew, browser, now=now, notice=notice, error=error)

    def current_page(
        self,
        session: AuthenticationSession,
        browser: Browser,
        *,
        now: int,
        notice: Message | None = None,
        error: Message | None = None,
    ) -> ShowPage:
        """Show the step that a conversation stands at, saying `notice` or `error` if given."""
        if notice or error:
            session = saying(session, error, notice)
        return self.page_of(session, self.engine.show(session, browser.visit(now)), browser)

    def page_of(self, session: AuthenticationSession, page: Page, browser: Browser) -> ShowPage:
        """Show a page of a conversation; a browser without a key is given one."""
        key, cookies = browser.keyed()
        if browser.key is None:
            session = replace(session, browser_digest=digest(key))
        return ShowPage(
            page=page,
            locale=session.locale,
            reference=session.reference,
            client_id=session.client_id,
            sealed="" if session.version else self.seal.close(session),
            handle=session.id if session.version else "",
            browser_key=key,
            cookies=cookies,
        )

    def unknown(self, browser: Browser, email: str, *, client_id: str = "") -> ShowPage:
        """Show that there is no conversation to go on with, and the way to its client if known.

        `email` is of whoever is logged in. Who carries a session that is none any more was logged
        out; who carries none was not.
        """
        has_ended = browser.session is not None and not email
        return ShowPage(
            page=Page("expired", {"email": email, "has_ended": has_ended}, status=400),
            locale=self.locale(browser),
            reference=new_reference(),
            client_id=client_id,
        )

    def refusal(
        self,
        refused: RequestRefused,
        browser: Browser,
        reference: str,
        ui_locales: tuple[str, ...] = (),
    ) -> ShowPage:
        """Show that a request may not be answered at its client (RFC 6749 4.1.2.1)."""
        _log.warning("%s request refused: %s", reference, _told(refused))
        if refused.reason == "unregistered_redirect_uri":
            return self._mismatch(refused, self.locale(browser, ui_locales), reference)
        words = {"title": "eclient.title", "body": "eclient.body", "facts": {}}
        view = {**words, "next": "btn.back", "to": None}
        return ShowPage(
            page=Page("error", view, status=400),
            locale=self.locale(browser, ui_locales),
            reference=reference,
            developer={"reason": refused.reason, **refused.details},
        )

    def _mismatch(self, refused: RequestRefused, locale: str, reference: str) -> ShowPage:
        """Show that the redirect URI is not registered, and only in test mode which ones are."""
        client_id, received = refused.details["client_id"], refused.details["redirect_uri"]
        shown = refused.registered if refused.is_test else ()
        view = {
            "client_id": client_id,
            "received": received,
            "registered": shown,
            "difference": (difference(received, shown),) if refused.is_test else (),
            "documentation": error_uri(self.rules.issuer, refused.reason),
        }
        return ShowPage(
            page=Page("mismatch", view, status=400),
            locale=locale,
            reference=reference,
            client_id=client_id,
        )

    def flow_of(self, client_id: str) -> str:
        return self.rules.flow_of.get(client_id, "browser")

    def flow_from_link(self, session: AuthenticationSession) -> str:
        """Return the flow of a conversation whose mailed link has been opened."""
        on = after_reset(self.flow_of(session.client_id))
        goes_on = self.rules.continues and session.request is not None
        return on if goes_on and self.engine.has_flow(on) else RESET

    def is_login(self, session: AuthenticationSession) -> bool:
        """Tell whether a conversation ends with somebody logged in; a reset does not."""
        return session.flow != RESET

    def is_current(self, session: AuthenticationSession) -> bool:
        """Tell whether a conversation still walks its client's flow: configurations change."""
        flow = self.flow_of(session.client_id)
        ours = {flow, RESET, after_reset(flow), led_by(MAILBOX_FIRST, flow)}
        return session.flow in ours and self.engine.has_step(session)

    def wished(self, parameters: Pairs) -> tuple[str, ...]:
        """Return the languages that a request asks for, whatever else is wrong with it."""
        asked = single_values(parameters).get("ui_locales", "")
        return offered_locales(asked, self.rules.locales)

    def locale(
        self, browser: Browser, ui_locales: tuple[str, ...] = (), *, letter: str = ""
    ) -> str:
        return choose(
            self.rules.locales,
            self.rules.default_locale,
            ui_locales=ui_locales,
            saved=browser.saved_language,
            letter=letter,
            accept_language=browser.accept_language,
        )


def speaking(session: AuthenticationSession, locale: str) -> AuthenticationSession:
    """Return the conversation in the language that its person wants, whatever its client asked."""
    request = session.request and replace(session.request, ui_locales=(locale,))
    return replace(session, locale=locale, request=request)


def _told(refused: RequestRefused) -> str:
    """Return a refusal for the log; what was received is printable by now."""
    facts = {"reason": refused.reason, **refused.details}
    told = " ".join(f"{name}={value!r}" for name, value in facts.items())
    return f"{told} registered={list(refused.registered)}" if refused.registered else told
