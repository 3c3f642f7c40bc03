"""Clients: what a client's table may hold and what is refused."""

import pytest

from idp.settings import ClientSecret
from idp.settings.clients import Client
from idp.settings.values import LocalText
from tests.settings.conftest import LEAST, SECRET, Load, Mistakes

HEAD = """\
[[clients]]
client_id = "portal"
name = { bn = "পোর্টাল", en = "Portal" }
owner = "ops@example.gov.bd"
"""
HOME = 'home_url = "https://portal.example.gov.bd/"\n'
SECRETS = f'secrets = [{{ hash = "{SECRET}" }}]\n'
REDIRECT = 'redirect_uris = ["https://portal.example.gov.bd/cb"]\n'
FIRST = LEAST.count("\n") + 1  # the line of [[clients]]


def test_a_client_has_the_defaults_of_a_careful_administrator(configured: Load) -> None:
    (client,) = configured(LEAST + HEAD + HOME + SECRETS + REDIRECT).clients
    assert client.auth == "client_secret_basic"
    assert client.grants == ("authorization_code",)
    assert client.scopes == ("openid", "profile", "email")
    assert client.pkce == "required"
    assert client.enabled
    assert not client.is_public
    assert client.web_origins == client.post_logout_redirect_uris == ()
    assert (client.backchannel_logout_uri, client.theme) == (None, None)
    assert client.secrets[0].digest == bytes.fromhex("a" * 64)
    assert SECRET not in repr(client)


def test_a_public_client_needs_no_secret(configured: Load) -> None:
    (client,) = configured(f'{LEAST}{HEAD}{HOME}{REDIRECT}auth = "none"\n').clients
    assert client.is_public


def test_a_machine_needs_neither_a_home_nor_a_redirect(configured: Load) -> None:
    text = f'{LEAST}{HEAD}{SECRETS}grants = ["client_credentials"]\n'
    (client,) = configured(text).clients
    assert client.redirect_uris == ()


def test_a_client_may_name_its_login_page_and_another_flow(configured: Load) -> None:
    text = (
        f'{LEAST}flows.staff = ["password"]\n{HEAD}{SECRETS}{REDIRECT}flow = "staff"\n'
        'initiate_login_uri = "https://portal.example.gov.bd/login"\n'
    )
    settings = configured(text)
    assert settings.clients[0].flow == "staff"
    assert settings.flows.named["staff"] == ("password",)


ISSUER = "https://sso.example.gov.bd/sso"
TOLD = "iss=https%3A%2F%2Fsso.example.gov.bd%2Fsso"


@pytest.mark.parametrize(
    ("places", "home"),
    [
        ({}, ""),
        ({"home_url": "https://a.example/?x=1"}, "https://a.example/?x=1"),
        ({"initiate_login_uri": "https://a.example/in"}, f"https://a.example/in?{TOLD}"),
        ({"initiate_login_uri": "https://a.example/in?x=1"}, f"https://a.example/in?x=1&{TOLD}"),
        (
            {"home_url": "https://a.example/", "initiate_login_uri": "https://a.example/in"},
            "https://a.example/",
        ),
    ],
)
def test_people_go_on_at_the_home_page_or_where_a_login_begins_which_learns_who_asks(
    places: dict[str, str], home: str
) -> None:
    name = LocalText(bn="ক", en="A")
    client = Client(client_id="a", name=name, owner="ops@example.gov.bd", **places)  # type: ignore[arg-type] # the URLs are text
    assert client.home(ISSUER) == home


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:9001/cb", "http://localhost/cb", "http://[::1]:5/cb?x=1"]
)
def test_a_loopback_redirect_by_http_is_for_development(configured: Load, uri: str) -> None:
    (client,) = configured(f'{LEAST}{HEAD}{HOME}{SECRETS}redirect_uris = ["{uri}"]\n').clients
    assert client.redirect_uris == (uri,)


