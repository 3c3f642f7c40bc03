"""The demonstration: a sample relying party, a development mailbox and what `make run` starts.

It stands outside the provider's rooms and imports none of them: it meets the provider over HTTP
and SMTP, as a stranger would.
"""
