"""Packs that an earlier run of the same backup had uploaded before it ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.manifest import Pack
from shared.snapshot.objects import get_exactly, patiently
from shared.snapshot.sealed.model import pack_key
from shared.snapshot.sealed.packing import TAIL_BYTES, footer_length, read_footer

if TYPE_CHECKING:
    from shared.ports.blobs import BlobClient
    from shared.snapshot.sealed.sealing import Sealer
    from shared.snapshot.sealed.upload import Uploads
    from shared.snapshot.tuning import Tuning

_LOOKED_AT_ONCE = 16


def take_up(
    blobs: BlobClient,
    prefix: str,
    snapshot_id: str,
    sealer: Sealer,
    uploads: Uploads,
    tuning: Tuning,
) -> int:
    """Adopt what is there; the first number of a pack that none is known to have.

    Several workers upload at once, so numbers may be missing between those that are there. A pack
    that cannot be opened (another key, another's) is not adopted, but its number stays taken.
    """
    first = 0
    while True:
        numbers = range(first, first + _LOOKED_AT_ONCE)
        with ThreadPoolExecutor(_LOOKED_AT_ONCE, "resume") as pool:
            found = list(pool.map(lambda n: _found(blobs, prefix, snapshot_id, n, tuning), numbers))
        present = [(number, pack) for number, pack in zip(numbers, found, strict=True) if pack]
        if not present:
            return first
        for number, pack in present:
            _adopt(blobs, number, pack, sealer, uploads, tuning)
        first = present[-1][0] + 1


def _found(
    blobs: BlobClient, prefix: str, snapshot_id: str, number: int, tuning: Tuning
) -> Pack | None:
    key = pack_key(prefix, snapshot_id, number)
    stat = patiently(lambda: blobs.stat(key), tuning.patience)
    return Pack(key, stat.size_bytes, stat.md5) if stat else None


def _adopt(
    blobs: BlobClient, number: int, pack: Pack, sealer: Sealer, uploads: Uploads, tuning: Tuning
) -> None:
    patience, size = tuning.patience, pack.size_bytes
    try:
        tail = get_exactly(blobs, pack.key, max(0, size - TAIL_BYTES), TAIL_BYTES, patience)
        length = footer_length(tail, size)
        footer = get_exactly(blobs, pack.key, size - TAIL_BYTES - length, length, patience)
        chunks = read_footer(footer, pack.key, size, sealer)
    except SnapshotCorrupt:
        return
    uploads.adopt(number, pack, chunks)
