import contextlib
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from idp.model.errors import SettingsRefused
from idp.model.letter import RenderedLetter
from idp.outbox.delivery import DeliveryFailed, Fault
from idp.outbox.mailbox import Sender
from idp.outbox.smtp import Envelope, SmtpPost
from tests.outbox.conftest import SettingsFor
from tests.outbox.servers import (
    PASSWORD,
    USER,
    Received,
    authenticator,
    dead_port,
    serve,
    serve_raw,
    server_context,
)

NOW = 1_795_000_000
TO = "canary.person@example.gov.bd"


def send(post: SmtpPost, rendered: RenderedLetter, to: str = TO) -> None:
    post.send(rendered, to=to, letter_id="L-7f3k_21", now=NOW)


def failure(post: SmtpPost, rendered: RenderedLetter, to: str = TO) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        send(post, rendered, to)
    return caught.value


def test_a_letter_reaches_a_plain_server_on_loopback(received, settings_for, rendered):
    with serve(received) as port:
        send(SmtpPost(settings_for(port)), rendered)
    assert received.envelopes == [("no-reply@probesh.test", [TO])]


def test_the_headers_are_those_of_a_machine_s_letter_to_one_person(
    received, settings_for, rendered
):
    with serve(received) as port:
        send(SmtpPost(settings_for(port)), rendered)
    [mail] = received.mails
    assert mail["Message-ID"] == "<L-7f3k_21@mail.probesh.test>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_all("To") == [TO]
    assert parsedate_to_datetime(mail["Date"]) == datetime.fromtimestamp(NOW, UTC)
    assert mail["From"].addresses[0].display_name == "প্রবেশ"
    assert mail["From"].addresses[0].addr_spec == "no-reply@probesh.test"
    for name in ("Cc", "Bcc", "Reply-To"):
        assert mail[name] is None


BRAND = "জাতীয় তথ্য বাতায়ন"


@pytest.mark.parametrize("brand", [BRAND, "Bangladesh National Portal", 'The "Portal", <x@y.z>'])
def test_a_letter_comes_under_the_name_that_it_speaks_in(received, settings_for, brand):
    rendered = RenderedLetter("s", "t\n", "<p>t</p>\n", brand)
    with serve(received) as port:
        send(SmtpPost(settings_for(port, sender="no-reply@probesh.test")), rendered)
    [mail] = received.mails
    assert [address.addr_spec for address in mail["From"].addresses] == ["no-reply@probesh.test"]
    # Decoded as RFC 2047 6.2 says: Python's own parser puts a blank between two encoded words.
    [(name, _)] = getaddresses([message_from_bytes(received.raw[0])["From"]])
    assert str(make_header(decode_header(name))) == brand
    assert received.raw[0].isascii()  # RFC 2047
    assert received.envelopes == [("no-reply@probesh.test", [TO])]


def test_a_sender_with_a_name_keeps_it(received, settings_for):
    rendered = RenderedLetter("s", "t\n", "<p>t</p>\n", BRAND)
    with serve(received) as port:
        send(SmtpPost(settings_for(port)), rendered)
    assert received.mails[0]["From"].addresses[0].display_name == "প্রবেশ"


@pytest.mark.parametrize("brand", ["Portal\r\nBcc: x@example.gov.bd", "a\u2028b", "a\x00b"])
def test_a_name_of_several_lines_never_gets_into_a_header(received, settings_for, brand):
    rendered = RenderedLetter("s", "t\n", "<p>t</p>\n", brand)
    with serve(received) as port:
        send(SmtpPost(settings_for(port, sender="no-reply@probesh.test")), rendered)
    [mail] = received.mails
    assert mail["From"].addresses[0].display_name == ""
    assert mail["Bcc"] is None


def test_the_subject_is_the_same_to_a_modern_and_to_an_old_reader(received, settings_for, rendered):
    with serve(received) as port:
        send(SmtpPost(settings_for(port)), rendered)
    [mail] = received.mails
    assert mail["Subject"] == rendered.subject
    header = received.raw[0].split(b"Subject: ")[1].split(b"From: ")[0].decode("ascii")
    assert str(make_header(decode_header(header.strip()))) == rendered.subject


