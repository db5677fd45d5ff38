"""Events through Google Pub/Sub, without ordering."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from typing import TYPE_CHECKING

from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud.pubsub_v1 import PublisherClient
from google.cloud.pubsub_v1.types import BatchSettings

from shared.app.audit.acting import who_acts
from shared.contract.events import REJECTED_SUFFIX, attributes, rejection, to_message
from shared.domain.errors import BusUnavailable
from shared.domain.events import EVENT_TYPES
from shared.domain.frozen import dataclass
from shared.ports.counting import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.domain.events import Event
    from shared.ports.clock import Clock, Ids

_TIMEOUT_S = 10.0
# Everything to be sent is handed over at once, so there is nothing to wait for.
_BATCH = BatchSettings(max_latency=0.001)
_RETRY = Retry(initial=0.1, maximum=2.0, timeout=_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class _Letter:
    topic: str
    message: bytes
    attributes: Mapping[str, str]


class PubsubBus:
    """The Bus port. With PUBSUB_EMULATOR_HOST in the environment it speaks to that emulator.

    A topic is named as its event says, behind an optional prefix.
    """

    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        *,
        project: str,
        topic_prefix: str = "",
        source: str = "/dumont",
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._topics = f"projects/{project}/topics/{topic_prefix}"
        self._source = source
        with _translated():
            self._publisher = PublisherClient(batch_settings=_BATCH)

    def publish(self, events: Sequence[Event]) -> None:
        at, trace_id = self._clock.now(), who_acts().trace_id
        letters = []
        for event in events:
            event_id = self._ids.new("evt")
            message = to_message(event, event_id=event_id, source=self._source, at=at)
            letters.append(_Letter(event.topic, message, attributes(event_id, trace_id)))
        self._send(letters)

    def reject(self, topic: str, message: bytes, *, message_id: str, reason: str) -> None:
        told = rejection(message_id, reason, who_acts().trace_id)
        self._send([_Letter(topic + REJECTED_SUFFIX, message, told)])

    def check(self) -> None:
        topic = self._topics + EVENT_TYPES[0].topic
        try:
            with _translated():
                self._publisher.get_topic(topic=topic, timeout=5.0, retry=None)
        except BusUnavailable as error:
            # A publisher may not be allowed to look at a topic: the refusal is an answer.
            if not isinstance(error.__cause__, exceptions.PermissionDenied):
                raise

    def _send(self, letters: Sequence[_Letter]) -> None:
        with _translated():
            under_way = [
                self._publisher.publish(
                    self._topics + each.topic,
                    each.message,
                    retry=_RETRY,
                    timeout=_TIMEOUT_S,
                    **each.attributes,
                )
                for each in letters
            ]
            for future in under_way:
                future.result(timeout=_TIMEOUT_S)
        sizes = [len(each.message) for each in letters]
        record(publishes=len(sizes), publish_bytes=sum(sizes))

    def close(self) -> None:
        self._publisher.stop()
        self._publisher.transport.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (exceptions.GoogleAPIError, GoogleAuthError, FutureTimeoutError, ValueError) as error:
        raise BusUnavailable(f"Pub/Sub: {error}") from error
