import ssl

import pytest

from idp.model.errors import SettingsRefused
from idp.outbox.mail_settings import tls_context
from tests.outbox.servers import PASSWORD


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_this_machine_may_be_spoken_to_without_tls(host, settings_for):
    assert tls_context(settings_for(25, host=host)) is None


@pytest.mark.parametrize(
    "host", ["mail.gov.bd", "192.168.0.5", "10.0.0.1", "::", "localhost.evil.test", ""]
)
def test_nobody_else_is_spoken_to_without_tls(host, settings_for):
    with pytest.raises(SettingsRefused, match="loopback"):
        settings_for(25, host=host)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_the_certificate_of_another_machine_is_always_checked(tls, settings_for):
    with pytest.raises(SettingsRefused, match="certificate"):
        settings_for(25, host="mail.gov.bd", tls=tls, verify=False)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_context_checks_certificate_and_host_name_and_begins_at_tls_1_2(tls, settings_for):
    context = tls_context(settings_for(25, host="mail.gov.bd", tls=tls))
    assert context is not None
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_on_loopback_the_check_can_be_waived(settings_for):
    context = tls_context(settings_for(25, tls="implicit", verify=False))
    assert context is not None
    assert context.verify_mode == ssl.CERT_NONE


def test_without_a_file_the_system_s_authorities_are_trusted(settings_for):
    context = tls_context(settings_for(25, tls="implicit", ca_file=None))
    assert context is not None
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_the_password_is_in_no_representation(settings_for):
    assert PASSWORD not in repr(settings_for(25, user="portal", password=PASSWORD))


@pytest.mark.parametrize("password", ["নদী", "a\nb", "a\x00"])
def test_a_login_that_smtp_cannot_carry_is_refused_at_the_start(password, settings_for):
    with pytest.raises(SettingsRefused) as caught:
        settings_for(25, user="portal", password=password)
    assert password not in str(caught.value)


@pytest.mark.parametrize("sender", ["", "প্রবেশ", "a@x.test, b@x.test", "A\nB <a@x.test>", "A <a>"])
def test_a_sender_that_is_not_one_mailbox_is_refused(sender, settings_for):
    with pytest.raises(SettingsRefused, match="sender"):
        settings_for(25, sender=sender)


@pytest.mark.parametrize("key", ["host", "message_id_domain"])
@pytest.mark.parametrize("name", ["", "mail gov", "mail.test\r\nMAIL", "a" * 64, "-a.test"])
def test_a_name_that_cannot_be_dialled_or_written_is_refused(key, name, settings_for):
    with pytest.raises(SettingsRefused, match="cannot be used"):
        settings_for(25, **{"tls": "starttls", key: name})
