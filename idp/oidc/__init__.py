"""The protocol: OpenID Connect and OAuth 2.0; the only room that imports Authlib, joserfc."""
