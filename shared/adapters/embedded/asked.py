"""What queries ask of documents, kept beside each in a store that lives in memory.

There no query has an index: each looks at every document of its collection, and reading a body
of some kilobytes for the two or three fields that it names took most of its time.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from shared.adapters import codec, query_plan
from shared.adapters.embedded import sql
from shared.adapters.embedded.bodies import document_of
from shared.ports.store import Add, Delete, Save

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from shared.ports.store import Query, Write


class AskedFields:
    """By collection. Used by whoever holds the writer's lock alone."""

    def __init__(self) -> None:
        self._fields: dict[str, tuple[str, ...]] = {}

    def ask(self, connection: sqlite3.Connection, query: Query[Any]) -> None:
        """Keep these fields from now on, and of the documents that are there."""
        name = query.collection.name
        named = [each.field for each in query.where]
        named += [field for field, _ in query_plan.effective_order(query)]
        self._fields[name] = tuple(dict.fromkeys((*self._fields.get(name, ()), *named)))
        self.fill(connection, name)

    def fill(self, connection: sqlite3.Connection, collection_name: str) -> None:
        """From the bodies as they stand."""
        rows = connection.execute(f"SELECT key, body FROM {sql.table(collection_name)}").fetchall()
        for key, body in rows:
            self._keep(connection, collection_name, key, document_of(body))

    def note(self, connection: sqlite3.Connection, write: Write) -> None:
        """After a write, in its transaction or right behind it."""
        name = write.collection.name
        if name not in self._fields or isinstance(write, Delete):
            return
        if isinstance(write, Add | Save):
            fields = self._fields[name]
            value = write.value
            found = {each: getattr(value, each) for each in fields if hasattr(value, each)}
            self._keep(connection, name, write.key, found)
            return
        ((body,),) = connection.execute(
            f"SELECT body FROM {sql.table(name)} WHERE key = ?", (write.key,)
        ).fetchall()
        self._keep(connection, name, write.key, document_of(body))

    def _keep(
        self, connection: sqlite3.Connection, name: str, key: str, found: Mapping[str, object]
    ) -> None:
        asked = {each: found[each] for each in self._fields.get(name, ()) if each in found}
        text = orjson.dumps(asked, default=_told, option=orjson.OPT_PASSTHROUGH_DATETIME)
        connection.execute(sql.note_asked(name), (text.decode(), key))


def _told(value: object) -> object:
    """As the codec has it in documents."""
    if isinstance(value, datetime):
        return codec.time_text(value)
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"nothing can be asked about {value!r}")
