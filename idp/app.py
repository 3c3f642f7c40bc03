"""The only place that chooses: settings, stores, rooms, Flask, put together in that order.

Reading `assemble` from top to bottom is reading the house from the cellar to the roof.
"""

import ipaddress
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from idp.accounts.address_limits import RATES, AddressLimits
from idp.accounts.answer_time import AnswerTime
from idp.accounts.hash_gate import HashGate
from idp.accounts.passwords import Hasher
from idp.accounts.policy import Policy
from idp.accounts.sign_out import KIND as LOGOUT
from idp.accounts.sign_out import SignOut
from idp.accounts.throttle import Throttle
from idp.accounts.user_sessions import UserSessionRules
from idp.flow.authenticators.email_otp import EmailOtp
from idp.flow.authenticators.mailbox_first import MailboxFirst
from idp.flow.authenticators.password import Password
from idp.flow.authenticators.reset_credentials import ResetCredentials
from idp.flow.codes import Codes
from idp.flow.engine import Engine
from idp.flow.required_actions.update_password import UpdatePassword
from idp.model.clock import Clock, system_clock
from idp.model.letter import Letter
from idp.oidc.key_schedule import KeySchedule
from idp.oidc.keys import KeySet, rotate_if_due
from idp.oidc.protocol import DEVELOPERS, ProtocolSettings
from idp.oidc.provider import OpenIDProvider
from idp.outbox.courier import Courier
from idp.outbox.delivery import Post
from idp.outbox.mailing import mailed
from idp.outbox.notices import LogoutNotifier
from idp.outbox.smtp import SmtpPost
from idp.outbox.worker import Worker
from idp.settings import Secrets, Settings
from idp.signin.conversation import SignIn
from idp.signin.flows import Steps, flows_of
from idp.signin.granting import Granting
from idp.signin.letters import Letters
from idp.signin.logout import LogOut
from idp.signin.meanwhile import Meanwhile
from idp.signin.presence import Presence
from idp.signin.recovery import Recovery
from idp.signin.seal import Seal
from idp.signin.showing import Rules, Showing
from idp.stores.buckets import Buckets
from idp.stores.ports import AddressBuckets, Stores
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.flask_database import FlaskDatabase, WebStores
from idp.theming import SUBMIT_HASH, Themes
from idp.verdict import mail_settings, open_themes
from idp.web.assets import StaticFiles
from idp.web.browser import BrowserReader, CookieJar, Proxies
from idp.web.closure import Closure
from idp.web.constants import Wsgi
from idp.web.developers import Developers
from idp.web.entrance import Entrance
from idp.web.forms import FormTokens
from idp.web.front import Front
from idp.web.headers import SecurityHeaders
from idp.web.keycloak import KeycloakLogout
from idp.web.pages import Pages
from idp.web.protocol import ProtocolEndpoints
from idp.web.rendering import Renderer
from idp.web.site import create_site

_THREADS_OF_OURS = 3  # beside those that answer: a lane of letters each, and the watch


@dataclass(frozen=True)
class Assembly:
    """The rooms, put together: what web server, command line and tests take from here."""

    settings: Settings
    secrets: Secrets
    stores: Stores
    courier: Courier  # of mails
    notifier: Courier  # of logout notices
    worker: Worker
    provider: OpenIDProvider
    wsgi: Wsgi


class Foundation:
    """What a process has once, whatever it is told to serve: what a reload must not forget."""

    def __init__(self, settings: Settings) -> None:
        """Lay it by the keys that no reload changes; nothing is connected yet."""
        threads = settings.listen.threads
        self.engine = open_engine(settings.database.url, pool_size=threads + _THREADS_OF_OURS)
        self.stores = SqlStores(self.engine)
        self.gate = HashGate(threads)  # one hash at a time, in whichever assembly
        self.unmarked: set[str] = set()  # letters that have left without a mark of it
        self.files = StaticFiles()
        self._buckets: dict[str, Buckets] = {}

    def buckets(self, redis_url: str) -> Buckets:
        """Return the address buckets: what was counted is forgotten only with another Redis."""
        return self._buckets.setdefault(redis_url, Buckets(redis_url, rates=RATES))


