"""Fixtures of the pages that developers of relying parties meet, for the list of all states."""

from collections.abc import Mapping

from idp.model.page import Message, Page

_ISSUER = "https://sso.example.gov.bd"
_CHECK = "/developers/check"
_CAME = "https://backoffice.example.gov.bd/cb/"
_REGISTERED = ("https://backoffice.example.gov.bd/cb", "https://backoffice.example.gov.bd/cb2")
_PASTED = f"{_ISSUER}/authorize?client_id=backoffice&response_type=token"
_CODES = {
    **dict.fromkeys(("invalid_request", "invalid_grant", "server_error"), Message("dev.e.request")),
    "invalid_scope": Message("dev.e.scope", {"scope": "openid"}),
    "unregistered_redirect_uri": Message("dev.e.uri"),
}
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
_TIPS = ({"fix": Message("dev.tip.missing", {"name": "state"})},)


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


DEVELOPER_PAGES: Mapping[str, Page] = {
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
                (Message("dev.life.code"), Message("dev.time.s", {"s": 60})),
                (Message("dev.life.access"), Message("dev.time.m", {"n": 5})),
                (Message("dev.life.idle"), Message("dev.time.h", {"n": 1})),
                (
                    Message("dev.life.refresh", {"scope": "offline_access"}),
                    Message("dev.time.d", {"n": 30}),
                ),
            ),
            "errors": tuple(_CODES.items()),
            "check": _CHECK,
            "url": "",
        },
    ),
    "request_check several mistakes": _check(mistakes=_MISTAKES, tips=_TIPS),
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
