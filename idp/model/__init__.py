"""Frozen nouns that every room may name, and the error tree. Nothing here decides."""