def test_a_client_may_be_told_of_log_outs_and_have_its_own_look(configured: Load) -> None:
    text = (
        f"{LEAST}{HEAD}{HOME}{SECRETS}{REDIRECT}"
        'post_logout_redirect_uris = ["https://a.example/", "http://127.0.0.1:9001/"]\n'
        'backchannel_logout_uri = "http://127.0.0.1:9001/backchannel-logout"\ntheme = "ministry"\n'
    )
    (client,) = configured(text).clients
    assert client.post_logout_redirect_uris == ("https://a.example/", "http://127.0.0.1:9001/")
    assert client.backchannel_logout_uri == "http://127.0.0.1:9001/backchannel-logout"
    assert client.theme == "ministry"


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('post_logout_redirect_uris = ["http://[::1]/"]', "30 E201 clients[0].post_logout_"),
        ('backchannel_logout_uri = "http://localhost/"', "1 E201 clients[0].backchannel_logout_"),
        ('web_origins = ["http://localhost:9001"]', "16 E201 clients[0].web_origins[0]"),
    ],
)
def test_a_loopback_address_for_log_outs_or_scripts_is_refused_in_production(
    mistakes: Mistakes, line: str, place: str
) -> None:
    text = LEAST.replace("http://127.0.0.1:9000", "https://sso.example.gov.bd").replace(
        'mode = "development"', 'mode = "production"'
    )
    (found,) = mistakes(f"{text}{HEAD}{HOME}{SECRETS}{REDIRECT}{line}\n")
    assert found.startswith(f"idp.toml:{FIRST + 7}:{place}")
    assert "must be https" in found


def test_a_loopback_redirect_by_http_is_refused_in_production(mistakes: Mistakes) -> None:
    text = LEAST.replace("http://127.0.0.1:9000", "https://sso.example.gov.bd").replace(
        'mode = "development"', 'mode = "production"'
    )
    body = f'{HEAD}{HOME}{SECRETS}redirect_uris = ["http://127.0.0.1:9001/cb"]\n'
    assert mistakes(text + body) == [
        (
            "idp.toml:12:18 E201 clients[0].redirect_uris[0] must be https (http only for "
            "loopback, "
            'in development mode). Did you mean "https://127.0.0.1:9001/cb"?'
        )
    ]


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("https://a.example/cb#", "must not have a fragment"),
        ("https://a.example/*", "must be exact: a wildcard matches nothing"),
        ("https://*.example/cb", "must be exact: a wildcard matches nothing"),
        ("https://u@a.example/cb", "must not hold a user name or password"),
        ("https://a.example:x/cb", "Port could not be cast to integer value as 'x'"),
        ("", "must be an absolute URL that begins with https://"),
        ("/cb", "must be an absolute URL that begins with https://"),
        ("//a.example/cb", "must be an absolute URL that begins with https://"),
        ("javascript:alert(1)", "must be an absolute URL that begins with https://"),
        ("com.example.app:/cb", "must be an absolute URL that begins with https://"),
        ("https:///cb", "must be an absolute URL that begins with https://"),
        ("https://a.example/c b", "holds a character that no URL may hold"),
        ("https://a.example/c\\\\b", "holds a character that no URL may hold"),
        ("https://a.example/\\u0007", "holds a character that no URL may hold"),
    ],
)
def test_a_redirect_uri_that_cannot_be_exact_is_refused(
    mistakes: Mistakes, uri: str, message: str
) -> None:
    text = f'{LEAST}{HEAD}{HOME}{SECRETS}redirect_uris = ["https://a.example/cb", "{uri}"]\n'
    assert mistakes(text) == [f"idp.toml:{FIRST + 6}:42 E104 clients[0].redirect_uris[1] {message}"]


