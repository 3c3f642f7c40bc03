import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from idp.model.errors import StoreUnavailable
from idp.model.letter import Letter, RenderedLetter
from idp.outbox.courier import Courier
from idp.outbox.delivery import DeliveryFailed, Fault, Post
from idp.outbox.mailing import Renderer, mailed
from idp.outbox.smtp import SmtpPost
from idp.stores.ports import Work
from idp.stores.sql import SqlStores
from tests.outbox.letters import CODE, TO, letter, put, render, state
from tests.outbox.servers import (
    PASSWORD,
    USER,
    authenticator,
    dead_port,
    serve,
    serve_raw,
    server_context,
)


@dataclass
class FakePost:
    """A post that fails as told, and remembers what it took."""

    faults: list[Fault] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    tried: int = 0
    longest: int = 30

    def send(self, rendered: RenderedLetter, *, to: str, letter_id: str, now: int) -> None:
        self.tried += 1
        if self.faults:
            raise DeliveryFailed(self.faults.pop(0), "450 4.2.0")
        self.taken.append(letter_id)


@pytest.fixture
def courier_with(stores, clock) -> Callable[..., Courier]:
    def make(post: Post, renderer: Renderer = render, within: Any = stores) -> Courier:
        deliveries = {"code": mailed(post, renderer, clock)}
        return Courier(within, deliveries, clock, longest=post.longest)

    return make


@pytest.fixture
def courier_to(courier_with, settings_for) -> Callable[..., Courier]:
    return lambda port, **changes: courier_with(SmtpPost(settings_for(port, **changes)))


@pytest.fixture
def waiting(stores, clock) -> None:
    put(stores, letter(clock()))


def test_a_letter_is_rendered_delivered_and_marked(received, stores, engine, clock, courier_to):
    put(stores, letter(clock()))
    with serve(received) as port:
        courier = courier_to(port)
        assert courier.deliver_due() == 1
        assert courier.deliver_due() == 0
    [mail] = received.mails
    assert mail["Message-ID"] == "<L1@mail.probesh.test>"
    assert CODE in mail.get_body(("plain",)).get_content()
    assert state(engine) == ("delivered", "")


def test_a_greylisted_letter_comes_again_under_the_same_message_id(
    received, stores, engine, clock, courier_to
):
    received.data_replies.append("451 4.7.1 greylisted")
    put(stores, letter(clock()))
    with serve(received) as port:
        courier = courier_to(port)
        assert courier.deliver_due() == 1
        assert state(engine) == ("waiting", "try later (451 4.7.1)")
        clock.advance(4)
        assert courier.deliver_due() == 0
        clock.advance(1)
        assert courier.deliver_due() == 1
    assert state(engine) == ("delivered", "")
    assert [mail["Message-ID"] for mail in received.mails] == ["<L1@mail.probesh.test>"] * 2


def test_a_letter_refused_for_good_is_buried_and_its_answer_names_nobody(
    received, stores, engine, clock, courier_to
):
    received.recipient_replies.append(f"550 5.1.1 <{TO}> no such person")
    put(stores, letter(clock()))
    with serve(received) as port:
        courier_to(port).deliver_due()
        clock.advance(599)
        assert courier_to(port).deliver_due() == 0
    assert state(engine) == ("buried", "refused (550 5.1.1)")


@pytest.mark.parametrize("to", ["a@x.test,b@x.test", "a@x.test\r\nBcc: b@x.test"])
def test_a_letter_to_two_is_buried_and_nobody_gets_it(
    to, received, stores, engine, clock, courier_to
):
    put(stores, letter(clock(), to=to))
    with serve(received) as port:
        courier_to(port).deliver_due()
    assert state(engine) == ("buried", "refused (unusable address)")
    assert received.envelopes == []


def test_a_dead_server_postpones(stores, engine, clock, courier_to):
    put(stores, letter(clock()))
    courier_to(dead_port()).deliver_due()
    assert state(engine) == ("waiting", "no answer (Connection refused)")


