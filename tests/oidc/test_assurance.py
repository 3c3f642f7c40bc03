import pytest

from idp.oidc.assurance import ACR_VALUES, acr_of


@pytest.mark.parametrize(
    ("amr", "acr"),
    [
        (("pwd",), "urn:probesh:acr:password"),
        (("pwd", "email"), "urn:probesh:acr:password+email-code"),
        (("email", "pwd"), "urn:probesh:acr:password+email-code"),
        (("pwd", "otp"), "urn:probesh:acr:independent-factor"),
        (("pwd", "email", "hwk"), "urn:probesh:acr:independent-factor"),
    ],
)
def test_acr_tells_what_was_proven(amr: tuple[str, ...], acr: str):
    assert acr_of(amr) == acr
    assert acr in ACR_VALUES


@pytest.mark.parametrize("amr", [(), ("email",), ("otp",)])
def test_a_mailbox_alone_assures_nothing(amr: tuple[str, ...]):
    assert acr_of(amr) == "0"
