"""SQLite as this product uses it: durable at every commit, readers beside the one writer."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shared.domain.errors import DumontError

R = TypeVar("R")
IN_MEMORY = ":memory:"
_BUSY_TIMEOUT_S = 10.0
# OverflowError and UnicodeError: a number or a text that SQLite cannot hold.
_FOREIGN = (sqlite3.Error, OSError, OverflowError, UnicodeError)


class Database:
    """One file, or with `:memory:` none. Every failure of SQLite is raised as `error`.

    Threads share it freely. A memory database has one connection, which readers and the
    writer take in turns; a file gives each reader a connection of its own, so that nobody
    waits for another's fsync. Other processes may have the file open too.
    """

    def __init__(self, path: Path | str, error: type[DumontError]) -> None:
        self._path = str(path)
        self._error = error
        self._writer_lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._closed = False
        with self._translated():
            if self._path != IN_MEMORY:
                Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._open()

    def rows(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a query finds among the commits which ended before."""
        try:
            if self._path == IN_MEMORY:
                with self._writer_lock:
                    return self._writer.execute(statement, parameters).fetchall()
            with self.reading() as connection:
                return connection.execute(statement, parameters).fetchall()
        except _FOREIGN as error:
            raise self._told(error) from error

    def transact(self, work: Callable[[sqlite3.Connection], R]) -> R:
        """What `work` returns, done and durable, or not done at all."""
        with self._writer_lock:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                done = work(self._writer)
                self._writer.execute("COMMIT")
            except _FOREIGN as error:
                self._roll_back()
                raise self._told(error) from error
            except BaseException:
                self._roll_back()
                raise
        return done

    def _roll_back(self) -> None:
        if not self._closed and self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees every commit which ended before."""
        if self._path == IN_MEMORY:
            with self._writer_lock, self._translated():
                yield self._writer
            return
        with self._translated():
            connection = self._borrow()
            try:
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The writer's connection inside a transaction, durable when the block has ended."""
        with self._writer_lock, self._translated():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def close(self) -> None:
        with self._writer_lock, self._idle_lock:
            self._closed = True
            for connection in (*self._idle, self._writer):
                connection.close()
            self._idle.clear()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _borrow(self) -> sqlite3.Connection:
        with self._idle_lock:
            if self._closed:
                raise sqlite3.ProgrammingError("the database is closed")
            if self._idle:
                return self._idle.pop()
        return self._open()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._idle_lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _FOREIGN as error:
            raise self._told(error) from error

    def _told(self, error: Exception) -> DumontError:
        return self._error(f"{Path(self._path).name}: {error}")
