"""Wrong configurations, each with the exact line that an administrator reads."""

from pathlib import Path

import pytest

from idp.settings import MistakesFound, Settings, load
from tests.settings.conftest import LEAST, SECRET, Load, Mistakes
from tests.settings.test_documents import as_nobody

CLIENT = f"""\
[[clients]]
client_id = "portal"
name = {{ bn = "পোর্টাল", en = "Portal" }}
owner = "ops@example.gov.bd"
home_url = "https://portal.example.gov.bd/"
secrets = [{{ hash = "{SECRET}" }}]
redirect_uris = ["https://portal.example.gov.bd/cb"]
"""
PRODUCTION = """\
config_version = 1
issuer = "https://sso.example.gov.bd"
database = { url = "sqlite:///idp.sqlite" }
mail = { host = "smtp.example.gov.bd", from = "no-reply@example.gov.bd" }
"""


def test_the_least_configuration_is_enough_and_has_defaults(configured: Load) -> None:
    settings = configured(LEAST)
    assert settings.listen.port == 9000
    assert settings.flows.named == {"browser": ("password", "email_otp")}
    assert (settings.otp.ttl, settings.session.max, settings.tokens.refresh) == (
        600,
        36_000,
        2_592_000,
    )
    assert (settings.reset.ttl, settings.reset.resend_after, settings.reset.then) == (
        1800,
        60,
        "login",
    )
    assert settings.password.require == ("upper", "lower", "digit", "special")
    assert (settings.password.min_length, settings.password.history) == (8, 5)
    assert settings.password.block_common
    assert settings.redis.url == ""
    assert settings.clients == ()


def test_the_mode_is_production_unless_the_file_says_otherwise(configured: Load) -> None:
    assert configured(PRODUCTION).mode == "production"


def test_relative_paths_are_relative_to_the_file(configured: Load, tmp_path: Path) -> None:
    text = LEAST.replace("sqlite:///idp.sqlite", "sqlite:///../data/idp.sqlite")
    settings = configured(text + 'secrets_dir = "keys"\n')
    assert settings.secrets_dir == tmp_path / "keys"
    assert settings.database.url == f"sqlite:///{tmp_path.parent / 'data' / 'idp.sqlite'}"


def test_the_default_folder_of_secrets_is_beside_the_file(configured: Load, tmp_path: Path) -> None:
    assert configured(LEAST).secrets_dir == tmp_path / "secrets"


def test_absolute_paths_stay_as_they_are(configured: Load) -> None:
    text = LEAST.replace("sqlite:///idp.sqlite", "sqlite:////srv/idp.sqlite")
    settings = configured(text + 'secrets_dir = "/etc/idp"\n')
    assert settings.secrets_dir == Path("/etc/idp")
    assert settings.database.url == "sqlite:////srv/idp.sqlite"


def test_a_database_url_of_postgresql_is_left_alone(configured: Load) -> None:
    text = LEAST.replace('"sqlite:///idp.sqlite"', '{ env = "IDP_DB_URL" }')
    url = "postgresql://idp:s3cret@127.0.0.1/idp"
    settings = configured(text, IDP_DB_URL=url)
    assert settings.database.url == url
    assert "s3cret" not in repr(settings)


def test_durations_are_whole_seconds(configured: Load) -> None:
    settings = configured(
        LEAST + 'tokens = { code = "45s", access = "10m", refresh = "90d" }\n'
        'session = { max = "10h" }\n'
    )
    assert settings.tokens.model_dump() == {"code": 45, "access": 600, "refresh": 7_776_000}
    assert settings.session.max == 36_000


