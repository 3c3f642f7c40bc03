"""What a relying party does alone, in both looks; tests/walks has its walks with the provider."""

import pytest
from flask.testing import FlaskClient

from idp.demo.relying_party import create_app, main, read_settings
from idp.demo.settings import BACKOFFICE, LOOKS, MINISTRY, Look, Settings
from tests.demo.stand import free_ports, look_then_stop


@pytest.fixture(params=list(LOOKS.values()), ids=list(LOOKS))
def look(request: pytest.FixtureRequest) -> Look:
    look: Look = request.param
    return look


@pytest.fixture
def visitor(look: Look) -> FlaskClient:
    """A browser before a site whose provider is away: a port where nobody listens."""
    (port,) = free_ports(1)
    settings = Settings(
        issuer=f"http://127.0.0.1:{port}",
        client_id=look.key,
        client_secret="idpcs_canary",
        base_url="http://localhost",
        look=look,
    )
    return create_app(settings).test_client()


def test_a_provider_that_is_away_is_told_calmly_with_a_way_on(visitor: FlaskClient) -> None:
    answer = visitor.get("/")
    assert answer.status_code == 503
    assert "লগইন সেবার সঙ্গে যোগাযোগ করা যাচ্ছে না" in answer.text
    assert 'href="/"' in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?state=none&code=x",
        "?error=access_denied",
        "?error=x&state=none",
        "?state=%00&code=%ff",
    ],
)
def test_an_unknown_state_gets_a_page_and_no_redirect(visitor: FlaskClient, query: str) -> None:
    answer = visitor.get(f"/callback{query}")
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "এই লগইনের চেষ্টাটি আর চালু নেই" in answer.text


@pytest.mark.parametrize("path", ["/refresh", "/forget"])
def test_forms_without_their_token_do_nothing(visitor: FlaskClient, path: str) -> None:
    assert visitor.post(path).status_code == 400
    assert visitor.post(path, data={"csrf": "আ"}).status_code == 400
    assert visitor.get(path).status_code == 405


def test_another_name_of_this_machine_leads_to_the_one_address(visitor: FlaskClient) -> None:
    answer = visitor.get("/forgotten", headers={"Host": "127.0.0.1"})
    assert answer.headers["Location"] == "http://localhost/forgotten"
    assert visitor.post("/forget", headers={"Host": "127.0.0.1"}).status_code == 421


def test_pages_carry_the_strict_headers_and_nothing_from_elsewhere(visitor: FlaskClient) -> None:
    answer = visitor.get("/forgotten")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "://" not in answer.text
    assert "<style" not in answer.text
    assert "Set-Cookie" not in answer.headers


def test_the_secret_is_never_shown() -> None:
    settings = Settings("http://127.0.0.1", "backoffice", "idpcs_canary", "http://127.0.0.1")
    assert "idpcs_canary" not in repr(settings)


def test_each_look_has_its_own_name_and_colours(visitor: FlaskClient, look: Look) -> None:
    page = visitor.get("/forgotten").text
    assert f'data-look="{look.key}"' in page
    assert look.name in page
    assert not any(other.name in page for other in LOOKS.values() if other is not look)
    with visitor.get("/static/demo.css") as style:
        assert f'[data-look="{MINISTRY.key}"]' in style.get_data(as_text=True)


def test_the_looks_share_no_cookie_port_or_variable() -> None:
    assert BACKOFFICE.cookie != MINISTRY.cookie
    assert BACKOFFICE.port != MINISTRY.port
    assert BACKOFFICE.variable("CLIENT_SECRET") == "BACKOFFICE_CLIENT_SECRET"
    assert MINISTRY.variable("CLIENT_SECRET") == "MINISTRY_CLIENT_SECRET"


def test_the_usual_settings_are_those_of_the_look(look: Look) -> None:
    settings, port = read_settings(["--look", look.key], {})
    address = f"http://127.0.0.1:{look.port}"
    assert settings == Settings("http://127.0.0.1:9000", look.key, "", address, look)
    assert port == look.port


def test_a_look_reads_its_own_variables_only() -> None:
    environ = {
        "BACKOFFICE_CLIENT_SECRET": "not-mine",
        "MINISTRY_CLIENT_SECRET": "idpcs_canary",
        "MINISTRY_CLIENT_ID": "m",
        "MINISTRY_PORT": "1",
        "MINISTRY_BASE_URL": "https://ministry.example",
    }
    settings, port = read_settings(["--look", "ministry", "--issuer", "https://a"], environ)
    assert settings == Settings(
        "https://a", "m", "idpcs_canary", "https://ministry.example", MINISTRY
    )
    assert port == 1
    assert read_settings([], environ)[0].client_secret == "not-mine"


def test_there_are_no_other_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_settings(["--look", "x"], {})
    assert "--look" in capsys.readouterr().err


def test_the_program_takes_its_settings_from_the_environment_and_serves_until_sigterm(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    port, nobody = free_ports(2)
    monkeypatch.setenv("BACKOFFICE_PORT", str(port))
    monkeypatch.setenv("BACKOFFICE_ISSUER", f"http://127.0.0.1:{nobody}")
    monkeypatch.setenv("BACKOFFICE_CLIENT_SECRET", "idpcs_canary")
    seen: list[int] = []
    watcher = look_then_stop(port, "/", seen)
    assert main([]) == 0
    watcher.join()
    assert seen == [503]
    assert capfd.readouterr() == ("", "")
