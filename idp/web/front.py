"""What stands before Flask: constant documents, files of themes, other addresses, the path."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from idp.oidc.provider import OpenIDProvider
from idp.web.assets import AssetAnswers, StaticFiles
from idp.web.constants import ConstantAnswers, Wsgi
from idp.web.headers import SecurityHeaders
from idp.web.keycloak import KeycloakAliases


@dataclass(frozen=True, kw_only=True)
class Front:
    """The layers around the site; each answers what it knows and hands on the rest."""

    provider: OpenIDProvider
    headers: SecurityHeaders
    files: StaticFiles
    path: str  # of the issuer: "" or "/sso"
    is_aliased: bool  # are Keycloak's addresses answered, too

    def before(self, site: Wsgi) -> Wsgi:
        """Return the site behind its layers."""
        provider, everywhere = self.provider, self.headers.everywhere()
        documents = {
            "/.well-known/openid-configuration": lambda: provider.discovery,
            "/jwks": lambda: provider.jwks,
        }
        ours: Wsgi = ConstantAnswers(
            AssetAnswers(site, self.files, everywhere),
            documents,
            allowed_origin=provider.allowed_origin,
            headers=everywhere,
        )
        if self.is_aliased:
            ours = KeycloakAliases(ours, web_origins=provider.web_origins, headers=self.headers)
        if not self.path:
            return ours
        nowhere = Response(status=404, headers=[*everywhere.items()])
        return DispatcherMiddleware(nowhere, {self.path: _rooted(ours)})


def _rooted(site: Wsgi) -> Wsgi:
    """Return the site with `/` for no path: Werkzeug would redirect to the request's own scheme."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["PATH_INFO"] = environ["PATH_INFO"] or "/"
        return site(environ, start_response)

    return answer