def test_the_environment_gives_texts_numbers_and_flags(configured: Load) -> None:
    mail = (
        'mail = { host = { env = "HOST" }, port = { env = "PORT", default = 25 }, tls = "none", '
        'verify = { env = "VERIFY" }, timeout = { env = "TIMEOUT" }, from = "a@example.gov.bd" }\n'
    )
    text = "\n".join(line for line in LEAST.splitlines() if not line.startswith("mail"))
    settings = configured(
        f"{text}\n{mail}", HOST="localhost", PORT="2525", VERIFY="false", TIMEOUT="3s"
    )
    assert settings.mail.host == "localhost"
    assert type(settings.mail.host) is str
    assert settings.mail.port == 2525
    assert settings.mail.verify is False
    assert settings.mail.timeout == 3


def test_a_default_stands_in_for_a_variable_that_is_not_set(configured: Load) -> None:
    settings = configured(LEAST + 'listen = { port = { env = "IDP_PORT", default = 9100 } }\n')
    assert settings.listen.port == 9100


def test_a_secret_comes_from_a_file_and_never_shows(configured: Load) -> None:
    text = LEAST.replace('tls = "none"', 'tls = "none", user = "u", password = {file = "smtp"}')
    settings = configured(text, {"secrets/smtp": "hush hush\n"})
    assert settings.mail.password == "hush hush"
    assert "hush" not in repr(settings)


def test_a_secret_comes_from_the_environment(configured: Load) -> None:
    text = LEAST.replace('tls = "none"', 'tls = "none", user = "u", password = {env = "P"}')
    assert configured(text, P="12345").mail.password == "12345"


def test_clients_of_all_included_files_are_there_in_the_order_of_names(configured: Load) -> None:
    files = {
        "clients.d/b.toml": CLIENT,
        "clients.d/a.toml": CLIENT.replace('"portal"', '"archive"'),
        "clients.d/notes.txt": "no TOML at all",
    }
    settings = configured(f'include = ["clients.d/*.toml", "clients.d/b.toml"]\n{LEAST}', files)
    assert [client.client_id for client in settings.clients] == ["archive", "portal"]
    assert settings.clients_by_id["portal"].name.bn == "পোর্টাল"


def test_an_included_file_may_have_an_absolute_name(configured: Load, tmp_path: Path) -> None:
    text = f'include = ["{tmp_path}/far/*.toml"]\n{LEAST}'
    assert configured(text, {"far/a.toml": CLIENT}).clients[0].client_id == "portal"


def test_an_empty_folder_of_clients_is_no_mistake(configured: Load) -> None:
    Path("clients.d").mkdir()
    assert configured(f'include = ["clients.d/*.toml"]\n{LEAST}').clients == ()


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("clients.d/*.toml", "clients.d"),
        ("a/b/?/c*.toml", "a/b"),
        ("/nowhere/[a-c].toml", "/nowhere"),
    ],
)
def test_a_folder_of_clients_that_is_not_there_is_a_mistake_at_its_pattern(
    mistakes: Mistakes, pattern: str, folder: str
) -> None:
    # An unmounted folder must not look like the removal of every client in it.
    assert mistakes(f'include = ["here*.toml", "{pattern}"]\n{LEAST}') == [
        (
            f'idp.toml:1:26 E001 include[1] cannot list the folder "{folder}": '
            "No such file or directory"
        )
    ]


def test_a_folder_of_clients_that_is_a_file_is_a_mistake(mistakes: Mistakes) -> None:
    found = mistakes(f'include = ["clients.d/*.toml"]\n{LEAST}', {"clients.d": ""})
    assert found == [
        'idp.toml:1:12 E001 include[0] cannot list the folder "clients.d": Not a directory'
    ]


def test_a_folder_of_clients_that_may_not_be_listed_is_a_mistake(
    configured: Load, tmp_path: Path
) -> None:
    text = f'include = ["clients.d/*.toml"]\n{LEAST}'
    assert len(configured(text, {"clients.d/a.toml": CLIENT}).clients) == 1
    # The folder of the tests is its owner's alone; nobody must reach the configuration, too.
    Path("idp.toml").chmod(0o644)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    Path("clients.d").chmod(0)
    with as_nobody(), pytest.raises(MistakesFound) as caught:
        load(Path("idp.toml"), {})
    assert str(caught.value) == (
        'idp.toml:1:12 E001 include[0] cannot list the folder "clients.d": Permission denied'
    )


