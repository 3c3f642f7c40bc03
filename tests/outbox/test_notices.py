import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import trustme
from werkzeug.wrappers import Response

from idp.model.errors import SettingsRefused
from idp.model.letter import Letter
from idp.outbox.courier import Courier
from idp.outbox.delivery import DeliveryFailed, Fault
from idp.outbox.notices import LogoutNotifier
from tests.outbox.clients import Client, hang, saying, serving
from tests.outbox.letters import notice, put, state
from tests.outbox.servers import dead_port, serve_raw, server_context

TOKEN = "canary-head.canary-body.canary-tail"
KEY = "canary-of-the-address"


@dataclass
class Clients:
    """What the provider knows of its clients: their addresses, and the tokens made for them."""

    uris: dict[str, str] = field(default_factory=dict)
    made: list[tuple[str, int]] = field(default_factory=list)
    token: str | None = TOKEN

    def uri_of(self, client_id: str) -> str | None:
        return self.uris.get(client_id)

    def token_of(self, letter: Letter, now: int) -> str | None:
        self.made.append((letter.to, now))
        return self.token


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def clients() -> Clients:
    return Clients()


@pytest.fixture
def notifier_for(clients, clock, ca_file) -> Callable[..., LogoutNotifier]:
    def make(uris: Mapping[str, str], **changes: Any) -> LogoutNotifier:
        clients.uris = dict(uris)
        options: dict[str, Any] = {"ca_file": str(ca_file)} | changes
        return LogoutNotifier(clients.uri_of, clients.token_of, clock, **options)

    return make


@pytest.fixture
def notifier_to(notifier_for: Callable[..., LogoutNotifier]) -> Callable[..., LogoutNotifier]:
    def make(port: int, scheme: str = "http", **changes: Any) -> LogoutNotifier:
        uris = {"ministry": f"{scheme}://127.0.0.1:{port}/bcl?key={KEY}"}
        return notifier_for(uris, **changes)

    return make


@pytest.fixture
def courier_of(stores, clock) -> Callable[[LogoutNotifier], Courier]:
    def make(notifier: LogoutNotifier) -> Courier:
        deliveries = {"logout": notifier.deliver}
        return Courier(stores, deliveries, clock, lane="notice", longest=notifier.longest)

    return make


@pytest.fixture
def courier_to(courier_of, notifier_to) -> Callable[[int], Courier]:
    return lambda port: courier_of(notifier_to(port))


def failure_of(notifier: LogoutNotifier, letter: Letter) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        notifier.deliver(letter)
    return caught.value


def test_a_notice_is_a_form_with_a_fresh_token(client, clients, notifier_to, clock):
    letter = notice(clock())
    clock.advance(7)
    with serving(client) as port:
        notifier_to(port).deliver(letter)
    [asked] = client.asked
    assert asked.full_path == f"/bcl?key={KEY}"
    assert asked.form.to_dict(flat=False) == {"logout_token": [TOKEN]}
    assert clients.made == [("ministry", letter.created_at + 7)]


@pytest.mark.parametrize("status", [200, 204])
def test_200_and_204_are_success(status, client, notifier_to, clock):
    client.answers.append(Response(status=status))
    with serving(client) as port:
        notifier_to(port).deliver(notice(clock()))
    assert len(client.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 415, 422, 499])
def test_a_client_that_says_no_is_not_asked_again(status, client, notifier_to, clock):
    client.answers.append(Response(status=status))
    with serving(client) as port:
        failure = failure_of(notifier_to(port), notice(clock()))
    assert (failure.fault, str(failure)) == (Fault.REFUSED, f"refused ({status})")


@pytest.mark.parametrize(
    "status", [201, 202, 301, 302, 303, 307, 308, 408, 425, 429, 500, 501, 502, 503, 504, 599]
)
def test_a_client_that_may_say_yes_later_is_asked_again(status, client, notifier_to, clock):
    client.answers.append(Response(status=status, headers={"Location": "/elsewhere"}))
    with serving(client) as port:
        failure = failure_of(notifier_to(port), notice(clock()))
    assert (failure.fault, failure.answer) == (Fault.LATER, str(status))
    assert len(client.asked) == 1


def test_a_client_that_is_not_there_did_not_answer(notifier_to, clock):
    failure = failure_of(notifier_to(dead_port()), notice(clock()))
    assert str(failure) == "no answer (Connection refused)"


