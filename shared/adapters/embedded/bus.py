"""A durable queue in one SQLite file: the bus that needs no set-up."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.adapters import codec
from shared.adapters.embedded.database import Database
from shared.adapters.embedded.dead_letters import DeadLetter, DeadLetters
from shared.app.alarms import Alarm, raise_alarm
from shared.app.audit.acting import who_acts
from shared.contract.events import attributes, rejection, to_message
from shared.domain.errors import BusUnavailable
from shared.domain.frozen import dataclass
from shared.ports.counting import record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from shared.domain.events import Event
    from shared.ports.clock import Clock, Ids

    Deliver = Callable[["Delivered"], bool]

LEASE_S = 60.0  # a handler takes under 25 s
LAST_ATTEMPT = 10
_FIRST_BACKOFF_S = 1.0
_LONGEST_BACKOFF_S = 60.0
_AT_ONCE = ""  # sorts before every moment: a clock set back delays no fresh message

_TABLES = (
    "CREATE TABLE IF NOT EXISTS messages (number INTEGER PRIMARY KEY AUTOINCREMENT, "
    "topic TEXT NOT NULL, message BLOB NOT NULL, attempts INTEGER NOT NULL, due TEXT NOT NULL, "
    "attributes TEXT NOT NULL DEFAULT '{}')",
    "CREATE INDEX IF NOT EXISTS messages_by_due ON messages (due, number)",
)
_ATTRIBUTES = "ALTER TABLE messages ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}'"


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery; `id` is the same at every attempt, and nobody else's."""

    number: int
    topic: str
    message: bytes
    attributes: Mapping[str, str]
    attempt: int

    @property
    def id(self) -> str:
        return f"msg_{self.number}"


class EmbeddedBus:
    """The Bus port, and beside it the delivery that Pub/Sub would do.

    One subscriber per topic. A message is delivered at least once, until `deliver` says yes;
    one whose deliverer died is delivered again when its lease has run out.
    """

    def __init__(self, path: Path | str, clock: Clock, ids: Ids, source: str = "/dumont") -> None:
        self._clock = clock
        self._ids = ids
        self._source = source
        self._published = threading.Event()
        self._database = Database(path, BusUnavailable)
        with self._database.writing() as connection:
            for statement in _TABLES:
                connection.execute(statement)
            columns = [row[1] for row in connection.execute("PRAGMA table_info(messages)")]
            if "attributes" not in columns:  # a file of an earlier version
                connection.execute(_ATTRIBUTES)
        self._dead = DeadLetters(self._database)

    def publish(self, events: Sequence[Event]) -> None:
        if not events:
            return
        at, trace_id = self._clock.now(), who_acts().trace_id
        rows = []
        for event in events:
            event_id = self._ids.new("evt")
            message = to_message(event, event_id=event_id, source=self._source, at=at)
            rows.append((event.topic, message, json.dumps(attributes(event_id, trace_id))))
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT INTO messages (topic, message, attributes, attempts, due) "
                f"VALUES (?, ?, ?, 0, '{_AT_ONCE}')",
                rows,
            )
        record(publishes=len(rows), publish_bytes=sum(len(message) for _, message, _ in rows))
        self._published.set()

    def reject(self, topic: str, message: bytes, *, message_id: str, reason: str) -> None:
        told = rejection(message_id, reason, who_acts().trace_id)
        letter = DeadLetter(topic, message, told, 1, self._clock.now())
        with self._database.writing() as connection:
            self._dead.add(connection, letter)
        record(publishes=1, publish_bytes=len(message))

    def check(self) -> None:
        with self._database.reading() as connection:
            connection.execute("SELECT 1 FROM messages LIMIT 1").fetchall()

    def wait(self, timeout_s: float) -> bool:
        """Return as soon as something has been published since the last wait, by this object.

        What another process publishes, and what is due again, is found when the time is over.
        """
        published = self._published.wait(timeout_s)
        self._published.clear()
        return published

    def pump(self, deliver: Deliver, now: datetime, *, at_most: int = 100) -> int:
        """Deliver what is due, the longest waiting first; how many deliveries were tried.

        `deliver` says whether the message was taken; an exception of it counts as no, and is
        passed on. Several threads may pump at once.
        """
        for tried in range(at_most):
            leased = self._lease(now)
            if leased is None:
                return tried
            taken = False
            try:
                # More attempts than the last: every deliverer died of it, so nobody else shall.
                if leased.attempt <= LAST_ATTEMPT:
                    taken = deliver(leased)
            finally:
                self._settle(leased, taken=taken)
        return at_most

    def dead_letters(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """The newest messages that were refused for good, or given up after the last attempt."""
        return self._dead.newest(limit)

    def backlog(self) -> int:
        """How many messages are waiting or under way."""
        with self._database.reading() as connection:
            ((waiting,),) = connection.execute("SELECT count(*) FROM messages").fetchall()
        return int(waiting)

    def close(self) -> None:
        self._database.close()

    def _lease(self, now: datetime) -> Delivered | None:
        # From the clock: `now` may be old when those delivered before took their time.
        until = codec.time_text(self._clock.now() + timedelta(seconds=LEASE_S))
        with self._database.reading() as connection:
            due = connection.execute(_ANY_DUE, (codec.time_text(now),)).fetchone()
        if due is None:
            return None  # seen without the writer's lock, which an idle loop need not take
        with self._database.writing() as connection:
            rows = connection.execute(
                f"UPDATE messages SET attempts = attempts + 1, due = ? WHERE number = ({_ANY_DUE}) "
                "RETURNING number, topic, message, attributes, attempts",
                (until, codec.time_text(now)),
            ).fetchall()
        if not rows:
            return None
        number, topic, message, told, attempt = rows[0]
        return Delivered(number, topic, message, json.loads(told), attempt)

    def _settle(self, leased: Delivered, *, taken: bool) -> None:
        """End the lease; one that ran out and was taken over is the other deliverer's to end."""
        mine, now = (leased.number, leased.attempt), self._clock.now()
        with self._database.writing() as connection:
            if taken:
                connection.execute("DELETE FROM messages WHERE number = ?", (leased.number,))
            elif leased.attempt < LAST_ATTEMPT:
                due = codec.time_text(now + timedelta(seconds=backoff_s(leased.attempt)))
                connection.execute(
                    "UPDATE messages SET due = ? WHERE number = ? AND attempts = ?", (due, *mine)
                )
            else:
                ended = connection.execute(
                    "DELETE FROM messages WHERE number = ? AND attempts = ?", mine
                )
                if ended.rowcount:
                    self._give_up(connection, leased, now)

    def _give_up(self, connection: sqlite3.Connection, leased: Delivered, now: datetime) -> None:
        reason = f"no attempt of {leased.attempt} was acknowledged"
        told = {**leased.attributes, "reason": reason, "rejected_message_id": leased.id}
        self._dead.add(
            connection, DeadLetter(leased.topic, leased.message, told, leased.attempt, now)
        )
        said = f"a message of {leased.topic} was given up: {reason}"
        raise_alarm(Alarm.DEAD_LETTER, said, topic=leased.topic, message_id=leased.id)


_ANY_DUE = "SELECT number FROM messages WHERE due <= ? ORDER BY due, number LIMIT 1"


def backoff_s(attempt: int) -> float:
    """How long to wait after the n-th failure: 1 s, doubling, at most a minute."""
    return float(min(_LONGEST_BACKOFF_S, _FIRST_BACKOFF_S * 2 ** (attempt - 1)))
