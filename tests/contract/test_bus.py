"""What every bus promises: on return the event is durable, and it arrives as it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.contract.events import from_message
from shared.domain.errors import BusUnavailable, Malformed
from shared.domain.events import (
    InstanceChanged,
    InstanceIdle,
    NotificationRequested,
    SnapshotRequested,
)
from shared.ports.counting import counted
from tests.fakes.clock import START

MOMENT = "2026-01-02T03:04:05Z"
EVENTS = (
    InstanceChanged("inst_1", "a reason, ünï"),
    InstanceIdle("req_1", "inst_1", "rent_1", 7, MOMENT, MOMENT),
    SnapshotRequested("req_2", "inst_1", "schedule", MOMENT),
    NotificationRequested("req_3", "user_1", None, "failover", 'moved\n"home"'),
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
        lost_bus.check()
