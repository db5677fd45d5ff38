"""Topics, push subscriptions and dead letters of the manifest, made in the Pub/Sub emulator.

The names are Terraform's. What a subscription gives up on goes to `<topic>-rejected`, where a
subscription of the same name keeps it for a person to look at.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

    from infra.packaging.manifest import Function, Manifest

# The cloud's own would keep a person waiting; these are the embedded bus's.
FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(seconds=60)
_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Names:
    """The full names of what belongs to a topic or function of a project."""

    project: str

    def topic(self, name: str) -> str:
        return f"projects/{self.project}/topics/{name}"

    def rejected(self, name: str) -> str:
        return self.topic(f"{name}-rejected")

    def subscription(self, name: str) -> str:
        return f"projects/{self.project}/subscriptions/{name}"


def declare(manifest: Manifest, project: str, push_to: Callable[[str], str]) -> None:
    """Make whatever is not there yet; a subscription that is there pushes to `push_to` from now
    on, which is given a topic's full name. PUBSUB_EMULATOR_HOST says where.
    """
    from google.cloud import pubsub_v1

    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    names = Names(project)
    try:
        for topic in manifest.topics:
            _make_topics(publisher, subscriber, names, topic.name)
        for function in manifest.functions:
            if function.topic:
                endpoint = push_to(names.topic(function.topic.name))
                _subscribe(subscriber, names, function, endpoint)
    finally:
        subscriber.close()
        publisher.stop()
        publisher.transport.close()


def _make_topics(
    publisher: PublisherClient, subscriber: SubscriberClient, names: Names, name: str
) -> None:
    from google.api_core.exceptions import AlreadyExists

    for topic in (names.topic(name), names.rejected(name)):
        with suppress(AlreadyExists):
            publisher.create_topic(name=topic, timeout=_TIMEOUT_S)
    with suppress(AlreadyExists):
        subscriber.create_subscription(
            name=names.subscription(f"{name}-rejected"),
            topic=names.rejected(name),
            timeout=_TIMEOUT_S,
        )


def _subscribe(
    subscriber: SubscriberClient, names: Names, function: Function, endpoint: str
) -> None:
    from google.api_core.exceptions import AlreadyExists

    topic = function.topic
    assert topic is not None
    name = names.subscription(function.name)
    push = {"push_endpoint": endpoint}
    wanted = {
        "name": name,
        "topic": names.topic(topic.name),
        "push_config": push,
        "ack_deadline_seconds": topic.ack_deadline_s,
        "retry_policy": {
            "minimum_backoff": FIRST_BACKOFF,
            "maximum_backoff": LONGEST_BACKOFF,
        },
        "dead_letter_policy": {
            "dead_letter_topic": names.rejected(topic.name),
            "max_delivery_attempts": topic.max_delivery_attempts,
        },
    }
    try:
        subscriber.create_subscription(request=wanted, timeout=_TIMEOUT_S)
    except AlreadyExists:
        subscriber.modify_push_config(
            request={"subscription": name, "push_config": push}, timeout=_TIMEOUT_S
        )
