import pytest
from flask import Flask, Response, session
from flask.sessions import SecureCookieSession
from flask.testing import FlaskClient

from idp.demo.sessions import KEEP, MemorySession, MemorySessions

COOKIE = "a_session"


def site(scheme: str = "http") -> Flask:
    app = Flask(__name__)
    app.session_interface = MemorySessions(COOKIE)
    app.config["PREFERRED_URL_SCHEME"] = scheme

    @app.get("/keep/<word>")
    def keep(word: str) -> str:
        session["word"] = word
        return ""

    @app.get("/read")
    def read() -> str:
        return str(session.get("word"))

    @app.get("/renew")
    def renew() -> str:
        assert isinstance(session._get_current_object(), MemorySession)  # type: ignore[attr-defined] # werkzeug's proxy
        session._get_current_object().renew()  # type: ignore[attr-defined] # werkzeug's proxy
        return ""

    @app.get("/clear")
    def clear() -> str:
        session.clear()
        return ""

    @app.get("/be/<sub>/<sid>")
    def be(sub: str, sid: str) -> str:
        session.update(word="somebody", sub=sub, sid=sid)
        return ""

    return app


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE)
    return found.value if found else ""


def test_the_cookie_is_opaque_and_what_is_kept_stays_on_the_server() -> None:
    client = site().test_client()
    answer = client.get("/keep/token-canary")
    assert "token-canary" not in str(answer.headers)
    assert len(cookie(client)) == 43
    assert {"HttpOnly", "SameSite=Lax"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert client.get("/read").text == "token-canary"


def test_reading_sets_no_cookie() -> None:
    client = site().test_client()
    assert "Set-Cookie" not in client.get("/read").headers


def test_the_cookie_is_secure_when_the_sites_own_address_is_https() -> None:
    assert "Secure" not in site().test_client().get("/keep/x").headers["Set-Cookie"]
    assert "Secure" in site("https").test_client().get("/keep/x").headers["Set-Cookie"]


def test_a_renewed_session_has_another_cookie_and_the_old_one_is_dead() -> None:
    app = site()
    client, thief = app.test_client(), app.test_client()
    client.get("/keep/x")
    old = cookie(client)
    client.get("/renew")
    assert cookie(client) not in {"", old}
    assert client.get("/read").text == "x"
    thief.set_cookie(COOKIE, old)
    assert thief.get("/read").text == "None"


def test_a_cleared_session_is_gone_on_the_server_and_in_the_browser() -> None:
    app = site()
    client, thief = app.test_client(), app.test_client()
    client.get("/keep/x")
    old = cookie(client)
    client.get("/clear")
    assert cookie(client) == ""
    thief.set_cookie(COOKIE, old)
    assert thief.get("/read").text == "None"


def test_a_cookie_that_nobody_gave_out_is_not_taken_over() -> None:
    client = site().test_client()
    client.set_cookie(COOKIE, "chosen-by-an-attacker")
    client.get("/keep/x")
    assert cookie(client) != "chosen-by-an-attacker"


def test_the_oldest_session_makes_room() -> None:
    app = site()
    first = app.test_client()
    first.get("/keep/first")
    for _ in range(KEEP - 1):
        app.test_client().get("/keep/x")
    assert first.get("/read").text == "first"
    app.test_client().get("/keep/x")
    assert first.get("/read").text == "None"


@pytest.mark.parametrize(
    ("ended", "left"),
    [
        ({"sub": "u1", "sid": "s1"}, ["s2", "s3"]),
        ({"sub": "", "sid": "s2"}, ["s1", "s3"]),
        ({"sub": "u1", "sid": ""}, ["s3"]),
        ({"sub": "u3", "sid": "s9"}, ["s1", "s2", "s3"]),
    ],
)
def test_sessions_end_by_their_sid_or_else_by_their_person(
    ended: dict[str, str], left: list[str]
) -> None:
    app = site()
    clients = {sid: app.test_client() for sid in ("s1", "s2", "s3")}
    for (sid, client), sub in zip(clients.items(), ("u1", "u1", "u2"), strict=True):
        client.get(f"/be/{sub}/{sid}")
    sessions = app.session_interface
    assert isinstance(sessions, MemorySessions)
    sessions.end(**ended)
    assert [s for s, client in clients.items() if client.get("/read").text == "somebody"] == left


def test_a_session_that_has_ended_does_not_come_back_with_a_later_write() -> None:
    app = site()
    client = app.test_client()
    sessions = app.session_interface
    assert isinstance(sessions, MemorySessions)

    @app.get("/slow")
    def slow() -> str:
        sessions.end(sub="u1", sid="")
        session["word"] = "written after the end"
        return ""

    client.get("/be/u1/s1")
    client.get("/slow")
    assert client.get("/read").text == "None"


def test_a_session_of_another_kind_is_not_kept() -> None:
    with pytest.raises(TypeError):
        MemorySessions(COOKIE).save_session(site(), SecureCookieSession(), Response())
