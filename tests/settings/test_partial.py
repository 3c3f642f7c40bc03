"""A client with one wrong field: its other fields are judged in the same run."""

import pytest

from tests.settings.conftest import LEAST, SECRET, Mistakes

FIRST = LEAST.count("\n") + 1
SECRETS = f'secrets = [{{ hash = "{SECRET}" }}]'
RIGHT = {
    "client_id": 'client_id = "portal"',
    "name": 'name = { bn = "ক", en = "A" }',
    "owner": 'owner = "ops@example.gov.bd"',
    "home_url": 'home_url = "https://a.example/"',
    "secrets": SECRETS,
    "redirect_uris": 'redirect_uris = ["https://a.example/cb"]',
}


def client(**lines: str) -> str:
    return "\n".join(["[[clients]]", *({**RIGHT, **lines}).values(), ""])


def told(found: list[str]) -> list[str]:
    """Return `code key` of each mistake."""
    return [" ".join(line.split(" ")[1:3]).replace("clients[0].", "") for line in found]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ({"redirect_uris": 'redirect_uris = ["http://a.example/"]'}, "E201 redirect_uris[0]"),
        ({"flow": 'flow = "gone"'}, "E201 flow"),
        ({"scopes": 'scopes = ["openid", "gone"]'}, "E201 scopes[1]"),
        ({"home_url": ""}, "E201 home_url"),
        ({"secrets": ""}, "E201 secrets"),
        ({"redirect_uris": 'redirect_uris = ["https://*.example/"]'}, "E104 redirect_uris[0]"),
        ({"redirect_uris": ""}, "E201 redirect_uris"),
        ({"grants": 'grants = ["refresh_token"]'}, "E201 grants"),
        ({"out": 'backchannel_logout_uri = "http://a.example/"'}, "E201 backchannel_logout_uri"),
        ({"web_origins": 'web_origins = ["http://a.example"]'}, "E201 web_origins[0]"),
    ],
)
def test_a_wrong_field_hides_no_rule_about_the_others(
    mistakes: Mistakes, lines: dict[str, str], expected: str
) -> None:
    found = told(mistakes(LEAST + client(**lines, audience='access_token_audience = ""')))
    assert sorted(found) == sorted(["E104 access_token_audience", expected])


def test_a_wrong_field_hides_no_second_declaration(mistakes: Mistakes) -> None:
    text = LEAST + client(owner='owner = "x"') + client(name="name = 1")
    assert told(mistakes(text)) == [
        "E104 owner",
        "E202 clients[1].client_id",
        "E103 clients[1].name",
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ({"auth": 'auth = "nobody"', "secrets": "", "pkce": 'pkce = "optional"'}, "E104 auth"),
        ({"home_url": 'home_url = "a"'}, "E104 home_url"),
        ({"grants": 'grants = ["implicit"]', "redirect_uris": ""}, "E104 grants[0]"),
        ({"secrets": 'secrets = "x"'}, "E103 secrets"),
        ({"redirect_uris": 'redirect_uris = ["https://a.example/#"]'}, "E104 redirect_uris[0]"),
        ({"client_id": 'client_id = "?"'}, "E104 client_id"),
        ({"flow": "flow = 1"}, "E103 flow"),
    ],
)
def test_a_rule_that_reads_a_wrong_field_says_nothing(
    mistakes: Mistakes, lines: dict[str, str], expected: str
) -> None:
    assert told(mistakes(LEAST + client(**lines))) == [expected]


def test_a_wrong_element_hides_no_other_of_its_list(mistakes: Mistakes) -> None:
    uris = '"https://a.example/#", "http://a.example/", "https://*.example/", "http://b.example/"'
    text = LEAST + client(redirect_uris=f"redirect_uris = [{uris}]", scopes='scopes = [1, "gone"]')
    assert told(mistakes(text)) == [
        "E104 redirect_uris[0]",
        "E201 redirect_uris[1]",
        "E104 redirect_uris[2]",
        "E201 redirect_uris[3]",
        "E103 scopes[0]",
        "E201 scopes[1]",
    ]


def test_a_client_that_is_no_table_is_one_mistake(mistakes: Mistakes) -> None:
    assert told(mistakes(f"clients = [1]\n{LEAST}")) == ["E103 clients[0]"]


def test_a_field_from_a_variable_that_is_not_set_is_one_mistake(mistakes: Mistakes) -> None:
    found = mistakes(LEAST + client(home_url='home_url = { env = "GONE" }'))
    assert [line.split(" ")[1] for line in found] == ["E105"]
