"""Objects in a folder: an index in SQLite, and the bytes in files of their own.

The index is what makes create-only and generations atomic, also between processes, and lets
any text be a key; a file that the index does not name does not exist.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from shared.adapters import blob_keys, codec
from shared.adapters.embedded.blob_files import BlobFiles
from shared.adapters.embedded.database import Database
from shared.adapters.embedded.grants import GrantDesk
from shared.domain.errors import BlobError, BlobMissing, BlobPrecondition, Invalid
from shared.ports.blobs import BlobStat
from shared.ports.counting import record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from shared.adapters.embedded.blob_files import Content
    from shared.ports.blobs import BlobGrant
    from shared.ports.clock import Clock
    from shared.ports.secrets import Secrets

ANY = None  # whatever generation there is, or none
ABSENT = 0  # create-only, as Cloud Storage says it
_PAGE = 1000
_ORPHAN_AFTER_S = 86_400.0

_TABLES = (
    # A generation is never given twice, also not after a delete: hence AUTOINCREMENT.
    "CREATE TABLE IF NOT EXISTS objects (generation INTEGER PRIMARY KEY AUTOINCREMENT, "
    "key TEXT NOT NULL UNIQUE, size_bytes INTEGER NOT NULL, md5 TEXT NOT NULL, "
    "updated TEXT NOT NULL, file TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS objects_by_file ON objects (file)",
)
_STAT = "SELECT key, size_bytes, md5, generation, updated, file FROM objects "


class EmbeddedBlobs:
    """The Blobs port. `base_url` is where a BlobServer serves this folder to grant holders."""

    def __init__(self, root: Path | str, clock: Clock, secrets: Secrets, base_url: str) -> None:
        self._clock = clock
        self._desk = GrantDesk(clock, secrets, base_url)
        with _translated():
            self._files = BlobFiles(Path(root) / "content")
        self._index = Database(Path(root) / "index.db", BlobError)
        with self._index.writing() as connection:
            for statement in _TABLES:
                connection.execute(statement)

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        blob_keys.require_range(start, length)
        _, file = self.open(key)
        with _translated(), file:
            file.seek(start)
            content = file.read() if length is None else file.read(length)
        record(get_bytes=len(content))
        return content

    def open(self, key: str) -> tuple[BlobStat, BinaryIO]:
        """The object as a stream, to be closed by the caller. Raises BlobMissing."""
        record(class_b=1)
        for _ in range(3):  # the file goes when the object is replaced between the two steps
            found = self._find(key)
            if found is None:
                break
            stat, name = found
            try:
                return stat, self._files.open(name)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise BlobError(str(error)) from error
        raise BlobMissing(f"there is no object {key!r}")

    def stat(self, key: str) -> BlobStat | None:
        record(class_b=1)
        found = self._find(key)
        return found[0] if found is not None else None

    def put_new(self, key: str, content: bytes) -> BlobStat:
        return self.receive(key, (content,), generation=ABSENT)

    def put(self, key: str, content: bytes, *, generation: int | None = None) -> BlobStat:
        return self.receive(key, (content,), generation=generation)

    def create(self, key: str, chunks: Iterable[bytes], *, md5: str | None) -> BlobStat:
        """Store a stream under a key that is free. Raises Invalid when the MD5 is another."""
        return self.receive(key, chunks, generation=ABSENT, md5=md5)

    def receive(
        self,
        key: str,
        chunks: Iterable[bytes],
        *,
        generation: int | None,
        md5: str | None = None,
    ) -> BlobStat:
        """Store a stream; visible when it is whole and on the disk. 0 means create-only.

        Raises Invalid when the bytes do not have the given MD5.
        """
        blob_keys.require_key(key)
        record(class_a=1)
        with _translated():
            content = self._files.write(chunks)
        try:
            _require_md5(content, md5)
            stat, replaced = self._enter(key, content, generation)
            record(put_bytes=stat.size_bytes)
        except BaseException:
            self._files.remove(content.name)
            raise
        if replaced is not None:
            self._remove_file(replaced)
        return stat

    def list(self, prefix: str) -> Iterator[BlobStat]:
        last, inclusive = prefix, ">="
        while True:
            record(class_a=1)
            with self._index.reading() as connection:
                rows = connection.execute(
                    f"{_STAT} WHERE key {inclusive} ? ORDER BY key LIMIT {_PAGE}", (last,)
                ).fetchall()
            for row in rows:
                if not row[0].startswith(prefix):
                    return
                yield _stat(row)
            if len(rows) < _PAGE:
                return
            last, inclusive = rows[-1][0], ">"

    def delete(self, key: str, *, generation: int | None = None) -> None:
        blob_keys.require_key(key)
        with self._index.writing() as connection:
            present = _row(connection, key)
            if present is None:
                return
            _require_generation(key, present, generation)
            connection.execute("DELETE FROM objects WHERE key = ?", (key,))
        self._remove_file(present[5])

    def grant(self, prefix: str, *, write: bool, seconds: int, max_object_bytes: int) -> BlobGrant:
        return self._desk.grant(
            prefix, write=write, seconds=seconds, max_object_bytes=max_object_bytes
        )

    def check(self) -> None:
        with self._index.reading() as connection:
            connection.execute("SELECT 1 FROM objects LIMIT 1").fetchall()

    def remove_orphans(self) -> int:
        """Remove files that a crash left without an object, a day old; how many there were."""
        removed = 0
        with _translated():
            before_s = self._clock.now().timestamp() - _ORPHAN_AFTER_S
            for name in self._files.older_than(before_s):
                with self._index.reading() as connection:
                    named = connection.execute("SELECT 1 FROM objects WHERE file = ?", (name,))
                    orphan = named.fetchone() is None
                if orphan:
                    self._files.remove(name)
                    removed += 1
        return removed

    def close(self) -> None:
        self._index.close()

    def _find(self, key: str) -> tuple[BlobStat, str] | None:
        blob_keys.require_key(key)
        with self._index.reading() as connection:
            row = _row(connection, key)
        return (_stat(row), row[5]) if row is not None else None

    def _enter(
        self, key: str, content: Content, generation: int | None
    ) -> tuple[BlobStat, str | None]:
        """Point the key at the content; the new object, and the file that it replaced."""
        updated = codec.time_text(self._clock.now())
        with self._index.writing() as connection:
            present = _row(connection, key)
            _require_generation(key, present, generation)
            connection.execute("DELETE FROM objects WHERE key = ?", (key,))
            connection.execute(
                "INSERT INTO objects (key, size_bytes, md5, updated, file) VALUES (?, ?, ?, ?, ?)",
                (key, content.size_bytes, content.md5, updated, content.name),
            )
            entered = _row(connection, key)
        if entered is None:
            raise BlobError(f"{key!r} was not entered")
        return _stat(entered), present[5] if present is not None else None

    def _remove_file(self, name: str) -> None:
        with _translated():
            self._files.remove(name)


_Row = tuple[str, int, str, int, str, str]


def _row(connection: sqlite3.Connection, key: str) -> _Row | None:
    row: _Row | None = connection.execute(f"{_STAT} WHERE key = ?", (key,)).fetchone()
    return row


def _stat(row: _Row) -> BlobStat:
    key, size_bytes, md5, generation, updated, _ = row
    return BlobStat(key, size_bytes, md5, generation, codec.parse_time(updated))


def _require_md5(content: Content, md5: str | None) -> None:
    if md5 is not None and md5 != content.md5:
        raise Invalid(f"the bytes have the MD5 {content.md5}, not {md5}")


def _require_generation(key: str, present: _Row | None, generation: int | None) -> None:
    if generation is ANY:
        return
    there = present[3] if present is not None else ABSENT
    if there != generation:
        raise BlobPrecondition(f"{key!r} is at generation {there}, not {generation}")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BlobError(str(error)) from error
