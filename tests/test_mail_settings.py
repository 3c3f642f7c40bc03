"""How the configuration's [mail] becomes what SMTP is spoken with."""

from pathlib import Path

import pytest

from idp.model.errors import SettingsRefused
from idp.verdict import load_settings, mail_settings
from tests.system import write_config

MAIL = 'from = "no-reply@example.gov.bd"'


def config_with(folder: Path, line: str) -> Path:
    config = write_config(folder, database="sqlite:///idp.sqlite")
    text = config.read_text(encoding="utf-8")
    assert MAIL in text
    config.write_text(text.replace(MAIL, f"{MAIL}\n{line}"), encoding="utf-8")
    return config


@pytest.mark.parametrize(
    ("line", "domain"),
    [
        ("", "127.0.0.1"),  # the issuer's host
        ('message_id_domain = ""', "127.0.0.1"),
        ('message_id_domain = "sso.example.gov.bd"', "sso.example.gov.bd"),
        ('message_id_domain = "mail"', "mail"),
    ],
)
def test_the_domain_of_message_ids_is_the_issuer_s_host_or_the_configured_one(
    tmp_path: Path, line: str, domain: str
):
    settings = load_settings(config_with(tmp_path, line))
    assert mail_settings(settings).message_id_domain == domain


@pytest.mark.parametrize(
    "domain", ["a b", "sso.example.gov.bd>", "-a", "a..b", "a\\r\\nBcc: x", "https://a.bd", "ঢাকা"]
)
def test_what_no_header_can_carry_is_refused_with_its_place(tmp_path: Path, domain: str):
    with pytest.raises(SettingsRefused) as refused:
        load_settings(config_with(tmp_path, f'message_id_domain = "{domain}"'))
    assert "mail.message_id_domain" in str(refused.value)
    assert "the name of a host" in str(refused.value)
