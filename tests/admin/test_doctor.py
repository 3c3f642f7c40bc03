"""The doctor's checks: each is shown a healthy and a sick installation, over real sockets."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dns.message
import dns.rrset
import pytest
import trustme
from dns.resolver import Resolver
from sqlalchemy import text
from typing_extensions import override

from idp.admin.database import opened_stores
from idp.admin.doctor import Finding, Patient, examine, network, stores, this_machine
from idp.admin.doctor.examination import CHECKS
from idp.admin.installation import initialise
from idp.model.clock import system_clock
from idp.stores.ports import ServingProcess
from idp.stores.sql import open_engine
from idp.stores.sql.inspection import clock_ahead
from idp.stores.sql.tables import counters
from idp.verdict import load_settings
from tests.fakes import FakeClock
from tests.outbox.servers import PASSWORD, USER, Received, authenticator, dead_port, serve

DAY = 24 * 3600
CONFIG = """\
config_version = 1
issuer = "{issuer}"
mode = "{mode}"
database = {{ url = "{database}" }}
{more}
[mail]
host = "127.0.0.1"
port = {smtp}
tls = "none"
timeout = "2s"
from = "no-reply@mail.portal.gov.bd"
{login}
"""
CLIENT = """
[[clients]]
client_id = "backoffice"
name = { bn = "ব্যাকঅফিস", en = "Back office" }
owner = "ops@example.gov.bd"
home_url = "https://backoffice.example.gov.bd/"
redirect_uris = ["https://backoffice.example.gov.bd/callback"]
"""
PUBLIC = "https://sso.portal.gov.bd"
SET_VERSION = text("UPDATE alembic_version SET version_num = :number")

Admit = Callable[..., Patient]


@pytest.fixture(name="admit")
def _admit(tmp_path: Path) -> Admit:
    """Make an installation and admit it as a patient."""

    def admit(
        *,
        issuer: str = "http://127.0.0.1:9000",
        database: str = "sqlite:///idp.sqlite",
        smtp: int = 1,
        more: str = "",
        login: str = "",
        clients: str = "",
        is_made: bool = True,
    ) -> Patient:
        file = tmp_path / "idp.toml"
        mode = "development" if issuer.startswith("http:") else "production"
        written = CONFIG.format(
            issuer=issuer, mode=mode, database=database, smtp=smtp, more=more, login=login
        )
        file.write_text(written + clients)
        file.chmod(0o600)
        settings = load_settings(file)
        if is_made:
            initialise(settings)
        return Patient(file, settings)

    return admit


# -- the examination -------------------------------------------------------------------------------


def test_a_check_that_breaks_hides_no_other(admit: Admit) -> None:
    def broken(_: Patient) -> Finding:
        raise ZeroDivisionError

    def well(_: Patient) -> Finding:
        return Finding("ok", "Well.")

    found = examine(admit(), {"broken": broken, "well": well})
    assert found["well"].verdict == "ok"
    assert found["broken"].verdict == "failed"
    assert found["broken"].sentence == "The check itself broke (ZeroDivisionError)."


def test_every_finding_that_is_not_well_says_what_to_do(admit: Admit) -> None:
    patient = admit(smtp=dead_port(), issuer=f"http://127.0.0.1:{dead_port()}", is_made=False)
    found = examine(replace(patient, resolver=resolver_at(dead_port())))
    assert list(found) == list(CHECKS)
    for name, finding in found.items():
        assert finding.sentence.endswith("."), name
        assert "\n" not in finding.sentence, name
        assert bool(finding.advice) == (finding.verdict != "ok"), name
    sick = {name for name, finding in found.items() if finding.verdict == "failed"}
    assert {"secrets", "database", "signing keys", "issuer", "mail server"} <= sick


# -- this machine ----------------------------------------------------------------------------------


def test_a_configuration_that_all_may_change_is_told(admit: Admit) -> None:
    patient = admit()
    assert this_machine.configuration(patient).verdict == "ok"
    patient.config.chmod(0o666)
    finding = this_machine.configuration(patient)
    assert (finding.verdict, finding.advice) == ("failed", f"Run chmod o-w {patient.config}.")


@pytest.mark.parametrize(("days", "verdict"), [(13, "warning"), (14, "ok"), (-1, "warning")])
def test_a_client_whose_secrets_soon_end_is_named(admit: Admit, days: int, verdict: str) -> None:
    ending = f'secrets = [{{ hash = "sha256:{"0" * 64}", expires = 2027-03-20 }}]\n'
    patient = admit(clients=CLIENT + ending)
    march = FakeClock(1_805_500_800 - days * DAY)  # 2027-03-20, minus days
    finding = this_machine.configuration(replace(patient, clock=march))
    assert finding.verdict == verdict
    assert ("backoffice" in finding.sentence) is (verdict == "warning")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda folder: (folder / "pepper").unlink(), "is missing"),
        (lambda folder: (folder / "pepper").chmod(0o644), "open to other users"),
        (lambda folder: (folder / "form_key").write_text("x\n"), "garbled in line 1"),
        (lambda folder: folder.chmod(0o777), "Others may put files into"),
    ],
)
def test_secrets_must_be_whole_and_closed(
    admit: Admit, harm: Callable[[Path], object], words: str
) -> None:
    patient = admit()
    assert only(patient, "secrets").verdict == "ok"
    harm(patient.settings.secrets_dir)
    finding = only(patient, "secrets")
    assert finding.verdict == "failed"
    assert words in finding.sentence
    assert finding.advice


def test_themes_and_local_time_are_tried(admit: Admit) -> None:
    patient = replace(admit(), clock=FakeClock())
    assert this_machine.themes(patient).sentence == (
        "The theme portal has its pages and words in bn, en."
    )
    assert this_machine.time_zone(patient).sentence == "It is 17:06 in Asia/Dhaka."


@pytest.mark.parametrize(("free", "verdict"), [(50, "failed"), (500, "warning"), (5000, "ok")])
def test_the_room_on_the_disk_is_told(
    admit: Admit, monkeypatch: pytest.MonkeyPatch, free: int, verdict: str
) -> None:
    patient = admit()
    usage = type("Usage", (), {"free": free * 1024 * 1024})
    monkeypatch.setattr("idp.admin.doctor.this_machine.shutil.disk_usage", lambda _: usage)
    finding = this_machine.disk(patient)
    assert finding.verdict == verdict
    assert f"has {free} MiB left" in finding.sentence


# -- stores ----------------------------------------------------------------------------------------


def test_a_database_is_read_and_written_and_left_as_it_was(admit: Admit, database_url: str) -> None:
    patient = admit(database=database_url)
    assert only(patient, "database").verdict == "ok"
    engine = open_engine(patient.settings.database.url)
    with engine.connect() as connection:
        assert connection.execute(counters.select()).all() == []
    engine.dispose()


@pytest.mark.parametrize(
    ("revision", "advice"),
    [("0002", "Run idp db upgrade."), ("9999", "Install that one.")],
)
def test_a_database_of_another_version_is_told(
    admit: Admit, database_url: str, revision: str, advice: str
) -> None:
    patient = admit(database=database_url)
    engine = open_engine(patient.settings.database.url)
    with engine.begin() as connection:
        connection.execute(SET_VERSION, {"number": revision})
    finding = only(patient, "database")
    with engine.begin() as connection:
        connection.execute(SET_VERSION, {"number": "0003"})
    engine.dispose()
    assert (finding.verdict, finding.advice) == ("failed", advice)


def test_a_database_that_nobody_may_write_to_is_told(admit: Admit, postgresql_url: str) -> None:
    patient = admit(database=postgresql_url)
    engine = open_engine(postgresql_url)
    name = engine.url.database
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        finding = only(patient, "database")
        connection.exec_driver_sql("SET default_transaction_read_only = off")
        connection.exec_driver_sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    engine.dispose()
    assert finding.verdict == "failed"
    assert finding.sentence.startswith("PostgreSQL answers and cannot be written to (")
    assert "not a standby" in finding.advice


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [(0.4, "ok"), (-1.9, "ok"), (2.5, "warning"), (-29.0, "warning"), (31.0, "failed")],
)
def test_clocks_that_differ_are_told(ahead: float, verdict: str) -> None:
    finding = stores.judge_clock(ahead)
    assert finding.verdict == verdict
    if verdict != "ok":
        assert f"{abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'}" in finding.sentence


def test_the_databases_clock_is_read(postgresql_url: str, sqlite_url: str) -> None:
    engine = open_engine(postgresql_url)
    assert abs(clock_ahead(engine)) < 2
    assert clock_ahead(engine, system_clock() + 100.0) == pytest.approx(100, abs=3)
    engine.dispose()
    assert clock_ahead(open_engine(sqlite_url), 0) == 0


def test_signing_keys_that_nobody_rotates_are_told(admit: Admit) -> None:
    patient = admit()
    finding = only(patient, "signing keys")
    assert finding.verdict == "ok"
    assert finding.sentence.startswith("ES256 and RS256 sign; the next change is on 20")
    late = replace(patient, clock=lambda: system_clock() + 91 * DAY)
    assert only(late, "signing keys").verdict == "warning"
    kek = patient.settings.secrets_dir / "key_encryption_key"
    kek.write_text(f"1:{'A' * 43}=\n")
    broken = only(patient, "signing keys")
    assert (broken.verdict, broken.advice) == ("failed", "Restore it.")


def process(node: str = "a", digest: str = "1", fault: str = "") -> ServingProcess:
    return ServingProcess(f"{node}{digest}", node, 7, 1, digest, fault, system_clock())


@pytest.mark.parametrize(
    ("serving", "verdict", "words"),
    [
        ([], "warning", "No process serves."),
        ([process()], "ok", "One process on 1 node"),
        ([process(), process("b")], "ok", "2 processes on 2 nodes"),
        ([process(), process("b", "2")], "warning", "not all processes"),
        ([process(), process("b", fault="idp.toml:1:1 wrong.")], "failed", "idp.toml:1:1 wrong."),
    ],
)
def test_nodes_that_differ_are_told(
    serving: list[ServingProcess], verdict: str, words: str
) -> None:
    finding = stores.judge_nodes(serving)
    assert finding.verdict == verdict
    assert words.lower() in finding.sentence.lower()


def test_processes_that_have_gone_are_not_counted(admit: Admit) -> None:
    patient = admit()
    engine = open_engine(patient.settings.database.url)
    with opened_stores(patient.settings) as opened, opened.write() as work:
        work.serving_processes.report(replace(process(), seen_at=system_clock() - 3600))
    assert only(patient, "nodes").sentence == "No process serves."
    with opened_stores(patient.settings) as opened, opened.write() as work:
        work.serving_processes.report(process("b"))
    assert only(patient, "nodes").verdict == "ok"
    engine.dispose()


def test_redis_is_asked(admit: Admit, redis_url: str) -> None:
    assert "No Redis is configured" in stores.redis(admit()).sentence
    assert stores.redis(admit(more=f'redis = {{ url = "{redis_url}" }}')).sentence == (
        "Redis answers."
    )
    dead = f'redis = {{ url = "redis://127.0.0.1:{dead_port()}/0" }}'
    finding = stores.redis(admit(more=dead))
    assert (finding.verdict, finding.sentence) == (
        "failed",
        "Redis does not answer (ConnectionError).",
    )


# -- the network -----------------------------------------------------------------------------------


def test_the_issuer_must_name_itself(admit: Admit) -> None:
    with serving_discovery() as site:
        patient = admit(issuer=site.address)
        site.body = f'{{"issuer": "{site.address}"}}'.encode()
        assert network.issuer(patient).verdict == "ok"
        assert site.asked == ["/.well-known/openid-configuration"]
        site.body = b'{"issuer": "https://other.example"}'
        assert "names another issuer, https://other.example" in network.issuer(patient).sentence
        site.body = json.dumps({"issuer": "\x1b[2J\u202e" + "x" * 5000}).encode()
        sentence = network.issuer(patient).sentence
        assert sentence.isprintable()
        assert len(sentence) < 400
        for body, status in ((b"<html>", 200), (b"[]", 200), (b'{"issuer": "x"}', 502)):
            site.body, site.status = body, status
            finding = network.issuer(patient)
            assert finding.verdict == "failed"
            assert f"answers {status} without a document" in finding.sentence
    gone = network.issuer(patient)
    assert gone.sentence == f"{site.address} cannot be reached (Connection refused)."
    assert gone.advice.startswith("Start idp run")


def test_a_certificate_is_judged_by_the_days_it_has_left(
    admit: Admit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serving_discovery(authority.issue_cert("localhost")) as site:
        patient = admit(issuer=site.address)
        stranger = network.certificate(patient)
        assert stranger.verdict == "failed"
        assert "cannot be trusted (unable to get local issuer" in stranger.sentence
        assert "no TLS that can be trusted" in network.issuer(patient).sentence
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        site.body = f'{{"issuer": "{site.address}"}}'.encode()
        assert network.issuer(patient).verdict == "ok"
        assert network.certificate(patient).verdict == "ok"
    assert network.certificate(patient).advice == "Start the proxy that ends TLS."
    assert "needs no certificate" in network.certificate(admit()).sentence


@pytest.mark.parametrize(("days", "verdict"), [(2, "failed"), (20, "warning"), (21, "ok")])
def test_a_certificate_that_soon_ends_is_told(days: int, verdict: str) -> None:
    finding = network.judge_days("sso.example.gov.bd", days)
    assert finding.verdict == verdict
    assert f"{days} more days" in finding.sentence


def test_the_mail_server_is_greeted_and_gets_no_letter(admit: Admit) -> None:
    received = Received()
    with serve(received) as port:
        finding = network.mail_server(admit(smtp=port))
    assert finding.sentence == f"127.0.0.1:{port} answers."
    assert (received.raw, received.envelopes) == ([], [])


def test_a_mail_server_that_refuses_the_login_is_told(admit: Admit, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "word").write_text(PASSWORD)
    (tmp_path / "secrets" / "word").chmod(0o600)
    login = f'user = "{USER}"\npassword = {{ file = "word" }}'
    with serve(Received(), authenticator=authenticator, auth_require_tls=False) as port:
        patient = admit(smtp=port, login=login)
        assert network.mail_server(patient).sentence.endswith("answers and takes the login.")
        (tmp_path / "secrets" / "word").write_text("Wrong#Smtp-Password-77")
        finding = network.mail_server(admit(smtp=port, login=login))
    assert finding.verdict == "failed"
    assert finding.sentence.startswith("The mail server refused the login")
    assert "Wrong#" not in finding.sentence
    assert finding.advice == "Look at mail.user and mail.password."
    gone = network.mail_server(admit(smtp=dead_port()))
    assert gone.sentence == "The mail server cannot be reached (Connection refused)."


SPF = ("mail.portal.gov.bd.", "v=spf1 mx -all")
DMARC = ("_dmarc.mail.portal.gov.bd.", "v=DMARC1; p=reject")
ABOVE = ("_dmarc.portal.gov.bd.", "v=DMARC1; p=none")


@pytest.mark.parametrize(
    ("records", "missing"),
    [
        ([SPF, DMARC], ()),
        ([SPF, ABOVE], ()),
        ([SPF], ("DMARC",)),
        ([DMARC], ("SPF",)),
        ([("mail.portal.gov.bd.", "verification=1")], ("SPF", "DMARC")),
        ([], ("SPF", "DMARC")),
    ],
)
def test_the_mail_domains_records_are_looked_up(
    admit: Admit, records: list[tuple[str, str]], missing: tuple[str, ...]
) -> None:
    with serving_names(records) as port:
        finding = network.mail_domain(replace(admit(issuer=PUBLIC), resolver=resolver_at(port)))
    assert finding.verdict == ("warning" if missing else "ok")
    assert all(
        (name in finding.sentence) is (name in missing or not missing) for name in ("SPF", "DMARC")
    )


def test_without_a_resolver_nothing_is_held_against_the_domain(admit: Admit) -> None:
    patient = replace(admit(issuer=PUBLIC), resolver=resolver_at(dead_port()))
    finding = network.mail_domain(patient)
    assert finding.verdict == "ok"
    assert "No resolver answers here" in finding.sentence


def test_in_development_no_name_is_looked_up(admit: Admit) -> None:
    finding = network.mail_domain(replace(admit(), resolver=resolver_at(dead_port())))
    assert finding.sentence.startswith("In development")


# -- servers ---------------------------------------------------------------------------------------


def only(patient: Patient, name: str) -> Finding:
    return examine(patient, {name: CHECKS[name]})[name]


class Site:
    """What a web server answers, and what it was asked for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.status, self.body = 200, b"{}"
        self.asked: list[str] = []


