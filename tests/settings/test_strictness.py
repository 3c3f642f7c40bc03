"""What the issue of strictness lists, each told where it stands and all in one run."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from idp.settings import MistakesFound, find_looks, read_configuration
from idp.settings.claims import RESERVED_CLAIMS
from idp.settings.clients import Client
from idp.settings.explain import keys_of
from idp.settings.sections import Settings
from idp.settings.values import Section
from tests.settings.conftest import LEAST, SECRET, Load, Mistakes

LOOKS = find_looks(Path(__file__).parents[2] / "themes")
FIRST = LEAST.count("\n") + 1
CLIENT = f"""\
[[clients]]
client_id = "portal"
name = {{ bn = "পোর্টাল", en = "Portal" }}
owner = "ops@example.gov.bd"
home_url = "https://portal.example.gov.bd/"
secrets = [{{ hash = "{SECRET}" }}]
redirect_uris = ["https://portal.example.gov.bd/cb"]
"""
Judged = Callable[[str], list[str]]


@pytest.fixture(name="judged")
def _judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judged:
    """The mistakes of a text where the themes and languages of this checkout are known."""
    monkeypatch.chdir(tmp_path)

    def judge(text: str) -> list[str]:
        Path("idp.toml").write_text(text)
        try:
            read_configuration(Path("idp.toml"), {}, looks=LOOKS)
        except MistakesFound as found:
            return [str(mistake) for mistake in found.mistakes]
        return []

    return judge


def test_the_looks_of_this_checkout_are_found() -> None:
    assert {"portal", "ministry"} <= LOOKS.themes
    assert LOOKS.locales == {"bn", "en"}
    assert find_looks(Path("/nowhere")).themes == frozenset()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('theme.name = "protal"\n',
         ('6:7 E201 theme.name names the theme "protal", which does not exist. '
         'Did you mean "portal"?')),
        ('theme = { locales = ["bn", "fr"] }\n',
         ('6:28 E201 theme.locales[1] names the language "fr", for which there are no words. '
         "There are bn, en")),
        ('theme = { locales = ["bn", "en", "bn"] }\n',
         '6:34 E201 theme.locales[2] names "bn" a second time'),
        (f'{CLIENT}theme = "minstry"\n',
         ('13:1 E201 clients[0].theme names the theme "minstry", which does not exist. '
         'Did you mean "ministry"?')),
        (f'{CLIENT}theme = "x"\n',
         ('13:1 E201 clients[0].theme names the theme "x", which does not exist. '
         f"There are {', '.join(sorted(LOOKS.themes))}")),
    ],
)  # fmt: skip
def test_a_theme_or_a_language_that_does_not_exist_is_told_at_its_key(
    judged: Judged, lines: str, expected: str
) -> None:
    assert judged(LEAST + lines) == [f"idp.toml:{expected}"]


def test_a_theme_of_ones_own_lies_beside_the_file_or_where_it_says(
    judged: Judged, tmp_path: Path
) -> None:
    for folder in ("themes", "looks"):
        (tmp_path / folder / f"of-{folder}").mkdir(parents=True)
        (tmp_path / folder / f"of-{folder}" / "theme.toml").touch()
    assert judged(f'{LEAST}theme.name = "of-themes"\n') == []
    assert judged(f'{LEAST}theme = {{ name = "of-looks", folder = "looks" }}\n') == []
    assert judged(f'{LEAST}theme.folder = "looks"\n{CLIENT}theme = "of-looks"\n') == []
    assert judged(f'{LEAST}theme.folder = "nowhere"\n') == []
    [told] = judged(f'{LEAST}theme.folder = "looks"\n{CLIENT}theme = "of-themes"\n')
    assert told.startswith("idp.toml:14:1 E201")


def test_clients_are_not_blamed_for_a_table_of_the_theme_that_is_wrong(judged: Judged) -> None:
    [told] = judged(f'{LEAST}theme.folder = 3\n{CLIENT}theme = "of-looks"\n')
    assert "theme.folder must be a file name in quotes" in told


def test_the_folder_of_themes_is_relative_to_the_file_whether_written_or_not(
    tmp_path: Path,
) -> None:
    for lines, name in (("", "themes"), ('theme.folder = "a/../b"\n', "b")):
        (tmp_path / "idp.toml").write_text(LEAST + lines)
        loaded = read_configuration(tmp_path / "idp.toml", {})
        assert loaded.settings.theme.folder == tmp_path / name


def test_the_themes_and_languages_that_exist_are_right(judged: Judged) -> None:
    for name in LOOKS.themes:
        assert (
            judged(f'{LEAST}theme = {{ name = "{name}", locales = ["en"], default = "en" }}') == []
        )


SCOPES = [
    ('scopes.office.claims.office_code = "attributes.office_code"', None),
    ('scopes.office.claims.floor = { from = "attributes.floor", type = "number" }', None),
    ('scopes.profile.claims.floor = "attributes.floor"', None),
    ('scopes.a.claims.x = "attributes.x"\nscopes.b.claims.x = "attributes.x"', None),
    ("scopes.office = {}", None),
    ('scopes.office.claim.x = "attributes.x"',
     '6:15 E101 scopes.office.claim is not a key. Did you mean "claims"?'),
    ('scopes.office.claims.x = { from = "attributes.x", typ = "list" }',
     '6:51 E101 scopes.office.claims.x.typ is not a key. Did you mean "type"?'),
    ('scopes.office.claims.x = { from = "attributes.x", type = "text" }',
     ('6:51 E104 scopes.office.claims.x.type must be "string", "number", "boolean" or "list"')),
    ('scopes.office.claims.x = "office"',
     '6:22 E104 scopes.office.claims.x.from must be like "attributes.office_code"'),
    ("scopes.office.claims.x = 5", "6:22 E103 scopes.office.claims.x must be a table"),
    ("scopes.office = 5", "6:8 E103 scopes.office must be a table"),
    ('scopes."Büro".claims = {}',
     "6:8 E104 scopes.Büro must be a name in small Latin letters, digits or _ : . -"),
    ('scopes.office.claims."a b" = "attributes.x"',
     "6:22 E104 scopes.office.claims.a b must be a name without spaces"),
    ('scopes.openid.claims.x = "attributes.x"',
     ("6:8 E201 scopes.openid opens no claims: it is the protocol's own. "
     'Declare them under "profile", "email" or a scope of your own')),
    ("scopes.offline_access = {}",
     ("6:8 E201 scopes.offline_access opens no claims: it is the protocol's own. "
     'Declare them under "profile", "email" or a scope of your own')),
    ('scopes.a.claims.x = "attributes.x"\nscopes.b.claims.x = "attributes.y"',
     ("7:17 E201 scopes.b.claims.x comes from elsewhere than scopes.a.claims.x. "
     "One claim has one source in all scopes")),
    (('scopes.a.claims.x = "attributes.x"\n'
     'scopes.b.claims.x = { from = "attributes.x", type = "list" }'),
     ("7:17 E201 scopes.b.claims.x comes from elsewhere than scopes.a.claims.x. "
     "One claim has one source in all scopes")),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), SCOPES)
def test_a_scope_says_what_it_opens_and_from_where(
    judged: Judged, lines: str, expected: str | None
) -> None:
    assert judged(f"{LEAST}{lines}\n") == ([] if expected is None else [f"idp.toml:{expected}"])


@pytest.mark.parametrize("claim", sorted(RESERVED_CLAIMS))
def test_a_claim_that_the_program_fills_has_no_other_source(judged: Judged, claim: str) -> None:
    assert judged(f'{LEAST}scopes.office.claims.{claim} = "attributes.x"\n') == [
        (
            f"idp.toml:6:22 E201 scopes.office.claims.{claim} is a claim that the program fills "
            "itself. Take another name"
        )
    ]


def test_what_openid_connect_and_jwt_reserve_is_reserved() -> None:
    assert {
        *("sub", "iss", "aud", "exp", "iat", "nonce", "acr", "amr", "azp", "sid", "auth_time"),
        *("at_hash", "jti", "client_id", "scope"),
    } <= RESERVED_CLAIMS


def test_a_client_may_ask_for_a_scope_of_ones_own(configured: Load, mistakes: Mistakes) -> None:
    scope = 'scopes.office.claims.code = "attributes.code"\n'
    asks = f'{CLIENT}scopes = ["openid", "office"]\n'
    assert configured(f"{LEAST}{scope}{asks}").clients[0].scopes == ("openid", "office")
    assert mistakes(f"{LEAST}{asks}") == [
        (
            'idp.toml:13:21 E201 clients[0].scopes[1] names an unknown scope "office". '
            "Declare a scope of your own under [scopes]"
        )
    ]


PRODUCTION = """\
config_version = 1
issuer = "https://sso.example.gov.bd"
database = { url = "sqlite:///idp.sqlite" }
mail = { host = "smtp.example.gov.bd", from = "no-reply@example.gov.bd" }
"""


def _hash(secret: str) -> str:
    return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}"


@pytest.mark.parametrize("secret", ["", "secret", "changeme", "portal", "portal-secret"])
def test_a_secret_that_anybody_guesses_is_refused_in_production(
    configured: Load, mistakes: Mistakes, secret: str
) -> None:
    weak = CLIENT.replace(SECRET, _hash(secret))
    (found,) = mistakes(f"{PRODUCTION}{weak}")
    assert found == (
        "idp.toml:10:14 E201 clients[0].secrets[0].hash is the hash of a secret that anybody "
        "guesses. Run idp client rotate portal"
    )
    assert _hash(secret) not in found
    assert configured(f"{LEAST}{weak}").clients
    strong = CLIENT.replace(SECRET, _hash(f"idpcs_{secret}-and-256-random-bits"))
    assert configured(f"{PRODUCTION}{strong}").clients


def test_a_certificate_is_looked_at_on_every_line_that_leaves_this_machine(
    configured: Load, mistakes: Mistakes
) -> None:
    blind = "verify = false, from ="
    assert not configured(LEAST.replace("from =", blind)).mail.verify
    assert mistakes(PRODUCTION.replace("from =", blind)) == [
        (
            "idp.toml:4:40 E201 mail.verify must be true, except for a mail server on this machine "
            "(a loopback address). Name the certificate's authority in mail.ca_file"
        )
    ]


@pytest.mark.parametrize("path", ["", "/realms/other", "/realms/portal/", "/realms/portal/x"])
def test_the_aliases_of_a_realm_need_an_issuer_that_ends_with_it(
    mistakes: Mistakes, path: str
) -> None:
    text = PRODUCTION.replace('.gov.bd"\n', f'.gov.bd{path}"\n', 1)
    found = mistakes(f'{text}aliases.keycloak_realm = "portal"\n')
    assert found[-1] == (
        'idp.toml:5:9 E201 aliases.keycloak_realm needs an issuer that ends with "/realms/portal", '
        "as applications know it"
    ) or found == ["idp.toml:2:1 E104 issuer must not end with a slash"]


def test_a_realm_that_the_issuer_ends_with_has_aliases(configured: Load) -> None:
    text = PRODUCTION.replace('.gov.bd"\n', '.gov.bd/auth/realms/portal"\n', 1)
    settings = configured(f'{text}aliases.keycloak_realm = "portal"\n')
    assert settings.aliases.keycloak_realm == "portal"


@pytest.mark.parametrize("announce", ["90d", "91d"])
def test_a_key_is_announced_before_it_signs(mistakes: Mistakes, announce: str) -> None:
    assert mistakes(f'{LEAST}keys.announce = "{announce}"\n') == [
        "idp.toml:6:6 E201 keys.announce must be shorter than keys.rotate"
    ]


@pytest.mark.parametrize("unit", ["", "w", "min", " s", "ms", "S", "h30m"])
@pytest.mark.parametrize("key", ["session.idle", "tokens.code", "keys.rotate", "mail.timeout"])
def test_a_duration_in_another_unit_is_refused(mistakes: Mistakes, key: str, unit: str) -> None:
    table, _, name = key.partition(".")
    text = LEAST.replace('tls = "none"', f'timeout = "30{unit}", tls = "none"')
    text = text if table == "mail" else f'{LEAST}{table} = {{ {name} = "30{unit}" }}\n'
    (found,) = mistakes(text)
    assert found.endswith(f'E104 {key} must be a duration like "60s", "30m", "10h" or "90d"')


@pytest.mark.parametrize("value", ['["a"]', "{ a = 1 }", '[{ file = "x" }]'])
def test_a_variable_stands_for_one_value_only(mistakes: Mistakes, value: str) -> None:
    found = mistakes(f'{LEAST}proxy.trusted = {{ env = "X", default = {value} }}\n')
    assert found == [
        (
            "idp.toml:6:30 E103 proxy.trusted.default must be one value: "
            "a text, a number, true or false"
        )
    ]


def test_a_default_may_be_another_reference(configured: Load) -> None:
    text = LEAST + 'listen.host = { env = "A", default = { env = "B", default = "localhost" } }\n'
    assert configured(text).listen.host == "localhost"
    assert configured(text, B="127.0.0.2").listen.host == "127.0.0.2"


@pytest.mark.parametrize("key", ["profile", "any_of", "consent"])
def test_a_key_whose_behaviour_is_not_built_does_not_exist(mistakes: Mistakes, key: str) -> None:
    assert f"idp.toml:6:1 E101 {key} is not a key" in mistakes(f"{LEAST}{key} = true\n")
    assert mistakes(f"{LEAST}{CLIENT}{key} = true\n") == [
        f"idp.toml:13:1 E101 clients[0].{key} is not a key"
    ]


def test_every_unknown_key_finds_the_key_that_it_is_one_letter_from(mistakes: Mistakes) -> None:
    for name, field in Settings.model_fields.items():
        table = field.annotation
        if name == "flows" or not (isinstance(table, type) and issubclass(table, Section)):
            continue
        for word in keys_of(table):
            kept = "".join(f"{x}\n" for x in LEAST.splitlines() if not x.startswith(f"{name} ="))
            found = mistakes(f"{kept}[{name}]\n{word}s = 1\n")
            assert any(f'Did you mean "{word}"?' in line for line in found), f"{name}.{word}"
    for key in Client.model_fields:
        (told,) = mistakes(f"{LEAST}{CLIENT}{key}_ = 1\n")
        assert told.endswith(f'clients[0].{key}_ is not a key. Did you mean "{key}"?')


def test_all_of_it_is_told_in_one_run(judged: Judged, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "smtp").write_text("hush\n")
    (tmp_path / "secrets" / "smtp").chmod(0o644)
    (tmp_path / "b.toml").write_text(CLIENT)
    text = f"""\
