"""Every bus with what its subscribers see: messages that arrive, and dead letters."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.adapters.embedded.bus import Delivered, EmbeddedBus
from shared.contract.events import REJECTED_SUFFIX
from shared.domain.events import EVENT_TYPES
from shared.ports.bus import Bus
from tests.fakes.clock import SeededIds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.clock import FakeClock

PATIENCE_S = 20.0


@dataclass(frozen=True)
class Arrived:
    topic: str
    message: bytes
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Mail:
    """`inbox` waits for so many messages of all topics, `dead` for those of one topic's letters."""

    bus: Bus
    inbox: Callable[[int], list[Arrived]]
    dead: Callable[[str, int], list[Arrived]]


@contextmanager
def embedded_mail(path: Path | str, clock: FakeClock) -> Iterator[Mail]:
    bus = EmbeddedBus(path, clock, SeededIds())

    def inbox(_n: int) -> list[Arrived]:
        arrived: list[Arrived] = []

        def deliver(leased: Delivered) -> bool:
            arrived.append(Arrived(leased.topic, leased.message, leased.attributes))
            return True

        bus.pump(deliver, clock.now())
        return arrived

    def dead(topic: str, _n: int) -> list[Arrived]:
        letters = bus.dead_letters()
        return [Arrived(e.topic, e.message, e.attributes) for e in letters if e.topic == topic]

    yield Mail(bus, inbox, dead)
    bus.close()


@contextmanager
def pubsub_mail(project: str, clock: FakeClock) -> Iterator[Mail]:
    """On the emulator that PUBSUB_EMULATOR_HOST names, with every topic and its dead letters."""
    from google.cloud import pubsub_v1

    from shared.adapters.pubsub.bus import PubsubBus

    bus = PubsubBus(clock, SeededIds(), project=project)
    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    names = [event.topic for event in EVENT_TYPES]
    for name in [*names, *(name + REJECTED_SUFFIX for name in names)]:
        topic = f"projects/{project}/topics/{name}"
        publisher.create_topic(name=topic)
        subscriber.create_subscription(name=_subscription(project, name), topic=topic)

    def inbox(n: int) -> list[Arrived]:
        return pulled_from(subscriber, project, names, n)

    def dead(topic: str, n: int) -> list[Arrived]:
        found = pulled_from(subscriber, project, [topic + REJECTED_SUFFIX], n)
        return [Arrived(topic, each.message, each.attributes) for each in found]

    yield Mail(bus, inbox, dead)
    bus.close()
    subscriber.close()
    publisher.stop()
    publisher.transport.close()


def pulled_from(subscriber, project: str, names: list[str], n: int) -> list[Arrived]:
    """So many messages of subscriptions that are named as their topics; fewer when time is up."""
    arrived: list[Arrived] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(arrived) < n and time.monotonic() < deadline:
        for name in names:
            arrived += _pull(subscriber, project, name)
    return arrived


def _pull(subscriber, project: str, name: str) -> list[Arrived]:
    from google.api_core import exceptions

    subscription = _subscription(project, name)
    try:
        pulled = subscriber.pull(
            subscription=subscription, max_messages=100, timeout=1, retry=None
        ).received_messages
    except exceptions.DeadlineExceeded:
        return []
    if pulled:
        ack_ids = [each.ack_id for each in pulled]
        subscriber.acknowledge(subscription=subscription, ack_ids=ack_ids)
    return [Arrived(name, each.message.data, dict(each.message.attributes)) for each in pulled]


def _subscription(project: str, name: str) -> str:
    return f"projects/{project}/subscriptions/{name}"
