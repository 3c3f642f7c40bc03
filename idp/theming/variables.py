"""What a template may use, each name with its meaning: the one list.

Templates are judged by it when a theme is loaded, and docs/themes.md is written from it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# -- pages ----------------------------------------------------------------------------------------

PAGE_VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "say": "`say(key, fact=…)`: a sentence of the catalogue as HTML; facts are escaped, counts "
        "(int) written in the language's digits, foreign facts put in a `<span lang>`, several "
        "messages listed",
        "plain": "`plain(key, fact=…)`: the same as text, for a title or an attribute",
        "foreign": "`foreign(text)`: the language of a text that is not in the page's, or nothing",
        "static": '`static("name.png")`: the address of a file in `static/`',
        "web_address": "`web_address(address)`: the address if it begins with http(s), or nothing",
        "locale": "the language of the page",
        "other_locale": "the language to switch to, or nothing",
        "view": "the page's own facts, see below",
        "errors": "what is wrong, for the summary: each with its `text` and its `field` (the id of "
        "a field of this page, or nothing)",
        "wrong": "what is wrong with each field, by its id: sentences already said",
        "notice": "a notice with its `text` and its `kind` (info, warning, success), or nothing",
        "hidden": "the hidden inputs that every form of ours carries",
        "client_home": "where the application begins, or nothing",
        "frame": "what surrounds the page, see below",
        "look": "what the theme decides, see below",
        "support": "the rows of help, see below",
        "aside": "the finished sidebar",
        "title": "the heading of the page, which each page sets before its layout uses it",
        "wide": "set by a page that uses the whole width beside the sidebar",
    }
)

FRAME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "action": "where the page's form is sent",
        "locale": "the language of the page",
        "client": "the name of the application in that language, or nothing",
        "client_home": "its address as configured; `client_home` above is fit for a link",
        "reference": "the number to quote to the help desk",
        "developer": "facts for the application's developer, by name",
        "language_action": "where the language switch is sent; nothing hides it",
        "language_hidden": "what the switch sends where no conversation goes on, by name",
        "base": "the path of the issuer, in front of every address of ours",
    }
)

LOOK: Final[Mapping[str, str]] = MappingProxyType(
    {
        "first": "the style of the login page",
        "style": "the style of every other page",
        "script": "the address of the script in this language",
        "submit": "the one inline script, of the page form_post",
        "tokens": "the colours by day, by name",
        "night": "the colours by night, by name",
        "logo": "what stands in `src` of the logo, or nothing",
        "footer": "the theme's line at the foot, or nothing",
        "sidebar": "the rows of help in their order, those without a value left out",
    }
)

SUPPORT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "phones": "telephone numbers: each as typed, and as a `tel:` link wants it",
        "hours": "when somebody answers, by language; empty: the sentence of the catalogue",
        "ticket": "where a ticket is opened, or nothing",
        "ticket_host": "the host of that address",
        "manual": "the user guide, or nothing",
        "domain_form": "where an office applies for a login, or nothing",
        "email": "the address of the help desk, or nothing",
        "contacts": "phones and mail address in one line",
    }
)

_TITLED: Final = {
    "title": "key of the heading",
    "body": "key of the text",
    "facts": "facts of both",
}
_WAIT: Final = "seconds until it may be sent again; 0: now"

VIEW: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "login": {"user_id": "what was typed"},
        "code": {
            "masked": "the mailbox, masked",
            "is_sent": "whether a letter with a code is on its way",
            "minutes": "how long a code lives",
            "wait": _WAIT,
        },
        "first": {
            "masked": "the mailbox, masked",
            "is_sent": "whether a letter with a code is on its way",
            "minutes": "how long a code lives",
            "wait": _WAIT,
        },
        "password": {"user_id": "whose password it is"},
        "reset": {
            "user_id": "what was typed",
            "can_return": "whether a login waits to be gone back to",
        },
        "sent": {
            "email": "the user ID as typed",
            "minutes": "how long a link lives",
            "wait": _WAIT,
            "can_return": "whether a login waits to be gone back to",
        },
        "update": {
            "email": "whose password it is",
            "rules": "what a new password must have: each with `message` and what it is judged by",
            "others": "whether the box to log out elsewhere is ticked",
            "other": "who else is logged in in this browser, or nothing",
        },
        "link": {**_TITLED, "next": "key of the words on the button"},
        "done": {"can_return": "whether a login waits to be gone back to"},
        "cancelled": {},
        "logout": {"client": "the application's name, or nothing"},
        "logged_out": {
            "unconfirmed": "names of the services that did not confirm",
            "is_waiting": "whether some are still being asked",
            "return_to": "where the application wants the person back, or nothing",
            "client": "the application's name",
        },
        "already": {"email": "who is logged in"},
        "forbidden": {"email": "who is logged in"},
        "start": {},
        "expired": {
            "email": "who is logged in, or nothing",
            "has_ended": "whether somebody was logged in until now",
        },
        "form_post": {"uri": "where the answer is sent", "fields": "the answer, by name"},
        "error": {
            **_TITLED,
            "next": "key of the words on the next step",
            "to": "the address of the next step on our own pages; none: the application, or the "
            "log-in page",
        },
        "mismatch": {
            "client_id": "which application",
            "received": "the redirect URI that came",
            "registered": "those of the configuration, in test mode only",
            "difference": "messages that say in what they differ",
            "documentation": "where a developer reads on",
        },
        "developers": {
            "discovery": "the address of the discovery document",
            "endpoints": "names and addresses",
            "scopes": "names and claims",
            "lifetimes": "messages: what, and how long",
            "errors": "codes and messages",
            "check": "where the form of the check is sent",
            "url": "what was pasted",
        },
        "request_check": {
            "url": "what was pasted",
            "check": "where the form is sent",
            "home": "the page for developers",
            "mistakes": "each with `fix`, `error`, `description`",
            "tips": "each with `fix`",
        },
    }
)

# The blocks of layout.html, which every page has, and those of one page alone.
BLOCKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "style": "the style sheet in the head: `{{ look.first }}` or `{{ look.style }}`, in one "
        "line with its block and nothing else; rules of your own belong into style.css",
        "head": "the end of the head; empty",
        "brand": "mark and name at the top",
        "language": "the language switch",
        "message": "the summary of errors, or the notice",
        "main": "the page itself",
        "intro": "of the code page: what stands above its field",
        "aside": "the sidebar",
        "footer": "the foot of the page",
    }
)

# -- letters --------------------------------------------------------------------------------------

MAIL_VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "say": "as on pages; in a text part it is the same as `plain`",
        "plain": "a sentence as text",
        "locale": "the language of the letter",
        "facts": "the letter's own facts, see below",
        "support": "the rows of help, as on pages",
        "tokens": "the colours by day, by name; not in the text part",
        "night": "the colours by night, by name; not in the text part",
    }
)

MAIL_BLOCKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "subject": "the title of the HTML part",
        "greet": "the words to its reader",
        "body": "what the letter says",
        "origin": "for which application, when, and from where it was asked for",
    }
)

FACTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "email": "whom the letter is for",
        "url": "the link to set a new password, or where one is asked for",
        "page": "where a link to set a new password is asked for",
        "host": "the host of this provider, as the browser shows it",
        "minutes": "how long code or link lives",
        "hours": "the same in whole hours",
        "time": "when it was asked for, in words",
        "code": "the six digits",
        "client": "the application that asked, or nothing",
        "ip": "the address that asked, or nothing",
        "ua": "the browser that asked, or nothing",
    }
)
