"""Tests mirror idp/; walks/ tell stories, house/ keeps rules, contract/ holds the stores."""
