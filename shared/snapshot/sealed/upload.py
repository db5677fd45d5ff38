"""Packs on their way to the store: several at once, a bounded number waiting."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotError
from shared.snapshot.manifest import Pack
from shared.snapshot.objects import Content, put_once
from shared.snapshot.sealed.model import Chunks, pack_key

if TYPE_CHECKING:
    from shared.ports.blobs import BlobClient
    from shared.snapshot.tuning import Tuning


class Uploads:
    """`packs` and `chunks` by number; complete after `finish`. May be fed by several threads."""

    def __init__(self, blobs: BlobClient, prefix: str, snapshot_id: str, tuning: Tuning) -> None:
        self._blobs = blobs
        self._prefix = prefix
        self._snapshot_id = snapshot_id
        self._patience = tuning.patience
        self._pool = ThreadPoolExecutor(tuning.upload_threads, "upload")
        self._room = threading.Semaphore(tuning.upload_threads + 1)
        self._lock = threading.Lock()
        self._running: dict[int, Future[Pack]] = {}
        self._failed: BaseException | None = None
        self.chunks: dict[int, Chunks] = {}
        self.packs: dict[int, Pack] = {}

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def put(self, number: int, content: Content, chunks: Chunks) -> None:
        """Returns when there is room for it. Raises what an earlier upload failed with."""
        self._room.acquire()
        with self._lock:
            self._raise_failure()
            self.chunks[number] = chunks
            self._running[number] = self._pool.submit(self._upload, number, content)

    def adopt(self, number: int, pack: Pack, chunks: Chunks) -> None:
        """A pack that an earlier run of the same backup had uploaded."""
        self.chunks[number] = chunks
        self.packs[number] = pack

    def finish(self) -> None:
        """Every pack is acknowledged. Raises BlobError, SnapshotCorrupt, SnapshotError."""
        for number, running in list(self._running.items()):
            self.packs[number] = running.result()

    def _upload(self, number: int, content: Content) -> Pack:
        key = pack_key(self._prefix, self._snapshot_id, number)
        try:
            stat = put_once(self._blobs, key, content, self._patience)
        except OSError as error:  # must not pass for a file that cannot be read
            self._failed = SnapshotError(f"the store failed: {error}")
            raise self._failed from error
        except BaseException as error:
            self._failed = error
            raise
        finally:
            self._room.release()
        return Pack(key, stat.size_bytes, stat.md5)

    def _raise_failure(self) -> None:
        if self._failed is not None:
            self._room.release()
            raise self._failed
