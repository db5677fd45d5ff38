"""Ask for a snapshot of an instance: a publisher without any code of Dumont's.

    pip install google-cloud-pubsub
    python request_snapshot.py --project my-project inst_...       # Google Cloud
    PUBSUB_EMULATOR_HOST=127.0.0.1:8085 python request_snapshot.py --project demo inst_...

Needs the role roles/pubsub.publisher on the topic `snapshot-requested`. The request is a CloudEvent
in JSON, described in /api/asyncapi.json. One request id is one snapshot however often it is sent;
after `expires_at` it is dropped; on an instance that does not run it does nothing. A request that
breaks its schema ends in `snapshot-requested-rejected` with the reason.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.pubsub_v1 import PublisherClient

TOPIC = "snapshot-requested"
TYPE = "cloud.dumont.snapshot-requested.v1"
ANSWER_WITHIN = timedelta(minutes=10)


def request_of(instance_id: str, request_id: str, reason: str, now: datetime) -> bytes:
    """The event as it goes over the wire."""
    event = {
        "specversion": "1.0",
        "id": request_id,
        "source": "/examples/request_snapshot",
        "type": TYPE,
        "time": now.isoformat(),
        "subject": instance_id,
        "datacontenttype": "application/json",
        "data": {
            "request_id": request_id,
            "instance_id": instance_id,
            "reason": reason,
            "expires_at": (now + ANSWER_WITHIN).isoformat(),
        },
    }
    return json.dumps(event).encode()


def main() -> int:
    parser = argparse.ArgumentParser(description="Ask for a snapshot of an instance.")
    parser.add_argument("instance")
    parser.add_argument("--project", required=True)
    parser.add_argument("--reason", default="asked for by hand")
    parser.add_argument("--request-id", default=f"example_{secrets.token_hex(8)}")
    told = parser.parse_args()
    now = datetime.now(UTC)
    message = request_of(told.instance, told.request_id, told.reason, now)
    client = PublisherClient()
    # A trace of one's own leads through to the lines of the log that the request causes.
    attributes: Any = {
        "content-type": "application/cloudevents+json",
        "traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
    }
    topic = client.topic_path(told.project, TOPIC)
    message_id = client.publish(topic, message, **attributes).result(timeout=30)
    print(f"{told.request_id} went as message {message_id}, {attributes['traceparent']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
