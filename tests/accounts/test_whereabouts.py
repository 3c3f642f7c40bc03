"""What a letter keeps of where a request came from: enough to recognise, nothing to follow."""

import pytest

from idp.accounts.whereabouts import browser_name, masked_address, whereabouts

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
AGENTS = {
    f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/124.0.0.0 Mobile Safari/537.36":
        "Chrome, Android",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/124.0.0.0 Safari/537.36":
        "Chrome, Windows",
    f"Mozilla/5.0 (Windows NT 6.1) {WEBKIT} Chrome/49.0.2623.112 Safari/537.36": "Chrome, Windows",
    f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/124.0.0.0 Safari/537.36 Edg/124.0.0.0":
        "Edge, Windows",
    "Mozilla/5.0 (Windows NT 6.1; rv:52.0) Gecko/20100101 Firefox/52.0": "Firefox, Windows",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": "Firefox, Linux",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.4 Mobile/15E148 Safari/604.1": "Safari, iPhone",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) CriOS/124.0 Mobile/15E148 Safari/604.1": "Chrome, iPhone",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.4 Safari/605.1.15": "Safari, Mac",
    f"Mozilla/5.0 (Linux; Android 13; SM-A136U) {WEBKIT} SamsungBrowser/24.0 Chrome/117.0.0.0 "
    "Mobile Safari/537.36": "Samsung Internet, Android",
    f"Mozilla/5.0 (Linux; U; Android 9) {WEBKIT} Version/4.0 Chrome/78.0 UCBrowser/13.4 Mobile "
    "Safari/537.36": "UC Browser, Android",
    "Opera/9.80 (Android; Opera Mini/36.2/119.132; U; bn) Presto/2.12.423": "Opera, Android",
    f"Mozilla/5.0 (Windows) {WEBKIT} Chrome/124.0 Safari/537.36 OPR/110.0": "Opera, Windows",
    "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko": "Internet Explorer, Windows",
    "Mozilla/5.0 (Mobile; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5": "Firefox, KaiOS",
}  # fmt: skip


@pytest.mark.parametrize(("agent", "name"), AGENTS.items(), ids=AGENTS.values())
def test_a_browser_is_told_by_the_name_that_people_know(agent: str, name: str):
    assert browser_name(agent) == name


@pytest.mark.parametrize("agent", ["", "curl/8.5.0", "python-requests/2.32", "\x00\r\nBcc: x@y.z"])
def test_what_is_no_known_browser_has_no_name(agent: str):
    assert browser_name(agent) == ""


def test_what_is_known_by_half_is_told_by_half():
    assert browser_name("Firefox/128.0") == "Firefox"
    assert browser_name("Something (Android)") == "Android"


def test_nothing_that_a_browser_writes_of_itself_gets_into_a_letter():
    hostile = 'Firefox/1 <script>alert(1)</script> {{ 7*7 }} Windows \r\nBcc: "x"'
    assert browser_name(hostile) == "Firefox, Windows"


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("203.0.113.7", "203.0.113.•••"),
        ("::ffff:203.0.113.7", "203.0.113.•••"),  # an IPv4 peer of a dual-stack socket
        ("2001:db8:85a3:8d3:1319:8a2e:370:7348", "2001:db8:85a3:•••"),
        ("2001:db8::1", "2001:db8:0:•••"),
        ("::1", "0:0:0:•••"),
        ("", ""),
        ("unix:", ""),
        ("203.0.113.7\r\nBcc: a@b", ""),
    ],
)
def test_an_address_is_told_without_the_machine(address: str, masked: str):
    assert masked_address(address) == masked


def test_a_letter_is_given_both_under_the_names_of_its_facts():
    agent = next(iter(AGENTS))
    assert whereabouts("203.0.113.7", agent) == {"ip": "203.0.113.•••", "ua": "Chrome, Android"}
