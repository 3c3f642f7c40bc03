import pytest

from idp.model.errors import AuthorizationError, RequestRefused
from idp.model.request import AuthorizationRequest
from tests.oidc.conftest import House
from tests.oidc.relying_party import CHALLENGE, authorization_pairs, client

BACKOFFICE = "https://backoffice.example/cb"


def refusal(house: House, pairs: list[tuple[str, str]]) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        house.provider.check_request(pairs)
    return caught.value


def error(house: House, *extra: tuple[str, str], **changes: str | None) -> AuthorizationError:
    with pytest.raises(AuthorizationError) as caught:
        house.provider.check_request([*authorization_pairs(**changes), *extra])
    found = caught.value
    fields = dict(house.provider.failure(found).fields)
    assert fields["iss"] == house.provider.settings.issuer
    assert fields["error"] == found.error
    assert found.reply_to.redirect_uri == BACKOFFICE
    assert found.description.isascii()
    assert found.description.isprintable()
    assert not set(found.description) & {'"', "\\"}
    return found


def accepted(house: House, **changes: str | None) -> AuthorizationRequest:
    return house.provider.check_request(authorization_pairs(**changes))


def relaxed(**changes: str | None) -> dict[str, str | None]:
    return {"client_id": "relaxed", "redirect_uri": "https://relaxed.example/cb", **changes}


def test_a_good_request_is_read_whole(house: House):
    asked = accepted(house, max_age="60", login_hint="office@example.gov.bd", prompt="login")
    assert asked == AuthorizationRequest(
        client_id="backoffice",
        redirect_uri=BACKOFFICE,
        scope=("openid", "profile", "email"),
        state="af0ifjsldkj",
        nonce="n-0S6_WzA2Mj",
        code_challenge=CHALLENGE,
        prompt=("login",),
        max_age=60,
        login_hint="office@example.gov.bd",
    )


# AZ1, AZ3: before the redirect URI is proven.


@pytest.mark.parametrize("client_id", [None, "", "nobody", "closed", "ব্যাকঅফিস", "a\x00b", "\udcff"])
def test_an_unknown_client_gets_a_page(house: House, client_id: str | None):
    found = refusal(house, authorization_pairs(client_id=client_id))
    assert found.reason in {"missing_client_id", "unknown_client", "disabled_client"}
    assert all(value.isprintable() for value in found.details.values())


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_two_clients_or_redirect_uris_get_a_page(house: House, name: str):
    pairs = authorization_pairs()
    assert refusal(house, [*pairs, (name, dict(pairs)[name])]).reason == f"repeated_{name}"


@pytest.mark.parametrize("redirect_uri", [None, ""])
def test_a_missing_redirect_uri_gets_a_page(house: House, redirect_uri: str | None):
    found = refusal(house, authorization_pairs(redirect_uri=redirect_uri))
    assert found.reason == "missing_redirect_uri"


@pytest.mark.parametrize(
    "redirect_uri",
    [
        *(BACKOFFICE + tail for tail in ("/", "x", "/sub", "?a=1", "#f", "%20", " ", "/../cb")),
        *("https://backoffice.example/c", "https://backoffice.example/CB"),
        *("http://backoffice.example/cb", "HTTPS://backoffice.example/cb"),
        *("https://backoffice.example:443/cb", "https://backoffice.example:8443/cb"),
        *("https://user@backoffice.example/cb", "https://evil@x@backoffice.example/cb"),
        *("https://backoffice.example@evil.example/cb", "https://evil.example/cb"),
        *("https://backoffice.example/x/../cb", "https://backoffice.example/..;/cb"),
        *("https://backoffice.example/%2e%2e/cb", "https://backoffice.example/%252e%252e/cb"),
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "DATA:text/html,x"),
        *("https://ministry.example/cb", "//backoffice.example/cb", "/cb", "https://বাংলা/cb"),
        *("https://backoffice.example/cb?tenant=2", "https://backoffice.example/cb?tenant=1&a=b"),
        *(
            "https://backoffice.example\\@evil.example/cb",
            BACKOFFICE + "\x00",
            BACKOFFICE + "\udcff",
        ),
    ],
)
def test_a_redirect_uri_is_registered_byte_for_byte(house: House, redirect_uri: str):
    found = refusal(house, authorization_pairs(redirect_uri=redirect_uri))
    assert found.reason == "unregistered_redirect_uri"
    assert all(value.isprintable() for value in found.details.values())


