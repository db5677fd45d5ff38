"""A durable queue in one SQLite file: the bus that needs no set-up."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.adapters import codec
from shared.adapters.embedded.database import Database
from shared.contract.events import to_message
from shared.domain.errors import BusUnavailable
from shared.ports.counting import record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from shared.domain.events import Event
    from shared.ports.clock import Clock, Ids

    Deliver = Callable[[str, bytes, int], bool]

LEASE_S = 60.0  # a handler takes under 25 s
LAST_ATTEMPT = 10
_FIRST_BACKOFF_S = 1.0
_LONGEST_BACKOFF_S = 60.0
_AT_ONCE = ""  # sorts before every moment: a clock set back delays no fresh message

_TABLES = (
    "CREATE TABLE IF NOT EXISTS messages (number INTEGER PRIMARY KEY AUTOINCREMENT, "
    "topic TEXT NOT NULL, message BLOB NOT NULL, attempts INTEGER NOT NULL, due TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS messages_by_due ON messages (due, number)",
    "CREATE TABLE IF NOT EXISTS dead_letters (number INTEGER PRIMARY KEY, "
    "topic TEXT NOT NULL, message BLOB NOT NULL, attempts INTEGER NOT NULL, died TEXT NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up after its last attempt."""

    number: int
    topic: str
    message: bytes
    attempts: int
    died_at: datetime


@dataclass(frozen=True, slots=True)
class _Leased:
    number: int
    topic: str
    message: bytes
    attempt: int


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

    def publish(self, events: Sequence[Event]) -> None:
        if not events:
            return
        at = self._clock.now()
        rows = [
            (
                event.topic,
                to_message(event, event_id=self._ids.new("evt"), source=self._source, at=at),
            )
            for event in events
        ]
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT INTO messages (topic, message, attempts, due) "
                f"VALUES (?, ?, 0, '{_AT_ONCE}')",
                rows,
            )
        record(publishes=len(rows), publish_bytes=sum(len(message) for _, message in rows))
        self._published.set()

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

        `deliver(topic, message, attempt)` says whether the message was taken; an exception of
        it counts as no, and is passed on. Several threads may pump at once.
        """
        for tried in range(at_most):
            leased = self._lease(now)
            if leased is None:
                return tried
            taken = False
            try:
                # More attempts than the last: every deliverer died of it, so nobody else shall.
                if leased.attempt <= LAST_ATTEMPT:
                    taken = deliver(leased.topic, leased.message, leased.attempt)
            finally:
                self._settle(leased, taken=taken)
        return at_most

    def dead_letters(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """The newest messages that were given up."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT number, topic, message, attempts, died FROM dead_letters "
                "ORDER BY number DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return tuple(
            DeadLetter(number, topic, message, attempts, codec.parse_time(died))
            for number, topic, message, attempts, died in rows
        )

    def backlog(self) -> int:
        """How many messages are waiting or under way."""
        with self._database.reading() as connection:
            ((waiting,),) = connection.execute("SELECT count(*) FROM messages").fetchall()
        return int(waiting)

    def close(self) -> None:
        self._database.close()

    def _lease(self, now: datetime) -> _Leased | None:
        # From the clock: `now` may be old when those delivered before took their time.
        until = codec.time_text(self._clock.now() + timedelta(seconds=LEASE_S))
        with self._database.reading() as connection:
            due = connection.execute(_ANY_DUE, (codec.time_text(now),)).fetchone()
        if due is None:
            return None  # seen without the writer's lock, which an idle loop need not take
        with self._database.writing() as connection:
            rows = connection.execute(
                f"UPDATE messages SET attempts = attempts + 1, due = ? WHERE number = ({_ANY_DUE}) "
                "RETURNING number, topic, message, attempts",
                (until, codec.time_text(now)),
            ).fetchall()
        return _Leased(*rows[0]) if rows else None

    def _settle(self, leased: _Leased, *, taken: bool) -> None:
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
                connection.execute(
                    "INSERT OR REPLACE INTO dead_letters "
                    "SELECT number, topic, message, attempts, ? FROM messages "
                    "WHERE number = ? AND attempts = ?",
                    (codec.time_text(now), *mine),
                )
                connection.execute("DELETE FROM messages WHERE number = ? AND attempts = ?", mine)


_ANY_DUE = "SELECT number FROM messages WHERE due <= ? ORDER BY due, number LIMIT 1"


def backoff_s(attempt: int) -> float:
    """How long to wait after the n-th failure: 1 s, doubling, at most a minute."""
    return float(min(_LONGEST_BACKOFF_S, _FIRST_BACKOFF_S * 2 ** (attempt - 1)))
