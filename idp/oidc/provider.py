"""The OpenID provider, put together: what `signin` and `web` ask of the protocol."""

from collections.abc import Callable, Mapping

from flask import Response, request

from idp.model.clock import Clock
from idp.model.errors import AuthorizationError
from idp.model.grant import Grant
from idp.model.logout import LogoutRequest
from idp.model.request import AuthorizationRequest
from idp.model.sessions import UserSession
from idp.model.tokens import digest, new_id, new_secret
from idp.model.user import User
from idp.oidc import authorize, interaction, keycloak_claims, logout, responses
from idp.oidc.assurance import acr_of
from idp.oidc.attribute_claims import AttributeClaims
from idp.oidc.clients import register
from idp.oidc.discovery import discovery_document, jwks_document
from idp.oidc.interaction import Reason
from idp.oidc.issuance import TokenIssuer
from idp.oidc.keys import KeySet
from idp.oidc.parameters import Pairs
from idp.oidc.protocol import ProtocolSettings
from idp.oidc.responses import AuthorizationResponse
from idp.oidc.server import ProtocolServer
from idp.oidc.userinfo import UserInfo
from idp.settings.clients import Client
from idp.stores.ports import Stores, Work


class OpenIDProvider:
    """One issuer with its clients, keys and stores. A new configuration makes a new one."""

    def __init__(
        self,
        settings: ProtocolSettings,
        clients: Mapping[str, Client],
        *,
        stores: Stores,
        keys: KeySet,
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.discovery = discovery_document(settings, keys)
        self.jwks = jwks_document(keys)
        self._clients = clients
        self.keys = keys
        registered, tokens = register(clients), TokenIssuer(settings, keys)
        self._registered, self._tokens = registered, tokens
        self._server = ProtocolServer(registered, stores=stores, tokens=tokens, clock=clock)
        self._userinfo = UserInfo(
            clients=registered,
            stores=stores,
            tokens=tokens,
            clock=clock,
            attribute_claims=AttributeClaims(settings.scopes),
        )
        self._origins = frozenset(o for c in registered.values() for o in c.record.web_origins)

    def take_keys(self, keys: KeySet) -> None:
        """Sign, verify and publish with these keys from now on, in requests under way, too."""
        self.jwks = jwks_document(keys)
        self.keys.take(keys)

    # The conversation's side.

    def client(self, client_id: str) -> Client | None:
        """Return the client of that name, enabled or not."""
        return self._clients.get(client_id)

    def home(self, client_id: str) -> str:
        """Return where somebody may go on to that client; "" if that is not known."""
        client = self._clients.get(client_id)
        return client.home(self.settings.issuer) if client else ""

    def admits(self, client_id: str, user: User) -> bool:
        """Tell whether a person has one of the roles that a client asks for, if it asks for any."""
        client = self._registered.get(client_id)
        return client is None or client.admits(user)

    def check_request(self, pairs: Pairs) -> AuthorizationRequest:
        """Return the checked request. Raises RequestRefused or AuthorizationError."""
        return authorize.check_request(
            pairs, clients=self._clients, settings=self.settings, keys=self.keys
        )

    def reason_to_ask(
        self, asked: AuthorizationRequest, session: UserSession | None, *, now: int
    ) -> Reason | None:
        """Return why a person must be asked. Raises AuthorizationError when nobody may be."""
        return interaction.reason_to_ask(asked, session, now)

    def answer(
        self, work: Work, asked: AuthorizationRequest, session: UserSession, *, now: int
    ) -> AuthorizationResponse:
        """Grant the request to the session's user, within `work`, and answer with a code.

        Somebody else than `id_token_hint` named gets login_required (OIDC Core 3.1.2.2). Raises
        RequestRefused when client or redirect URI are not declared any more.
        """
        authorize.check_reply(asked, self._clients)
        # An unreadable hint ("") names nobody: it had to be answered by a login, no more.
        if asked.hinted_subject and asked.hinted_subject != session.user_id:
            return self.failure(
                AuthorizationError(
                    "login_required",
                    "Another user than the one named by id_token_hint logged in.",
                    reply_to=asked.reply_to,
                )
            )
        code = new_secret()
        expires_at = now + self.settings.code_lifetime
        work.grants.add(
            self._grant(asked, session, now), code_digest=digest(code), code_expires_at=expires_at
        )
        return responses.success(asked, code, issuer=self.settings.issuer)

    def failure(self, error: AuthorizationError) -> AuthorizationResponse:
        """Answer with an error at the client."""
        return responses.failure(error, issuer=self.settings.issuer)

    # Logout (RP-Initiated Logout 1.0, Back-Channel Logout 1.0).

    def check_logout(self, pairs: Pairs) -> LogoutRequest:
        """Return what is proven of a logout request. Never raises."""
        return logout.check_logout(
            pairs, clients=self._clients, settings=self.settings, keys=self.keys
        )

    def backchannel_uri(self, client_id: str) -> str | None:
        """Return where the client takes logout tokens; None when it takes none (any more)."""
        client = self._registered.get(client_id)
        return client.record.backchannel_logout_uri if client else None

    def logout_token(self, client_id: str, *, sub: str, sid: str, now: int) -> str | None:
        """Return a fresh logout token for a client; None when it takes none (any more)."""
        if self.backchannel_uri(client_id) is None:
            return None
        return self._tokens.logout_token(self._registered[client_id], sub=sub, sid=sid, now=now)

    def client_name(self, client_id: str, locale: str) -> str:
        """Return the client's name for people; "" for an unknown one: never what was received."""
        client = self._clients.get(client_id)
        name: str = getattr(client.name, locale) if client else ""
        return name

    # The programs' side: each answers the Flask request at hand.

    def token_endpoint(self) -> Response:
        return self._server.token_endpoint()

    def userinfo_endpoint(self) -> Response:
        return self._userinfo.answer(request)

    def revocation_endpoint(self) -> Response:
        return self._server.revocation_endpoint()

    def introspection_endpoint(self) -> Response:
        return self._server.introspection_endpoint()

    def logout_endpoint(self, end: Callable[[Grant], None]) -> Response:
        """Answer a program that logs somebody out; `end` ends the login of the grant it proves."""
        return self._server.logout_endpoint(end)

    @property
    def web_origins(self) -> frozenset[str]:
        """The origins whose scripts belong to enabled clients."""
        return self._origins

    def allowed_origin(self, origin: str) -> bool:
        """Tell whether scripts of `origin` belong to an enabled client (Fetch: CORS protocol)."""
        return origin in self._origins

    def _grant(self, asked: AuthorizationRequest, session: UserSession, now: int) -> Grant:
        outlives_session = "offline_access" in asked.scope
        return Grant(
            id=new_id(),
            client_id=asked.client_id,
            user_id=session.user_id,
            sid=session.sid,
            redirect_uri=asked.redirect_uri,
            scope=keycloak_claims.granted_scope(self._registered[asked.client_id], asked.scope),
            nonce=asked.nonce,
            code_challenge=asked.code_challenge,
            auth_time=session.auth_time,
            amr=session.amr,
            acr=acr_of(session.amr),
            created_at=now,
            expires_at=now + self.settings.refresh_lifetime
            if outlives_session
            else session.expires_at,
        )