CONTRADICTIONS = [
    (HOME + REDIRECT, "1:1", 'secrets is missing: auth is "client_secret_basic"'),
    (HOME + REDIRECT + SECRETS + 'auth = "none"\n', "7:1",
     'secrets must be left out when auth is "none"'),
    (HOME + SECRETS, "1:1", "redirect_uris must have at least one element"),
    (HOME + SECRETS + "redirect_uris = []\n", "7:1",
     "redirect_uris must have at least one element"),
    (SECRETS + REDIRECT, "1:1",
     "home_url is missing: one of home_url and initiate_login_uri must be there"),
    (HOME + REDIRECT + 'auth = "none"\npkce = "optional"\n', "8:1",
     "pkce must be required for a client without a secret (RFC 9700 2.1.1)"),
    (HOME + REDIRECT + 'auth = "none"\ngrants = ["authorization_code", "client_credentials"]\n',
     "8:1", "grants must not hold client_credentials when auth is none (RFC 6749 4.4)"),
    (SECRETS + 'grants = ["refresh_token"]\n', "6:1",
     "grants must hold authorization_code when it holds refresh_token"),
    (SECRETS + 'grants = ["client_credentials"]\n'
     'post_logout_redirect_uris = ["https://a.example/"]\n', "7:1",
     ("post_logout_redirect_uris must be left out: "
     "without authorization_code nobody logs in there")),
    (SECRETS + 'grants = ["client_credentials"]\n'
     'backchannel_logout_uri = "https://a.example/out"\n', "7:1",
     "backchannel_logout_uri must be left out: without authorization_code nobody logs in there"),
    (HOME + SECRETS + REDIRECT + 'flow = "reset_credentials"\n', "8:1",
     'flow names the flow "reset_credentials", which is not declared'),
    (HOME + SECRETS + REDIRECT + 'flow = "brower"\n', "8:1",
     'flow names the flow "brower", which is not declared. Did you mean "browser"?'),
]  # fmt: skip


@pytest.mark.parametrize(("body", "place", "message"), CONTRADICTIONS)
def test_keys_of_a_client_that_contradict_each_other_are_refused(
    mistakes: Mistakes, body: str, place: str, message: str
) -> None:
    line, column = place.split(":")
    expected = f"idp.toml:{FIRST + int(line) - 1}:{column} E201 clients[0].{message}"
    assert mistakes(LEAST + HEAD + body) == [expected]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('web_origins = ["https://a.example/"]',
         ('16 E104 clients[0].web_origins[0] must be an origin like "https://app.example.gov.bd", '
         "without a path")),
        ('web_origins = ["https://A.example"]',
         ('16 E104 clients[0].web_origins[0] must be an origin like "https://app.example.gov.bd", '
         "without a path")),
        ('web_origins = ["*"]',
         "16 E104 clients[0].web_origins[0] must be an absolute URL that begins with https://"),
        ('grants = ["implicit"]',
         ('11 E104 clients[0].grants[0] must be "authorization_code", "refresh_token" '
         'or "client_credentials"')),
        ('scopes = ["openid", "phone"]',
         ('21 E201 clients[0].scopes[1] names an unknown scope "phone". '
         "Declare a scope of your own under [scopes]")),
        ('scopes = ["openid", "emial"]',
         '21 E201 clients[0].scopes[1] names an unknown scope "emial". Did you mean "email"?'),
        ('id_token_alg = "HS256"', '1 E104 clients[0].id_token_alg must be "RS256" or "ES256"'),
        ('access_token_audience = ""',
         "1 E104 clients[0].access_token_audience must not be empty"),
        ("enabled = 1", "1 E103 clients[0].enabled must be true or false, without quotes"),
        ('post_logout_redirect_uri = ["https://a.example/"]',
         ("1 E101 clients[0].post_logout_redirect_uri is not a key. "
         'Did you mean "post_logout_redirect_uris"?')),
        ('post_logout_redirect_uris = ["https://a.example/#x"]',
         "30 E104 clients[0].post_logout_redirect_uris[0] must not have a fragment"),
        ('post_logout_redirect_uris = ["https://*.example/"]',
         ("30 E104 clients[0].post_logout_redirect_uris[0] "
         "must be exact: a wildcard matches nothing")),
        ('post_logout_redirect_uris = ["http://a.example/"]',
         ("30 E201 clients[0].post_logout_redirect_uris[0] must be https (http only for loopback, "
         'in development mode). Did you mean "https://a.example/"?')),
        ('backchannel_logout_uri = "https://a.example/out#x"',
         "1 E104 clients[0].backchannel_logout_uri must not have a fragment"),
        ('backchannel_logout_uri = "/out"',
         ("1 E104 clients[0].backchannel_logout_uri "
         "must be an absolute URL that begins with https://")),
        ('backchannel_logout_uri = "http://a.example/out"',
         ("1 E201 clients[0].backchannel_logout_uri must be https (http only for loopback, "
         'in development mode). Did you mean "https://a.example/out"?')),
        ('theme = "../portal"', "1 E104 clients[0].theme must be a short name in small letters"),
    ],
)  # fmt: skip
def test_a_wrong_value_in_a_client_is_refused(mistakes: Mistakes, line: str, message: str) -> None:
    text = f"{LEAST}{HEAD}{HOME}{SECRETS}{REDIRECT}{line}\n"
    assert mistakes(text) == [f"idp.toml:{FIRST + 7}:{message}"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://*",
        "https://*.gov.bd",
        "https://a;b",
        "https://a,b",
        "https://a'b",
        "https://a b.example",
        "https://-a.example",
        "https://অ.example",
        "https://a.example:",
        "https://a.example:65536",
        "https://[fe80::1%25x]",
        "https://a.example?",
        "http://a.example",
        "http://a.example:9001",
    ],
)
def test_an_origin_that_would_say_more_in_a_policy_is_refused(
    mistakes: Mistakes, origin: str
) -> None:
    text = f'{LEAST}{HEAD}{HOME}{SECRETS}{REDIRECT}web_origins = ["{origin}"]\n'
    (found,) = mistakes(text)
    assert "clients[0].web_origins[0]" in found