def test_a_client_that_hangs_did_not_answer(notifier_to, clock):
    with serve_raw(hang) as port:
        failure = failure_of(notifier_to(port, timeout=0.2), notice(clock()))
    assert str(failure) == "no answer (timeout)"


def test_a_client_that_speaks_no_http_did_not_answer(notifier_to, clock):
    with serve_raw(saying(f"{TOKEN}\r\n".encode())) as port:
        failure = failure_of(notifier_to(port), notice(clock()))
    assert str(failure) == "no answer (BadStatusLine)"


def test_a_host_that_no_dns_can_hold_did_not_answer(notifier_for, clock):
    failure = failure_of(notifier_for({"ministry": "http://a..b/"}), notice(clock()))
    assert failure.fault is Fault.DIAL


def test_a_trusted_client_is_told_under_tls(client, authority, notifier_to, clock):
    context = server_context(authority.issue_cert("127.0.0.1"))
    with serving(client, context) as port:
        notifier_to(port, "https").deliver(notice(clock()))
    assert client.asked[0].scheme == "https"


@pytest.mark.parametrize("trusted", ["another authority", "the system's authorities"])
def test_a_client_without_a_trusted_certificate_is_told_nothing(
    trusted, client, authority, notifier_to, clock, tmp_path
):
    ca_file = None
    if trusted == "another authority":
        ca_file = str(tmp_path / "other.pem")
        trustme.CA().cert_pem.write_to_path(ca_file)
    context = server_context(authority.issue_cert("127.0.0.1"))
    with serving(client, context) as port:
        failure = failure_of(notifier_to(port, "https", ca_file=ca_file), notice(clock()))
    assert failure.fault is Fault.TLS
    assert failure.answer.startswith("certificate: ")
    assert client.asked == []


def test_authorities_that_cannot_be_read_are_refused_at_once(notifier_for, tmp_path):
    with pytest.raises(SettingsRefused, match="the ca_file of logout notices cannot be read"):
        notifier_for({}, ca_file=str(tmp_path / "none.pem"))


@pytest.mark.parametrize("missing", ["address", "token"])
def test_a_client_that_takes_no_notices_any_more_is_given_up(
    missing, client, clients, notifier_to, clock
):
    with serving(client) as port:
        notifier = notifier_to(port)
        if missing == "address":
            clients.uris.clear()
        clients.token = None if missing == "token" else TOKEN
        failure = failure_of(notifier, notice(clock()))
    assert str(failure) == "refused (the client takes no notices)"
    assert client.asked == []


# -- a client that does not answer --------------------------------------------------------------


def test_a_silent_client_is_left_alone_for_30_seconds(clients, notifier_to, clock):
    began = clock()
    notifier = notifier_to(dead_port())
    assert failure_of(notifier, notice(began)).not_before == began + 30
    clock.advance(29)
    again = failure_of(notifier, notice(began, id="N2"))
    assert (str(again), again.not_before) == ("no answer (left alone for a while)", began + 30)
    clock.advance(1)
    assert failure_of(notifier, notice(began)).answer == "Connection refused"
    assert [now - began for _, now in clients.made] == [0, 30]


def test_a_silent_client_leaves_the_others_alone(client, notifier_for, clock):
    with serving(client) as port:
        notifier = notifier_for(
            {
                "ministry": f"http://127.0.0.1:{dead_port()}/",
                "backoffice": f"http://127.0.0.1:{port}/",
            }
        )
        failure_of(notifier, notice(clock()))
        notifier.deliver(notice(clock(), to="backoffice"))
    assert len(client.asked) == 1


def test_a_client_that_answers_is_asked_again_at_once_whatever_it_says(client, notifier_to, clock):
    client.answers += [Response(status=500), Response(status=400)]
    with serving(client) as port:
        notifier = notifier_to(port)
        assert failure_of(notifier, notice(clock())).not_before == 0
        assert failure_of(notifier, notice(clock())).not_before == 0
        notifier.deliver(notice(clock()))
    assert len(client.asked) == 3


# -- through the courier ------------------------------------------------------------------------


