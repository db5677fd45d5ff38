"""Print every change of an instance as it happens: a subscriber without any code of Dumont's.

    pip install google-cloud-pubsub
    python watch_instances.py --project my-project                 # Google Cloud
    PUBSUB_EMULATOR_HOST=127.0.0.1:8085 python watch_instances.py --project demo

It makes a subscription of its own, which Pub/Sub removes a day after nobody has read from it. What
arrives is a CloudEvent in JSON, described in /api/asyncapi.json. It is a hint: it may come twice,
or out of order, so ask the API for what is true now.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import timedelta

from google.api_core.exceptions import AlreadyExists, DeadlineExceeded
from google.cloud.pubsub_v1 import SubscriberClient

TOPIC = "instance-changed"
TYPE = "cloud.dumont.instance-changed.v1"


def line_of(message: bytes) -> str | None:
    """What to print; None for what is no event of this type, to be skipped for good."""
    try:
        event = json.loads(message)
        if event["specversion"] != "1.0" or event["type"] != TYPE:
            return None
        return f"{event['time']} {event['data']['instance_id']}: {event['data']['reason']}"
    except (ValueError, KeyError, TypeError):
        return None


def subscribe(client: SubscriberClient, project: str, name: str) -> str:
    """The subscription's path; one that is there already is used."""
    path = str(client.subscription_path(project, name))
    request = {
        "name": path,
        "topic": f"projects/{project}/topics/{TOPIC}",
        "ack_deadline_seconds": 30,
        "expiration_policy": {"ttl": timedelta(days=1)},
    }
    try:
        client.create_subscription(request=request)
    except AlreadyExists:
        print(f"going on with {path}", file=sys.stderr)
    return path


def watch(client: SubscriberClient, subscription: str, most: int | None) -> None:
    """Until `most` changes were printed; for ever without a number."""
    printed = 0
    while most is None or printed < most:
        try:
            answer = client.pull(subscription=subscription, max_messages=50, timeout=20)
        except DeadlineExceeded:
            continue  # nothing happened meanwhile
        for received in answer.received_messages:
            if line := line_of(received.message.data):
                print(line, flush=True)
                printed += 1
        ack_ids = [received.ack_id for received in answer.received_messages]
        if ack_ids:
            client.acknowledge(subscription=subscription, ack_ids=ack_ids)


def main() -> int:
    parser = argparse.ArgumentParser(description="Print every change of an instance.")
    parser.add_argument("--project", required=True)
    parser.add_argument("--subscription", default="watch-instances")
    parser.add_argument("--most", type=int, help="end after so many changes")
    told = parser.parse_args()
    client = SubscriberClient()
    subscription = subscribe(client, told.project, told.subscription)
    print(f"listening on {subscription}", file=sys.stderr, flush=True)
    try:
        watch(client, subscription, told.most)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
