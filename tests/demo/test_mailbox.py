import smtplib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from flask.testing import FlaskClient

from idp.demo.letters import KEEP, Letterbox, read_letter
from idp.demo.mailbox import HOST_NAMES, create_app, main, receiving
from idp.demo.pages import host_name
from tests.demo.stand import free_ports, look_then_stop

ARRIVED = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
BROKEN_LETTERS = {
    "empty": b"",
    "no header": b"\r\n\r\nonly a body",
    "NUL": b"Subject: a\0b\r\nFrom: \0\r\n\r\n\0",
    "unknown charset": b"Content-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe",
    "unknown encoding": b"Content-Type: text/html\r\nContent-Transfer-Encoding: x\r\n\r\n<p>",
    "bad base64": b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!!=!",
    "multipart without a boundary": b"Content-Type: multipart/alternative\r\n\r\n--x\r\n",
    "unclosed encoded word": b"Subject: =?utf-8?b?4Ka?=\r\nTo: =?x?q?\r\n\r\n",
    "unclosed address": b'From: "a <b@c\r\nTo: <<<>,,;:@\r\nDate: yesterday\r\n\r\n',
    "bytes in the header": b"Subject: \xe0\xa6\r\nTo: \xff@\xfe\r\n\r\n",
    "deep nesting": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(1500)
    ),
    "impossible date": b"Date: Mon, 99 Foo 2026 99:99:99 +9999\r\n\r\n",
}


@dataclass(frozen=True)
class Mailbox:
    letterbox: Letterbox
    smtp_port: int
    browser: FlaskClient


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    letterbox = Letterbox()
    (port,) = free_ports(1)
    with receiving(letterbox, port):
        yield Mailbox(letterbox, port, browser(letterbox))


def browser(letterbox: Letterbox) -> FlaskClient:
    return create_app(letterbox).test_client()


def send(mailbox: Mailbox, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=5) as smtp:
        smtp.send_message(message)


def letter(subject: str = "লগইন কোড", to: str = "office@example.gov.bd") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "প্রবেশ <sso@example.gov.bd>"
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = "Sun, 22 Nov 2026 16:30:00 +0600"
    message.set_content("আপনার কোড: ১২৩৪৫৬\nhttps://sso.example.gov.bd/help?a=1&b=2\n")
    message.add_alternative(
        "<html><head><title>x</title></head><body><p>আপনার কোড: ১২৩৪৫৬</p></body></html>",
        subtype="html",
    )
    return message


def read(client: FlaskClient, path: str) -> Any:
    return client.get(path).get_json()


def with_raw(raw: bytes) -> Letterbox:
    letterbox = Letterbox()
    letterbox.put(read_letter(raw, ARRIVED))
    return letterbox


def test_a_letter_sent_by_smtp_is_listed_as_mailpit_lists_it(mailbox: Mailbox) -> None:
    send(mailbox, letter(to="Rahima <office@example.gov.bd>, new@example.gov.bd"))
    (listed,) = read(mailbox.browser, "/api/v1/messages")["messages"]
    created = datetime.fromisoformat(listed.pop("Created"))
    assert created.tzinfo is not None
    assert listed == {
        "ID": mailbox.letterbox.all()[0].id,
        "From": {"Name": "প্রবেশ", "Address": "sso@example.gov.bd"},
        "To": [
            {"Name": "Rahima", "Address": "office@example.gov.bd"},
            {"Name": "", "Address": "new@example.gov.bd"},
        ],
        "Subject": "লগইন কোড",
    }


def test_one_message_has_the_same_fields_and_its_bodies_and_date(mailbox: Mailbox) -> None:
    send(mailbox, letter())
    (listed,) = read(mailbox.browser, "/api/v1/messages")["messages"]
    message = read(mailbox.browser, f"/api/v1/message/{listed['ID']}")
    assert listed.items() <= message.items()
    assert "আপনার কোড: ১২৩৪৫৬" in message["Text"]
    assert "<p>আপনার কোড: ১২৩৪৫৬</p>" in message["HTML"]
    assert message["Date"] == "2026-11-22T16:30:00+06:00"
    assert set(message) - set(listed) == {"Text", "HTML", "Date"}


def test_the_newest_letter_comes_first(mailbox: Mailbox) -> None:
    for subject in ("first", "second", "third"):
        send(mailbox, letter(subject))
    listed = read(mailbox.browser, "/api/v1/messages")["messages"]
    assert [message["Subject"] for message in listed] == ["third", "second", "first"]


