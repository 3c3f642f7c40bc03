"""Authenticators: one file for each way to prove who somebody is. They never import each other."""
