"""The embedded store without a file: documents that end with their process.

It passes the suite that every store passes, and keeps the same bodies as the file: what is read
was encoded when it was written, and is decoded anew. For tests, and for the fault simulation,
whose seeds live through a thousand questions and commits each.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from shared.adapters import codec, query_plan
from shared.adapters.billed import billed, counted
from shared.adapters.committing import Committing, require_little
from shared.adapters.embedded.asking import MISSING, Plan, plan_of, require_possible, told
from shared.adapters.embedded.bodies import document_of, value_of
from shared.adapters.embedded.writes import (
    SWEEP_EVERY_S,
    Prepared,
    incremented,
    postponed,
    prepared,
)
from shared.domain.errors import DocumentExists, StoreError, UnknownSchema, VersionConflict
from shared.ports.counting import record
from shared.ports.store import (
    Add,
    Delete,
    Increment,
    Page,
    Postpone,
    Save,
    Stored,
    Unread,
    Version,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.codec import Plain
    from shared.ports.clock import Clock
    from shared.ports.store import Collection, Query, Scalar, Write

T = TypeVar("T")
Tables = dict[str, dict[str, "Kept"]]
Bound = Sequence["Plain | tuple[Plain, ...]"]
_NEVER = "~"  # after every moment


class Kept:
    """One version of a document. `value` is what was written, for the fields that are asked about;
    None where somebody else wrote the body.
    """

    __slots__ = ("asked", "body", "collection", "expires", "stored", "value", "version")

    def __init__(self, version: Version, body: str, expires: str | None, value: object) -> None:
        self.version = version
        self.body = body
        self.expires = expires
        self.value = value
        self.asked: dict[str, object] = {}
        self.collection: Collection[Any] | None = None  # as which it was decoded
        self.stored: Stored[Any] | None = None

    def is_there(self, now: str) -> bool:
        return self.expires is None or self.expires > now

    def read(self, collection: Collection[T], key: str) -> Stored[T]:
        """Decoded once. Raises UnknownSchema, and StoreError for what cannot be read."""
        if self.stored is None or self.collection is not collection:
            self.stored = Stored(key, value_of(collection, self.body), self.version)
            self.collection = collection
        return self.stored

    def holds(self, plan: Plan, bound: Bound) -> bool:
        """Whether it satisfies the query; then all fields that the plan names have been read."""
        try:
            return plan.holds(self.asked, bound)
        except KeyError:
            self._read_fields(plan)
        return plan.holds(self.asked, bound)

    def _read_fields(self, plan: Plan) -> None:
        if self.value is None:
            document = document_of(self.body)
            self.asked |= {name: document.get(name, MISSING) for name in plan.fields}
        else:
            self.asked |= {name: told(getattr(self.value, name, MISSING)) for name in plan.fields}


class MemoryStore(Committing):
    """The Store port. Threads may share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._tables: Tables = {}
        self._plans: dict[str, Plan] = {}  # by the query's name: each is declared once
        self._last_version = 0
        self._expiring: dict[str, str] = {}  # by collection: nothing of it expires before
        self._swept_at_s = clock.monotonic_s()
        self._closed = False

    def get(self, collection: Collection[T], key: str) -> Stored[T] | None:
        record(reads=1)
        kept = self._table(collection).get(key)
        if kept is None:
            return None
        if collection.expires is not None and not kept.is_there(self._now()):
            return None
        return kept.read(collection, key)

    def get_each(
        self, collection: Collection[T], keys: Sequence[str]
    ) -> tuple[Stored[T] | None, ...]:
        if not keys:
            return ()
        record(reads=len(keys))
        now, table = self._now(), self._table(collection)
        found = ((key, table.get(key)) for key in keys)
        return tuple(
            kept.read(collection, key) if kept and kept.is_there(now) else None
            for key, kept in found
        )

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
        position = None if cursor is None else query_plan.read_cursor(query, cursor)
        plan, found = self._found(query, values)
        if found is None:
            return Page((), None)
        if position is not None:
            found = [each for each in found if plan.is_after(each[0], each[1], position)]
        plan.sort(found)
        read = found[: limit + more]
        record(reads=max(1, len(read)))
        return _page(query, plan, read, limit)

    def count(self, query: Query[T], values: Mapping[str, Scalar | tuple[Scalar, ...]]) -> int:
        _, found = self._found(query, values)
        if found is None:
            return 0
        record(reads=counted(len(found)))
        if query.collection.expires is not None:
            record(reads=1)  # Firestore has to ask for the expired ones too
        return len(found)

    def commit(self, writes: Sequence[Write]) -> tuple[Version, ...]:
        if not writes:
            return ()
        require_little(writes)
        ready = [prepared(write) for write in writes]
        now = self._now()
        with self._lock:
            self._last_version += 1
            version = Version(str(self._last_version))
            versions = self._applied(ready, version, now)
            self._sweep_when_due(now)
        record(**billed(writes))
        return versions

    def check(self) -> None:
        self._require_open()
        record(reads=1)

    def close(self) -> None:
        self._closed = True

    # --- the whole of it, for who looks after it from outside

    def bodies(self, collection_name: str) -> dict[str, str]:
        """Each document's text, by key; whatever has expired included."""
        with self._lock:
            return {key: kept.body for key, kept in self._tables.get(collection_name, {}).items()}

    def collections(self) -> tuple[str, ...]:
        """Those that anything was written to."""
        return tuple(self._tables)

    def overwrite(self, collection_name: str, key: str, body: str) -> None:
        """As whoever else writes to it: the document stands, and is of another version."""
        with self._lock:
            self._last_version += 1
            before = self._tables[collection_name][key]
            version = Version(str(self._last_version))
            self._tables[collection_name][key] = Kept(version, body, before.expires, None)

    def copy(self) -> Tables:
        """For `put_back`."""
        with self._lock:
            return {name: dict(table) for name, table in self._tables.items()}

    def put_back(self, tables: Tables) -> None:
        """What was written since is forgotten; no version comes again."""
        with self._lock:
            self._tables = {name: dict(table) for name, table in tables.items()}
            self._expiring = dict.fromkeys(tables, "")

    # --- inside

    def _require_open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed")

    def _table(self, collection: Collection[Any]) -> dict[str, Kept]:
        self._require_open()
        return self._tables.get(collection.name) or {}

    def _now(self) -> str:
        return codec.time_text(self._clock.now())

    def _found(
        self, query: Query[Any], values: Mapping[str, Scalar | tuple[Scalar, ...]]
    ) -> tuple[Plan, list[tuple[str, Mapping[str, object], Kept]] | None]:
        """In no order. None where no document can satisfy it."""
        plan = self._plans.get(query.name)
        if plan is None:
            plan = self._plans[query.name] = plan_of(query)
        bound = query_plan.bound_values(query, values)
        if bound is None:
            return plan, None
        require_possible(bound)
        now = None if query.collection.expires is None else self._now()
        found: list[tuple[str, Mapping[str, object], Kept]] = []
        with self._lock:
            for key, kept in self._table(query.collection).items():
                if kept.holds(plan, bound) and (now is None or kept.is_there(now)):
                    found.append((key, kept.asked, kept))
        return plan, found

    def _applied(
        self, ready: Sequence[Prepared], version: Version, now: str
    ) -> tuple[Version, ...]:
        """All of them or, where one is refused, none."""
        self._require_open()
        done: list[tuple[dict[str, Kept], str, Kept | None]] = []
        try:
            for one in ready:
                collection, key = one.write.collection, one.write.key
                if one.expires is not None:
                    first = self._expiring.get(collection.name, _NEVER)
                    self._expiring[collection.name] = min(first, one.expires)
                table = self._tables.setdefault(collection.name, {})
                before = table.get(key)
                after = _written(one, before, version, now)
                done.append((table, key, before))
                if after is not None:
                    table[key] = after
                elif before is not None:
                    del table[key]
        except StoreError:
            for table, key, before in reversed(done):
                if before is not None:
                    table[key] = before
                else:
                    table.pop(key, None)
            raise
        return tuple(Version("") if isinstance(one.write, Delete) else version for one in ready)

    def _sweep_when_due(self, now: str) -> None:
        if self._clock.monotonic_s() - self._swept_at_s < SWEEP_EVERY_S:
            return
        self._swept_at_s = self._clock.monotonic_s()
        for name, first in self._expiring.items():
            if first <= now:
                table = self._tables.get(name, {})
                for key in [key for key, kept in table.items() if not kept.is_there(now)]:
                    del table[key]
                left = (kept.expires for kept in table.values() if kept.expires is not None)
                self._expiring[name] = min(left, default=_NEVER)


