"""Objects of the store, written and read with patience.

Every key is created once and never changed, so each call may safely be made again.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, TypeVar

from shared.domain.errors import (
    BlobError,
    BlobMissing,
    BlobPrecondition,
    BlobRefused,
    SnapshotCorrupt,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports.blobs import BlobClient, BlobReader, BlobStat
    from shared.snapshot.manifest import Pack
    from shared.snapshot.tuning import Patience

_T = TypeVar("_T")
_CLEAR = (BlobMissing, BlobPrecondition, BlobRefused)


class Content(bytes):
    """Bytes that remember their checksum once it was asked for."""

    @functools.cached_property
    def md5(self) -> str:
        return hashlib.md5(self, usedforsecurity=False).hexdigest()


def md5_of(content: bytes) -> str:
    """The store's transfer checksum of these bytes, in hex."""
    if isinstance(content, Content):
        return content.md5
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def put_once(blobs: BlobClient, key: str, content: bytes, patience: Patience) -> BlobStat:
    """Create the object, asking again where the answer was unclear.

    A key that is taken counts as ours when the store holds exactly these bytes there (an earlier
    try took effect). Raises BlobPrecondition for other bytes, SnapshotCorrupt when the store
    acknowledged something else, BlobRefused, or BlobError when patience ran out.
    """
    md5 = md5_of(content)
    try:
        stat = patiently(lambda: blobs.put_new(key, content), patience)
    except BlobPrecondition:
        present = patiently(lambda: blobs.stat(key), patience)
        if present is None or (present.size_bytes, present.md5) != (len(content), md5):
            raise
        return present
    if (stat.size_bytes, stat.md5) != (len(content), md5):
        raise SnapshotCorrupt(f"{key} was stored with other bytes than were sent")
    return stat


def get_exactly(blobs: BlobReader, key: str, start: int, length: int, patience: Patience) -> bytes:
    """These bytes of the object. Raises SnapshotCorrupt when it is gone or ends before them."""
    try:
        content = patiently(lambda: blobs.get(key, start=start, length=length), patience)
    except BlobMissing as error:
        raise SnapshotCorrupt(f"{key} is missing") from error
    if len(content) != length:
        raise SnapshotCorrupt(f"{key} ends before byte {start + length}")
    return content


def fault_of(blobs: BlobReader, pack: Pack, patience: Patience) -> str | None:
    """What is wrong with the pack, going by what the store says of it."""
    stat = patiently(lambda: blobs.stat(pack.key), patience)
    if stat is None:
        return f"{pack.key} is missing"
    if stat.size_bytes != pack.size_bytes:
        return f"{pack.key} has {stat.size_bytes} bytes instead of {pack.size_bytes}"
    if stat.md5 != pack.md5:
        return f"{pack.key} has other bytes than were written"
    return None


def patiently(call: Callable[[], _T], patience: Patience) -> _T:
    """The call's answer; an unclear one (BlobError, but no plain no) is asked for again."""
    for number in range(patience.attempts - 1):
        answer = _clear_answer(call)
        if answer is not None:
            return answer[0]
        patience.pause(patience.first_pause_s * 2**number)
    return call()


def _clear_answer(call: Callable[[], _T]) -> tuple[_T] | None:
    try:
        return (call(),)
    except _CLEAR:
        raise
    except BlobError:
        return None
