"""Moving off Keycloak: what its realm export holds, as settings, clients and users of ours.

`export` reads, `findings` collects what a person must know, `settings`, `clients` and `users`
translate, `moving` puts them together. Nothing of an export is dropped without a word.
"""