def test_a_slow_server_postpones(stores, engine, clock, courier_to):
    put(stores, letter(clock()))
    with serve_raw(lambda client: client.recv(1)) as port:
        courier_to(port, timeout=0.2).deliver_due()
    assert state(engine) == ("waiting", "no answer (timeout)")


@pytest.mark.usefixtures("waiting")
def test_a_server_with_another_s_certificate_postpones_and_alarms(
    received, authority, engine, courier_to, caplog
):
    context = server_context(authority.issue_cert("mail.example.org"))
    with serve(received, implicit=context) as port:
        courier_to(port, tls="implicit").deliver_due()
    status, answer = state(engine)
    assert status == "waiting"
    assert answer.startswith("no trusted TLS (certificate: ")
    assert received.raw == []
    assert [record.name for record in caplog.records if record.levelno == logging.ERROR] == [
        "idp.outbox.courier"
    ]


@pytest.mark.usefixtures("waiting")
def test_a_wrong_password_postpones_and_alarms(
    received, authority, engine, clock, courier_to, caplog
):
    context = server_context(authority.issue_cert("127.0.0.1"))
    with serve(
        received, tls_context=context, authenticator=authenticator, auth_required=True
    ) as port:
        courier_to(port, tls="starttls", user=USER, password="wrong").deliver_due()
        assert state(engine) == ("waiting", "login refused (535 5.7.8)")
        assert "mail cannot leave: login refused (535 5.7.8)" in caplog.messages
        clock.advance(5)
        courier_to(port, tls="starttls", user=USER, password=PASSWORD).deliver_due()
    assert state(engine) == ("delivered", "")


def test_the_pauses_grow_and_end_when_the_letter_expires(stores, engine, clock, courier_with):
    post = FakePost(faults=[Fault.DIAL] * 9)
    courier = courier_with(post)
    began = clock()
    put(stores, letter(began))
    tried_at = []
    while state(engine)[0] == "waiting":
        if courier.deliver_due():
            tried_at.append(clock() - began)
        clock.advance(1)
    assert tried_at == [0, 5, 20, 80, 380, 600]
    assert post.tried == 5
    assert state(engine) == ("buried", "expired")


def test_an_expired_letter_is_dropped_unrendered(stores, engine, clock, courier_with):
    def never(of: Letter) -> RenderedLetter:
        raise AssertionError(of.id)

    put(stores, letter(clock(), expires_at=clock()))
    courier_with(FakePost(), never).deliver_due()
    assert state(engine) == ("buried", "expired")


def test_a_ghost_s_letter_is_marked_and_never_sent(stores, engine, clock, courier_with):
    post = FakePost()
    put(stores, letter(clock(), kind="none"))
    assert courier_with(post).deliver_due() == 1
    assert (state(engine), post.tried) == (("delivered", ""), 0)


def test_a_letter_of_an_unknown_kind_is_buried(stores, engine, clock, courier_with):
    put(stores, letter(clock(), kind="parcel"))
    courier_with(FakePost()).deliver_due()
    assert state(engine) == ("buried", "unknown kind")


def test_a_letter_whose_key_version_is_gone_is_buried(stores, engine, clock, courier_with):
    def without_key(of: Letter) -> RenderedLetter:
        keys: dict[str, RenderedLetter] = {}
        return keys[of.id]

    put(stores, letter(clock()))
    courier_with(FakePost(), without_key).deliver_due()
    assert state(engine) == ("buried", "key version gone")


def test_a_letter_that_breaks_its_renderer_holds_no_other_up(stores, engine, clock, courier_with):
    def fragile(of: Letter) -> RenderedLetter:
        if of.id == "L1":
            raise ZeroDivisionError
        return render(of)

    put(stores, letter(clock()), letter(clock(), id="L2"))
    courier = courier_with(FakePost(), fragile)
    with pytest.raises(ZeroDivisionError):
        courier.deliver_due()
    assert courier.deliver_due() == 1
    assert (state(engine)[0], state(engine, "L2")[0]) == ("waiting", "delivered")


