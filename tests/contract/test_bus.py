"""What every bus promises: on return the event is durable, and it arrives as it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.app.audit.acting import acting
from shared.contract.events import from_message
from shared.domain.errors import BusUnavailable, Malformed
from shared.domain.events import (
    InstanceChanged,
    InstanceIdle,
    MarketSampled,
    NotificationRequested,
    SnapshotRequested,
)
from shared.edge.tracing import given_trace_id
from shared.ports.counting import counted
from tests.fakes.clock import START

MOMENT = "2026-01-02T03:04:05Z"
EVENTS = (
    InstanceChanged("inst_1", "a reason, ünï"),
    InstanceIdle("req_1", "inst_1", "rent_1", 7, MOMENT, MOMENT),
    SnapshotRequested("req_2", "inst_1", "schedule", MOMENT),
    NotificationRequested("req_3", "user_1", None, "failover", 'moved\n"home"'),
    MarketSampled("vast_spot_202601020300", "vast", "interruptible", MOMENT, 203),
)


def test_events_arrive_as_they_were_published(bus_and_inbox):
    bus, inbox = bus_and_inbox

    bus.publish(EVENTS)

    arrived = {topic: from_message(message) for topic, message in inbox(len(EVENTS))}
    assert {topic: received.event for topic, received in arrived.items()} == {
        event.topic: event for event in EVENTS
    }
    assert {received.at for received in arrived.values()} == {START}
    assert len({received.id for received in arrived.values()}) == len(EVENTS)


def test_what_several_threads_publish_all_arrives(bus_and_inbox):
    bus, inbox = bus_and_inbox

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: bus.publish([InstanceChanged(f"inst_{n}", "race")]), range(24)))

    arrived = {from_message(message).event.instance_id for _, message in inbox(24)}
    assert arrived == {f"inst_{n}" for n in range(24)}


def test_publishing_nothing_is_nothing(bus_and_inbox):
    bus, _ = bus_and_inbox

    with counted() as counts:
        bus.publish([])

    assert counts.publishes == 0


def test_publishes_are_counted_with_their_bytes(bus_and_inbox):
    bus, inbox = bus_and_inbox

    with counted() as counts:
        bus.publish(EVENTS)

    arrived = inbox(len(EVENTS))
    assert counts.publishes == len(EVENTS)
    assert counts.publish_bytes == sum(len(message) for _, message in arrived)


def test_an_event_that_breaks_its_own_shape_is_refused_and_nothing_is_sent(bus_and_inbox):
    bus, inbox = bus_and_inbox

    with pytest.raises(Malformed):
        bus.publish([InstanceChanged("inst_2", "fine"), InstanceChanged("a/b", "not an id")])
    bus.publish([InstanceChanged("inst_1", "after")])

    assert [from_message(message).event.instance_id for _, message in inbox(1)] == ["inst_1"]


def test_a_bus_that_is_there_checks_out(bus_and_inbox):
    bus, _ = bus_and_inbox

    bus.check()


def test_a_bus_that_is_away_says_so(lost_bus):
    with pytest.raises(BusUnavailable):
        lost_bus.publish([InstanceChanged("inst_1", "reason")])
    with pytest.raises(BusUnavailable):
        lost_bus.reject("instance-changed", b"x", message_id="m1", reason="no")
    with pytest.raises(BusUnavailable):
        lost_bus.check()


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_message_carries_the_trace_of_the_work_that_published_it(mail):
    with acting("function:tick", TRACE):
        mail.bus.publish([InstanceChanged("inst_1", "due"), InstanceChanged("inst_2", "due")])
    mail.bus.publish([InstanceChanged("inst_3", "due")])

    arrived = {from_message(a.message).event.instance_id: a.attributes for a in mail.inbox(3)}
    parents = [arrived[each]["traceparent"] for each in ("inst_1", "inst_2")]
    assert [given_trace_id({"traceparent": each}) for each in parents] == [TRACE, TRACE]
    assert parents[0] != parents[1]
    assert "traceparent" not in arrived["inst_3"]
    assert {each["content-type"] for each in arrived.values()} == {"application/cloudevents+json"}


@pytest.mark.parametrize("message", [b"not json", b"", bytes(range(256))])
def test_a_refused_message_is_among_the_dead_letters_whole_with_its_reason(mail, message):
    with acting("function:on_instance_idle", TRACE), counted() as counts:
        mail.bus.reject("instance-idle", message, message_id="m1", reason="Malformed: ünï")

    (letter,) = mail.dead("instance-idle", 1)
    assert letter.message == message
    assert letter.attributes["reason"] == "Malformed: ünï"
    assert letter.attributes["rejected_message_id"] == "m1"
    assert given_trace_id(letter.attributes) == TRACE
    assert (counts.publishes, counts.publish_bytes) == (1, len(message))


def test_a_reason_longer_than_an_attribute_may_be_is_cut_between_letters(mail):
    mail.bus.reject("instance-idle", b"x", message_id="", reason="ü" * 5_000)

    (letter,) = mail.dead("instance-idle", 1)
    assert letter.attributes == {"reason": "ü" * 512}


def test_a_refused_message_is_delivered_to_nobody_again(mail):
    mail.bus.reject("instance-idle", b"poison", message_id="m1", reason="no")
    mail.bus.publish([InstanceChanged("inst_1", "after")])

    assert [each.topic for each in mail.inbox(1)] == ["instance-changed"]
