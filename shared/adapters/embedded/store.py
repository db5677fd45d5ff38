"""Documents in one SQLite file: the store that needs no set-up."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from shared.adapters import codec, keys, query_plan
from shared.adapters.embedded import sql
from shared.adapters.embedded.database import Database
from shared.adapters.embedded.writes import Writer
from shared.domain.errors import StoreError, UnknownSchema
from shared.ports.counting import record
from shared.ports.store import Add, Delete, Page, Save, Stored, Version

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from shared.adapters.codec import Plain
    from shared.ports.clock import Clock
    from shared.ports.store import Collection, Query, Scalar, Write

T = TypeVar("T")
LARGEST_COMMIT = 100
_ENTRIES_PER_READ = 1000  # what Firestore bills for a count


class EmbeddedStore:
    """The Store port. `path` is a file, or `:memory:`; what a commit returned is on the disk."""

    def __init__(self, path: Path | str, clock: Clock) -> None:
        self._clock = clock
        self._database = Database(path, StoreError)
        self._writer = Writer(clock)
        self._known: set[str] = set()
        self._known_lock = threading.Lock()
        with self._database.writing() as connection:
            self._writer.prepare(connection)

    def get(self, collection: Collection[T], key: str) -> Stored[T] | None:
        record(reads=1)
        if not keys.is_possible(key):
            return None
        self._ensure_collection(collection)
        condition = sql.all_of([sql.Condition("key = ?", (key,)), *self._unexpired(collection)])
        row = self._rows(
            f"SELECT version, body FROM {sql.table(collection.name)} WHERE {condition.text}",
            condition.parameters,
        )
        if not row:
            return None
        version, body = row[0]
        return Stored(key, codec.decode(collection, json.loads(body)), Version(str(version)))

    def find(
        self,
        query: Query[T],
        values: Mapping[str, Scalar | tuple[Scalar, ...]],
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[T]:
        query_plan.require_limit(limit)
        conditions = self._conditions(query, values)
        position = query_plan.read_cursor(query, cursor) if cursor is not None else None
        if conditions is None:
            return Page((), None)
        if position is not None:
            conditions = (*conditions, sql.after(query, position))
        condition = sql.all_of(conditions)
        rows = self._rows(
            f"SELECT key, version, body FROM {sql.table(query.collection.name)} "
            f"WHERE {condition.text} ORDER BY {sql.order_by(query)} LIMIT ?",
            (*condition.parameters, limit + 1),
        )
        record(reads=max(1, len(rows)))
        return _page(query, rows, limit)

    def count(self, query: Query[T], values: Mapping[str, Scalar | tuple[Scalar, ...]]) -> int:
        conditions = self._conditions(query, values)
        if conditions is None:
            return 0
        condition = sql.all_of(conditions)
        ((found,),) = self._rows(
            f"SELECT count(*) FROM {sql.table(query.collection.name)} WHERE {condition.text}",
            condition.parameters,
        )
        record(reads=max(1, -(-found // _ENTRIES_PER_READ)))
        return int(found)

    def add(self, collection: Collection[T], key: str, value: T) -> Version:
        return self.commit([Add(collection, key, value)])[0]

    def save(self, collection: Collection[T], key: str, value: T, expected: Version) -> Version:
        return self.commit([Save(collection, key, value, expected)])[0]

    def delete(self, collection: Collection[T], key: str, expected: Version | None = None) -> None:
        self.commit([Delete(collection, key, expected)])

    def commit(self, writes: Sequence[Write]) -> tuple[Version, ...]:
        if not writes:
            return ()
        if len(writes) > LARGEST_COMMIT:
            raise StoreError(f"a commit carries at most {LARGEST_COMMIT} writes")
        for write in writes:
            self._ensure_collection(write.collection)
        prepared = [self._writer.prepared(write) for write in writes]
        with self._database.writing() as connection:
            versions = self._writer.apply(connection, prepared)
        deletes = sum(isinstance(write, Delete) for write in writes)
        record(writes=len(writes) - deletes, deletes=deletes)
        return versions

    def check(self) -> None:
        self._rows("SELECT value FROM counter", ())

    def close(self) -> None:
        self._database.close()

    def _conditions(
        self, query: Query[Any], values: Mapping[str, Scalar | tuple[Scalar, ...]]
    ) -> tuple[sql.Condition, ...] | None:
        bounds = query_plan.bind(query, values)
        if bounds is None:
            return None
        self._ensure_collection(query.collection)
        self._ensure_index(query)
        return (*sql.where(query, bounds), *self._unexpired(query.collection))

    def _unexpired(self, collection: Collection[Any]) -> tuple[sql.Condition, ...]:
        if collection.expires is None:
            return ()
        now = codec.time_text(self._clock.now())
        return (sql.Condition("(expires IS NULL OR expires > ?)", (now,)),)

    def _rows(self, statement: str, parameters: tuple[Plain, ...]) -> list[tuple[Any, ...]]:
        with self._database.reading() as connection:
            return connection.execute(statement, parameters).fetchall()

    def _ensure_collection(self, collection: Collection[Any]) -> None:
        def create(connection: sqlite3.Connection) -> None:
            connection.execute(sql.create_table(collection.name))
            if collection.expires is not None:
                connection.execute(sql.create_expiry_index(collection.name))
                self._writer.sweep_also(collection.name)

        self._once(f"{collection.name} {collection.expires}", create)

    def _ensure_index(self, query: Query[Any]) -> None:
        statement = sql.create_index(query)
        if statement is not None:
            self._once(statement, lambda connection: connection.execute(statement))

    def _once(self, name: str, create: Callable[[sqlite3.Connection], object]) -> None:
        if name in self._known:
            return
        with self._database.writing() as connection:
            create(connection)
        with self._known_lock:
            self._known.add(name)


def _page(query: Query[T], rows: Sequence[tuple[str, int, str]], limit: int) -> Page[T]:
    documents = [(key, version, json.loads(body)) for key, version, body in rows[:limit]]
    items: list[Stored[T]] = []
    for key, version, document in documents:
        try:
            value = codec.decode(query.collection, document)
        except UnknownSchema:
            continue
        items.append(Stored(key, value, Version(str(version))))
    if len(rows) <= limit:
        return Page(tuple(items), None)
    last_key, _, last = documents[-1]
    ordering = tuple(last[name] for name, _ in query_plan.effective_order(query))
    cursor = query_plan.write_cursor(query, query_plan.Position(ordering, last_key))
    return Page(tuple(items), cursor)