def test_links_may_live_for_a_minute_or_a_day(configured: Load) -> None:
    short = configured(LEAST + 'reset = { ttl = "60s", resend_after = "59s" }\n').reset
    long = configured(LEAST + 'reset = { ttl = "24h", then = "continue" }\n').reset
    assert (short.ttl, short.resend_after, long.ttl, long.then) == (60, 59, 86_400, "continue")


def test_a_password_rule_may_be_a_length_alone(configured: Load) -> None:
    password = configured(LEAST + "password = { min_length = 64, require = [], history = 0 }\n")
    assert password.password.require == ()


def test_settings_cannot_be_changed(configured: Load) -> None:
    settings: Settings = configured(LEAST)
    with pytest.raises(ValueError, match="frozen"):
        settings.listen.port = 1


SECTIONS = [
    # unknown keys, with the nearest one
    ('issuee = "x"', '1 E101 issuee is not a key. Did you mean "issuer"?'),
    ("zzz = 1", "1 E101 zzz is not a key"),
    ("listen = { prot = 1 }", '12 E101 listen.prot is not a key. Did you mean "port"?'),
    ('theme = { "নাম" = 1 }', "11 E101 theme.নাম is not a key"),
    ('limits.offices = [{ network = "10.0.0.0/8", factor = 2, fac = 1 }]',
     '57 E101 limits.offices[0].fac is not a key. Did you mean "factor"?'),
    ('support = { hours = { bn = "ক", en = "a", ben = "x" } }',
     '43 E101 support.hours.ben is not a key. Did you mean "en"?'),
    # missing and wrong types
    ('limits.offices = [{ network = "10.0.0.0/8" }]',
     "19 E102 limits.offices[0].factor is missing"),
    ('listen.port = "9000"', "8 E103 listen.port must be a whole number without quotes"),
    ("listen.port = 9000.0", "8 E103 listen.port must be a whole number without quotes"),
    ("listen.port = true", "8 E103 listen.port must be a whole number without quotes"),
    ("listen.host = 1", "8 E103 listen.host must be a text in quotes"),
    ("listen = 9000", "1 E103 listen must be a table"),
    ('support = { phones = "0155" }', "13 E103 support.phones must be a list in square brackets"),
    ("secrets_dir = 1", "1 E103 secrets_dir must be a file name in quotes"),
    ('clients = "x"', "1 E103 clients must be written as [[clients]]"),
    ("clients = [1]", "12 E103 clients[0] must be a table"),
    # values
    ("listen.port = 0", "8 E104 listen.port must be at least 1"),
    ("listen.port = 70000", "8 E104 listen.port must be at most 65535"),
    ("listen.threads = 1", "8 E104 listen.threads must be at least 2"),
    ('otp.ttl = "10"', '5 E104 otp.ttl must be a duration like "60s", "30m", "10h" or "90d"'),
    ("otp.ttl = 600", '5 E104 otp.ttl must be a duration like "60s", "30m", "10h" or "90d"'),
    ('otp.ttl = "0m"', '5 E104 otp.ttl must be a duration like "60s", "30m", "10h" or "90d"'),
    ('otp.ttl = "১০m"', '5 E104 otp.ttl must be a duration like "60s", "30m", "10h" or "90d"'),
    ('theme.timezone = "Asia/Dacca2"',
     "7 E104 theme.timezone is not a time zone that this machine knows"),
    ("theme.locales = []", "7 E104 theme.locales must not be empty"),
    ('theme.default = "en-GB"', '7 E104 theme.default must be a language like "bn"'),
    ('support.email = "office at example"',
     "9 E104 support.email must be a mail address like office@example.gov.bd"),
    ('support.ticket = "pms.portal.gov.bd"',
     "9 E104 support.ticket must be an absolute URL that begins with https://"),
    ('support.ticket = "https://a b/"',
     "9 E104 support.ticket holds a character that no URL may hold"),
    ('redis.url = "http://x"',
     "7 E104 redis.url must be empty or begin with redis://, rediss:// or unix://"),
    ('redis.url = "redis://:pw@x"',
     '7 E104 redis.url holds a password: write {env = "NAME"} or {file = "name"} instead'),
    ('proxy.trusted = ["10.0.0.1/8"]',
     ('18 E104 proxy.trusted[0] must be a network like "203.0.113.0/24": '
     "10.0.0.1/8 has host bits set")),
    ("proxy.trusted = [10]", '18 E104 proxy.trusted[0] must be a network like "203.0.113.0/24"'),
    ('keys.id_token = "none"', '6 E104 keys.id_token must be "RS256" or "ES256"'),
    # references
    ('listen.host = { env = "IDP_HOST" }',
     ("8 E105 listen.host needs the environment variable IDP_HOST, which is not set. "
     'Set it, or write {env = "IDP_HOST", default = …}')),
    ('listen.host = { env = "A", file = "b" }',
     ("8 E103 listen.host is not a reference. "
     'Write {env = "NAME"}, {env = "NAME", default = …} or {file = "name"}')),
    # keys that contradict each other
    ("flows.browser = []", "7 E201 flows.browser must have at least one step"),
    ('flows.browser = ["password", "email-otp"]',
     '30 E201 flows.browser[1] names an unknown step "email-otp". Did you mean "email_otp"?'),
    ('flows.browser = ["password", "totp-app"]',
     ('30 E201 flows.browser[1] names an unknown step "totp-app". '
     "Steps are password, email_otp")),
    ('flows.browser = ["email_otp"]',
     '18 E201 flows.browser[0] must be "password": the first step tells who it is'),
    ('flows.browser = ["password", "password"]',
     '30 E201 flows.browser[1] names the step "password" a second time'),
    ('flows.brwser = ["password"]',
     '7 E201 flows.brwser is a flow that no client names. Did you mean "browser"?'),
    ('otp = { ttl = "1m", resend_after = "60s" }',
     "21 E201 otp.resend_after must be shorter than otp.ttl"),
    ('otp = { ttl = "59s", resend_after = "30s" }',
     "9 E201 otp.ttl must be at least 60s: people are told minutes"),
    ("password.min_length = 7", "10 E104 password.min_length must be at least 8"),
    ("password.min_length = 65", "10 E104 password.min_length must be at most 64"),
    ('password.require = ["upper", "sign"]',
     '30 E104 password.require[1] must be "upper", "lower", "digit" or "special"'),
    ('password.require = ["upper", "digit", "upper"]',
     '39 E201 password.require[2] names "upper" a second time'),
    ('password.require = "upper"', "10 E103 password.require must be a list in square brackets"),
    ("password.history = -1", "10 E104 password.history must be at least 0"),
    ("password.history = 21", "10 E104 password.history must be at most 20"),
    ('password.block_common = "yes"',
     "10 E103 password.block_common must be true or false, without quotes"),
    ('reset = { ttl = "59s", resend_after = "30s" }',
     "11 E201 reset.ttl must be at least 60s: people are told minutes"),
    ('reset.ttl = "25h"', "7 E201 reset.ttl must be at most 24h"),
    ('reset.resend_after = "30m"', "7 E201 reset.resend_after must be shorter than reset.ttl"),
    ('reset.then = "log in"', '7 E104 reset.then must be "login" or "continue"'),
    ('flows.reset_credentials = ["password"]',
     ('7 E201 flows.reset_credentials is a name of the program\'s own: '
     'it begins with "reset_credentials"')),
    ('flows.reset_credentials_staff = ["password"]',
     ('7 E201 flows.reset_credentials_staff is a name of the program\'s own: '
     'it begins with "reset_credentials"')),
    ('session.idle = "11h"', "9 E201 session.idle must not be longer than session.max"),
    ('theme.default = "fr"', "7 E201 theme.default must be one of theme.locales"),
    ('proxy.trusted = ["10.0.0.0/8", "0.0.0.0/0"]',
     "32 E201 proxy.trusted[1] would believe everybody: name the proxy's own address"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), SECTIONS)