def test_text_and_html_travel_in_base64_and_come_out_as_the_same_bengali_words(
    received, settings_for, rendered
):
    with serve(received) as port:
        send(SmtpPost(settings_for(port)), rendered)
    [mail] = received.mails
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text["Content-Transfer-Encoding"] == html["Content-Transfer-Encoding"] == "base64"
    assert text.get_content().replace("\r\n", "\n") == rendered.text
    assert html.get_content().replace("\r\n", "\n") == rendered.html
    assert received.raw[0].isascii()
    assert max(len(line) for line in received.raw[0].split(b"\r\n")) <= 78


def test_a_bengali_domain_travels_as_a_labels(received, settings_for, rendered):
    with serve(received) as port:
        send(SmtpPost(settings_for(port)), rendered, "office@ঢাকা.example")
    [(_, [to])] = received.envelopes
    assert to == "office@" + "ঢাকা".encode("idna").decode() + ".example"


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_verified_server_gets_the_letter_under_tls(
    tls, received, authority, settings_for, rendered
):
    context = server_context(authority.issue_cert("127.0.0.1"))
    with serve(received, **tls_options(tls, context)) as port:
        send(SmtpPost(settings_for(port, tls=tls)), rendered)
    assert received.under_tls == [True]


def tls_options(tls: str, context: ssl.SSLContext) -> dict[str, Any]:
    if tls == "implicit":
        return {"implicit": context}
    return {"tls_context": context, "require_starttls": True}


def bad_certificate(kind: str, authority: trustme.CA) -> trustme.LeafCert:
    match kind:
        case "another host's":
            return authority.issue_cert("mail.example.org")
        case "an unknown authority's":
            return trustme.CA().issue_cert("127.0.0.1")
        case _:
            then = datetime.fromtimestamp(NOW, UTC) - timedelta(days=3000)
            return authority.issue_cert("127.0.0.1", not_after=then)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("kind", ["another host's", "an unknown authority's", "an expired"])
def test_a_bad_certificate_gets_nothing(tls, kind, received, authority, settings_for, rendered):
    context = server_context(bad_certificate(kind, authority))
    with serve(received, **tls_options(tls, context)) as port:
        refused = failure(SmtpPost(settings_for(port, tls=tls)), rendered)
    assert refused.fault is Fault.TLS
    assert refused.answer.startswith("certificate: ")
    assert received.raw == []


def test_tls_1_1_is_refused(received, authority, settings_for, rendered):
    context = server_context(authority.issue_cert("127.0.0.1"))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serve(received, implicit=context) as port:
        assert failure(SmtpPost(settings_for(port, tls="implicit")), rendered).fault is Fault.TLS


def test_a_server_without_starttls_gets_neither_letter_nor_password(
    received, settings_for, rendered
):
    with serve(received) as port:
        post = SmtpPost(settings_for(port, tls="starttls", user=USER, password=PASSWORD))
        refused = failure(post, rendered)
    assert (refused.fault, refused.answer) == (Fault.TLS, "STARTTLS not offered")
    assert received.raw == []


def test_a_server_that_takes_starttls_back_gets_no_letter(settings_for, rendered):
    heard: list[bytes] = []
    with serve_raw(
        script(heard, b"250-mail.test\r\n250 STARTTLS\r\n", b"454 4.7.0 no TLS\r\n")
    ) as port:
        refused = failure(SmtpPost(settings_for(port, tls="starttls")), rendered)
    assert (refused.fault, refused.answer) == (Fault.TLS, "454 4.7.0")
    assert not [line for line in heard if line.upper().startswith(b"MAIL")]


def test_what_a_stranger_slips_in_before_tls_is_not_believed(authority, settings_for, rendered):
    # A reply sent together with the answer to STARTTLS belongs to nobody (RFC 3207 4.2).
    context = server_context(authority.issue_cert("127.0.0.1"))

    def talk(client: socket.socket) -> None:
        client.sendall(b"220 mail.test\r\n")
        client.recv(1000)
        client.sendall(b"250-mail.test\r\n250 STARTTLS\r\n")
        client.recv(1000)
        client.sendall(b"220 go on\r\n550 slipped in\r\n")
        with context.wrap_socket(client, server_side=True) as secure:
            secure.recv(1000)
            secure.sendall(b"421 4.3.2 closing\r\n")

    with serve_raw(talk) as port:
        refused = failure(SmtpPost(settings_for(port, tls="starttls")), rendered)
    assert "550" not in refused.answer


