"""Documents in one SQLite file: the store that needs no set-up."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from shared.adapters import codec, query_plan
from shared.adapters.billed import billed, counted
from shared.adapters.committing import Committing, require_little
from shared.adapters.embedded import sql
from shared.adapters.embedded.bodies import document_of
from shared.adapters.embedded.database import Database
from shared.adapters.embedded.decoded import Decoded
from shared.adapters.embedded.writes import Prepared, Writer, prepared
from shared.adapters.keys import is_possible
from shared.domain.errors import StoreError, UnknownSchema
from shared.ports.counting import record
from shared.ports.store import Page, Stored, Unread, Version

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from shared.ports.clock import Clock
    from shared.ports.store import Collection, Query, Scalar, Write

T = TypeVar("T")


class EmbeddedStore(Committing):
    """The Store port, in one file. What a commit returned is on the disk."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._database = Database(path, StoreError)
        self._writer = Writer(clock)
        self._decoded = Decoded()
        self._known: set[object] = set()
        # By the query's name: each is declared once.
        self._indexed: set[str] = set()
        self._orders: dict[str, str] = {}
        self._texts: dict[tuple[object, ...], str] = {}
        self._known_lock = threading.Lock()
        with self._database.writing() as connection:
            self._writer.prepare(connection)

    def get(self, collection: Collection[T], key: str) -> Stored[T] | None:
        record(reads=1)
        if not is_possible(key):
            return None
        self._ensure_collection(collection)
        if collection.expires is None:
            rows = self._database.rows(sql.get(collection.name), (key,))
        else:
            now = codec.time_text(self._clock.now())
            rows = self._database.rows(sql.get_unexpired(collection.name), (key, now))
        return self._decoded.stored(collection, key, *rows[0]) if rows else None

    def get_each(
        self, collection: Collection[T], keys: Sequence[str]
    ) -> tuple[Stored[T] | None, ...]:
        if not keys:
            return ()
        record(reads=len(keys))
        self._ensure_collection(collection)
        asked = json.dumps([key for key in keys if is_possible(key)])
        now = codec.time_text(self._clock.now())
        rows = self._database.rows(sql.get_each(collection.name), (asked, now))
        found = {row[0]: self._decoded.stored(collection, *row) for row in rows}
        return tuple(found.get(key) for key in keys)

    def find(
        self,
        query: Query[T],
        values: Mapping[str, Scalar | tuple[Scalar, ...]],
        *,
        limit: int = 50,
        cursor: str | None = None,
        more: bool = True,
    ) -> Page[T]:
        query_plan.require_limit(limit)
        condition = self._condition(query, values)
        position = query_plan.read_cursor(query, cursor) if cursor is not None else None
        if condition is None:
            return Page((), None)
        if position is not None:
            condition = sql.all_of((condition, sql.after(query, position)))
        rows = self._database.rows(
            f"SELECT key, version, body FROM {sql.table(query.collection.name)} "
            f"WHERE {condition.text} ORDER BY {self._orders[query.name]} LIMIT ?",
            (*condition.parameters, limit + more),
        )
        record(reads=max(1, len(rows)))
        return self._page(query, rows, limit)

    def count(self, query: Query[T], values: Mapping[str, Scalar | tuple[Scalar, ...]]) -> int:
        condition = self._condition(query, values)
        if condition is None:
            return 0
        ((found,),) = self._database.rows(
            f"SELECT count(*) FROM {sql.table(query.collection.name)} WHERE {condition.text}",
            condition.parameters,
        )
        record(reads=counted(found))
        if query.collection.expires is not None:
            record(reads=1)  # Firestore has to ask for the expired ones too
        return int(found)

    def commit(self, writes: Sequence[Write]) -> tuple[Version, ...]:
        if not writes:
            return ()
        require_little(writes)
        ready: list[Prepared] = []
        for write in writes:
            self._ensure_collection(write.collection)
            ready.append(prepared(write))
        versions = self._database.transact(partial(self._writer.apply, ready))
        for write in writes:
            self._decoded.forget(write.collection.name, write.key)
        record(**billed(writes))
        return versions

    def check(self) -> None:
        self._database.rows("SELECT value FROM counter")
        record(reads=1)

    def close(self) -> None:
        self._database.close()

    def _condition(
        self, query: Query[Any], values: Mapping[str, Scalar | tuple[Scalar, ...]]
    ) -> sql.Condition | None:
        """None when no document can satisfy it."""
        bounds = query_plan.bind(query, values)
        if bounds is None:
            return None
        self._ensure_collection(query.collection)
        self._ensure_index(query)
        shape = (query.name, *(sql.places(bound) for bound in bounds))
        text = self._texts.get(shape)
        if text is None:
            unexpired = () if query.collection.expires is None else (sql.UNEXPIRED,)
            text = sql.all_of((*sql.where(query, bounds), *unexpired)).text
            self._texts[shape] = text
        parameters = sql.parameters(bounds)
        if query.collection.expires is not None:
            parameters = (*parameters, codec.time_text(self._clock.now()))
        return sql.Condition(text, parameters)

    def _ensure_collection(self, collection: Collection[Any]) -> None:
        if (collection.name, collection.expires) in self._known:
            return

        def create(connection: sqlite3.Connection) -> None:
            connection.execute(sql.create_table(collection.name))
            if collection.expires is not None:
                connection.execute(sql.create_expiry_index(collection.name))
                self._writer.sweep_also(collection.name)

        self._once((collection.name, collection.expires), create)

    def _ensure_index(self, query: Query[Any]) -> None:
        if query.name in self._indexed:
            return
        self._orders[query.name] = sql.order_by(query)
        self._indexed.add(query.name)
        statement = sql.create_index(query)
        if statement is not None:
            self._once(statement, lambda connection: connection.execute(statement))

    def _once(self, name: object, create: Callable[[sqlite3.Connection], object]) -> None:
        if name in self._known:
            return
        with self._database.writing() as connection:
            create(connection)
        with self._known_lock:
            self._known.add(name)

    def _page(self, query: Query[T], rows: Sequence[tuple[str, int, str]], limit: int) -> Page[T]:
        items: list[Stored[T]] = []
        unread: list[Unread] = []
        for key, version, body in rows[:limit]:
            try:
                items.append(self._decoded.stored(query.collection, key, version, body))
            except UnknownSchema:
                unread.append(Unread(key, Version(str(version))))
        if len(rows) <= limit:
            return Page(tuple(items), None, tuple(unread))
        last_key, _, body = rows[limit - 1]
        last = document_of(body)
        ordering = tuple(last[name] for name, _ in query_plan.effective_order(query))
        cursor = query_plan.write_cursor(query, query_plan.Position(ordering, last_key))
        return Page(tuple(items), cursor, tuple(unread))
