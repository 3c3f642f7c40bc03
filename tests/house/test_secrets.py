"""Canaries: no password, code, token, cookie or key in a log, a dump, an address or a repr."""

import base64
import logging
import re

from tests.system import CALLBACK, CHALLENGE, ISSUER, PASSWORD, SECRET, VERIFIER, System, log_in

USER = "office@example.gov.bd"


def _canaries(system: System) -> dict[str, str]:
    """Walk through every flow once, right and wrong, and return every secret that was in it."""
    found = {"password": PASSWORD, "wrong password": "Jol#Bhora77", "client secret": SECRET}
    browser = system.browser()
    browser.get("/authorize?client_id=nobody")
    wrong = log_in(system, browser)
    found["code of the mail"] = system.code()
    found["authorization code"] = wrong.answer["code"]
    for name in ("browser", "session", "known"):
        found[f"{name} cookie"] = browser.cookie(f"probesh_{name}") or ""
    other = system.browser()
    from_start = other.get("/authorize?" + wrong.url.partition("?")[2])
    assert from_start.status in {200, 400}
    basic = base64.b64encode(f"backoffice:{SECRET}".encode()).decode()
    tokens = (
        system.browser()
        .client.post(
            "/token",
            base_url=ISSUER,
            headers={"Authorization": f"Basic {basic}"},
            data={
                "grant_type": "authorization_code",
                "code": found["authorization code"],
                "redirect_uri": CALLBACK,
                "code_verifier": VERIFIER,
            },
        )
        .get_json()
    )
    for name in ("access_token", "id_token", "refresh_token"):
        found[name] = tokens[name]
    client = system.browser().client
    for path in ("/userinfo", "/introspect", "/revoke", "/token"):
        client.post(path, base_url=ISSUER, data={"token": tokens["refresh_token"]})
    secrets = system.assembly.secrets
    for ring in (secrets.pepper, secrets.key_encryption_key, secrets.form_key):
        found[f"key {len(found)}"] = next(iter(ring.versions.values())).hex()
    return found


def test_no_secret_of_any_flow_is_in_a_log_at_any_level(small: System, caplog):
    with caplog.at_level(logging.DEBUG):
        canaries = _canaries(small)
        browser = small.browser().get(f"/authorize?state=x&code_challenge={CHALLENGE}")
        assert browser.status == 400
    assert caplog.records, "nothing was logged at all: this test would see nothing"
    for name, secret in canaries.items():
        assert secret, name
        assert secret not in caplog.text, name


def test_a_dump_of_the_database_shows_no_secret(system: System):
    canaries = _canaries(system)
    dump = _dump(system)
    for name, secret in canaries.items():
        assert secret not in dump, name
        assert secret.encode().hex() not in dump, name
    assert '"kty"' not in dump
    assert "$2b$" in dump  # the hash of the password is there, under the pepper


def test_no_object_of_the_assembly_prints_a_secret(small: System):
    canaries = _canaries(small)
    printed = repr(small.assembly) + repr(small.assembly.settings) + repr(small.assembly.secrets)
    for name, secret in canaries.items():
        assert secret not in printed, name


def test_no_secret_is_in_an_address_of_the_provider(small: System):
    browser = small.browser()
    log_in(small, browser)
    code = browser.answer["code"]
    assert PASSWORD not in browser.url
    assert code not in browser.url
    assert not re.search(r"/[0-9]{6}(\D|$)", browser.url)


def _dump(system: System) -> str:
    rows = []
    with system.stores.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        else:
            query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        for (table,) in connection.exec_driver_sql(query).all():
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"'):  # noqa: S608
                rows += [v.hex() if isinstance(v, bytes) else str(v) for v in row]
    return "\n".join(rows)
