"""The only place that chooses: settings, stores, rooms, Flask, put together in that order.

Reading `assemble` from top to bottom is reading the house from the cellar to the roof.
"""

import ipaddress
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from idp import settings as settings_room
from idp.accounts.hash_gate import HashGate
from idp.accounts.passwords import Hasher
from idp.accounts.throttle import Throttle, address_network
from idp.accounts.user_sessions import UserSessionRules
from idp.flow.authenticators.email_otp import EmailOtp, derive_code
from idp.flow.authenticators.password import Password
from idp.flow.engine import Engine
from idp.flow.step import Step
from idp.model.clock import Clock, system_clock
from idp.model.keyring import Keyring
from idp.model.letter import Letter, RenderedLetter
from idp.oidc.keys import KeySet
from idp.oidc.protocol import ProtocolSettings
from idp.oidc.provider import OpenIDProvider
from idp.outbox.courier import Courier
from idp.outbox.courier import Renderer as LetterRenderer
from idp.outbox.delivery import Post
from idp.outbox.mail_settings import MailSettings
from idp.outbox.smtp import SmtpPost
from idp.outbox.worker import Worker
from idp.settings import Secrets, Settings, load_secrets
from idp.signin.conversation import SignIn
from idp.signin.seal import Seal
from idp.signin.showing import Rules, Showing
from idp.stores.buckets import Buckets
from idp.stores.ports import AddressBuckets, Stores
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.flask_database import FlaskDatabase, WebStores
from idp.theming import Theme, load_themes, time_of_day, whole_minutes
from idp.web.browser import BrowserReader, CookieJar, Proxies, office_factor
from idp.web.constants import ConstantAnswers, Wsgi
from idp.web.forms import FormTokens
from idp.web.headers import SecurityHeaders
from idp.web.pages import Pages
from idp.web.protocol import ProtocolEndpoints
from idp.web.rendering import Renderer
from idp.web.site import create_site

_HERE = Path(__file__).parent
# A wheel carries the themes inside the package, a checkout beside it.
THEMES = next(p for p in (_HERE / "_themes", _HERE.parent / "themes") if p.is_dir())
DEFAULT_CONFIG = Path("config/idp.toml")
RATES = {"anonymous": "300/5 minutes"}  # of one address, before anything is proven


@dataclass(frozen=True)
class Assembly:
    """The rooms, put together: what web server, command line and tests take from here."""

    settings: Settings
    secrets: Secrets
    stores: Stores
    courier: Courier
    worker: Worker
    wsgi: Wsgi


def load_settings(config: Path) -> Settings:
    """Return the settings of a configuration file. Raises SettingsRefused with every mistake."""
    return settings_room.load(config, os.environ)


def create_app() -> Wsgi:
    """Return the WSGI application of the configuration that `IDP_CONFIG` names.

    This process then serves, and a thread of it delivers mail. Raises
    SettingsRefused; the database must be current (`idp db upgrade`).
    """
    settings = load_settings(Path(os.environ.get("IDP_CONFIG", DEFAULT_CONFIG)))
    logging.basicConfig(
        level=settings.logging.level.upper(), format="%(levelname)s %(name)s %(message)s"
    )
    assembly = assemble(settings, load_secrets(settings.secrets_dir))
    assembly.worker.start()
    return assembly.wsgi


def assemble(
    settings: Settings, secrets: Secrets, *, clock: Clock = system_clock, post: Post | None = None
) -> Assembly:
    """Put the rooms together. `post` stands in for the SMTP server in tests."""
    engine = open_engine(settings.database.url, pool_size=settings.listen.threads + 2)
    database = FlaskDatabase(engine)
    # Flask-SQLAlchemy's session carries the conversation; the token path and the worker, which
    # count every microsecond or know no request, use the engine itself (docs/performance.md).
    stores, web_stores = SqlStores(engine), WebStores(database)
    theme = open_theme(settings)
    provider = _provider(settings, secrets, stores, clock)
    sign_in = _sign_in(settings, secrets, web_stores, provider, clock)
    courier = Courier(
        stores,
        post or SmtpPost(mail_settings(settings)),
        {"code": _code_renderer(settings, secrets.form_key, theme)},
        clock,
    )
    worker = Worker(courier, stores, clock)
    wsgi = _site(settings, secrets, theme, sign_in, worker, database)
    return Assembly(settings, secrets, stores, courier, worker, wsgi)


# -- one room after the other -------------------------------------------------------------------


def open_theme(settings: Settings) -> Theme:
    """Return the configured theme. Raises ThemeRefused with its place."""
    return load_themes(
        THEMES, settings.theme.name, locales=settings.theme.locales, support=settings.support
    )


def hasher_of(settings: Settings, secrets: Secrets) -> Hasher:
    """Return the hasher of a process; there must be one only, for it counts the places."""
    gate = HashGate(settings.listen.threads)
    return Hasher(secrets.pepper, settings.password.bcrypt_cost, gate)