@pytest.mark.parametrize(
    "origin",
    ["https://app-1.example.gov.bd:8443", "https://[2001:db8::1]", "http://[::1]:9001",
     "http://localhost", "https://xn--45b.example"],
)  # fmt: skip
def test_an_origin_is_a_host_and_perhaps_a_port(configured: Load, origin: str) -> None:
    text = f'{LEAST}{HEAD}{HOME}{SECRETS}{REDIRECT}web_origins = ["{origin}"]\n'
    assert configured(text).clients[0].web_origins == (origin,)


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ('hash = "hunter2"', ("14 E104 clients[0].secrets[0].hash must be sha256: "
         "and 64 hexadecimal digits in small letters")),
        (f'hash = "{SECRET}", expires = "2027-03-01"',
         "96 E104 clients[0].secrets[0].expires must be a date like 2027-03-01, without quotes"),
        (f'hash = "{SECRET}", expires = 2027-03-01T00:00:00Z',
         "96 E104 clients[0].secrets[0].expires must be a date like 2027-03-01, without quotes"),
        ('secret = "hunter2"', "14 E101 clients[0].secrets[0].secret is not a key"),
    ],
)  # fmt: skip
def test_a_client_secret_stands_as_a_hash_only(
    mistakes: Mistakes, secret: str, message: str
) -> None:
    text = f"{LEAST}{HEAD}{HOME}{REDIRECT}secrets = [{{ {secret} }}]\n"
    found = mistakes(text)
    assert f"idp.toml:{FIRST + 6}:{message}" in found
    assert "hunter2" not in "".join(found)


def test_a_secret_is_good_through_its_last_day(configured: Load) -> None:
    text = f'{LEAST}{HEAD}{HOME}{REDIRECT}secrets = [{{ hash = "{SECRET}", expires = 2027-03-01 }}]'
    secret = configured(text).clients[0].secrets[0]
    last_second = 1_803_945_599  # 2027-03-01 23:59:59 UTC
    assert secret.is_live(last_second)
    assert not secret.is_live(last_second + 1)


def test_a_secret_without_a_date_does_not_expire() -> None:
    assert ClientSecret(hash=SECRET).is_live(4_000_000_000)