def test_a_wrong_line_is_told_with_its_place_and_its_cure(
    mistakes: Mistakes, line: str, expected: str
) -> None:
    number = LEAST.count("\n") + 1
    assert mistakes(f"{LEAST}{line}\n") == [f"idp.toml:{number}:{expected}"]


MAIL = 'mail = { host = "127.0.0.1", tls = "none", from = "no-reply@example.gov.bd" }'
MAIN = [
    ("config_version = 1", "config_version = 2", "1:1 E104 config_version must be 1"),
    ("config_version = 1", "config_version = true", "1:1 E104 config_version must be 1"),
    ("config_version = 1", "config_version = 1.0", "1:1 E104 config_version must be 1"),
    ("config_version = 1", 'config_version = "1"', "1:1 E104 config_version must be 1"),
    ("config_version = 1\n", "", "1:1 E102 config_version is missing"),
    ('"http://127.0.0.1:9000"', '"http://127.0.0.1:9000/"',
     "2:1 E104 issuer must not end with a slash"),
    ('"http://127.0.0.1:9000"', '"http://127.0.0.1:9000/?a=b"',
     "2:1 E104 issuer must not have a query or a fragment"),
    ('"http://127.0.0.1:9000"', '"http://127.0.0.1:9000#"',
     "2:1 E104 issuer must not have a query or a fragment"),
    ('"http://127.0.0.1:9000"', '"http://LOCALHOST:9000"',
     "2:1 E104 issuer must be written in small letters up to its path"),
    ('"http://127.0.0.1:9000"', '"http://u:p@127.0.0.1"',
     "2:1 E104 issuer must not hold a user name or password"),
    ('"http://127.0.0.1:9000"', '"https://sso.example.gov.bd"',
     ("2:1 E201 issuer must be http on a loopback address in development mode. "
     'A public issuer needs mode = "production"')),
    ('"http://127.0.0.1:9000"', '"http://sso.example.gov.bd"',
     ("2:1 E201 issuer must be http on a loopback address in development mode. "
     'A public issuer needs mode = "production"')),
    ('"development"', '"production"',
     ("2:1 E201 issuer must begin with https:// in production mode. "
     'Did you mean "https://127.0.0.1:9000", or mode = "development"?')),
    ('"development"', '"test"', '3:1 E104 mode must be "production" or "development"'),
    ('"sqlite:///idp.sqlite"', '"mysql://x/y"',
     "4:14 E104 database.url must begin with sqlite:/// or postgresql://"),
    ('"sqlite:///idp.sqlite"', '"sqlite:///:memory:"',
     "4:14 E104 database.url must name a file: a database in memory is forgotten at once"),
    ('"sqlite:///idp.sqlite"', '"postgresql://idp:hush@db/idp"',
     ("4:14 E104 database.url holds a password: "
     'write {env = "NAME"} or {file = "name"} instead')),
    (MAIL, "", "1:1 E102 mail is missing"),
    ('host = "127.0.0.1"', 'host = "smtp.example.gov.bd"',
     ('5:40 E201 mail.tls "none" is for a mail server on this machine (a loopback address) only. '
     'Write "starttls" or "implicit"')),
    ('tls = "none"', 'tls = "none", user = "sso"',
     "5:1 E201 mail.password is missing, though mail.user is there"),
    ('tls = "none"', 'user = "sso", password = "hunter2", tls = "none"',
     ("5:44 E104 mail.password is a secret: "
     'write {file = "name"} or {env = "NAME"} instead of it')),
    ('tls = "none"', 'user = "sso", password = { env = "X", default = "hunter2" }, tls = "none"',
     ("5:44 E104 mail.password is a secret: "
     'write {file = "name"} or {env = "NAME"} instead of it')),
    ('tls = "none"', 'tls = "none", password = { env = "PASSWORD" }',
     "5:1 E201 mail.user is missing, though mail.password is there"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "expected"), MAIN)
