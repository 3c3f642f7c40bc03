"""Probesh: an OpenID Connect identity provider. `docs/architecture.md` is the map of the rooms."""
