"""What a change of each key means for people and applications, in a few words."""

from typing import Final

_PAGES: Final = "counts from the next page on"
_NEXT_REQUEST: Final = "counts from the next request on"

# By dotted key; the longest beginning counts, so a table's own line speaks for its keys.
EFFECTS: Final = {
    "config_version": "the file is written in another form",
    "include": "other files declare clients",
    "proxy": _NEXT_REQUEST,
    "redis": "the counts by address begin again at 0",
    "flows": "logins under way go on only at a step that is still theirs; who has proven less than "
    "the new flow asks for logs in again",
    "password": "judges new passwords only",
    "password.bcrypt_cost": "each hash follows at its owner's next login",
    "reset": "links that have left keep their life",
    "reset.then": "counts from the next reset on",
    "otp": "codes that have left keep theirs",
    "session.max": "counts for new logins; nobody is logged out",
    "session.login_timeout": "logins under way are judged by it, too",
    "limits": _NEXT_REQUEST,
    "mail": "the next letter leaves this way",
    "support": _PAGES,
    "theme": _PAGES,
    "keys": "tokens that are out stay good",
    "tokens": "what is out keeps its life",
    "scopes": "counts from the next token on",
    "aliases": _NEXT_REQUEST,
    "logging": "counts at once",
    "maintenance": "until then nobody can log in and no token is given; without it, at once again",
}

# Fields of a client: a noun for one item of a list, what it means that one went, that one came.
OF_CLIENTS: Final = {
    "redirect_uris": (
        "redirect URI",
        "logins that would end there are refused, and tokens that were given there",
        "nobody is logged out",
    ),
    "post_logout_redirect_uris": (
        "address after a logout",
        "logouts end at our own page instead",
        "logouts may end there",
    ),
    "secrets": (
        "secret",
        "whoever still uses it is refused at once",
        "it is good at once",
    ),
    "grants": (
        "grant type",
        "it is refused at the token endpoint at once",
        "it may be asked for at once",
    ),
    "scopes": (
        "scope",
        "no new token carries it, not even of a grant that has it",
        "it may be asked for; nobody is logged out",
    ),
    "required_roles": (
        "role",
        "who has none of the rest is kept out, tokens included; with none left, everybody may come",
        "who has it may log in there; the first one keeps all others out, tokens included",
    ),
    "web_origins": ("web origin", "scripts from there are refused", "scripts from there may call"),
    "auth": ("", "", "it must prove itself this way at once"),
    "flow": ("", "", "who has proven less than the new flow asks for logs in again"),
    "theme": ("", "", _PAGES),
    "name": ("", "", _PAGES),
    "access_token_audience": ("", "", "tokens that are out keep theirs"),
    "id_token_alg": ("", "", "tokens that are out stay good"),
    "claims_style": ("", "", "counts from the next token on"),
    "pkce": ("", "", _NEXT_REQUEST),
    "home_url": ("", "", _PAGES),
    "initiate_login_uri": ("", "", _PAGES),
    "owner": ("", "", "nothing changes for people"),
    "test": ("", "", "its requests may be checked at /developers and its addresses are shown"),
    "backchannel_logout_uri": ("", "", "counts from the next logout on"),
}
