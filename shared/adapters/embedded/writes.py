"""How a commit's writes are carried out inside one SQLite transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.adapters import codec, keys
from shared.adapters.embedded import sql
from shared.adapters.embedded.bodies import body_of, document_of, text_of
from shared.domain.errors import DocumentExists, StoreError, VersionConflict
from shared.domain.frozen import dataclass
from shared.ports.store import Add, Delete, Increment, Postpone, Save, Version, Write

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from shared.ports.clock import Clock
    from shared.ports.store import Document

_LARGEST_DOCUMENT_BYTES = 1_048_576  # Firestore's limit, kept here so that a surprise comes early
SWEEP_EVERY_S = 60.0
_SWEEP_AT_MOST = 500  # per collection, so that no commit waits long for the broom


@dataclass(frozen=True, slots=True)
class Prepared:
    """A write whose value has been encoded, outside of the writer's lock."""

    write: Write
    body: str = ""
    expires: str | None = None


def prepared(write: Write) -> Prepared:
    """Raises Invalid for an impossible key, StoreError for what no store can hold."""
    keys.require_possible(write.key)
    if not isinstance(write, Add | Save):
        return Prepared(write)
    body = _of_allowed_size(body_of(write.collection, write.value))
    return Prepared(write, body, _expires(write))


def incremented(body: str | None, increment: Increment) -> str:
    """`body` is None where there is no document yet. Raises StoreError for one too large."""
    unversioned: Document = {codec.SCHEMA: codec.UNVERSIONED}
    document = unversioned if body is None else document_of(body)
    for name, amount in increment.amounts.items():
        before = document.get(name)
        # What is not a number counts as nothing yet: so Firestore's increment has it.
        document[name] = amount + (before if isinstance(before, int) else 0)
    return _of_allowed_size(text_of(document))


def postponed(body: str, postpone: Postpone) -> str:
    return text_of(document_of(body) | {postpone.field: codec.time_text(postpone.until)})


class Writer:
    """Applies writes; now and then removes what has expired."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._expiring: set[str] = set()
        self._swept_at_s = clock.monotonic_s()

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Versions come from one counter, so that a document made anew never repeats one."""
        connection.execute("CREATE TABLE IF NOT EXISTS counter (value INTEGER NOT NULL)")
        connection.execute("INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter)")

    def sweep_also(self, collection_name: str) -> None:
        self._expiring.add(collection_name)

    def apply(
        self, prepared: Sequence[Prepared], connection: sqlite3.Connection
    ) -> tuple[Version, ...]:
        now = codec.time_text(self._clock.now())
        ((version,),) = connection.execute(
            "UPDATE counter SET value = value + 1 RETURNING value"
        ).fetchall()
        versions = tuple(_apply_one(connection, one, int(version), now) for one in prepared)
        self._sweep_when_due(connection, now)
        return versions

    def _sweep_when_due(self, connection: sqlite3.Connection, now: str) -> None:
        if self._clock.monotonic_s() - self._swept_at_s < SWEEP_EVERY_S:
            return
        self._swept_at_s = self._clock.monotonic_s()
        for name in sorted(self._expiring):
            table = sql.table(name)
            connection.execute(
                f"DELETE FROM {table} WHERE key IN "
                f"(SELECT key FROM {table} WHERE expires <= ? LIMIT ?)",
                (now, _SWEEP_AT_MOST),
            )


def _apply_one(
    connection: sqlite3.Connection, prepared: Prepared, version: int, now: str
) -> Version:
    match prepared.write:
        case Add():
            _add(connection, prepared, version, now)
        case Save(expected=expected):
            _save(connection, prepared, version, expected)
        case Delete() as delete:
            _delete(connection, delete)
            return Version("")
        case Increment() as increment:
            _increment(connection, increment, version)
        case Postpone() as postpone:
            _postpone(connection, postpone, version)
    return Version(str(version))


def _add(connection: sqlite3.Connection, prepared: Prepared, version: int, now: str) -> None:
    name, key = prepared.write.collection.name, prepared.write.key
    done = connection.execute(
        f"INSERT INTO {sql.table(name)} AS t (key, version, expires, body) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET version = excluded.version, "
        "expires = excluded.expires, body = excluded.body WHERE t.expires <= ?",
        (key, version, prepared.expires, prepared.body, now),
    )
    if done.rowcount != 1:
        raise DocumentExists(f"{name}/{key} exists")


def _save(
    connection: sqlite3.Connection, prepared: Prepared, version: int, expected: Version
) -> None:
    name, key = prepared.write.collection.name, prepared.write.key
    done = connection.execute(
        sql.replace(name),
        (version, prepared.expires, prepared.body, key, expected),
    )
    if done.rowcount != 1:
        raise VersionConflict(f"{name}/{key} is no longer at version {expected}")


def _delete(connection: sqlite3.Connection, delete: Delete[Any]) -> None:
    name = delete.collection.name
    if delete.expected is None:
        connection.execute(f"DELETE FROM {sql.table(name)} WHERE key = ?", (delete.key,))
        return
    done = connection.execute(
        f"DELETE FROM {sql.table(name)} WHERE key = ? AND CAST(version AS TEXT) = ?",
        (delete.key, delete.expected),
    )
    if done.rowcount != 1:
        raise VersionConflict(f"{name}/{delete.key} is no longer at version {delete.expected}")


def _increment(connection: sqlite3.Connection, increment: Increment, version: int) -> None:
    table = sql.table(increment.collection.name)
    row = connection.execute(f"SELECT body FROM {table} WHERE key = ?", (increment.key,)).fetchone()
    connection.execute(
        f"INSERT INTO {table} (key, version, body) VALUES (?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET version = excluded.version, body = excluded.body",
        (increment.key, version, incremented(row[0] if row else None, increment)),
    )


def _postpone(connection: sqlite3.Connection, postpone: Postpone, version: int) -> None:
    name, key = postpone.collection.name, postpone.key
    at = (key, postpone.expected)
    row = connection.execute(
        f"SELECT body, expires FROM {sql.table(name)} WHERE key = ? AND CAST(version AS TEXT) = ?",
        at,
    ).fetchone()
    if row is None:
        raise VersionConflict(f"{name}/{key} is no longer at version {postpone.expected}")
    connection.execute(sql.replace(name), (version, row[1], postponed(row[0], postpone), *at))


def _expires(write: Add[Any] | Save[Any]) -> str | None:
    name = write.collection.expires
    moment = getattr(write.value, name) if name else None
    return codec.time_text(moment) if moment else None


def _of_allowed_size(body: str) -> str:
    # A character takes at most four bytes: most bodies need no second look.
    if len(body) * 4 > _LARGEST_DOCUMENT_BYTES and len(body.encode()) > _LARGEST_DOCUMENT_BYTES:
        raise StoreError("a document has at most 1 MiB")
    return body
