"""What commands do to an installation: make it, change its files, bring people in, look it over.

A worker imports nothing of this room, so that it carries neither Alembic nor the importers.
"""
