"""Whose address counts when proxies stand in front."""

import ipaddress

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from idp.web.browser import Proxies

PROXIES = Proxies((ipaddress.ip_network("127.0.0.1/32"),), 1)


def _request(peer: str, forwarded: str | None) -> Request:
    headers = [("X-Forwarded-For", forwarded)] if forwarded is not None else []
    builder = EnvironBuilder(headers=headers, environ_overrides={"REMOTE_ADDR": peer})
    return Request(builder.get_environ())


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("127.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", "9.9.9.9, 203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "a", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("203.0.113.9", "9.9.9.9", "203.0.113.9"),
    ],
)
def test_only_a_trusted_proxy_is_believed_and_only_an_address(peer, forwarded, address):
    assert PROXIES.client_address(_request(peer, forwarded)) == address


def test_two_hops_count_from_the_right():
    proxies = Proxies((ipaddress.ip_network("127.0.0.0/8"),), 2)
    assert proxies.client_address(_request("127.0.0.1", "1.1.1.1, 2.2.2.2, 3.3.3.3")) == "2.2.2.2"
    assert proxies.client_address(_request("127.0.0.1", "3.3.3.3")) == "127.0.0.1"
