"""Whether a person must be asked before a request is answered, and why (OIDC Core 3.1.2.3)."""

from typing import Literal, TypeAlias

from idp.model.errors import AuthorizationError
from idp.model.request import AuthorizationRequest
from idp.model.sessions import UserSession

Reason: TypeAlias = Literal["no_session", "login_prompted", "other_subject", "max_age"]


def reason_to_ask(
    request: AuthorizationRequest, session: UserSession | None, now: int
) -> Reason | None:
    """Return why a login page is needed, or None when the session answers for itself.

    Raises AuthorizationError login_required when `prompt=none` forbids asking.
    """
    reason = _reason(request, session, now)
    if reason and "none" in request.prompt:
        raise AuthorizationError(
            "login_required", "The person has to log in.", reply_to=request.reply_to
        )
    return reason


def _reason(request: AuthorizationRequest, session: UserSession | None, now: int) -> Reason | None:
    if session is None:
        return "no_session"
    if "login" in request.prompt or "select_account" in request.prompt:
        return "login_prompted"
    if request.hinted_subject is not None and request.hinted_subject != session.user_id:
        return "other_subject"
    if request.max_age is not None and _is_too_old(session, request.max_age, now):
        return "max_age"
    return None


def _is_too_old(session: UserSession, max_age: int, now: int) -> bool:
    # Zero means "now", like prompt=login; in whole seconds a fresh login would slip through.
    return max_age == 0 or now - session.auth_time > max_age
