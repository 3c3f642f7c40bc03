"""What would change between two configurations, in words."""

from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from idp.settings import Settings, masked_snapshot
from idp.settings.clients import Client
from idp.settings.diff import Difference, differences, shared_digest, snapshot_text
from idp.settings.effects import EFFECTS, OF_CLIENTS
from idp.settings.loader import load
from idp.settings.sections import STATIC_KEYS

FILE = """
config_version = 1
issuer = "https://id.example.gov.bd"
mail = {{ host = "mail", from = "a@b.bd", user = "u", password = {{ env = "MAIL_PASSWORD" }} }}
database = {{ url = "postgresql://idp@db/idp" }}
scopes."x.office".claims.office = "attributes.office"
{more}
[[clients]]
client_id = "backoffice"
name = {{ bn = "ব্যাকঅফিস", en = "Back office" }}
owner = "ops@example.gov.bd"
home_url = "https://b.example/"
redirect_uris = ["https://b.example/callback"]
secrets = [{{ hash = "sha256:{secret}" }}]
"""
PASSWORD = "a-password-of-the-tests"


@dataclass
class Counted:
    """Counts as a test says, and remembers what it was asked."""

    sessions: int = 0
    grants: int = 0
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def idle_sessions(self, *, old: int, new: int) -> int:
        self.asked.append((old, new))
        return self.sessions

    def live_grants(self, client_id: str) -> int:
        self.asked.append((client_id,))
        return self.grants


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    file = tmp_path / "idp.toml"
    file.write_text(FILE.format(more="", secret="1" * 64), encoding="utf-8")
    return load(file, {"MAIL_PASSWORD": PASSWORD})


@pytest.fixture(name="old")
def _old(settings: Settings) -> dict[str, Any]:
    return masked_snapshot(settings, b"k" * 32)