def _provider(settings: Settings, secrets: Secrets, stores: Stores, clock: Clock) -> OpenIDProvider:
    protocol = ProtocolSettings(
        issuer=settings.issuer,
        code_lifetime=settings.tokens.code,
        access_lifetime=settings.tokens.access,
        refresh_lifetime=settings.tokens.refresh,
        locales=settings.theme.locales,
        id_token_alg=settings.keys.id_token,
        access_token_alg=settings.keys.access_token,
    )
    keys = KeySet.load(stores, secrets.key_encryption_key)
    return OpenIDProvider(protocol, settings.clients_by_id, stores=stores, keys=keys, clock=clock)


def _sign_in(
    settings: Settings, secrets: Secrets, stores: Stores, provider: OpenIDProvider, clock: Clock
) -> SignIn:
    throttle = Throttle(stores, secrets.form_key)
    steps: dict[str, Step] = {
        "password": Password(stores, hasher_of(settings, secrets), throttle),
        "email_otp": EmailOtp(
            stores,
            throttle,
            secrets.form_key,
            lifetime=settings.otp.ttl,
            resend_after=settings.otp.resend_after,
            tries=settings.otp.tries,
        ),
    }
    flows = {
        name: tuple(steps[step] for step in names) for name, names in settings.flows.named.items()
    }
    login_timeout = settings.session.login_timeout
    engine = Engine(flows, stores)
    showing = Showing(
        engine=engine,
        seal=Seal(secrets.form_key, lifetime=login_timeout),
        rules=Rules(
            login_timeout=login_timeout,
            locales=settings.theme.locales,
            default_locale=settings.theme.default,
            flow_of={c.client_id: c.flow for c in settings.clients if c.flow},
        ),
    )
    return SignIn(
        provider=provider,
        engine=engine,
        showing=showing,
        stores=stores,
        sessions=UserSessionRules(settings.session.idle, settings.session.max),
        clock=clock,
    )


def _code_renderer(settings: Settings, form_key: Keyring, theme: Theme) -> LetterRenderer:
    host = urlsplit(settings.issuer).netloc

    def render(letter: Letter) -> RenderedLetter:
        challenge, version = str(letter.facts["challenge"]), int(letter.facts["key_version"])
        facts: dict[str, str | int] = {
            "code": derive_code(form_key, challenge, version),
            "minutes": whole_minutes(letter.expires_at - letter.created_at),
            "host": host,
            "time": time_of_day(letter.created_at, settings.theme.timezone, letter.locale),
        }
        return theme.letter("code", letter.locale, facts)

    return render


def mail_settings(settings: Settings) -> MailSettings:
    """Return the SMTP server and how it is spoken to. Raises SettingsRefused."""
    mail = settings.mail
    return MailSettings(
        host=mail.host,
        port=mail.port,
        tls=mail.tls,
        verify=mail.verify,
        timeout=mail.timeout,
        user=mail.user or None,
        password=mail.password or None,
        sender=mail.sender,
        ca_file=str(mail.ca_file) if mail.ca_file else None,
        message_id_domain=urlsplit(settings.issuer).hostname or "localhost",
    )


def _site(
    settings: Settings,
    secrets: Secrets,
    theme: Theme,
    sign_in: SignIn,
    worker: Worker,
    database: FlaskDatabase,
) -> Wsgi:
    issuer, provider = urlsplit(settings.issuer), sign_in.provider
    jar = CookieJar(is_https=issuer.scheme == "https", session_lifetime=settings.session.max)
    tokens = FormTokens(secrets.form_key)
    pages = Pages(
        sign_in=sign_in,
        reader=BrowserReader(jar, _proxies(settings)),
        renderer=Renderer(theme, settings.clients_by_id, tokens, jar, issuer.path),
        tokens=tokens,
        origin=f"{issuer.scheme}://{issuer.netloc}",
        wait_of=_address_limit(settings),
        ring=worker.bell,
    )
    headers = SecurityHeaders(
        is_https=jar.is_https, style_hash=theme.style_hash, script_hash=theme.script_hash
    )
    site = create_site(pages, ProtocolEndpoints(provider), headers)
    database.init_app(site)
    constant = {
        "/.well-known/openid-configuration": provider.discovery,
        "/jwks": provider.jwks,
    }
    constants = ConstantAnswers(
        site.wsgi_app,
        constant,
        allowed_origin=provider.allowed_origin,
        headers=headers.everywhere(),
    )
    if not issuer.path:
        return constants
    nowhere = Response(status=404, headers=[*headers.everywhere().items()])
    return DispatcherMiddleware(nowhere, {issuer.path: constants})


def _proxies(settings: Settings) -> Proxies:
    trusted = tuple(ipaddress.ip_network(network) for network in settings.proxy.trusted)
    return Proxies(trusted, settings.proxy.hops)


def _address_limit(settings: Settings) -> Callable[[str], int | None]:
    buckets: AddressBuckets = Buckets(settings.redis.url, rates=RATES)
    offices = tuple((ipaddress.ip_network(o.network), o.factor) for o in settings.limits.offices)

    def wait_of(address: str) -> int | None:
        network = address_network(address)
        return buckets.hit("anonymous", network, factor=office_factor(address, offices))

    return wait_of