def test_every_registered_redirect_uri_is_good(house: House):
    uri = "https://backoffice.example/cb?tenant=1"
    assert accepted(house, redirect_uri=uri).redirect_uri == uri


# AZ2, AZ7: refused with the standard error.


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ],
)
def test_request_objects_are_refused_not_ignored(house: House, name: str, code: str):
    assert error(house, (name, "https://rp.example/object")).error == code


@pytest.mark.parametrize(
    "response_type",
    ["token", "id_token", "code id_token", "code token", "none", "Code", "কোড", 'a"b', "a\\b"],
)
def test_other_response_types_are_refused(house: House, response_type: str):
    assert error(house, response_type=response_type).error == "unsupported_response_type"


@pytest.mark.parametrize("response_type", [None, ""])
def test_a_missing_response_type_is_refused(house: House, response_type: str | None):
    assert error(house, response_type=response_type).error == "invalid_request"


@pytest.mark.parametrize("mode", ["jwt", "form_post.jwt", "web_message", 'a"b', "বাংলা"])
def test_unknown_response_modes_are_refused_in_the_query(house: House, mode: str):
    found = error(house, response_mode=mode)
    assert (found.error, found.reply_to.response_mode) == ("invalid_request", "query")


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_errors_use_the_response_mode_that_was_asked_for(house: House, mode: str):
    found = error(house, response_mode=mode, prompt="create")
    assert found.reply_to.response_mode == mode
    assert found.reply_to.state == "af0ifjsldkj"


def test_a_client_without_the_grant_is_refused(make_house):
    house = make_house({"backoffice": client("backoffice", grants=("client_credentials",))})
    assert error(house).error == "unauthorized_client"


@pytest.mark.parametrize(
    "prompt", ["create", "none login", "login none", "Login", "লগইন", "none none x"]
)
def test_prompts_that_nobody_knows_are_refused(house: House, prompt: str):
    assert error(house, prompt=prompt).error == "invalid_request"


@pytest.mark.parametrize(
    "name",
    [
        *("response_type", "scope", "state", "nonce", "prompt", "max_age", "response_mode"),
        *("code_challenge", "code_challenge_method", "claims", "display", "whatever"),
    ],
)
def test_a_parameter_twice_is_refused(house: House, name: str):
    assert error(house, (name, "login"), (name, "login")).error == "invalid_request"


def test_a_state_that_is_there_twice_is_not_chosen_from(house: House):
    assert error(house, ("state", "other")).reply_to.state is None


@pytest.mark.parametrize("scope", [None, "", "profile", "email OPENID", "openid\tprofile"])
def test_a_scope_without_openid_is_refused(house: House, scope: str | None):
    assert error(house, scope=scope).error in {"invalid_scope", "invalid_request"}


def test_a_scope_that_the_client_may_not_have_is_refused(house: House):
    uri = "https://modest.example/cb"
    with pytest.raises(AuthorizationError) as caught:
        accepted(house, client_id="modest", redirect_uri=uri, scope="openid email")
    assert caught.value.error == "invalid_scope"


def test_unknown_scopes_are_ignored(house: House):
    assert accepted(house, scope="openid phone address x:y").scope == ("openid",)


def test_offline_access_needs_the_refresh_grant(make_house):
    house = make_house({"backoffice": client("backoffice", grants=("authorization_code",))})
    assert accepted(house, scope="openid offline_access").scope == ("openid",)


# PK1-3, PK6.


@pytest.mark.parametrize("who", ["backoffice", "spa"])
def test_no_challenge_is_refused(house: House, who: str):
    uri = f"https://{who}.example/cb"
    with pytest.raises(AuthorizationError) as caught:
        accepted(
            house, client_id=who, redirect_uri=uri, code_challenge=None, code_challenge_method=None
        )
    assert caught.value.error == "invalid_request"


@pytest.mark.parametrize("method", [None, "plain", "s256", "S512", "", "এস২৫৬"])
def test_only_s256_is_a_method(house: House, method: str | None):
    assert error(house, code_challenge_method=method).error == "invalid_request"
    with pytest.raises(AuthorizationError):
        accepted(house, **relaxed(code_challenge_method=method))