def test_a_call_settles_no_more_than_it_was_asked(stores, clock, courier_with):
    put(stores, *(letter(clock(), id=f"L{number}") for number in range(5)))
    courier = courier_with(FakePost())
    assert courier.deliver_due(most=3) == 3
    assert courier.deliver_due() == 2


def test_two_couriers_at_once_deliver_each_letter_once(received, stores, engine, clock, courier_to):
    ids = [f"L{number}" for number in range(30)]
    put(stores, *(letter(clock(), id=each) for each in ids))
    ready = threading.Barrier(2)

    def walk(courier: Courier) -> None:
        ready.wait()
        while courier.deliver_due():
            pass

    with serve(received) as port:
        threads = [threading.Thread(target=walk, args=(courier_to(port),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    sent = sorted(mail["Message-ID"] for mail in received.mails)
    assert sent == sorted(f"<{each}@mail.probesh.test>" for each in ids)
    assert {state(engine, each)[0] for each in ids} == {"delivered"}


def test_a_letter_in_hand_is_taken_up_by_another_after_a_crash(stores, clock, courier_with):
    put(stores, letter(clock()))
    with stores.write() as work:
        assert len(work.outbox.lease("mail", now=clock(), lease=60, most=1)) == 1
    post = FakePost()
    courier = courier_with(post)
    clock.advance(59)
    assert courier.deliver_due() == 0
    clock.advance(1)
    assert courier.deliver_due() == 1
    assert post.taken == ["L1"]


def test_a_lease_outlives_the_slowest_delivery(stores, clock, courier_with):
    put(stores, letter(clock()))
    slow = courier_with(FakePost(longest=90))
    assert slow._lease > 90


class FailingStores:
    """The real stores, whose database is away for the n-th unit of work."""

    def __init__(self, stores: SqlStores, fails_at: int) -> None:
        self._stores = stores
        self._fails_at = fails_at
        self._count = 0

    def read(self) -> AbstractContextManager[Work]:
        return self._stores.read()

    @contextmanager
    def write(self) -> Any:
        self._count += 1
        if self._count == self._fails_at:
            raise StoreUnavailable
        with self._stores.write() as work:
            yield work

    def purge(self, *, now: int) -> int:
        return self._stores.purge(now=now)


def test_a_letter_whose_mark_failed_is_marked_later_and_not_sent_again(
    stores, engine, clock, courier_with
):
    put(stores, letter(clock()))
    post = FakePost()
    courier = courier_with(post, within=FailingStores(stores, fails_at=2))
    with pytest.raises(StoreUnavailable):
        courier.deliver_due()
    clock.advance(60)
    assert courier.deliver_due() == 1
    assert post.taken == ["L1"]
    assert state(engine) == ("delivered", "")


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize(
    "reply",
    ["250 2.0.0 OK", f"550 5.1.1 <{TO}> {CODE}", f"451 4.3.0 <{TO}> {CODE}", f"554 {TO} {CODE}"],
)
def test_no_log_line_and_no_answer_holds_an_address_a_code_or_a_password(
    reply, received, authority, engine, courier_to, caplog
):
    caplog.set_level(logging.DEBUG)
    received.data_replies.append(reply)
    context = server_context(authority.issue_cert("127.0.0.1"))
    with serve(received, tls_context=context, authenticator=authenticator) as port:
        courier_to(port, tls="starttls", user=USER, password=PASSWORD).deliver_due()
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("mail.")]
    assert any("letter L1 kind=code reference=7F3K-21 attempt=1" in line for line in ours)
    for canary in (TO, "canary.person", CODE, PASSWORD):
        assert canary not in "\n".join([*ours, *state(engine)])
