"""The conversation between the protocol and the person: begin, resume, finish.

It asks `oidc` what a client may have and `flow` who somebody is; those two never meet elsewhere.
"""
