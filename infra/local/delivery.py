"""Deliver what the embedded bus holds to the functions behind the topics, as Pub/Sub pushes."""

from __future__ import annotations

import base64
import json
import logging
import threading
from typing import TYPE_CHECKING

from werkzeug.datastructures import Authorization
from werkzeug.test import Client

if TYPE_CHECKING:
    from infra.local.gateway import Served
    from shared.adapters.embedded.bus import Delivered, EmbeddedBus
    from shared.adapters.embedded.callers import SignedCallers
    from shared.ports.clock import Clock

log = logging.getLogger(__name__)
THREADS = 6
WAIT_S = 0.5


class Delivery:
    """Threads that pump the bus until told to stop."""

    def __init__(
        self, bus: EmbeddedBus, clock: Clock, platform: SignedCallers, served: dict[str, Served]
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._platform = platform
        self._subscribers = {
            each.function.topic.name: each for each in served.values() if each.function.topic
        }
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"delivery-{n}", daemon=True)
            for n in range(THREADS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._bus.wait(WAIT_S)
            try:
                self._bus.pump(self.deliver, self._clock.now())
            except Exception:
                log.exception("a delivery failed; the message stays")

    def deliver(self, leased: Delivered) -> bool:
        """True when the function acknowledged; a topic that nobody reads is acknowledged."""
        subscriber = self._subscribers.get(leased.topic)
        if subscriber is None:
            return True
        push = {
            "message": {
                "data": base64.b64encode(leased.message).decode(),
                "messageId": leased.id,
                "attributes": dict(leased.attributes),
            },
            "subscription": f"projects/local/subscriptions/{subscriber.function.name}",
        }
        answer = Client(subscriber.app).post(
            f"/projects/local/topics/{leased.topic}",
            data=json.dumps(push),
            content_type="application/json",
            auth=Authorization("bearer", token=self._platform.proof(subscriber.function.name)),
        )
        return answer.status_code < 300
