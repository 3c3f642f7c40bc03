"""What HTTP carries: cookies, headers, tokens of forms, foreign origins, sizes."""

import gzip
import re
from urllib.parse import urlencode

import pytest

from tests.system import ISSUER, PASSWORD, System, authorize_url, log_in

USER = "office@example.gov.bd"
NOW = 1_795_000_000  # as the clock of the tests begins


def test_every_answer_bears_the_security_headers(small: System):
    browser = small.browser()
    answers = [
        browser.get(authorize_url()).response,
        browser.get("/nowhere").response,
        browser.get("/authorize?client_id=nobody").response,
        browser.get("/jwks").response,
        browser.client.post("/token", base_url=ISSUER),
        browser.client.get("/token", base_url=ISSUER),
        log_in(small).response,
        browser.client.get("/reset/a-secret", base_url=ISSUER),
        browser.get("/update-password").response,
        log_in(small).get("/logout").response,
        browser.client.get("/logout", base_url=ISSUER),
        browser.get("/logout/a-batch").response,
        browser.client.post("/logout/confirm", base_url=ISSUER),
        browser.client.head("/logout", base_url=ISSUER),
    ]
    statuses = [200, 404, 400, 200, 400, 405, 303, 303, 400, 200, 303, 200, 403, 200]
    assert [a.status_code for a in answers] == statuses
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Server" not in answer.headers
    assert "Strict-Transport-Security" not in answers[0].headers


def test_an_https_issuer_sets_host_cookies_and_strict_transport(make):
    system = make(issuer="http://127.0.0.1:9000")
    settings = system.assembly.settings
    assert settings.issuer.startswith("http://")
    cookie = system.browser().get(authorize_url()).response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert "Domain" not in cookie


def test_pages_are_not_stored_and_the_login_page_is_small_and_compressed(small: System):
    browser = small.browser().get(
        authorize_url(state="s" * 300, nonce="n" * 60), **{"Accept-Encoding": "gzip"}
    )
    response = browser.response
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert len(response.data) <= 4096
    assert b"<!doctype html>" in gzip.decompress(response.data).lower()


def test_nothing_on_a_page_comes_from_elsewhere(small: System):
    html = small.browser().get(authorize_url()).html
    sources = re.findall(r'(?:src|srcset)="([^"]*)"', html)
    sources += re.findall(r'<link[^>]*href="([^"]*)"', html)
    assert [s for s in sources if not s.startswith(("data:", "/static/"))] == []
    assert "url(" not in html.replace("url(data:", "")


def test_sealed_values_and_form_tokens_are_fresh_each_time(small: System):
    browser = small.browser()
    first = browser.get(authorize_url()).forms[-1].fields
    second = browser.get(authorize_url()).forms[-1].fields
    assert first["conversation"] != second["conversation"]
    assert first["form_token"] != second["form_token"]


def test_pages_of_a_link_and_of_a_logout_are_not_stored_and_load_nothing_of_others(small: System):
    browser = log_in(small)
    for url in ("/reset", "/reset/a-secret", "/logout", "/logout?state=s", "/logout/a-batch"):
        page = browser.get(url)
        assert page.response.headers["Cache-Control"] == "no-store", url
        assert re.findall(r'(?:src|srcset)="(?!data:|/static/)', page.html) == [], url


