"""Nouns with sensible values, of which a test names only those that matter to it."""

from typing import Any

from idp.model.action_token import ActionToken
from idp.model.grant import Grant
from idp.model.letter import Letter
from idp.model.request import AuthorizationRequest
from idp.model.sessions import AuthenticationSession, Challenge, UserSession
from idp.model.tokens import digest, new_id
from idp.model.user import User
from idp.stores.sql import SqlStores

NOW = 1_795_000_000
HOUR = 3600
DAY = 24 * HOUR
ODD = "নদী\x00\ud800"  # Bengali, NUL and a lone surrogate: what a request may bring


def user(**values: Any) -> User:
    email = values.pop("email", f"{new_id()}@example.gov.bd")
    defaults = {"id": new_id(), "email_canonical": email.casefold(), "created_at": NOW}
    return User(email=email, **{**defaults, **values})


def stored_user(stores: SqlStores, **values: Any) -> User:
    made = user(**values)
    with stores.write() as work:
        work.users.add(made)
    return made


def grant(owner: User, **values: Any) -> Grant:
    defaults: dict[str, Any] = {
        "id": new_id(),
        "client_id": "backoffice",
        "user_id": owner.id,
        "sid": "sid",
        "redirect_uri": "https://backoffice.example/cb?a=ক",
        "scope": ("openid", "profile"),
        "nonce": "n-0S6",
        "code_challenge": "challenge",
        "auth_time": NOW - 5,
        "amr": ("pwd", "email"),
        "acr": "urn:probesh:acr:password+email-code",
        "created_at": NOW,
        "expires_at": NOW + DAY,
    }
    return Grant(**{**defaults, **values})


def stored_grant(stores: SqlStores, owner: User, **values: Any) -> Grant:
    """Store a grant whose code is its own id."""
    made = grant(owner, **values)
    with stores.write() as work:
        work.grants.add(made, code_digest=digest(made.id), code_expires_at=NOW + 60)
    return made


def authentication_session(**values: Any) -> AuthenticationSession:
    defaults: dict[str, Any] = {
        "id": new_id(),
        "reference": "7F3K-2Q",
        "browser_digest": digest("browser key"),
        "request": AuthorizationRequest(
            client_id="backoffice", redirect_uri="https://b.example/cb", scope=("openid",)
        ),
        "client_id": "backoffice",
        "flow": "browser",
        "locale": "bn",
        "created_at": NOW,
        "expires_at": NOW + 1800,
    }
    return AuthenticationSession(**{**defaults, **values})


def action_token(owner: User, **values: Any) -> ActionToken:
    defaults: dict[str, Any] = {
        "id": new_id(),
        "reference": "7F3K-2Q",
        "user_id": owner.id,
        "credential_version": owner.credential_version,
        "user_typed": owner.email,
        "client_id": "backoffice",
        "request": AuthorizationRequest(
            client_id="backoffice", redirect_uri="https://b.example/cb", scope=("openid",)
        ),
        "browser_digest": digest("browser key"),
        "created_at": NOW,
        "expires_at": NOW + 3600,
    }
    return ActionToken(**{**defaults, **values})


def stored_token(stores: SqlStores, owner: User, **values: Any) -> ActionToken:
    made = action_token(owner, **values)
    with stores.write() as work:
        work.action_tokens.add(made)
    return made


def user_session(owner: User, **values: Any) -> UserSession:
    defaults: dict[str, Any] = {
        "sid": new_id(),
        "digest": digest(new_id()),
        "user_id": owner.id,
        "amr": ("pwd", "email"),
        "auth_time": NOW,
        "created_at": NOW,
        "last_seen_at": NOW,
        "expires_at": NOW + 10 * HOUR,
    }
    return UserSession(**{**defaults, **values})


def challenge(**values: Any) -> Challenge:
    defaults: dict[str, Any] = {
        "id": new_id(),
        "authentication_session_id": "conversation",
        "user_id": "user",
        "key_version": 1,
        "created_at": NOW,
        "expires_at": NOW + 600,
        "last_sent_at": NOW,
    }
    return Challenge(**{**defaults, **values})


def letter(**values: Any) -> Letter:
    defaults: dict[str, Any] = {
        "id": new_id(),
        "kind": "code",
        "to": "office@example.gov.bd",
        "locale": "bn",
        "reference": "7F3K-2Q",
        "facts": {"challenge": "c", "minutes": 10},
        "created_at": NOW,
        "expires_at": NOW + 600,
    }
    return Letter(**{**defaults, **values})
