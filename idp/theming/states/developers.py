"""The pages that developers of relying parties meet."""

from collections.abc import Mapping

from idp.model.page import Message, Page
from idp.theming.states.state import CLIENT, HOME, NO_TEXT, State

_ISSUER = "https://sso.example.gov.bd"
_CHECK = "/developers/check"
_CAME = "https://backoffice.example.gov.bd/cb/"
_REGISTERED = ("https://backoffice.example.gov.bd/cb", "https://backoffice.example.gov.bd/cb2")
_PASTED = f"{_ISSUER}/authorize?client_id=backoffice&response_type=token"
_ERRORS = {
    "invalid_request": Message("dev.e.request"),
    "invalid_client": Message("dev.e.client"),
    "invalid_grant": Message("dev.e.grant"),
    "invalid_scope": Message("dev.e.scope", {"scope": "openid"}),
    "invalid_token": Message("dev.e.token"),
    "insufficient_scope": Message("dev.e.insufficient", {"scope": "openid"}),
    "access_denied": Message("dev.e.denied", {"key": "required_roles"}),
    "unauthorized_client": Message("dev.e.unauthorized", {"key": "grants"}),
    "unsupported_response_type": Message("dev.e.only", {"value": "response_type=code"}),
    "unsupported_token_type": Message("dev.e.revoke"),
    "login_required": Message("dev.e.login", {"value": "prompt=none"}),
    "request_not_supported": Message("dev.e.parameter", {"name": "request"}),
    "server_error": Message("dev.e.server"),
    "temporarily_unavailable": Message("dev.e.later"),
    "unknown_client": Message("dev.e.unknown"),
    "disabled_client": Message("dev.e.disabled"),
    "unregistered_redirect_uri": Message("dev.e.uri"),
    "missing_client_id": Message("dev.e.missing", {"name": "client_id"}),
    "repeated_redirect_uri": Message("dev.e.repeated", {"name": "redirect_uri"}),
}
_DIFFERENCES = ("slash", "case", "encoding", "scheme", "host", "query", "fragment", "path")
# Everything that the check of a request can ask for.
_FIXES = (
    *(Message(f"dev.diff.{name}", {"registered": _REGISTERED[0]}) for name in _DIFFERENCES),
    Message("dev.fix.endpoint", {"endpoint": f"{_ISSUER}/authorize"}),
    Message("dev.fix.fragment", {"mark": "#"}),
    Message("dev.fix.client", {"value": "client_id=backoffice"}),
    Message("dev.fix.disabled", {"key": "enabled"}),
    Message("dev.fix.redirect.missing", {"names": "redirect_uri"}),
    Message("dev.fix.object", {"names": "request, request_uri, registration"}),
    Message("dev.fix.twice", {"names": "client_id, scope"}),
    Message("dev.fix.mode", {"names": "query, fragment, form_post"}),
    Message("dev.fix.text", {"name": "UTF-8"}),
    Message("dev.fix.length", {"n": 512}),
    Message("dev.fix.type", {"value": "response_type=code"}),
    Message("dev.fix.grant", {"value": "authorization_code"}),
    Message("dev.fix.scope", {"name": "openid", "scopes": "openid profile email"}),
    Message("dev.fix.prompt", {"names": "none, login, consent, select_account", "alone": "none"}),
    Message("dev.fix.seconds", {"name": "max_age"}),
    Message("dev.fix.secret", {"name": "client_secret"}),
)
_MISTAKES = (
    {
        "error": "unregistered_redirect_uri",
        "description": _CAME,
        "fix": Message("dev.diff.slash", {"registered": _REGISTERED[0]}),
    },
    {
        "error": "invalid_request",
        "description": "The code_challenge is missing.",
        "fix": Message(
            "dev.fix.pkce",
            {"challenge": "code_challenge", "method": "code_challenge_method=S256"},
        ),
    },
)
_TIPS = (
    {"fix": Message("dev.tip.missing", {"name": "state"})},
    {"fix": Message("dev.tip.scope", {"names": "phone"})},
    {"fix": Message("dev.tip.offline", {"scope": "offline_access", "value": "refresh_token"})},
)


def _found(fix: Message) -> dict[str, object]:
    return {"error": "invalid_request", "description": "", "fix": fix}


def _check(*errors: Message, notice: Message | None = None, **changes: object) -> Page:
    view = {
        "url": _PASTED,
        "check": _CHECK,
        "home": "/developers",
        "mistakes": (),
        "tips": (),
        **changes,
    }
    return Page("request_check", view, errors, notice)


def _mismatch(**changes: object) -> Page:
    view = {
        "client_id": "backoffice",
        "received": _CAME,
        "registered": (),
        "difference": (),
        "documentation": f"{_ISSUER}/developers#unregistered_redirect_uri",
        **changes,
    }
    return Page("mismatch", view, status=400)


_PAGES: Mapping[str, Page] = {
    "developers": Page(
        "developers",
        {
            "discovery": f"{_ISSUER}/.well-known/openid-configuration",
            "endpoints": (
                ("authorization_endpoint", f"{_ISSUER}/authorize"),
                ("token_endpoint", f"{_ISSUER}/token"),
                ("end_session_endpoint", f"{_ISSUER}/logout"),
            ),
            "scopes": (
                ("openid", ("sub", "sid", "amr")),
                ("profile", ("name", "name#bn", "office")),
                ("offline_access", ()),
            ),
            "lifetimes": (
                (Message("dev.life.code"), Message("dev.time.s", {"s": 90})),
                (Message("dev.life.access"), Message("dev.time.m", {"n": 5})),
                (Message("dev.life.id"), Message("dev.time.m", {"n": 5})),
                (Message("dev.life.idle"), Message("dev.time.h", {"n": 1})),
                (Message("dev.life.max"), Message("dev.time.h", {"n": 10})),
                (
                    Message("dev.life.refresh", {"scope": "offline_access"}),
                    Message("dev.time.d", {"n": 30}),
                ),
            ),
            "errors": tuple(_ERRORS.items()),
            "check": _CHECK,
            "url": "",
        },
    ),
    "request_check several mistakes": _check(mistakes=_MISTAKES, tips=_TIPS),
    "request_check everything wrong": _check(mistakes=tuple(map(_found, _FIXES)), tips=_TIPS),
    "request_check one mistake": _check(mistakes=_MISTAKES[:1]),
    "request_check advice only": _check(notice=Message("dev.check.good"), tips=_TIPS),
    "request_check nothing wrong": _check(notice=Message("dev.check.good")),
    "request_check not open": _check(Message("dev.check.closed", field="url")),
    "request_check empty": _check(Message("dev.check.empty", field="url"), url=""),
    "request_check no address": _check(Message("dev.check.url", field="url"), url="hello"),
    "mismatch": _mismatch(),
    "mismatch client in test mode": _mismatch(
        registered=_REGISTERED,
        difference=(Message("dev.diff.slash", {"registered": _REGISTERED[0]}),),
    ),
    "mismatch nothing registered": _mismatch(
        difference=(Message("dev.diff.none", {"name": "redirect_uris"}),)
    ),
}
STATES = tuple(
    State(
        name=name,
        page=page,
        client=CLIENT if page.name == "mismatch" else NO_TEXT,
        client_home=HOME if page.name == "mismatch" else "",
        in_conversation=False,
    )
    for name, page in _PAGES.items()
)