def _written(one: Prepared, before: Kept | None, version: Version, now: str) -> Kept | None:
    """What a write makes of a document; None for no document. Raises DocumentExists,
    VersionConflict.
    """
    match one.write:
        case Add(value=value):
            if before is not None and before.is_there(now):
                raise DocumentExists(f"{_name(one)} exists")
            return Kept(version, one.body, one.expires, value)
        case Save(value=value, expected=expected):
            _require(one, before, expected)
            return Kept(version, one.body, one.expires, value)
        case Delete(expected=expected):
            if expected is not None:
                _require(one, before, expected)
            return None
        case Increment() as increment:
            body = incremented(before.body if before else None, increment)
            return Kept(version, body, before.expires if before else None, None)
        case Postpone() as postpone:
            stands = _require(one, before, postpone.expected)
            return Kept(version, postponed(stands.body, postpone), stands.expires, None)


def _require(one: Prepared, before: Kept | None, expected: Version) -> Kept:
    if before is None or before.version != expected:
        raise VersionConflict(f"{_name(one)} is no longer at version {expected}")
    return before


def _name(one: Prepared) -> str:
    return f"{one.write.collection.name}/{one.write.key}"


def _page(
    query: Query[T],
    plan: Plan,
    found: Sequence[tuple[str, Mapping[str, Any], Kept]],
    limit: int,
) -> Page[T]:
    items: list[Stored[T]] = []
    unread: list[Unread] = []
    for key, _, kept in found[:limit]:
        try:
            items.append(kept.read(query.collection, key))
        except UnknownSchema:
            unread.append(Unread(key, kept.version))
    if len(found) <= limit:
        return Page(tuple(items), None, tuple(unread))
    last_key, asked, _ = found[limit - 1]
    position = query_plan.Position(tuple(asked[name] for name, _ in plan.order), last_key)
    return Page(tuple(items), query_plan.write_cursor(query, position), tuple(unread))
