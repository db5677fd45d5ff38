"""Documents in Firestore. A document's version is its update time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters import codec, query_plan
from shared.adapters.billed import counted
from shared.adapters.committing import Committing, require_little
from shared.adapters.firestore import documents
from shared.adapters.firestore.commits import Commit
from shared.adapters.keys import is_possible, require_possible
from shared.domain.errors import StoreError, UnknownSchema
from shared.ports.counting import record
from shared.ports.store import Page, Stored, Unread, Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from google.cloud.firestore_v1.base_document import DocumentSnapshot

    from shared.adapters.query_plan import Bound
    from shared.ports.clock import Clock
    from shared.ports.store import Collection, Query, Scalar, Write

T = TypeVar("T")
_TIMEOUT_S = 20.0
_KEY = "__name__"
_OPERATORS = {"contains": "array_contains"}
_DIRECTIONS = {"asc": firestore.Query.ASCENDING, "desc": firestore.Query.DESCENDING}


class FirestoreStore(Committing):
    """The Store port on one database of a project.

    With FIRESTORE_EMULATOR_HOST in the environment it speaks to that emulator. A page may hold
    fewer documents than its limit although more follow: those that have expired are left out.
    """

    def __init__(self, clock: Clock, *, project: str, database: str = "(default)") -> None:
        self._clock = clock
        with translated():
            self._client = firestore.Client(project=project, database=database)

    def get(self, collection: Collection[T], key: str) -> Stored[T] | None:
        record(reads=1)
        if not is_possible(key):
            return None
        with translated():
            reference = self._client.collection(collection.name).document(key)
            snapshot = reference.get(timeout=_TIMEOUT_S)
        return self._stored(collection, snapshot) if snapshot.exists else None

    def get_each(
        self, collection: Collection[T], keys: Sequence[str]
    ) -> tuple[Stored[T] | None, ...]:
        if not keys:
            return ()
        record(reads=len(keys))
        with translated():
            documents_of = self._client.collection(collection.name)
            references = [documents_of.document(key) for key in keys if is_possible(key)]
            found = {
                snapshot.id: self._stored(collection, snapshot)
                for snapshot in self._client.get_all(references, timeout=_TIMEOUT_S)
                if snapshot.exists
            }
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
        bounds = query_plan.bind(query, values)
        position = query_plan.read_cursor(query, cursor) if cursor is not None else None
        if bounds is None:
            return Page((), None)
        with translated():
            asked = self._ordered(query, self._filtered(query, bounds))
            if position is not None:
                names = [name for name, _ in query_plan.effective_order(query)]
                start = dict(zip(names, position.values, strict=True))
                asked = asked.start_after({**start, _KEY: position.key})
            found = list(asked.limit(limit + more).stream(timeout=_TIMEOUT_S))
        record(reads=max(1, len(found)))
        return self._page(query, found, limit)

    def count(self, query: Query[T], values: Mapping[str, Scalar | tuple[Scalar, ...]]) -> int:
        bounds = query_plan.bind(query, values)
        if bounds is None:
            return 0
        with translated():
            asked = self._filtered(query, bounds)
            found = _count(asked)
            if query.collection.expires is not None:
                # Expired ones are subtracted: asking for the living would lose those without end.
                expired = FieldFilter(documents.EXPIRE_AT, "<=", self._clock.now())
                found -= _count(asked.where(filter=expired))
        return found

    def commit(self, writes: Sequence[Write]) -> tuple[Version, ...]:
        if not writes:
            return ()
        require_little(writes)
        for write in writes:
            require_possible(write.key)
        now = codec.time_text(self._clock.now())
        with translated():
            return Commit(self._client, writes, now, _TIMEOUT_S).run()

    def check(self) -> None:
        with translated():
            self._client.collection("check").document("check").get(timeout=5.0)
        record(reads=1)

    def close(self) -> None:
        self._client.close()

    def _filtered(self, query: Query[Any], bounds: Sequence[Bound]) -> firestore.Query:
        asked = firestore.Query(self._client.collection(query.collection.name))
        for bound in bounds:
            asked = asked.where(filter=_filter(bound))
        return asked

    def _ordered(self, query: Query[Any], asked: firestore.Query) -> firestore.Query:
        for name, direction in query_plan.effective_order(query):
            asked = asked.order_by(name, direction=_DIRECTIONS[direction])
        return asked.order_by(_KEY, direction=_DIRECTIONS[query_plan.key_direction(query)])

    def _stored(
        self, collection: Collection[T], snapshot: DocumentSnapshot[Any]
    ) -> Stored[T] | None:
        document = documents.from_fields(snapshot.to_dict() or {})
        if documents.has_expired(collection, document, codec.time_text(self._clock.now())):
            return None
        version = Version(snapshot.update_time.rfc3339())
        return Stored(snapshot.id, codec.decode(collection, document), version)

    def _page(self, query: Query[T], found: Sequence[DocumentSnapshot[Any]], limit: int) -> Page[T]:
        items: list[Stored[T]] = []
        unread: list[Unread] = []
        for snapshot in found[:limit]:
            try:
                stored = self._stored(query.collection, snapshot)
            except UnknownSchema:
                unread.append(Unread(snapshot.id, Version(snapshot.update_time.rfc3339())))
                continue
            if stored is not None:
                items.append(stored)
        if len(found) <= limit:
            return Page(tuple(items), None, tuple(unread))
        last = found[limit - 1]
        ordering = tuple(last.get(name) for name, _ in query_plan.effective_order(query))
        cursor = query_plan.write_cursor(query, query_plan.Position(ordering, last.id))
        return Page(tuple(items), cursor, tuple(unread))


@contextmanager
def translated() -> Iterator[None]:
    """Whatever Google's client raises leaves as StoreError.

    ValueError, TypeError: the client refused to send a value, before anything was written.
    """
    try:
        yield
    except (exceptions.GoogleAPIError, GoogleAuthError, ValueError, TypeError) as error:
        raise StoreError(f"Firestore: {error}") from error


def _filter(bound: Bound) -> FieldFilter:
    value = list(bound.value) if isinstance(bound.value, tuple) else bound.value
    return FieldFilter(bound.where.field, _OPERATORS.get(bound.where.op, bound.where.op), value)


def _count(asked: firestore.Query) -> int:
    # The client's types say neither that this is a list of lists nor what is in them.
    answer: Any = asked.count()
    ((result,),) = answer.get(timeout=_TIMEOUT_S)
    found = int(result.value)
    record(reads=counted(found))
    return found
