"""What relying parties know: their declarations, their secrets and a good authorization request."""

import base64
import hashlib
from typing import Any, cast
from urllib.parse import quote_plus

from joserfc.jwk import KeySet as JoseKeySet
from joserfc.jwk import KeySetSerialization

from idp.model.keyring import Keyring
from idp.model.user import User
from idp.oidc.keys import KeySet
from idp.settings.clients import Client

ISSUER = "https://sso.example"
KEK = Keyring({1: b"k" * 32})
OFFICER = User(
    id="5f2b9c1e-0d7a-4f6e-9a53-3c1d2e4f5a6b",
    email="office@example.gov.bd",
    email_canonical="office@example.gov.bd",
    email_verified=True,
    name_bn="সচিবালয়",
    name_en="Secretariat",
    office="মন্ত্রিপরিষদ বিভাগ",
    locale="bn",
    updated_at=1_790_000_000,
)

VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


def secret_hash(secret: str) -> str:
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()


def client(client_id: str, **changes: Any) -> Client:
    return Client.model_validate(
        {
            "client_id": client_id,
            "name": {"bn": "ব্যাকঅফিস", "en": "Back office"},
            "owner": "ops@example.gov.bd",
            "home_url": f"https://{client_id}.example/",
            "secrets": ({"hash": secret_hash(f"{client_id}-secret")},),
            "redirect_uris": (
                f"https://{client_id}.example/cb",
                f"https://{client_id}.example/cb?tenant=1",
            ),
            "post_logout_redirect_uris": (
                f"https://{client_id}.example/bye",
                f"https://{client_id}.example/bye?tenant=1&x=%C3%A9",
            ),
            "backchannel_logout_uri": f"https://{client_id}.example/ended",
            "grants": ("authorization_code", "refresh_token"),
            "scopes": ("openid", "profile", "email", "offline_access"),
            **changes,
        }
    )


def clients() -> dict[str, Client]:
    declared = (
        client("backoffice", web_origins=("https://backoffice.example",)),
        client("ministry", auth="client_secret_post"),
        client("spa", auth="none", secrets=()),
        client("relaxed", pkce="optional", backchannel_logout_uri=None),
        client("modest", scopes=("openid",), grants=("authorization_code",)),
        client("robot", grants=("client_credentials",), redirect_uris=()),
        client("elliptic", id_token_alg="ES256", access_token_audience="api"),
        client("api"),
        client("closed", enabled=False, web_origins=("https://closed.example",)),
    )
    return {record.client_id: record for record in declared}


def authorization_pairs(**changes: Any) -> list[tuple[str, str]]:
    """Return a good request with `changes`; None leaves a parameter out."""
    good: dict[str, str | None] = {
        "response_type": "code",
        "client_id": "backoffice",
        "redirect_uri": "https://backoffice.example/cb",
        "scope": "openid profile email",
        "state": "af0ifjsldkj",
        "nonce": "n-0S6_WzA2Mj",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return [(name, value) for name, value in (good | changes).items() if value is not None]


def basic(client_id: str, secret: str) -> dict[str, str]:
    """Return the Authorization header of client_secret_basic (RFC 6749 2.3.1)."""
    return raw_basic(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode())


def raw_basic(credentials: bytes) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(credentials).decode()}


def published(keys: KeySet) -> JoseKeySet:
    """Return the provider's keys as joserfc reads them."""
    return JoseKeySet.import_key_set(cast("KeySetSerialization", keys.public_jwks()))