def script(heard: list[bytes], *replies: bytes) -> Any:
    def talk(client: socket.socket) -> None:
        client.sendall(b"220 mail.test\r\n")
        for reply in replies:
            heard.append(client.recv(1000))
            client.sendall(reply)
        with contextlib.suppress(OSError):
            heard.append(client.recv(1000))

    return talk


def test_a_server_that_never_greets_is_cut_by_the_timeout(settings_for, rendered):
    def silence(client: socket.socket) -> None:
        client.recv(1)

    with serve_raw(silence) as port:
        began = time.monotonic()
        refused = failure(SmtpPost(settings_for(port, timeout=0.3)), rendered)
    assert (refused.fault, refused.answer) == (Fault.DIAL, "timeout")
    assert 0.25 < time.monotonic() - began < 1.5


def drip(client: socket.socket) -> None:
    """Send a byte now and then, so that no single reply is ever too late."""
    for byte in b"220-" + b"x" * 1000:
        client.sendall(bytes([byte]))
        if threading.Event().wait(0.05):
            return


def test_a_server_that_drips_is_cut_at_the_limit_of_the_whole_delivery(settings_for, rendered):
    with serve_raw(drip) as port:
        post = SmtpPost(settings_for(port, timeout=0.2))
        began = time.monotonic()
        refused = failure(post, rendered)
    assert refused.fault is Fault.DIAL
    assert time.monotonic() - began < 1.4
    assert post.longest == 1


def test_a_server_that_hangs_up_is_a_dial_fault(settings_for, rendered):
    with serve_raw(lambda client: client.sendall(b"220 mail.test\r\n")) as port:
        assert failure(SmtpPost(settings_for(port)), rendered).fault is Fault.DIAL


def test_a_server_out_of_service_is_a_dial_fault(settings_for, rendered):
    with serve_raw(lambda client: client.sendall(b"554 5.3.2 not today\r\n")) as port:
        refused = failure(SmtpPost(settings_for(port)), rendered)
    assert (refused.fault, refused.answer) == (Fault.DIAL, "554 5.3.2")


def test_a_dead_port_is_a_dial_fault(settings_for, rendered):
    refused = failure(SmtpPost(settings_for(dead_port())), rendered)
    assert (refused.fault, refused.answer) == (Fault.DIAL, "Connection refused")


def test_a_failed_farewell_does_not_undo_a_delivery(settings_for, rendered):
    heard: list[bytes] = []
    steps = [b"250 mail.test\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n"]

    def talk(client: socket.socket) -> None:
        script(heard, *steps)(client)
        body = heard[-1]
        while not body.endswith(b"\r\n.\r\n"):
            body += client.recv(4000)
        client.sendall(b"250 2.0.0 taken\r\n")

    with serve_raw(talk) as port:
        send(SmtpPost(settings_for(port)), rendered)
    assert heard[0].startswith(b"ehlo mail.probesh.test")


def test_the_right_login_is_accepted(received, authority, settings_for, rendered):
    context = server_context(authority.issue_cert("127.0.0.1"))
    options: dict[str, Any] = {"authenticator": authenticator, "auth_required": True}
    with serve(received, **tls_options("starttls", context), **options) as port:
        send(SmtpPost(settings_for(port, tls="starttls", user=USER, password=PASSWORD)), rendered)
    assert len(received.raw) == 1


def test_a_wrong_password_is_a_login_fault(received, authority, settings_for, rendered):
    context = server_context(authority.issue_cert("127.0.0.1"))
    options: dict[str, Any] = {"authenticator": authenticator, "auth_required": True}
    with serve(received, **tls_options("starttls", context), **options) as port:
        post = SmtpPost(settings_for(port, tls="starttls", user=USER, password="wrong"))
        refused = failure(post, rendered)
        missing = failure(SmtpPost(settings_for(port, tls="starttls")), rendered)
    assert (refused.fault, refused.answer) == (Fault.LOGIN, "535 5.7.8")
    assert (missing.fault, missing.answer) == (Fault.LOGIN, "530 5.7.0")
    assert received.raw == []


def test_a_server_that_offers_no_login_is_sent_no_password(settings_for, rendered):
    heard: list[bytes] = []
    with serve_raw(script(heard, b"250 mail.test\r\n")) as port:
        refused = failure(SmtpPost(settings_for(port, user=USER, password=PASSWORD)), rendered)
    assert (refused.fault, refused.answer) == (Fault.LOGIN, "AUTH not offered")
    assert len(b"".join(heard).splitlines()) == 1