def test_a_right_line_made_wrong_is_told(
    mistakes: Mistakes, right: str, wrong: str, expected: str
) -> None:
    assert right in LEAST
    found = mistakes(LEAST.replace(right, wrong), PASSWORD="hunter2")
    assert found == [f"idp.toml:{expected}"]
    assert "hunter2" not in "".join(found)
    assert "hush" not in "".join(found)


def test_the_name_in_the_code_is_not_a_key_of_the_file(mistakes: Mistakes) -> None:
    assert mistakes(LEAST.replace("from =", "sender =")) == [
        "idp.toml:5:1 E102 mail.from is missing",
        "idp.toml:5:44 E101 mail.sender is not a key",
    ]


def test_a_cheap_hash_is_refused_in_production_only(configured: Load, mistakes: Mistakes) -> None:
    cheap = "password.bcrypt_cost = 4\n"
    assert configured(LEAST + cheap).password.bcrypt_cost == 4
    assert mistakes(PRODUCTION + cheap) == [
        "idp.toml:5:10 E201 password.bcrypt_cost must be at least 10 in production mode"
    ]


SYNTAX = [
    (b"a = \n", "1:5 E002 is not TOML: Invalid value"),
    (b"a = 1\nb 2\n", "2:3 E002 is not TOML: Expected '=' after a key in a key/value pair"),
    (b"a = 1\r\na = 2\r\n", "2:6 E002 is not TOML: Cannot overwrite a value"),
    (b"[mail\n", "1:6 E002 is not TOML: Expected ']' at the end of a table declaration"),
    (b'a = "x', "1:7 E002 is not TOML: Unterminated string"),
    (b'x = 1\na = """x\n', "2:9 E002 is not TOML: Unterminated string"),
    ("ক = 1\n".encode(), "1:1 E002 is not TOML: Invalid statement"),
    (b"a = 1\nb = '\xff'\n", "2:6 E002 is not UTF-8 from here on"),
]