@pytest.fixture(name="new")
def _new(old: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(old)


def told(old: dict[str, Any], new: dict[str, Any], counts: Counted | None = None) -> list[str]:
    return [d.sentence for d in differences(old, new, counts or Counted())]


def test_equal_configurations_differ_in_nothing(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert differences(old, new, Counted()) == []
    assert snapshot_text(old) == snapshot_text(dict(reversed(new.items())))


@pytest.mark.parametrize(
    ("count", "effect"), [(0, "0 sessions end"), (1, "1 session ends"), (214, "214 sessions end")]
)
def test_a_shorter_idle_limit_tells_how_many_sessions_end(
    old: dict[str, Any], new: dict[str, Any], count: int, effect: str
) -> None:
    new["session"]["idle"] = 1800
    counts = Counted(sessions=count)
    assert told(old, new, counts) == [f"session.idle 60 → 30 min: {effect} now"]
    assert counts.asked == [(3600, 1800)]


def test_a_longer_idle_limit_logs_nobody_out_and_may_bring_sessions_back(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    new["session"]["idle"] = 7200
    assert told(old, new) == ["session.idle 1 → 2 h: nobody is logged out"]
    counts = Counted(sessions=3)
    assert told(old, new, counts) == [
        "session.idle 1 → 2 h: nobody is logged out; 3 that were idle too long are good again"
    ]
    assert counts.asked == [(7200, 3600)]


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        (("session", "max"), 43_200, "session.max 10 → 12 h: counts for new logins; nobody is"),
        (("tokens", "access"), 90, "tokens.access 300 → 90 s: what is out keeps its life"),
        (("reset", "then"), "continue", "reset.then login → continue: counts from the next reset"),
        (("password", "bcrypt_cost"), 13, "password.bcrypt_cost 12 → 13: each hash follows"),
        (("password", "block_common"), False, "password.block_common true → false: judges new"),
        (("theme", "locales"), ["bn"], "theme.locales bn, en → bn: counts from the next page on"),
        (("mail", "host"), "other", "mail.host mail → other: the next letter leaves this way"),
        (("flows", "browser"), ["password"], "flows.browser password, email_otp → password: "),
        (("flows", "short"), ["password"], "flows.short none → password: logins under way"),
        (("redis", "url"), "redis://r", "redis.url none → redis://r: the counts by address"),
        (("support", "phones"), ["1"], "support.phones none → 1: counts from the next page on"),
        (("logging", "level"), "debug", "logging.level info → debug: counts at once"),
    ],
)
def test_a_key_is_told_with_its_effect(
    old: dict[str, Any], new: dict[str, Any], key: tuple[str, str], value: Any, sentence: str
) -> None:
    new[key[0]][key[1]] = value
    (line,) = told(old, new)
    assert line.startswith(sentence)


def test_a_key_with_a_dot_in_its_name_is_shown_with_its_values(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    new["scopes"]["x.office"]["claims"]["office"]["type"] = "list"
    assert told(old, new) == [
        "scopes.x.office.claims.office.type string → list: counts from the next token on"
    ]


def test_another_mail_password_is_told_and_never_shown(settings: Settings) -> None:
    mail = settings.mail.model_copy(update={"password": "another-password"})
    other = settings.model_copy(update={"mail": mail})
    key = b"k" * 32
    lines = told(masked_snapshot(settings, key), masked_snapshot(other, key))
    assert lines == ["mail.password changed: the next letter leaves this way"]


@pytest.mark.parametrize("key", STATIC_KEYS)
def test_a_static_key_needs_a_restart(old: dict[str, Any], new: dict[str, Any], key: str) -> None:
    if isinstance(new[key], dict):
        inner = min(new[key])
        new[key][inner], name = "other", f"{key}.{inner}"
    else:
        new[key], name = "other", key
    (difference,) = differences(old, new, Counted())
    assert (difference.key, difference.needs_restart) == (name, True)
    assert difference.sentence.endswith("→ other: needs a restart")


# -- clients --------------------------------------------------------------------------------------


def client_of(snapshot: dict[str, Any]) -> dict[str, Any]:
    client: dict[str, Any] = snapshot["clients"]["backoffice"]
    return client


def test_a_client_that_is_removed_or_disabled_tells_how_many_grants_end(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    del new["clients"]["backoffice"]
    counts = Counted(grants=12)
    assert told(old, new, counts) == [
        "backoffice: removed; nobody can log in there any more; 12 grants end"
    ]
    assert counts.asked == [("backoffice",)]
    assert told(new, old) == ["backoffice: added; people can log in there"]

    disabled = deepcopy(old)
    client_of(disabled)["enabled"] = False
    assert told(old, disabled, Counted(grants=1)) == [
        "backoffice: disabled; nobody can log in there any more; 1 grant ends"
    ]
    assert told(disabled, old) == ["backoffice: enabled; people can log in there again"]
    assert told(new, disabled) == ["backoffice: added; but it is disabled"]


def test_a_redirect_uri_that_comes_logs_nobody_out(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    uri = "https://b.example/second"
    client_of(new)["redirect_uris"].append(uri)
    assert told(old, new) == [
        f"backoffice: redirect URI added: {uri}; nobody is logged out",
    ]
    assert told(new, old) == [
        f"backoffice: redirect URI removed: {uri}; {OF_CLIENTS['redirect_uris'][1]}"
    ]


def test_the_order_of_a_list_means_nothing(old: dict[str, Any], new: dict[str, Any]) -> None:
    client_of(old)["scopes"] = ["openid", "email"]
    client_of(new)["scopes"] = ["email", "openid"]
    assert told(old, new) == []


def test_a_secret_is_told_by_its_beginning_and_its_last_day(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    client_of(new)["secrets"] = [{"hash": "sha256:22222222…", "expires": "2027-03-01"}]
    assert told(old, new) == [
        f"backoffice: secret removed: sha256:11111111…, good for ever; {OF_CLIENTS['secrets'][1]}",
        "backoffice: secret added: sha256:22222222…, good until 2027-03-01; it is good at once",
    ]


def test_a_secret_that_is_given_an_end_has_neither_come_nor_gone(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    first = client_of(new)["secrets"][0]
    following = {"hash": "sha256:22222222…", "expires": None}
    client_of(new)["secrets"] = [{**first, "expires": "2027-03-01"}, following]
    assert told(old, new) == [
        "backoffice: secret added: sha256:22222222…, good for ever; it is good at once",
        "backoffice: secret sha256:11111111…: good until 2027-03-01 instead of for ever",
    ]


@pytest.mark.parametrize(
    ("field_name", "value", "sentence"),
    [
        ("flow", "short", "flow none → short; who has proven less than the new flow asks for"),
        ("auth", "none", "auth client_secret_basic → none; it must prove itself this way at once"),
        ("owner", "new@b.bd", "owner ops@example.gov.bd → new@b.bd"),
        ("name", {"bn": "ব্যাকঅফিস", "en": "Office"}, "name.en Back office → Office; counts from"),
    ],
)
def test_what_else_changes_of_a_client_is_told(
    old: dict[str, Any], new: dict[str, Any], field_name: str, value: Any, sentence: str
) -> None:
    client_of(new)[field_name] = value
    (line,) = told(old, new)
    assert line.startswith(f"backoffice: {sentence}")


# -- every key has its words ----------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted({*Settings.model_fields} - {*STATIC_KEYS, "clients"}))
def test_every_key_has_an_effect(key: str) -> None:
    inner = getattr(Settings.model_fields[key].annotation, "model_fields", {})
    names = {f"{key}.{name}" for name in inner} or {key}
    assert key in EFFECTS or names <= {*EFFECTS, "session.idle"}


def test_every_effect_is_of_a_key_that_exists() -> None:
    for name in EFFECTS:
        table, _, key = name.partition(".")
        assert table in Settings.model_fields, name
        section = Settings.model_fields[table].annotation
        assert not key or key in getattr(section, "model_fields", {}), name
    assert {*OF_CLIENTS} <= {*Client.model_fields}


def test_every_list_of_a_client_has_its_words() -> None:
    lists = {n for n, f in Client.model_fields.items() if "tuple" in str(f.annotation)}
    assert lists <= {*OF_CLIENTS}
    assert all(OF_CLIENTS[name][0] for name in lists)


# -- nodes ----------------------------------------------------------------------------------------


def test_nodes_may_differ_in_what_is_their_own_and_in_nothing_else(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    new["listen"]["host"], new["secrets_dir"] = "10.0.0.2", "/elsewhere"
    new["theme"]["folder"] = "/elsewhere/themes"
    assert shared_digest(old) == shared_digest(new)
    new["theme"]["files"] = {"office": "012345"}
    assert shared_digest(old) != shared_digest(new), "the files of a theme are shared"
    del new["theme"]["files"]
    client_of(new)["owner"] = "other@b.bd"
    assert shared_digest(old) != shared_digest(new)


def test_a_difference_is_plain(old: dict[str, Any], new: dict[str, Any]) -> None:
    new["logging"]["level"] = "debug"
    assert differences(old, new, Counted()) == [
        Difference("logging.level", "logging.level info → debug: counts at once")
    ]


def test_a_client_for_tests_shows_more_to_developers(settings: Settings) -> None:
    old = masked_snapshot(settings)
    new = deepcopy(old)
    new["clients"]["backoffice"]["test"] = True
    (found,) = differences(old, new, Counted())
    assert found.sentence == (
        "backoffice: test false → true; "
        "its requests may be checked at /developers and its addresses are shown"
    )


@pytest.mark.parametrize("field", sorted(Client.model_fields.keys() - {"client_id", "enabled"}))
def test_every_field_of_a_client_has_an_effect(field: str) -> None:
    assert OF_CLIENTS[field][2]