def test_a_server_with_none_of_our_logins_is_a_login_fault(settings_for, rendered):
    with serve_raw(script([], b"250-mail.test\r\n250 AUTH XOAUTH2\r\n")) as port:
        refused = failure(SmtpPost(settings_for(port, user=USER, password=PASSWORD)), rendered)
    assert (refused.fault, refused.answer) == (Fault.LOGIN, "no common AUTH mechanism")


def test_an_envelope_as_text_is_what_leaves(rendered):
    sender = Sender("প্রবেশ", address="no-reply@probesh.test")
    envelope = Envelope(rendered, sender=sender, to=TO, message_id="<a@b>", now=NOW)
    assert str(envelope).encode() == envelope.as_bytes()


@pytest.mark.parametrize(
    ("stage", "reply", "fault"),
    [
        ("recipient_replies", f"450 4.2.0 <{TO}> greylisted", Fault.LATER),
        ("recipient_replies", f"550 5.1.1 <{TO}> unknown", Fault.REFUSED),
        ("recipient_replies", "530 5.7.0 log in first", Fault.LOGIN),
        ("recipient_replies", "421 4.3.2 closing", Fault.LATER),
        ("sender_replies", "550 5.7.1 not you", Fault.SENDER),
        ("sender_replies", "451 4.3.0 later", Fault.LATER),
        ("data_replies", "554 5.6.0 no such letters here", Fault.REFUSED),
        ("data_replies", "452 no room", Fault.LATER),
    ],
)
def test_a_refusal_is_named_by_its_stage_and_first_digit(
    stage, reply, fault, received, settings_for, rendered
):
    getattr(received, stage).append(reply)
    with serve(received) as port:
        refused = failure(SmtpPost(settings_for(port)), rendered)
    assert refused.fault is fault
    assert reply.startswith(refused.answer)
    assert len(refused.answer) in {len("452"), len("450 4.2.0")}
    assert TO not in f"{refused} {refused!r}"


@pytest.mark.parametrize(
    "to",
    [
        "a@x.test\r\nBcc: b@x.test",
        "a@x.test\n",
        "a\x00@x.test",
        "a@x.test\u2028b@x.test",
        "a@x.test,b@x.test",
        "a@x.test;b@x.test",
        "<a@x.test>",
        "A <a@x.test>",
        '"a b"@x.test',
        "a@[127.0.0.1]",
        "a@@x.test",
        "@x.test",
        "a@",
        "a",
        "a@x.test> SIZE=1",
        "a@x。test，b",
        "",
    ],
)
def test_an_address_that_could_be_two_or_a_command_is_never_dialled(to, settings_for, rendered):
    # Nobody listens there: a dial would be Fault.DIAL.
    refused = failure(SmtpPost(settings_for(dead_port())), rendered, to)
    assert (refused.fault, refused.answer) == (Fault.REFUSED, "unusable address")


@pytest.mark.parametrize("end", ["\r\nBcc: b@x.test", "\x00", "\u2028", "\n"])
def test_a_subject_with_a_line_break_is_refused(end, settings_for):
    letter = RenderedLetter(f"বার্তা{end}", "text", "html")
    refused = failure(SmtpPost(settings_for(dead_port())), letter)
    assert refused.answer == "unusable subject"


def test_one_post_serves_several_threads(received, settings_for, rendered):
    with serve(received) as port:
        post = SmtpPost(settings_for(port))
        threads = [threading.Thread(target=send, args=(post, rendered)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
    assert len(received.raw) == 8


def test_no_thread_of_a_delivery_stays(received: Received, settings_for: SettingsFor, rendered):
    before = threading.active_count()
    with serve(received) as port:
        post = SmtpPost(settings_for(port))
        send(post, rendered)
        failure(SmtpPost(settings_for(dead_port())), rendered)
    for _ in range(50):
        if threading.active_count() <= before:
            break
        time.sleep(0.01)
    assert threading.active_count() <= before  # one of an earlier test may have ended meanwhile


def test_a_missing_file_of_authorities_is_told_at_once(settings_for, tmp_path: Path):
    with pytest.raises(SettingsRefused, match="ca_file"):
        SmtpPost(settings_for(25, tls="starttls", ca_file=str(tmp_path / "none.pem")))