@pytest.mark.parametrize(("octets", "expected"), SYNTAX)
def test_a_file_that_is_no_toml_is_told_with_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, octets: bytes, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("idp.toml").write_bytes(octets)
    with pytest.raises(MistakesFound) as caught:
        load(Path("idp.toml"), {})
    assert str(caught.value) == f"idp.toml:{expected}"


def test_a_missing_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MistakesFound) as caught:
        load(Path("absent.toml"), {})
    assert str(caught.value) == "absent.toml E001 cannot be read: No such file or directory"


def test_a_secret_file_that_others_may_read_is_refused(configured: Load, tmp_path: Path) -> None:
    text = LEAST.replace('tls = "none"', 'tls = "none", user = "u", password = {file = "smtp"}')
    configured(text, {"secrets/smtp": "hush\n"})
    file = tmp_path / "secrets" / "smtp"
    file.chmod(0o640)
    load(Path("idp.toml"), {})
    file.chmod(0o644)
    with pytest.raises(MistakesFound) as caught:
        load(Path("idp.toml"), {})
    assert str(caught.value) == (
        f"idp.toml:5:56 E106 mail.password names the file {file}, "
        f"which others on this machine may read. Run: chmod o= {file}"
    )


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\n", "is empty"),
        (b"\xff\n", "cannot be read: it is not UTF-8"),
    ],
)
def test_a_secret_file_that_tells_nothing_is_refused(
    mistakes: Mistakes, tmp_path: Path, octets: bytes | None, reason: str
) -> None:
    file = tmp_path / "secrets" / "smtp"
    if octets is not None:
        file.parent.mkdir()
        file.write_bytes(octets)
        file.chmod(0o600)
    text = LEAST.replace('tls = "none"', 'tls = "none", user = "u", password = {file = "smtp"}')
    found = mistakes(text)
    assert len(found) == 1
    assert found[0].startswith(f"idp.toml:5:56 E106 mail.password names the file {file}, which ")
    assert found[0].endswith(reason)


