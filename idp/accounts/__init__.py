"""Accounts: user IDs, passwords, user sessions, known browsers, the throttle and the directory."""
