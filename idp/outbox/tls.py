"""The one TLS context of this room: certificate and host name are verified, from TLS 1.2 on."""

import ssl

from idp.model.errors import SettingsRefused


def verified_context(ca_file: str | None, *, whose: str) -> ssl.SSLContext:
    """Return a context that trusts a PEM file, or the system's authorities (None).

    Raises SettingsRefused, naming the setting by `whose`, when the file cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one too
        raise SettingsRefused(f"{whose} cannot be read: {error}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325 3.1.1
    return context