config_version = 1
issuer = "https://sso.example.gov.bd"
include = ["b.toml"]
database = {{ url = {{ env = "IDP_DB_URL" }} }}
isuer = 1
[mail]
host = "smtp.example.gov.bd"
from = "no-reply@example.gov.bd"
user = "sso"
password = {{ file = "smtp" }}
[listen]
port = "9000"
[session]
idle = "1w"
[flows]
browser = ["pasword"]
[theme]
name = "gone"
locales = ["bn", "de"]
[scopes.openid]
[keys]
announce = "100d"
{CLIENT.replace("/cb", "/cb#top")}
{CLIENT.replace("https://portal.example.gov.bd/cb", "http://127.0.0.1/cb")}
{CLIENT.replace("portal", "third").replace("/cb", "/*")}
{CLIENT.replace("portal", "fourth").replace(SECRET, "hunter2")}
{CLIENT.replace("portal", "fifth").replace('home_url = "https://fifth.example.gov.bd/"', "")}
"""
    found = judged(text)
    codes = [line.split(" ")[1] for line in found]
    places = [line.split(" ")[0] for line in found]
    assert len(set(places)) == len(places)
    assert codes == [
        *("E105", "E101", "E106", "E103", "E104", "E201", "E201", "E201", "E201", "E201"),
        *("E104", "E202", "E201", "E104", "E104", "E201", "E202"),
    ]
    assert "hunter2" not in "".join(found)
    assert "hush" not in "".join(found)
    assert found[-1].startswith("b.toml:2:1 E202")
    assert found[-1].endswith("First at idp.toml:24:1")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('tokens.code = "601s"', "tokens.code must be at most 10m (RFC 6749 4.1.2)"),
        ('tokens.access = "1441m"', "tokens.access must be at most 24h"),
        ('tokens = { access = "1h", refresh = "1h" }',
         "tokens.access must be shorter than tokens.refresh"),
        ('keys.keep = "299s"', "keys.keep must not be shorter than tokens.access"),
    ],
)  # fmt: skip
def test_a_life_that_contradicts_another_is_refused(
    mistakes: Mistakes, lines: str, expected: str
) -> None:
    (found,) = mistakes(f"{LEAST}{lines}\n")
    assert found.endswith(f"E201 {expected}")


def test_lives_may_be_as_long_as_they_may(configured: Load) -> None:
    tokens = configured(
        f'{LEAST}tokens = {{ code = "10m", access = "24h", refresh = "86401s" }}\n'
        'keys.keep = "24h"\n'
    ).tokens
    assert (tokens.code, tokens.access, tokens.refresh) == (600, 86_400, 86_401)


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("*.gov.bd", "must have the name of a host, without a wildcard"),
        ("sso_1.gov.bd", "must have the name of a host, without a wildcard"),
        ("-sso.gov.bd", "must have the name of a host, without a wildcard"),
        ("sso..gov.bd", "must have the name of a host, without a wildcard"),
        ("প্রবেশ.bd", "must be written in ASCII: its host as xn--…"),
    ],
)
def test_an_issuer_whose_host_is_no_host_name_is_refused(
    mistakes: Mistakes, host: str, message: str
) -> None:
    text = LEAST.replace("http://127.0.0.1:9000", f"https://{host}/sso")
    assert mistakes(text)[0] == f"idp.toml:2:1 E104 issuer {message}"


@pytest.mark.parametrize(
    "issuer",
    [
        "https://sso-1.gov.bd",
        "https://xn--45b.bd:8443/a",
        "https://[2001:db8::1]",
        "https://1.2.3.4",
    ],
)
def test_an_issuer_is_a_host_and_perhaps_more(configured: Load, issuer: str) -> None:
    text = LEAST.replace("http://127.0.0.1:9000", issuer).replace("development", "production")
    assert configured(text).issuer == issuer