def test_the_secret_of_a_link_leaves_the_address_at_once_in_a_cookie_of_ours(small: System):
    secret = "s" * 65
    answer = small.browser().client.get(f"/reset/{secret}", base_url=ISSUER)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/update-password?opened={NOW}"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert secret.encode() not in answer.data
    [cookie] = [c for c in answer.headers.getlist("Set-Cookie") if secret in c]
    assert cookie.startswith("probesh_link=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Max-Age=1800" in cookie  # as long as the link: `reset.ttl`


def test_no_answer_under_the_address_of_a_link_lets_a_referrer_out(small: System):
    path = f"/reset/{'s' * 65}"
    browser = small.browser(address="192.0.2.200")  # one that has no office's allowance
    answers = [
        browser.client.get(path, base_url=ISSUER),
        browser.client.head(path, base_url=ISSUER),
        browser.client.post(path, base_url=ISSUER),
        browser.client.get(f"{path}/", base_url=ISSUER),
        browser.client.get(f"{path}/more", base_url=ISSUER),
    ]
    for _ in range(301):
        browser.get("/authorize")
    answers.append(browser.get(path).response)
    assert [answer.status_code for answer in answers] == [303, 303, 405, 404, 404, 429]
    assert {answer.headers["Referrer-Policy"] for answer in answers} == {"no-referrer"}
    assert small.browser().get("/reset").response.headers["Referrer-Policy"] == "same-origin"


def test_the_page_of_a_link_without_a_cookie_asks_for_a_user_id(small: System):
    asking, told = "পাসওয়ার্ড রিসেট করুন", "আপনার ব্রাউজারে কুকি বন্ধ আছে।"
    now, long_ago = (f"/update-password?opened={at}" for at in (NOW, NOW - 60))
    for url, status in (("/update-password", 200), (now, 400), (long_ago, 200)):
        browser = small.browser().get(url)
        assert (browser.status, asking in browser.text) == (status, True)
        assert (told in browser.text) == (status == 400)
    keeps = small.browser().get("/reset").get(now)  # the link's is gone
    assert (keeps.status, asking in keeps.text, told in keeps.text) == (200, True, False)


@pytest.mark.parametrize("tail", [".", ")", ">", "%20", "%E0%A5%A4"])
def test_what_a_mail_program_hangs_on_a_link_is_left_out(small: System, tail: str):
    answer = small.browser().client.get(f"/reset/{'s' * 65}{tail}", base_url=ISSUER)
    assert f"probesh_link={'s' * 65};" in str(answer.headers.getlist("Set-Cookie"))


def test_no_parameter_of_a_visitor_becomes_an_address_to_go_to(small: System):
    browser = log_in(small)
    for name in ("next", "return", "return_to", "redirect_uri", "post_logout_redirect_uri"):
        for evil in ("//evil.example", "/\\evil.example", "https://evil.example", "https:evil"):
            query = urlencode({name: evil, "client_id": "backoffice"})
            for path in ("/reset", "/reset/x", "/update-password", "/logout", "/logout/x"):
                page = browser.get(f"{path}?{query}")
                assert page.left_to == ""
                places = re.findall(r'(?:href|action|content)="([^"]*)"', page.html)
                assert not [place for place in places if "evil" in place], (path, name)


@pytest.mark.parametrize("token", ["", "0" * 60, "আ" * 60, None])
def test_a_form_without_our_token_changes_nothing(small: System, token: str | None):
    browser = small.browser().get(authorize_url())
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    data = {**form.fields, "userid": USER, "password": PASSWORD, "form_token": token}
    browser.post(form.action, {k: v for k, v in data.items() if v is not None})
    assert browser.status == 403
    assert small.deliver() == []


def test_a_token_of_another_conversation_is_foreign(small: System):
    browser = small.browser()
    other = browser.get(authorize_url()).forms[-1].fields["form_token"]
    browser.get(authorize_url()).press("submit", form_token=other)
    assert browser.status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_posted_by_another_site_is_refused(small: System, headers: dict[str, str]):
    browser = small.browser().get(authorize_url())
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    data = {**form.fields, "userid": USER, "password": PASSWORD}
    browser.post(form.action, data, **headers)
    assert browser.status == 403
    assert small.deliver() == []


def test_a_missing_origin_leaves_the_answer_to_the_form_token(small: System):
    browser = small.browser().get(authorize_url())
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    data = {**form.fields, "userid": USER, "password": PASSWORD}
    response = browser.client.post(form.action, data=data, base_url=ISSUER)
    assert response.status_code == 303


def test_a_cross_site_post_to_authorize_is_turned_into_a_get_that_brings_the_cookies(
    small: System,
):
    browser = log_in(small)
    query = authorize_url(state="posted").partition("?")[2]
    bare = small.browser()
    answer = bare.client.post(
        "/authorize",
        data=query,
        content_type="application/x-www-form-urlencoded",
        headers={"Origin": "http://localhost:9001"},
        base_url=ISSUER,
    )
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    browser.get(answer.headers["Location"])
    assert browser.answer["state"] == "posted"
    assert browser.answer["code"]


def test_a_post_to_authorize_with_our_cookies_is_answered_at_once(small: System):
    browser = log_in(small)
    query = dict(p.split("=") for p in ["state=direct"])
    parameters = authorize_url(**query).partition("?")[2]
    answer = browser.client.post(
        "/authorize",
        data=parameters,
        content_type="application/x-www-form-urlencoded",
        base_url=ISSUER,
    )
    assert answer.status_code == 303
    assert "code=" in answer.headers["Location"]


def test_form_post_answers_with_a_form_that_posts_itself_and_works_without_script(small: System):
    browser = log_in(small)
    browser.get(authorize_url(response_mode="form_post", state='a "b"&<c>%'))
    form = browser.forms[0]
    assert form.action == "http://127.0.0.1:9001/callback"
    assert form.fields["state"] == 'a "b"&<c>%'
    assert len(form.fields["code"]) == 43
    assert form.fields["iss"] == ISSUER
    assert "এগিয়ে যান" in browser.text


def test_an_unknown_client_or_redirect_uri_gets_our_page_with_a_reference_and_no_redirect(
    small: System,
):
    for changes in ({"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}):
        browser = small.browser().get(authorize_url(**changes))
        assert browser.status == 400
        assert "সেবাটিতে লগইন করা যাচ্ছে না" in browser.text
        assert re.search(r"[0-9A-Z]{4}-[0-9A-Z]{2}", browser.text)
        assert "evil.example" not in "".join(re.findall(r'href="([^"]*)"', browser.html))


def test_a_foreign_host_is_refused_and_builds_nothing(small: System):
    answer = small.browser().client.get(
        authorize_url(), base_url="http://evil.example", headers={"X-Forwarded-Host": "evil"}
    )
    assert answer.status_code == 400
    assert b"evil.example" not in answer.data


@pytest.mark.parametrize(
    "path", ["/signin", "/signin/abc", "/authorize", "/token", "/logout", "/logout/confirm"]
)
def test_a_body_beyond_64_kib_is_refused(small: System, path: str):
    answer = small.browser().client.post(path, data={"userid": "x" * 70_000}, base_url=ISSUER)
    assert answer.status_code == 413


def test_a_field_twice_or_a_null_character_is_refused_before_any_hash(small: System):
    browser = small.browser().get(authorize_url())
    form = next(f for f in browser.forms if ("action", "submit") in f.buttons)
    twice = {**form.fields, "userid": [USER, "b@example.gov.bd"], "password": PASSWORD}
    assert browser.post(form.action, twice).status == 400
    null = {**form.fields, "userid": "a\0b", "password": PASSWORD}
    assert browser.post(form.action, null).status == 400


def test_addresses_that_ask_too_often_wait_and_offices_wait_later(small: System):
    client = small.browser().client
    office = {"REMOTE_ADDR": "127.0.0.9"}
    stranger = {"REMOTE_ADDR": "203.0.113.77"}
    statuses = [
        client.get("/authorize", base_url=ISSUER, environ_overrides=who).status_code
        for who in (stranger, office)
        for _ in range(301)
    ]
    assert statuses[:300] == [400] * 300
    assert statuses[300] == 429
    assert statuses[301:] == [400] * 301


def test_discovery_and_keys_are_constant_answers_with_an_etag(small: System):
    client = small.browser().client
    for path in ("/.well-known/openid-configuration", "/jwks"):
        first = client.get(path, base_url=ISSUER)
        assert first.content_type == "application/json"
        assert first.headers["Cache-Control"] == "public, max-age=300"
        etag = first.headers["ETag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            again = client.get(path, base_url=ISSUER, headers={"If-None-Match": known})
            assert (again.status_code, again.headers["ETag"]) == (304, etag)
        other = client.get(path, base_url=ISSUER, headers={"If-None-Match": '"other"'})
        assert other.status_code == 200
        assert client.head(path, base_url=ISSUER).data == b""
        assert client.post(path, base_url=ISSUER).status_code == 405
    document = client.get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    assert document["issuer"] == ISSUER


def test_scripts_of_a_declared_origin_may_read_tokens_and_never_the_authorization_endpoint(
    small: System,
):
    client = small.browser().client
    allowed, foreign = "https://app.example.gov.bd", "https://evil.example"
    for path in ("/token", "/userinfo", "/revoke"):
        answer = client.options(path, base_url=ISSUER, headers={"Origin": allowed})
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == allowed
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    for path in ("/jwks", "/.well-known/openid-configuration", "/userinfo"):
        answer = client.get(path, base_url=ISSUER, headers={"Origin": allowed})
        assert answer.headers["Access-Control-Allow-Origin"] == allowed
        answer = client.get(path, base_url=ISSUER, headers={"Origin": foreign})
        assert "Access-Control-Allow-Origin" not in answer.headers
    for path in (authorize_url(), "/introspect"):
        answer = client.get(path, base_url=ISSUER, headers={"Origin": allowed})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_database_that_does_not_answer_gives_a_page_with_retry_after(small: System, tmp_path):
    browser = small.browser().get(authorize_url())
    small.stores.engine.dispose()
    database = tmp_path / "house" / "idp.sqlite"
    database.rename(tmp_path / "gone")
    database.mkdir()
    browser.press("submit", userid=USER, password=PASSWORD)
    assert browser.status == 503
    assert browser.response.headers["Retry-After"]
    assert "সাময়িকভাবে বন্ধ" in browser.text
    assert small.browser().get("/jwks").status == 200
    database.rmdir()
    (tmp_path / "gone").rename(database)
    browser.get(authorize_url()).press("submit", userid=USER, password=PASSWORD)
    assert "কোড লিখুন" in browser.text