@contextmanager
def serving_discovery(certificate: trustme.LeafCert | None = None) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            self.send_response(site.status)
            self.end_headers()
            self.wfile.write(site.body)

        @override
        def log_message(self, *_: object) -> None:
            return None

    class Quiet(ThreadingHTTPServer):
        @override
        def handle_error(self, *_: object) -> None:
            return None  # a client that mistrusts the certificate hangs up

    server = Quiet(("127.0.0.1", 0), Handler)
    scheme, host = "http", "127.0.0.1"
    if certificate is not None:
        scheme, host = "https", "localhost"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    site = Site(f"{scheme}://{host}:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def serving_names(records: list[tuple[str, str]]) -> Iterator[int]:
    """Answer TXT questions over UDP on loopback; what is not there does not exist."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            octets, whom = udp.recvfrom(4096)
            if not octets:
                return
            question = dns.message.from_wire(octets)
            reply = dns.message.make_response(question)
            name = question.question[0].name
            texts = [said for owner, said in records if owner == name.to_text()]
            if texts:
                quoted = [f'"{said}"' for said in texts]
                reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *quoted))
            else:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            udp.sendto(reply.to_wire(), whom)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield udp.getsockname()[1]
    finally:
        udp.sendto(b"", udp.getsockname())
        thread.join(5)
        udp.close()


def resolver_at(port: int) -> Resolver:
    resolver = Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    return resolver
