"""The interactive engine and its steps. It knows people and proofs, no protocol and no web."""