@pytest.mark.parametrize(
    "challenge", ["a" * 42, "a" * 129, "a" * 42 + "=", "a" * 42 + "ক", "a" * 42 + "\n", "+" * 43]
)
def test_a_malformed_challenge_is_refused(house: House, challenge: str):
    assert error(house, code_challenge=challenge).error == "invalid_request"


def test_a_method_without_a_challenge_is_refused(house: House):
    with pytest.raises(AuthorizationError):
        accepted(house, **relaxed(code_challenge=None))


def test_a_relaxed_confidential_client_may_leave_pkce_out(house: House):
    asked = accepted(house, **relaxed(code_challenge=None, code_challenge_method=None))
    assert asked.code_challenge is None


def test_a_public_client_is_never_relaxed(make_house):
    spa = client("backoffice", auth="none", secrets=(), pkce="optional")
    found = error(make_house({"backoffice": spa}), code_challenge=None, code_challenge_method=None)
    assert found.error == "invalid_request"


# Values.


@pytest.mark.parametrize("max_age", ["-1", "+1", "1.5", "১০", "1 ", "1_0", "x", "9" * 19])
def test_max_age_is_ascii_digits(house: House, max_age: str):
    assert error(house, max_age=max_age).error == "invalid_request"


@pytest.mark.parametrize("name", ["state", "nonce", "scope", "prompt", "login_hint", "ui_locales"])
@pytest.mark.parametrize("bad", ["a\x00b", "a\r\nb", "\x1b[0m", "\udcff", "a\ufffdb", "\x85"])
def test_what_is_no_text_is_refused_and_not_echoed(house: House, name: str, bad: str):
    found = error(house, **{name: bad})
    assert found.error in {"invalid_request", "invalid_scope"}
    assert house.provider.failure(found).location.isascii()
    if name == "state":
        assert found.reply_to.state is None


@pytest.mark.parametrize("name", ["state", "nonce"])
def test_state_and_nonce_have_a_longest_length(house: House, name: str):
    accepted(house, **{name: "x" * 2048})
    assert error(house, **{name: "x" * 2049}).error == "invalid_request"


def test_bengali_state_comes_back_as_it_was(house: House):
    asked = accepted(house, state='অবস্থা &=#?"<')
    assert asked.state == 'অবস্থা &=#?"<'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("unknown", "x"), ("display", "page"), ("display", "hologram"), ("claims", "{}")),
        *(("claims", "not json"), ("claims_locales", "se"), ("ui_locales", "se fr")),
        *(("acr_values", "1 2"), ("resource", "https://api.example"), ("dpop_jkt", "x")),
        *(("prompt", "consent"), ("prompt", "select_account"), ("login_hint", "x" * 5000)),
        ("id_token_hint", "garbage"),
    ],
)
def test_what_we_do_not_know_is_never_an_error(house: House, name: str, value: str):
    asked = accepted(house, **{name: value})
    assert asked.scope == ("openid", "profile", "email")


def test_wishes_that_we_can_fulfil_are_kept(house: House):
    asked = accepted(
        house,
        ui_locales="fr-CA bn-BD en bn",
        acr_values="1 urn:probesh:acr:password+email-code",
        login_hint="x" * 321,
    )
    assert asked.ui_locales == ("bn", "en")
    assert asked.acr_values == ("urn:probesh:acr:password+email-code",)
    assert asked.login_hint == ""


def test_an_id_token_of_ours_is_a_hint_even_when_expired(house: House):
    id_token = house.tokens()["id_token"]
    house.clock.advance(86_400)
    assert accepted(house, id_token_hint=id_token).hinted_subject == house.officer.id


def test_every_other_hint_names_nobody(house: House):
    tokens = house.tokens()
    foreign = house.keys.sign(
        {"iss": "https://other.example", "sub": house.officer.id, "aud": "backoffice"},
        alg="RS256",
        typ="JWT",
    )
    for hint in ("garbage", "ক", "x" * 9000, tokens["access_token"], foreign):
        assert accepted(house, id_token_hint=hint).hinted_subject == ""
    uri = "https://ministry.example/cb"
    asked = accepted(
        house, client_id="ministry", redirect_uri=uri, id_token_hint=tokens["id_token"]
    )
    assert asked.hinted_subject == ""


def test_a_request_survives_json(house: House):
    asked = accepted(house, id_token_hint="garbage", prompt="none")
    assert AuthorizationRequest.from_dict(asked.as_dict()) == asked