def assemble(
    settings: Settings,
    secrets: Secrets,
    *,
    clock: Clock = system_clock,
    post: Post | None = None,
    foundation: Foundation | None = None,
    themes: Themes | None = None,
) -> Assembly:
    """Put the rooms together, on the foundation of an assembly before if there was one.

    `themes` are those of the settings if somebody has opened them already; `post` stands in for
    the SMTP server in tests.
    """
    foundation = foundation or Foundation(settings)
    database = FlaskDatabase(foundation.engine)
    # Flask-SQLAlchemy's session carries the conversation; the token path and the worker, which
    # count every microsecond or know no request, use the engine itself (docs/performance.md).
    cellar = _Cellar(settings, secrets, foundation, WebStores(database), clock)
    themes = themes or open_themes(settings)
    provider = _provider(cellar)
    limits = _address_limits(cellar)
    sign_out = SignOut.of(settings.clients)
    sign_in = _sign_in(cellar, provider, limits, sign_out)
    log_out = LogOut(
        provider=provider,
        showing=sign_in.showing,
        stores=cellar.web_stores,
        sign_out=sign_out,
        clock=clock,
    )
    courier = _courier(cellar, themes, post or SmtpPost(mail_settings(settings)))
    notifier = _notifier(cellar, provider)
    worker = Worker((courier, notifier), cellar.stores, clock)
    renderer = _renderer(settings, secrets, themes)
    pages = _pages(settings, renderer, sign_in, log_out, limits, worker)
    foundation.files.add(themes.assets)
    wsgi = _site(cellar, themes, pages, provider, database)
    return Assembly(settings, secrets, cellar.stores, courier, notifier, worker, provider, wsgi)


@dataclass(frozen=True)
class _Cellar:
    """What every room stands on."""

    settings: Settings
    secrets: Secrets
    foundation: Foundation
    web_stores: Stores
    clock: Clock

    @property
    def stores(self) -> Stores:
        return self.foundation.stores


# -- one room after the other -------------------------------------------------------------------


def hasher_of(settings: Settings, secrets: Secrets, gate: HashGate | None = None) -> Hasher:
    """Return a hasher behind the gate of its process, which counts the places."""
    gate = gate or HashGate(settings.listen.threads)
    return Hasher(secrets.pepper, settings.password.bcrypt_cost, gate)


def _provider(cellar: _Cellar) -> OpenIDProvider:
    settings, stores = cellar.settings, cellar.stores
    protocol = ProtocolSettings(
        issuer=settings.issuer,
        code_lifetime=settings.tokens.code,
        access_lifetime=settings.tokens.access,
        refresh_lifetime=settings.tokens.refresh,
        locales=settings.theme.locales,
        id_token_alg=settings.keys.id_token,
        access_token_alg=settings.keys.access_token,
        service_documentation=settings.issuer + DEVELOPERS,
        scopes=settings.scopes,
    )
    kek, schedule = cellar.secrets.key_encryption_key, KeySchedule.of(settings)
    rotate_if_due(stores, kek, schedule, cellar.clock)
    keys = KeySet.load(stores, kek, schedule, cellar.clock())
    return OpenIDProvider(
        protocol, settings.clients_by_id, stores=stores, keys=keys, clock=cellar.clock
    )


def _sign_in(
    cellar: _Cellar, provider: OpenIDProvider, limits: AddressLimits, sign_out: SignOut
) -> SignIn:
    settings, stores, clock = cellar.settings, cellar.web_stores, cellar.clock
    steps = _steps(cellar, limits, sign_out)
    engine = Engine(
        flows_of(settings.flows.named, steps), {"update_password": steps["update_password"]}, stores
    )
    showing = _showing(settings, cellar.secrets, engine)
    sessions = UserSessionRules(settings.session.idle, settings.session.max, sign_out)
    presence = Presence(
        engine=engine, showing=showing, stores=stores, sessions=sessions, clock=clock
    )
    recovery = Recovery(
        provider=provider,
        engine=engine,
        showing=showing,
        links=steps["reset_credentials"],
        limits=limits,
        stores=stores,
        sessions=sessions,
        clock=clock,
    )
    granting = Granting(
        provider=provider, showing=showing, stores=stores, sessions=sessions, clock=clock
    )
    return SignIn(
        provider=provider,
        engine=engine,
        showing=showing,
        stores=stores,
        granting=granting,
        presence=presence,
        meanwhile=Meanwhile(
            engine=engine, showing=showing, granting=granting, presence=presence, clock=clock
        ),
        recovery=recovery,
        clock=clock,
    )


def _showing(settings: Settings, secrets: Secrets, engine: Engine) -> Showing:
    login_timeout = settings.session.login_timeout
    return Showing(
        engine=engine,
        seal=Seal(secrets.form_key, lifetime=login_timeout),
        rules=Rules(
            login_timeout=login_timeout,
            locales=settings.theme.locales,
            default_locale=settings.theme.default,
            flow_of={c.client_id: c.flow for c in settings.clients if c.flow},
            continues=settings.reset.then == "continue",
            issuer=settings.issuer,
        ),
    )


