"""What a topic's dead letters are on the embedded bus: a table of the same file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from shared.adapters import codec
from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    import sqlite3

    from shared.adapters.embedded.database import Database

_TABLE = (
    "CREATE TABLE IF NOT EXISTS dead_letters (number INTEGER PRIMARY KEY, "
    "topic TEXT NOT NULL, message BLOB NOT NULL, attempts INTEGER NOT NULL, died TEXT NOT NULL, "
    "attributes TEXT NOT NULL DEFAULT '{}')"
)
_ATTRIBUTES = "ALTER TABLE dead_letters ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}'"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was refused for good, or given up after its last attempt: whole, with the
    topic it came on, `reason` and `rejected_message_id` among its attributes.
    """

    topic: str
    message: bytes
    attributes: Mapping[str, str]
    attempts: int
    died_at: datetime


class DeadLetters:
    """Kept until somebody empties the folder."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.writing() as connection:
            connection.execute(_TABLE)
            columns = [row[1] for row in connection.execute("PRAGMA table_info(dead_letters)")]
            if "attributes" not in columns:  # a file of an earlier version
                connection.execute(_ATTRIBUTES)

    def add(self, connection: sqlite3.Connection, letter: DeadLetter) -> None:
        connection.execute(
            "INSERT INTO dead_letters (topic, message, attributes, attempts, died) "
            "VALUES (?, ?, ?, ?, ?)",
            (
                letter.topic,
                letter.message,
                json.dumps(dict(letter.attributes)),
                letter.attempts,
                codec.time_text(letter.died_at),
            ),
        )

    def newest(self, limit: int) -> tuple[DeadLetter, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT topic, message, attributes, attempts, died FROM dead_letters "
                "ORDER BY number DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return tuple(
            DeadLetter(topic, message, json.loads(told), attempts, codec.parse_time(died))
            for topic, message, told, attempts, died in rows
        )
