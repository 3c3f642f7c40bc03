from idp.oidc.issuance import audiences, grant_id_of, is_live


def test_a_token_is_live_until_its_exp():
    assert is_live({"exp": 10}, now=9)
    assert not is_live({"exp": 10}, now=10)


def test_an_audience_is_one_name_or_several():
    assert audiences({"aud": "a"}) == ("a",)
    assert audiences({"aud": ["a", "b"]}) == ("a", "b")


def test_a_token_names_its_grant_or_none():
    assert grant_id_of({"jti": "grant.random"}) == "grant"
    assert grant_id_of({"jti": "random"}) is None