def test_letters_of_several_senders_at_once_all_arrive(mailbox: Mailbox) -> None:
    threads = [threading.Thread(target=send, args=(mailbox, letter(str(n)))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {kept.subject for kept in mailbox.letterbox.all()} == {str(n) for n in range(8)}


def test_a_letter_over_the_size_limit_is_refused(mailbox: Mailbox) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "a@example.gov.bd", "b@example.gov.bd"
    message.set_content(("x" * 900 + "\n") * 1300)
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        send(mailbox, message)
    assert refused.value.smtp_code == 552
    assert mailbox.letterbox.all() == ()


def test_only_the_last_letters_are_kept() -> None:
    letterbox = Letterbox()
    for number in range(KEEP + 3):
        letterbox.put(read_letter(f"Subject: {number}\r\n\r\n".encode(), ARRIVED))
    kept = letterbox.all()
    assert len(kept) == KEEP
    assert (kept[0].subject, kept[-1].subject) == (str(KEEP + 2), "3")


@pytest.mark.parametrize("kind", BROKEN_LETTERS)
def test_a_broken_letter_is_shown_as_far_as_it_goes(kind: str) -> None:
    letterbox = with_raw(BROKEN_LETTERS[kind])
    client = browser(letterbox)
    letter_id = letterbox.all()[0].id
    paths = ["/", "/api/v1/messages", f"/api/v1/message/{letter_id}", f"/letter/{letter_id}"]
    paths += [f"/letter/{letter_id}/{view}" for view in ("html", "text", "source", "body")]
    assert [client.get(path).status_code for path in paths] == [200] * len(paths)


def test_a_broken_letter_is_taken_over_smtp(mailbox: Mailbox) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=5) as smtp:
        smtp.sendmail("a@example.gov.bd", "b@example.gov.bd", BROKEN_LETTERS["unknown charset"])
    assert len(mailbox.letterbox.all()) == 1


def test_a_letter_without_a_date_has_the_time_of_its_arrival() -> None:
    letterbox = with_raw(b"Subject: x\r\n\r\n")
    message = read(browser(letterbox), f"/api/v1/message/{letterbox.all()[0].id}")
    assert message["Date"] == message["Created"] == "2026-11-22T10:30:00+00:00"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:9003", "[", "10.0.0.1"])
def test_a_foreign_host_name_is_refused_on_every_path(host: str) -> None:
    client = browser(with_raw(b"Subject: secret\r\n\r\n"))
    for path in ("/", "/api/v1/messages", "/static/demo.css"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code in {400, 421}
        assert b"secret" not in answer.data


@pytest.mark.parametrize("host", ["127.0.0.1:9003", "localhost:9003", "LOCALHOST"])
def test_loopback_names_are_answered(host: str) -> None:
    client = browser(Letterbox())
    assert client.get("/api/v1/messages", headers={"Host": host}).json == {"messages": []}


@pytest.mark.parametrize("host", ["", "[", "[::1", "]", "a b"])
def test_a_host_that_cannot_be_read_is_no_loopback_name(host: str) -> None:
    assert host_name(host) not in HOST_NAMES


def test_a_letters_html_is_shut_in(mailbox: Mailbox) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "a@example.gov.bd", "b@example.gov.bd"
    message.set_content("<script>alert(1)</script>", subtype="html")
    send(mailbox, message)
    letter_id = mailbox.letterbox.all()[0].id
    page = mailbox.browser.get(f"/letter/{letter_id}").text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "alert(1)" not in page
    policy = mailbox.browser.get(f"/letter/{letter_id}/body").headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy


def test_links_of_a_letter_open_outside_of_its_frame(mailbox: Mailbox) -> None:
    send(mailbox, letter())
    letter_id = mailbox.letterbox.all()[0].id
    body = mailbox.browser.get(f"/letter/{letter_id}/body").text
    assert '<head><base target="_blank"><title>' in body
    text = mailbox.browser.get(f"/letter/{letter_id}/text").text
    assert '<a href="https://sso.example.gov.bd/help?a=1&amp;b=2"' in text
    assert 'target="_blank"' in text


def test_markup_in_headers_and_text_stays_text() -> None:
    raw = b'Subject: <b>x</b>\r\nFrom: "<i>" <a@b.c>\r\n\r\n<script>alert(1)</script>'
    letterbox = with_raw(raw)
    client = browser(letterbox)
    letter_id = letterbox.all()[0].id
    for path in ("/", f"/letter/{letter_id}/text", f"/letter/{letter_id}/source"):
        page = client.get(path).text
        assert "&lt;b&gt;x&lt;/b&gt;" in page
        assert "<b>x" not in page
        assert "<script>alert" not in page


def test_an_unknown_letter_is_a_calm_404() -> None:
    client = browser(Letterbox())
    for path in ("/letter/none", "/letter/none/body", "/api/v1/message/none", "/nothing"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert 'lang="bn"' in answer.text


def test_pages_carry_the_strict_headers() -> None:
    headers = browser(Letterbox()).get("/").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_program_serves_until_sigterm(capfd: pytest.CaptureFixture[str]) -> None:
    web, smtp = free_ports(2)
    seen: list[int] = []
    watcher = look_then_stop(web, "/api/v1/messages", seen)
    assert main(["--port", str(web), "--smtp-port", str(smtp)]) == 0
    watcher.join()
    assert seen == [200]
    assert capfd.readouterr() == ("", "")


def test_a_long_bengali_name_of_a_sender_is_shown_without_a_gap():
    brand = "জাতীয় তথ্য বাতায়ন"
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(brand, addr_spec="no-reply@example.gov.bd")
    message["To"] = "office@example.gov.bd"
    message.set_content("x")
    assert message.as_bytes().count(b"=?utf-8?") == 2  # RFC 2047 2: 75 characters a word
    letter = read_letter(message.as_bytes(), datetime(2026, 11, 22, tzinfo=UTC))
    assert (letter.sender.name, letter.sender.address) == (brand, "no-reply@example.gov.bd")