def test_a_client_that_fails_once_is_told_five_seconds_later(
    client, stores, engine, courier_to, clock
):
    client.answers.append(Response(status=500))
    put(stores, notice(clock()))
    with serving(client) as port:
        courier = courier_to(port)
        assert courier.deliver_due() == 1
        assert state(engine, "N1") == ("waiting", "try later (500)")
        clock.advance(4)
        assert courier.deliver_due() == 0
        clock.advance(1)
        assert courier.deliver_due() == 1
    assert state(engine, "N1") == ("delivered", "")
    assert len(client.asked) == 2


def test_a_client_that_says_no_is_given_up_and_named(
    client, stores, engine, courier_to, clock, caplog
):
    client.answers.append(Response(status=400))
    put(stores, notice(clock()))
    with serving(client) as port:
        courier_to(port).deliver_due()
    assert state(engine, "N1") == ("buried", "refused (400)")
    assert caplog.messages == [
        "letter N1 kind=logout client=ministry reference=7F3K-21 attempt=1 given up: refused (400)"
    ]


def test_notices_of_a_silent_client_wait_together_and_are_told_when_it_is_back(
    client, stores, engine, courier_to, clock, clients
):
    put(stores, *(notice(clock(), id=f"N{number}") for number in range(4)))
    courier = courier_to(dead_port())
    assert courier.deliver_due() == 4
    assert len(clients.made) == 1
    with serving(client) as port:
        clients.uris["ministry"] = f"http://127.0.0.1:{port}/"
        clock.advance(29)
        assert courier.deliver_due() == 0
        clock.advance(1)
        assert courier.deliver_due() == 4
    assert {state(engine, f"N{number}")[0] for number in range(4)} == {"delivered"}


def test_a_client_that_stays_silent_is_given_up_when_the_notice_expires(
    stores, engine, courier_to, clock
):
    began = clock()
    put(stores, notice(began, expires_at=began + 40))
    courier = courier_to(dead_port())
    tried_at = []
    while state(engine, "N1")[0] == "waiting":
        if courier.deliver_due():
            tried_at.append(clock() - began)
        clock.advance(1)
    assert tried_at == [0, 30, 40]
    assert state(engine, "N1") == ("buried", "expired")


def test_a_notice_whose_key_is_gone_is_given_up(stores, engine, clock, courier_of):
    def token_of(letter: Letter, _now: int) -> str | None:
        keys: dict[str, str] = {}
        return keys[letter.to]

    put(stores, notice(clock()))
    courier_of(LogoutNotifier(lambda _: "http://127.0.0.1/", token_of, clock)).deliver_due()
    assert state(engine, "N1") == ("buried", "key version gone")


def test_a_courier_takes_letters_of_its_own_lane_only(stores, engine, courier_to, clock):
    put(stores, notice(clock(), id="L1", lane="mail"))
    assert courier_to(dead_port()).deliver_due() == 0
    assert state(engine) == ("waiting", "")


@pytest.mark.parametrize(
    "words",
    [
        f"HTTP/1.1 200 {TOKEN}\r\n{TOKEN}: {KEY}\r\n\r\n{TOKEN}",
        f"HTTP/1.1 400 {TOKEN}\r\n\r\n{TOKEN}",
        f"HTTP/1.1 503 {KEY}\r\n\r\n{TOKEN}",
        f"HTTP/1.1 302 {KEY}\r\nLocation: /{TOKEN}\r\n\r\n",
        f"{TOKEN} {KEY}\r\n",
        f"HTTP/1.1 200 OK\r\n{TOKEN}",
        "",
    ],
)
def test_neither_log_nor_answer_nor_error_holds_the_token_or_the_address(
    words, stores, engine, notifier_to, clock, caplog
):
    caplog.set_level(logging.DEBUG)
    put(stores, notice(clock()))
    with serve_raw(saying(words.encode())) as port:
        notifier = notifier_to(port)
        Courier(stores, {"logout": notifier.deliver}, clock, lane="notice", longest=9).deliver_due()
        clock.advance(30)
        error = ""
        try:
            notifier.deliver(notice(clock()))
        except DeliveryFailed as failure:
            error = f"{failure!r} {failure} {failure.words} {failure.__cause__!r}"
    assert "client=ministry" in caplog.text
    everything = f"{caplog.text} {state(engine, 'N1')} {error} {notifier!r}"
    assert "canary" not in everything
