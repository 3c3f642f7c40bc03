import pytest

from idp.outbox.check import MailRefused, send_now
from idp.outbox.smtp import SmtpPost
from tests.outbox.letters import TO
from tests.outbox.servers import (
    PASSWORD,
    USER,
    authenticator,
    dead_port,
    serve,
    server_context,
)

NOW = 1_795_000_000


def refusal(post: SmtpPost, rendered, to: str = TO) -> str:
    with pytest.raises(MailRefused) as caught:
        send_now(post, rendered, to, now=NOW)
    return str(caught.value)


def test_a_test_letter_leaves_at_once(received, settings_for, rendered):
    with serve(received) as port:
        letter_id = send_now(SmtpPost(settings_for(port)), rendered, TO, now=NOW)
    assert received.mails[0]["Message-ID"] == f"<{letter_id}@mail.probesh.test>"


def test_two_test_letters_are_two(received, settings_for, rendered):
    with serve(received) as port:
        post = SmtpPost(settings_for(port))
        ids = {send_now(post, rendered, TO, now=NOW) for _ in range(2)}
    assert len(ids) == 2


def test_a_dead_server_is_told(settings_for, rendered):
    assert refusal(SmtpPost(settings_for(dead_port())), rendered) == (
        "The mail server cannot be reached (Connection refused)."
    )


def test_a_server_without_tls_is_told(received, settings_for, rendered):
    with serve(received) as port:
        told = refusal(SmtpPost(settings_for(port, tls="starttls")), rendered)
    assert told == "The mail server offers no TLS that can be trusted (STARTTLS not offered)."


def test_a_certificate_of_another_host_is_told(received, authority, settings_for, rendered):
    context = server_context(authority.issue_cert("mail.example.org"))
    with serve(received, implicit=context) as port:
        told = refusal(SmtpPost(settings_for(port, tls="implicit")), rendered)
    assert "certificate: " in told
    assert "127.0.0.1" in told


def test_a_wrong_password_is_told_and_not_shown(received, authority, settings_for, rendered):
    context = server_context(authority.issue_cert("127.0.0.1"))
    with serve(received, tls_context=context, authenticator=authenticator) as port:
        post = SmtpPost(settings_for(port, tls="starttls", user=USER, password=PASSWORD + "x"))
        told = refusal(post, rendered)
    assert told == "The mail server refused the login (535 5.7.8)."


def test_a_refused_recipient_is_told_in_the_server_s_words(received, settings_for, rendered):
    received.recipient_replies.append("550 5.1.1 nobody\x1b[31m here")
    with serve(received) as port:
        told = refusal(SmtpPost(settings_for(port)), rendered)
    assert told == "The letter was refused (550 5.1.1: 5.1.1 nobody [31m here)."


def test_an_address_that_is_a_list_is_told_before_dialling(settings_for, rendered):
    told = refusal(SmtpPost(settings_for(dead_port())), rendered, "a@x.test,b@x.test")
    assert told.startswith("The letter was refused (unusable address: ")