def test_every_mistake_of_every_file_is_told_in_one_run(mistakes: Mistakes) -> None:
    main = (
        'include = ["clients.d/*.toml", "absent.toml"]\n'
        f"{LEAST}[listen]\nport = 'x'\nprot = 1\n[theme]\ndefault = 'fr'\n[otp]\nttl = 5\n"
    )
    broken = CLIENT.replace('owner = "ops@example.gov.bd"\n', "").replace("https://p", "http://p")
    files = {
        "clients.d/a.toml": CLIENT.replace("/cb", "/cb#x"),
        "clients.d/b.toml": broken + CLIENT.replace("redirect_uris", "redirect_uri"),
        "clients.d/c.toml": "[[clients]\n",
        "clients.d/d.toml": CLIENT.replace("https://portal.example.gov.bd/cb", "http://a/cb")
        + "[listen]\nport = 1\n",
    }
    assert mistakes(main, files) == [
        'idp.toml:1:32 E001 include[1] names no file: "absent.toml"',
        "idp.toml:8:1 E103 listen.port must be a whole number without quotes",
        'idp.toml:9:1 E101 listen.prot is not a key. Did you mean "port"?',
        "idp.toml:11:1 E201 theme.default must be one of theme.locales",
        'idp.toml:13:1 E104 otp.ttl must be a duration like "60s", "30m", "10h" or "90d"',
        "clients.d/a.toml:7:18 E104 clients[0].redirect_uris[0] must not have a fragment",
        "clients.d/b.toml:1:1 E102 clients[0].owner is missing",
        (
            'clients.d/b.toml:2:1 E202 clients[0].client_id "portal" is declared twice. '
            "First at clients.d/a.toml:2:1"
        ),
        (
            "clients.d/b.toml:6:18 E201 clients[0].redirect_uris[0] must be https "
            "(http only for loopback, in development mode). "
            'Did you mean "https://portal.example.gov.bd/cb"?'
        ),
        (
            'clients.d/b.toml:8:1 E202 clients[1].client_id "portal" is declared twice. '
            "First at clients.d/a.toml:2:1"
        ),
        (
            "clients.d/b.toml:13:1 E101 clients[1].redirect_uri is not a key. "
            'Did you mean "redirect_uris"?'
        ),
        "clients.d/c.toml:1:10 E002 is not TOML: Expected ']]' at the end of an array declaration",
        (
            'clients.d/d.toml:2:1 E202 clients[0].client_id "portal" is declared twice. '
            "First at clients.d/a.toml:2:1"
        ),
        (
            "clients.d/d.toml:7:18 E201 clients[0].redirect_uris[0] must be https "
            '(http only for loopback, in development mode). Did you mean "https://a/cb"?'
        ),
        "clients.d/d.toml:8:2 E101 listen must not stand in an included file",
    ]


def test_a_client_declared_twice_names_both_places(mistakes: Mistakes) -> None:
    files = {"clients.d/a.toml": CLIENT, "clients.d/b.toml": f"# a comment\n{CLIENT}"}
    assert mistakes(f'include = ["clients.d/*.toml"]\n{LEAST}', files) == [
        (
            'clients.d/b.toml:3:1 E202 clients[0].client_id "portal" is declared twice. '
            "First at clients.d/a.toml:2:1"
        )
    ]


def test_mistakes_carry_their_parts_for_programs(configured: Load) -> None:
    with pytest.raises(MistakesFound) as caught:
        configured(LEAST + "listen.prot = 1\n")
    (mistake,) = caught.value.mistakes
    assert (mistake.file, mistake.line, mistake.column) == ("idp.toml", 6, 8)
    assert (mistake.code, mistake.path, mistake.message, mistake.hint) == (
        "E101",
        "listen.prot",
        "is not a key",
        'Did you mean "port"?',
    )