def _steps(cellar: _Cellar, limits: AddressLimits, sign_out: SignOut) -> Steps:
    settings, secrets, stores = cellar.settings, cellar.secrets, cellar.web_stores
    throttle = Throttle(stores, secrets.form_key)
    hasher = hasher_of(settings, secrets, cellar.foundation.gate)
    codes = Codes(
        stores,
        secrets.form_key,
        lifetime=settings.otp.ttl,
        resend_after=settings.otp.resend_after,
        tries=settings.otp.tries,
    )
    return {
        "password": Password(stores, hasher, throttle, _answer_time(cellar, hasher)),
        "email_otp": EmailOtp(codes, throttle),
        "mailbox_first": MailboxFirst(codes, throttle),
        "reset_credentials": ResetCredentials(
            stores,
            throttle,
            limits,
            secrets.form_key,
            lifetime=settings.reset.ttl,
            resend_after=settings.reset.resend_after,
            invitation_lifetime=settings.reset.welcome_ttl,
        ),
        "update_password": UpdatePassword(
            stores, hasher, throttle, Policy.of(settings.password), sign_out
        ),
    }


def _answer_time(cellar: _Cellar, hasher: Hasher) -> AnswerTime:
    answer_time = AnswerTime(hasher)
    with cellar.stores.read() as work:
        answer_time.refresh(work, now=cellar.clock())
    return answer_time


def _courier(cellar: _Cellar, themes: Themes, post: Post) -> Courier:
    settings, clock = cellar.settings, cellar.clock
    letters = Letters(
        issuer=settings.issuer,
        timezone=settings.theme.timezone,
        themes=themes,
        clients=settings.clients_by_id,
        form_key=cellar.secrets.form_key,
    )
    deliveries = {kind: mailed(post, render, clock) for kind, render in letters.by_kind().items()}
    unmarked, longest = cellar.foundation.unmarked, post.longest
    return Courier(
        cellar.stores, deliveries, clock, lane="mail", longest=longest, unmarked=unmarked
    )


def _notifier(cellar: _Cellar, provider: OpenIDProvider) -> Courier:
    def token_of(letter: Letter, now: int) -> str | None:
        sub, sid = str(letter.facts["sub"]), str(letter.facts["sid"])
        return provider.logout_token(letter.to, sub=sub, sid=sid, now=now)

    notifier = LogoutNotifier(provider.backchannel_uri, token_of, cellar.clock)
    deliveries = {LOGOUT: notifier.deliver}
    unmarked, longest = cellar.foundation.unmarked, notifier.longest
    return Courier(
        cellar.stores, deliveries, cellar.clock, lane="notice", longest=longest, unmarked=unmarked
    )


def _renderer(settings: Settings, secrets: Secrets, themes: Themes) -> Renderer:
    issuer = urlsplit(settings.issuer)
    jar = CookieJar(
        is_https=issuer.scheme == "https",
        session_lifetime=settings.session.max,
        link_lifetime=settings.reset.ttl,
    )
    tokens = FormTokens(secrets.form_key)
    home = settings.support.home or ""
    return Renderer(themes, settings.clients_by_id, tokens, jar, settings.issuer, home)


def _pages(
    settings: Settings,
    renderer: Renderer,
    sign_in: SignIn,
    log_out: LogOut,
    limits: AddressLimits,
    worker: Worker,
) -> Pages:
    issuer = urlsplit(settings.issuer)
    return Pages(
        sign_in=sign_in,
        log_out=log_out,
        reader=BrowserReader(renderer.jar, _proxies(settings)),
        renderer=renderer,
        tokens=renderer.tokens,
        origin=f"{issuer.scheme}://{issuer.netloc}",
        closure=Closure(settings.maintenance.closed_until, settings.theme.timezone, sign_in.clock),
        wait_of=partial(limits.wait, "anonymous"),
        ring=worker.bell,
    )


def _site(
    cellar: _Cellar,
    themes: Themes,
    pages: Pages,
    provider: OpenIDProvider,
    database: FlaskDatabase,
) -> Wsgi:
    settings = cellar.settings
    headers = SecurityHeaders(
        issuer=settings.issuer,
        style_hashes=themes.style_hashes,
        script_hash=SUBMIT_HASH,
        has_fonts=themes.has_fonts,
    )
    is_aliased = bool(settings.aliases.keycloak_realm)
    aliased = [KeycloakLogout(pages, provider)] if is_aliased else []
    developers = Developers.of(settings, provider, pages)
    entrance, endpoints = Entrance(pages), ProtocolEndpoints(provider)
    site = create_site(pages, endpoints, headers, entrance, developers, *aliased)
    database.init_app(site)
    front = Front(
        provider=provider,
        headers=headers,
        files=cellar.foundation.files,
        path=urlsplit(settings.issuer).path,
        is_aliased=is_aliased,
    )
    return front.before(site.wsgi_app)


def _proxies(settings: Settings) -> Proxies:
    trusted = tuple(ipaddress.ip_network(network) for network in settings.proxy.trusted)
    return Proxies(trusted, settings.proxy.hops)


def _address_limits(cellar: _Cellar) -> AddressLimits:
    settings = cellar.settings
    buckets: AddressBuckets = cellar.foundation.buckets(settings.redis.url)
    offices = tuple((ipaddress.ip_network(o.network), o.factor) for o in settings.limits.offices)
    return AddressLimits(buckets, offices, cellar.secrets.form_key)
